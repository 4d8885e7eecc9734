"""Where the proxy listens, what it leads to, and when it stops."""

from __future__ import annotations

import math
from urllib.parse import urlsplit

import msgspec
from websockets.exceptions import InvalidURI
from websockets.uri import parse_uri

from ...admission.allowed_hosts import parse_host_name
from ...errors import UsageError
from ...feeds import Feed, feed_at, find_feed
from ...feeds.redaction import Redaction
from ...feeds.rest.half import rest_half_of
from ..rest.plan import checked_base
from ..session.source import Source

__all__ = ["ProxyOptions", "rest_base", "source_to"]


class ProxyOptions(msgspec.Struct, frozen=True):
    """
    Options of the proxy.

    Attributes:
        host: Address to listen on.
        port: Port to listen on; 0 for any free one.
        allow_hosts: Hosts whose web pages may connect, besides those of this machine.
        max_clients: Clients that may be connected at a time.
        duration: Seconds after which it stops; None for never.
        max_frames: Received frames after which it stops; None for never.
        rest_to: Where plain HTTP is passed on to, such as `https://host`; None for where the venue's clients send it,
            or for an address outside the catalogue, the same host and port.

    Raises:
        UsageError: If one of them makes no sense.

    """

    host: str = "127.0.0.1"
    port: int = 0
    allow_hosts: tuple[str, ...] = ()
    max_clients: int = 100
    duration: float | None = None
    max_frames: int | None = None
    rest_to: str | None = None

    def __post_init__(self) -> None:
        """Reject invalid options."""
        if self.max_clients < 1:
            raise UsageError(f"at least one client must be allowed, not {self.max_clients}")
        if self.duration is not None and not 0 < self.duration < math.inf:
            raise UsageError(f"the duration must be positive and finite, not {self.duration} s")
        for host in self.allow_hosts:
            parse_host_name(host)


def source_to(to: str, endpoint: str | None = None, redaction: Redaction | None = None) -> Source:
    """
    Return what a proxy leads to.

    Args:
        to: Name of an endpoint in the catalogue, or an address.
        endpoint: What is spoken at an address; None for what the catalogue has at its host, or else `raw`.
        redaction: What must not be recorded or shown.

    Raises:
        UsageError: If it is neither, or names an endpoint without an address of its own.

    """
    is_address = "://" in to
    if not is_address and endpoint is not None and endpoint != to:
        raise UsageError(f"{to} is an endpoint itself: leave out the other one, {endpoint}, or give an address")
    redaction = redaction or Redaction()
    if is_address and not _can_be_reached(to):
        raise UsageError(f"{redaction.address(to)!r} is not a WebSocket address: use one such as wss://host")
    if not is_address:
        feed, url = find_feed(to), find_feed(to).url
        if not url:
            raise UsageError(f"{to} has no address of its own: give the address to connect to, such as wss://host")
    else:
        feed, url = find_feed(endpoint) if endpoint is not None else _feed_of(to), to
    return Source(feed, url, [], None, None, redaction)


def rest_base(source: Source, rest_to: str | None) -> str:
    """
    Return where plain HTTP is passed on to: what stands before path and query.

    Raises:
        UsageError: If `rest_to` is no address, or has a path: what is recorded is what the application asks.

    """
    if rest_to is not None:
        base = checked_base(rest_to, source.redaction)
        if urlsplit(base).path:
            shown = source.redaction.address(base)
            path = urlsplit(shown).path
            raise UsageError(f"{shown} has a path: leave it out, and let the application ask {path}/...")
        return base
    half, there = rest_half_of(source.feed), urlsplit(source.url)
    if half is not None and half.hosts and there.hostname == urlsplit(source.feed.url).hostname:
        return f"https://{next(iter(half.hosts))}"
    return f"{'https' if there.scheme == 'wss' else 'http'}://{there.netloc}"


def _can_be_reached(url: str) -> bool:
    """Return whether an address is one of a WebSocket server."""
    try:
        parse_uri(url)
    except (InvalidURI, ValueError):
        return False
    return True


def _feed_of(url: str) -> Feed:
    """Return what the catalogue has at the host of an address, or else `raw`."""
    return feed_at(url) or find_feed("raw")
