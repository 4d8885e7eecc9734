"""
No connections but to this machine, while a test runs that must not have any.

It stands in the way of sockets of Python: `connect` and `connect_ex`, and name lookups. asyncio, threads and all
libraries that are written in Python go through these. What opens connections in other ways is not covered: uvloop,
libraries in C, other processes.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import socket
import threading
from collections.abc import Callable, Container, Iterator
from typing import Any

from ...errors import NetworkBlockedError

__all__ = ["NetworkBlock"]

_LOOKUPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")
_CONNECTS = ("connect", "connect_ex")
_OUTSIDE = frozenset({socket.AF_INET, socket.AF_INET6})


class NetworkBlock:
    """
    Refuses connections that lead off this machine.

    Args:
        free_threads: Threads that may connect anywhere: those of a recording proxy.

    Attributes:
        refused: What was refused, each once: host and port.

    """

    def __init__(self, free_threads: Container[int] = ()) -> None:
        self.refused: list[str] = []
        self._free_threads = free_threads

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Refuse for the time of the block, in all threads of this process."""
        with contextlib.ExitStack() as undo:
            for name in _LOOKUPS:
                undo.enter_context(_replaced(socket, name, self._lookup(getattr(socket, name))))
            for name in _CONNECTS:
                undo.enter_context(_replaced(socket.socket, name, self._connect(getattr(socket.socket, name))))
            yield

    def _lookup(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def lookup(host: Any, *arguments: Any, **options: Any) -> Any:
            port = arguments[0] if arguments else options.get("port")
            if not _is_here(host) and _address(_name(host)) is None:  # a number is no question to anybody
                self._refuse(host, port)
            return original(host, *arguments, **options)

        return lookup

    def _connect(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def connect(connecting: socket.socket, address: Any, /) -> Any:
            if connecting.family in _OUTSIDE and isinstance(address, tuple) and not _is_here(address[0]):
                try:
                    self._refuse(*address[:2])
                except NetworkBlockedError:
                    connecting.close()  # its owner does so after an OSError only
                    raise
            return original(connecting, address)

        return connect

    def _refuse(self, host: Any, port: Any = None) -> None:
        if threading.get_ident() in self._free_threads:
            return
        name = _name(host)
        name = f"[{name}]" if ":" in name else name
        place = name if port is None else f"{name}:{port}"
        if place not in self.refused:
            self.refused.append(place)
        raise NetworkBlockedError(place)


def _is_here(host: Any) -> bool:
    """Return whether a name or address leads to this machine; a name is not looked up."""
    if host is None:
        return True
    name = _name(host).lower().rstrip(".")
    address = _address(name)
    if address is None:
        return name in {"", "localhost", socket.gethostname().lower()} or name.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _name(host: Any) -> str:
    return host.decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else str(host)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Give an attribute another value for the time of the block; one that was inherited is so again."""
    before = vars(owner).get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is None:
            delattr(owner, name)
        else:
            setattr(owner, name, before)
