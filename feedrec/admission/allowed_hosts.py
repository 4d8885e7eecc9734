"""
Whether a web page may connect: by Origin and Host, as a browser sends them. Pure.

A browser lets any page connect to any WebSocket server that it can reach, also to one on 127.0.0.1, and says only in
the header `Origin` which page that is (RFC 6455, section 10.2). It cannot be told from a page of this machine by Host:
the name of a page may lead to 127.0.0.1 (DNS rebinding). Programs that are not browsers are not held back by this: they
can send what they like.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ..errors import UsageError

__all__ = ["AllowedHosts", "Authority", "parse_authority", "parse_host_name"]

_LONGEST_SHOWN = 80  # characters of a header that are shown
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.ASCII | re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE)
_ORIGIN = re.compile(r"(https?|wss?)://(.+)", re.ASCII | re.IGNORECASE)
_USUAL_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}

_IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Authority(NamedTuple):
    """
    A host, and a port if one is given.

    Attributes:
        host: In lower case, without a dot at the end; an address in its usual form, without brackets.
        port: None if there is none.

    """

    host: str
    port: int | None

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine, whatever a name server says."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        address = _address(self.host)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return address is not None and address.is_loopback

    @property
    def is_address(self) -> bool:
        """Whether it is an address, not a name: no name server can make it lead elsewhere."""
        return _address(self.host) is not None


def parse_authority(text: str) -> Authority | None:
    """Parse `host`, `host:port`, `[::1]` or `[::1]:port`; None if it is anything else."""
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        return None
    host, port = match[1], None if match[2] is None else int(match[2])
    if port is not None and port > 65_535:
        return None
    if host.startswith("["):
        address = _address(host[1:-1])
        return Authority(str(address), port) if isinstance(address, ipaddress.IPv6Address) else None
    host = host.lower().removesuffix(".")
    if _NAME.fullmatch(host) is None:
        return None
    # A browser reads a name whose last label is a number as an address, in forms that are none here (127.1).
    is_number = host.rpartition(".")[2].isdigit()
    return None if is_number and _address(host) is None else Authority(host, port)


def parse_host_name(text: str) -> str:
    """
    Parse the name or address of a host as a person writes it.

    Raises:
        UsageError: If it is none; a port or a scheme is too much.

    """
    bare = text.removeprefix("[").removesuffix("]")
    address = _address(bare)
    if address is not None:
        return str(address)
    try:
        name = text.encode("idna").decode()
    except UnicodeError:
        name = ""
    parsed = parse_authority(name)
    if parsed is None or parsed.port is not None:
        raise UsageError(f"{text!r} is not the name of a host: give it without scheme and port, as in bot.example")
    return parsed.host


class AllowedHosts:
    """
    The hosts whose pages may connect.

    Args:
        venues: Returns names of hosts that clients believe to talk to, sent here by a hosts file. It is asked when one
            of them may be meant: to know them all, all feeds are loaded.
        own: The name or address that is listened on.
        named: What was allowed by name.

    """

    def __init__(
        self, venues: Callable[[], Iterable[str]] = frozenset, own: str = "", named: Iterable[str] = ()
    ) -> None:
        self._named = frozenset(named)
        self._own = self._named | {own.lower().removesuffix(".")}
        self._venues = venues

    def origin_refusal(self, origins: Sequence[str], hosts: Sequence[str]) -> str | None:
        """
        Return why a handshake is refused; None if it is not.

        Args:
            origins: The values of all headers `Origin`.
            hosts: The same of `Host`.

        """
        if not origins:
            return None  # not a browser
        if len(origins) > 1:
            return "several headers Origin"
        origin = origins[0].strip(" \t")
        match = _ORIGIN.fullmatch(origin)
        page = parse_authority(match[2]) if match is not None else None
        if match is None or page is None:
            return f"Origin {_shown(origin)} is not a web page that can be allowed: serve it from http://localhost"
        if page.is_loopback or page.host in self._named:
            return None
        host = parse_authority(hosts[0].strip(" \t")) if len(hosts) == 1 else None
        usual = _USUAL_PORTS[match[1].lower()]
        if host is not None and self._is_ours(host) and _with_port(page, usual) == _with_port(host, usual):
            return None
        return f"pages of {_shown(page.host)} may not connect here: --allow-host {page.host} allows it"

    def host_refusal(self, hosts: Sequence[str]) -> str | None:
        """Return why a request that is not a handshake gets no answer; None if it does."""
        if len(hosts) != 1:
            return "not one header Host"
        host = parse_authority(hosts[0].strip(" \t"))
        if host is None:
            return f"Host {_shown(hosts[0])} is invalid"
        if self._is_ours(host):
            return None
        return f"{_shown(host.host)} is not a name of this server: --allow-host {host.host} allows it"

    def _is_ours(self, host: Authority) -> bool:
        if host.is_loopback or host.is_address or host.host in self._own:
            return True
        return host.host in {venue.lower() for venue in self._venues()}


def _with_port(authority: Authority, usual: int) -> Authority:
    return authority if authority.port is not None else authority._replace(port=usual)


def _address(text: str) -> _IPAddress | None:
    if "%" in text:  # a zone
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}...")
