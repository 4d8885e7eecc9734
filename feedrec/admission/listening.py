"""The address that is listened on: what it means for others, and why it cannot be had."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Collection, Sequence
from typing import Any

from ..errors import ServeError
from .allowed_hosts import Authority

__all__ = ["bound_to", "exposure", "host_and_port", "http_url", "local_url", "why_not_listening"]

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  where a local client finds who listens on every address

# Reserved for documentation (RFC 5737, RFC 3849): nothing is sent there, only the route is looked up.
_FAR_AWAY = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def local_url(address: Sequence[Any], scheme: str = "ws", names: Collection[str] = ()) -> str:
    """
    Return where clients on this machine connect to.

    Args:
        address: What is listened on.
        scheme: How.
        names: What the server's certificate is for: if that is not the address but localhost, this is the host.

    """
    host = _ANY.get(address[0], address[0])
    if host not in names and "localhost" in names and Authority(str(host), None).is_loopback:
        host = "localhost"
    return f"{scheme}://{host_and_port((host, address[1]))}"


def host_and_port(address: Sequence[Any]) -> str:
    """Return an address of a socket as it is written in a URL."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def http_url(url: str) -> str:
    """Return where the HTTP half of a WebSocket address is: the same place, with `http` for `ws`, `https` for `wss`."""
    return f"http{url.removeprefix('ws')}"


def bound_to(host: str, port: int, option: str) -> socket.socket:
    """
    Return a socket that has this address.

    Args:
        host: The host.
        port: The port; 0 for a free one.
        option: The option of the command line that chooses it.

    Raises:
        ServeError: If the address cannot be had.

    """
    place = host_and_port((host, port))
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        bound = socket.create_server(address, family=family)
    except (OSError, OverflowError, UnicodeError) as error:
        known = isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno
        reason = os.strerror(known) if known else getattr(error, "strerror", None) or error
        raise ServeError(f"cannot listen on {place} ({reason}): choose another address with {option}") from error
    bound.setblocking(False)
    return bound


def exposure(
    addresses: Sequence[Sequence[Any]], scheme: str = "ws", consequence: str = "can read the recording"
) -> str | None:
    """
    Return who can reach what listens on some addresses; None if nobody beyond this machine.

    Args:
        addresses: What is listened on.
        scheme: How.
        consequence: What those who reach it can do.

    """
    open_to_others = [address for address in addresses if not Authority(str(address[0]), None).is_loopback]
    if not open_to_others:
        return None
    listened = " and ".join(host_and_port(address) for address in open_to_others)
    text = f"listening on {listened}"
    if any(address[0] in _ANY for address in open_to_others):
        families = {":" in address[0] for address in open_to_others if address[0] in _ANY}
        found = [own for own in _own_addresses() if (":" in own) in families]
        urls = ", ".join(f"{scheme}://{host_and_port((own, open_to_others[0][1]))}" for own in found)
        text += f", every address of this machine{f' ({urls})' if urls else ''}"
    return f"{text}: anyone who reaches it {consequence}"


def why_not_listening(host: str, port: int, error: OSError | OverflowError | UnicodeError) -> str:
    """Return in one line why an address cannot be listened on, and what to do."""
    if isinstance(error, OverflowError):
        return f"invalid port {port}: choose one from 1 to 65535 with --port, or --port 0 for a free one"
    # If no address of a host can be bound, asyncio of Python 3.13 raises an error with a text and no errno.
    no_such_address = isinstance(error, OSError) and error.errno == errno.EADDRNOTAVAIL
    if isinstance(error, (socket.gaierror, UnicodeError)) or no_such_address or "on any address" in str(error):
        return f"cannot listen on {host!r}: this machine has no such address; choose one with --host, such as 127.0.0.1"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use: choose another with --port, or --port 0 for a free one"
    if error.errno == errno.EACCES:
        return f"no permission for port {port} of {host}: choose one above 1023 with --port, or --port 0 for a free one"
    return f"cannot listen on port {port} of {host}: {error.strerror or error}; choose another with --port"


def _own_addresses() -> list[str]:
    """Return the addresses of this machine by which others most likely reach it."""
    found = []
    for family, target in _FAR_AWAY:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((target, 9))
            found.append(str(probe.getsockname()[0]))
    return found
