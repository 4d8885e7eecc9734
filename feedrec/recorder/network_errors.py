"""Why a server cannot be reached, in words that say what to do; and which servers are this machine's own."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import ssl
from urllib.parse import urlsplit

__all__ = ["NO_ANSWER", "is_loopback", "network_reason"]

NO_ANSWER = "the server closed the connection without answering"

_NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
"""What OpenSSL calls an answer that is no TLS; it depends on its version, and on the answer."""


def is_loopback(url: str) -> bool:
    """Return whether an address is one of this machine, which no proxy of the environment leads to."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def network_reason(error: OSError, patience: float, scheme: str = "ws") -> str:
    """
    Say why a server could not be reached, without its address: that may hold secrets.

    Args:
        error: What was raised.
        patience: Seconds after which it is a TimeoutError.
        scheme: That of addresses without TLS.

    """
    if isinstance(error, ssl.SSLError):
        return _tls_reason(error, scheme)
    if isinstance(error, TimeoutError):
        return f"no answer within {patience:g} seconds"
    # Where a host has several addresses, asyncio joins the texts of their errors and drops the numbers.
    if error.errno == errno.ECONNREFUSED or f"[Errno {errno.ECONNREFUSED}]" in str(error):
        return "connection refused, nothing is listening there"
    if isinstance(error, socket.gaierror):
        return f"{error.strerror}; is the name right, and is there a network?"
    if error.errno is not None and (error.strerror or "").startswith("Connect call failed"):
        return os.strerror(error.errno)
    return error.strerror or str(error) or NO_ANSWER


def _tls_reason(error: ssl.SSLError, scheme: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.rstrip(".")
        return f"its certificate is not trusted ({why}); SSL_CERT_FILE names a file of authorities to trust"
    if error.reason in _NOT_TLS:
        return f"the server does not speak TLS: its address may be a {scheme}:// one"
    return f"the TLS handshake failed: {(error.reason or str(error)).replace('_', ' ').lower()}"
