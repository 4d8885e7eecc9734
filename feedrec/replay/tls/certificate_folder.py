"""
Where the authority and its certificate are kept: a folder of the user that nobody else can read.

    server.pem     private key, certificate, authority: the one file that the others are made from
    authority.pem  the authority alone, for clients that add it to their list
    bundle.pem     the system's authorities and ours, for clients whose list is replaced
    bundle-*.pem   the same with a list that the user has chosen
    lock           held while they are looked at: of two replays that start together, one makes them
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import hashlib
import logging
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from ...errors import UsageError
from ...formats.file.lock import lock
from ..user_folders import user_folder
from .authority import OWN_HOSTS, make_key_and_chain
from .client_trust import ADDED, REPLACED, read_list, system_list
from .key_and_chain import Chain, parse_key_and_chain
from .tls_context import TlsFiles

__all__ = ["RENEWED_BEFORE", "LocalAuthority", "default_folder", "prepare_certificates"]

RENEWED_BEFORE = dt.timedelta(days=7)
"""A certificate that ends sooner is replaced."""

_PATIENCE = 10.0  # seconds for another replay to finish with the folder
_POLL = 0.05
_READ_ONLY = (errno.EROFS, errno.EACCES)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

_log = logging.getLogger("feedrec.replay")


class LocalAuthority(msgspec.Struct, frozen=True):
    """
    The files of an authority of this user.

    Attributes:
        server: What the server needs.
        authority: The authority, PEM.
        bundle: The system's authorities and this one, PEM.

    """

    server: TlsFiles
    authority: Path
    bundle: Path

    def client_variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """
        Return the variables with which clients trust the authority.

        A list that the user has chosen with one of them is not lost: the variable leads to a copy with the authority in
        it. If it cannot be read, the variable is left out, with a warning.

        Args:
            environment: What the clients have otherwise.

        Raises:
            UsageError: If the operating system reports an error.

        """
        found = {name: self._list_for(name, environment.get(name, "")) for name in (*REPLACED, ADDED)}
        return {name: str(path) for name, path in found.items() if path is not None}

    def _list_for(self, variable: str, chosen: str) -> Path | None:
        usual = self.authority if variable == ADDED else self.bundle
        if not chosen or Path(chosen) == usual:
            return usual
        text, ours = read_list(Path(chosen)), self.authority.read_bytes()
        if not text:
            left = "%s=%s is no list of authorities: left alone; clients that read it need %s"
            _log.warning(left, variable, chosen, self.authority)
            return None
        if ours in text:
            return Path(chosen)
        if text + ours == self.bundle.read_bytes():
            return self.bundle
        copy = self.bundle.with_name(f"bundle-{hashlib.sha256(os.fsencode(chosen)).hexdigest()[:8]}.pem")
        with _one_line(copy):
            _put(copy, text + ours)
        return copy


def default_folder(platform: str, environment: Mapping[str, str], home: Path) -> Path:
    """Return the folder within the data folder of the user, as the system has it (XDG on Linux)."""
    return user_folder("data", platform, environment, home) / "tls"


def prepare_certificates(folder: Path, hosts: Iterable[str], now: dt.datetime) -> LocalAuthority:
    """
    Make an authority and a certificate, or take those that are there.

    New ones are made if those that are there end within a week, are damaged, or lack a host. Hosts that only the old
    ones have are kept then, so that two replays with different hosts do not take turns.

    Args:
        folder: Where they are kept; made if it is not there.
        hosts: Names and addresses that the certificate must be for, besides those of this machine.
        now: The time, with a zone.

    Raises:
        UsageError: If the folder belongs to someone else, or the operating system reports an error.

    """
    folder = folder.absolute()  # clients may run elsewhere
    server, authority, bundle = (folder / name for name in ("server.pem", "authority.pem", "bundle.pem"))
    with _one_line(folder):
        _make_private_folder(folder)
        with _locked(folder / "lock"):
            chain = _chain_for(server, OWN_HOSTS | set(hosts), now)
            _put(authority, chain.authority)
            _put(bundle, system_list() + chain.authority)
    return LocalAuthority(TlsFiles(server), authority, bundle)


@contextlib.contextmanager
def _one_line(path: Path) -> Iterator[None]:
    """Turn an error of the operating system into one line."""
    try:
        yield
    except OSError as error:
        name = error.filename if isinstance(error.filename, str) else path
        raise UsageError(f"{name}: {error.strerror or error}; --tls-folder keeps the certificates elsewhere") from None


def _chain_for(server: Path, hosts: frozenset[str], now: dt.datetime) -> Chain:
    """Return the certificate that is there, or a new one if it cannot go on."""
    try:
        _make_private(server)
        text = server.read_bytes()
    except FileNotFoundError:
        return _make(server, hosts, now, "")
    try:
        chain = parse_key_and_chain(text, text, server, server)
    except UsageError:
        return _make(server, hosts, now, "was damaged")
    if len(chain.certificates) != 2 or not chain.is_issued_in_order():
        return _make(server, hosts, now, "was damaged")
    if not chain.begins <= now < chain.ends - RENEWED_BEFORE:
        valid = f"was valid from {chain.begins:%Y-%m-%d} to {chain.ends:%Y-%m-%d} only"
        return _make(server, hosts, now, valid)
    if lacking := hosts - chain.names:
        return _make(server, hosts | chain.names, now, f"was not for {', '.join(sorted(lacking))}")
    return chain


def _make(server: Path, hosts: frozenset[str], now: dt.datetime, why: str) -> Chain:
    text = make_key_and_chain(hosts, now)
    _put(server, text)
    chain = parse_key_and_chain(text, text, server, server)
    if why:
        again = "%s %s: made a new authority, valid until %s; whoever trusted the old one must be given the new one"
        _log.warning(again, server, why, f"{chain.ends:%Y-%m-%d}")
    else:
        made = "made an authority for %d hosts, valid until %s, in %s"
        _log.info(made, len(hosts), f"{chain.ends:%Y-%m-%d}", server.parent)
    return chain


def _make_private_folder(folder: Path) -> None:
    """Make a folder that only this user can look into; refuse one in which someone else can put files."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise UsageError(f"{folder}: not a folder; name another with --tls-folder")
    if found.st_uid != os.geteuid():
        raise UsageError(f"{folder}: belongs to another user; name a folder of your own with --tls-folder")
    _make_private(folder)


def _make_private(path: Path) -> None:
    """Take from others the right to read or write a file or folder of ours, and say so."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        path.chmod(mode & ~_OTHERS)
        _log.warning("%s: others had access (mode %04o): taken away", path, mode)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock, once whoever holds it has finished; none is needed where nothing can be written."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in _READ_ONLY or not path.with_name("server.pem").exists():
            raise
        yield
        return
    try:
        _wait_for_lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _wait_for_lock(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            lock(descriptor)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise UsageError(f"{path}: another process has held this lock for {_PATIENCE:g} s") from None
            time.sleep(_POLL)
        except OSError:  # a file system without locks: each file is replaced as a whole all the same
            return
        else:
            return


def _put(path: Path, text: bytes) -> None:
    """Give a file this content and mode 0600, as a whole or not at all."""
    with contextlib.suppress(FileNotFoundError):
        _make_private(path)
        if path.read_bytes() == text:
            return
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
