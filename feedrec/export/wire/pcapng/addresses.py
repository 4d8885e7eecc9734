"""
Who talks to whom: addresses and ports of TCP connections.

The venue has the address that was recorded, if one was, and its port is 80, whatever it was: there Wireshark looks for
HTTP. All other addresses are set aside for documentation (RFC 5737, RFC 3849), so that they are nobody's.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

__all__ = ["Addresses", "Host", "host_of"]

_HTTP = 80
_FIRST_PORT, _PORTS = 40_000, 25_000
_HOSTS = 254
_CLIENTS = ipaddress.IPv4Address("192.0.2.0")
_CLIENTS_V6 = ipaddress.IPv6Address("2001:db8::")
_SERVERS = ipaddress.IPv4Address("198.51.100.0")

_HOST_AND_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([^:]+)(?::\d+)?", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,253}", re.ASCII)
_NO_NAME = "unknown.invalid"


class Host(NamedTuple):
    """
    One end of a connection.

    Attributes:
        address: 4 bytes of IPv4, or 16 of IPv6.
        port: The port.

    """

    address: bytes
    port: int


class Addresses:
    """Gives addresses to connections; no two have the same client."""

    def __init__(self) -> None:
        self._count = 0
        self._servers: dict[str, int] = {}

    def of(self, url: str, recorded: Any = None) -> tuple[Host, Host]:
        """
        Return client and server of the next connection.

        Args:
            url: What it is to.
            recorded: The address of the server, as an `open` event has it; anything that is none means nothing.

        """
        server = _address_in(recorded) or self._made_up(url)
        number, self._count = self._count, self._count + 1
        base = _CLIENTS if server.version == 4 else _CLIENTS_V6
        client = base + 1 + number // _PORTS % _HOSTS
        return Host(client.packed, _FIRST_PORT + number % _PORTS), Host(server.packed, _HTTP)

    def _made_up(self, url: str) -> ipaddress.IPv4Address:
        """Return an address for a host of which none is known: another one for each, as far as there are some."""
        host = host_of(url)
        if host not in self._servers and len(self._servers) < _HOSTS:
            self._servers[host] = len(self._servers)
        return _SERVERS + 1 + self._servers.get(host, _HOSTS - 1)


def host_of(url: str) -> str:
    """Return the host of an address and its port, if there is one, as the header Host has it."""
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return _NO_NAME
    if ":" in name:
        name = f"[{name}]" if _address_in(f"[{name}]") else _NO_NAME
    elif not _NAME.fullmatch(name):
        name = _NO_NAME
    return name if port is None else f"{name}:{port}"


def _address_in(text: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address in `1.2.3.4:443` or `[::1]:443`; None if there is none."""
    found = _HOST_AND_PORT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    try:
        address = ipaddress.ip_address(found[1] or found[2])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
