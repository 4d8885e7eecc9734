"""TLS for `feedrec replay`: its options, whose certificate is served, and what makes clients trust it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ...errors import UsageError
from ..options import all_options

if TYPE_CHECKING:
    from ...replay import TlsFiles

__all__ = ["ChosenTls", "choose_tls", "tls_options"]

_FILE = click.Path(dir_okay=False, path_type=Path)


class ChosenTls(msgspec.Struct, frozen=True):
    """
    What was chosen.

    Attributes:
        files: The certificate; None for no TLS.
        variables: What makes clients trust it, as variables of their environment.

    """

    files: TlsFiles | None = None
    variables: dict[str, str] = {}

    @property
    def lines(self) -> list[str]:
        """The variables as lines for a shell."""
        import shlex

        return [f"export {name}={shlex.quote(value)}" for name, value in self.variables.items()]


tls_options = all_options(
    click.option("--tls", is_flag=True, help="Speak TLS (wss), with a certificate for the venues' hosts."),
    click.option(
        "--tls-name",
        "tls_names",
        metavar="NAME",
        multiple=True,
        help="A further name or address that the certificate is for. Repeatable.",
    ),
    click.option(
        "--tls-folder",
        metavar="DIR",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where that certificate is kept.  [default: feedrec/tls in your data folder]",
    ),
    click.option("--tls-cert", metavar="FILE", type=_FILE, help="Speak TLS with a certificate of your own, PEM."),
    click.option("--tls-key", metavar="FILE", type=_FILE, help="Its private key, unless it is in the same file."),
)
"""Adds the options, as the parameters of `choose_tls`."""


def choose_tls(options: dict[str, Any]) -> ChosenTls:
    """
    Return whose certificate is served; ours is made if there is none.

    Args:
        options: What `tls_options` added, which is taken out; and `host`, which is listened on.

    Raises:
        UsageError: If options conflict, or the certificate cannot be made or kept.

    """
    wanted, names, folder = (options.pop(name) for name in ("tls", "tls_names", "tls_folder"))
    cert, key = options.pop("tls_cert"), options.pop("tls_key")
    if key is not None and cert is None:
        raise UsageError("--tls-key needs --tls-cert FILE: the certificate that it is the key of")
    if wanted and cert is not None:
        raise UsageError("--tls is for the certificate that feedrec makes: leave it out, or --tls-cert")
    if names and cert is not None:
        raise UsageError("--tls-name is for the certificate that feedrec makes: leave it out, or --tls-cert")
    if names and not wanted:
        raise UsageError("--tls-name needs --tls")
    if cert is not None:
        from ...replay import TlsFiles

        return ChosenTls(TlsFiles(cert, key))
    return _our_own(options["host"], names, folder) if wanted else ChosenTls()


def _our_own(host: str, names: Iterable[str], folder: Path | None) -> ChosenTls:
    import datetime as dt

    from ...admission.allowed_hosts import parse_host_name
    from ...feeds import endpoint_names, hosts_of
    from ...replay.tls.certificate_folder import prepare_certificates

    hosts = {parse_host_name(name) for name in names} | hosts_of(endpoint_names()) | _listened_on(host)
    local = prepare_certificates(folder or _default_folder(), hosts, dt.datetime.now(dt.UTC))
    return ChosenTls(local.server, local.client_variables(os.environ))


def _listened_on(host: str) -> set[str]:
    """Return the host that is listened on, if clients can connect to it by that name."""
    from ...admission.allowed_hosts import parse_host_name

    try:
        return {parse_host_name(host)} - {"0.0.0.0", "::"}  # noqa: S104  they stand for every address
    except UsageError:  # the server says what is wrong with it
        return set()


def _default_folder() -> Path:
    from ...replay.tls.certificate_folder import default_folder

    try:
        home = Path.home()
    except RuntimeError:
        raise UsageError("no home folder is known: name a folder for the certificate with --tls-folder") from None
    return default_folder(sys.platform, os.environ, home)
