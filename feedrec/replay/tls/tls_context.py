"""What the server needs to speak TLS: a context of ssl, and for whom it can speak."""

from __future__ import annotations

import datetime as dt
import logging
import ssl
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from ...errors import UsageError

__all__ = ["ServerTls", "TlsFiles", "open_tls"]

_log = logging.getLogger("feedrec.replay")


class TlsFiles(msgspec.Struct, frozen=True):
    """
    A certificate as files, PEM.

    Attributes:
        cert: The certificate, and those between it and its authority.
        key: Its private key, without a password; None if that is in the same file.

    """

    cert: Path
    key: Path | None = None


class ServerTls(NamedTuple):
    """
    What the server needs.

    Attributes:
        context: Its context.
        names: The names and addresses that the certificate is for, `*.x` as it stands; empty if that is unknown.

    """

    context: ssl.SSLContext
    names: frozenset[str]

    def wrong_name(self, url: str) -> str | None:
        """Return what clients must know if the certificate is not for the host of the URL that they are told."""
        host = urlsplit(url).hostname or ""
        if not self.names or host in self.names:
            return None
        names = ", ".join(sorted(self.names))
        return f"the certificate is not for {host}: clients must connect to a name that it is for ({names})"


def open_tls(tls: ssl.SSLContext | TlsFiles) -> ServerTls:
    """
    Read what is needed; a certificate that is not valid now is reported in the log.

    Raises:
        UsageError: If a file cannot be read, or key and certificate do not belong together.

    """
    if isinstance(tls, ssl.SSLContext):
        return ServerTls(tls, frozenset())
    from .key_and_chain import read_key_and_chain  # noqa: PLC0415  loads cryptography

    key = tls.key or tls.cert
    chain = read_key_and_chain(tls.cert, key)
    now = dt.datetime.now(dt.UTC)
    if not chain.begins <= now < chain.ends:
        text = "%s: valid from %s to %s, and not now: clients will refuse it"
        _log.warning(text, tls.cert, *(f"{time:%Y-%m-%d %H:%M} UTC" for time in (chain.begins, chain.ends)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(tls.cert, key, password=lambda: "")  # never asked for on the terminal
    except (OSError, ValueError) as error:  # ssl.SSLError among them: a key that is too short, for example
        reason = getattr(error, "reason", None) or error
        raise UsageError(f"{tls.cert}: this certificate cannot be served: {reason}") from None
    return ServerTls(context, chain.names)
