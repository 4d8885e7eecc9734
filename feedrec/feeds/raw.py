"""
Any WebSocket: what is sent is up to the user, and nothing is known about what comes.

There are no channels, products or heartbeats; frames are not parsed, so there is no sequence either, and a replay sends
every frame as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..errors import UsageError
from ..model import FrameInfo
from .base import FeedClient, Message, Subscription
from .credentials import Credentials
from .defaults import ClientDefaults, FeedDefaults

__all__ = ["FEEDS", "RawClient", "RawFeed"]

_HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_HEADER_VALUE = re.compile(r"[\t -~]*", re.ASCII)
"""A token, and what a value may hold (RFC 9110, 5.1 and 5.5)."""

_OF_THE_HANDSHAKE = ("host", "connection", "upgrade")
"""Headers of the handshake itself, besides all that begin with `sec-websocket-` (RFC 6455, 4.1)."""


class RawFeed(FeedDefaults):
    """
    An endpoint that nothing is known about.

    Args:
        messages: Texts to send on each new connection, in this order.
        headers: Further headers of the handshake; never recorded.

    Raises:
        UsageError: If a message cannot be sent as text, or a header is invalid.

    """

    name = "raw"
    summary = "any WebSocket: you give the address and what to send"

    def __init__(self, messages: Sequence[str] = (), headers: Mapping[str, str] | None = None) -> None:
        self._messages = [_message(text) for text in messages]
        self._headers = dict(headers or {})
        for name, value in self._headers.items():
            _check_header(name, value)

    def headers(self, credentials: Credentials | None) -> dict[str, str]:  # noqa: ARG002
        """Return what was given; see `Feed`."""
        return dict(self._headers)

    def client(self, subscriptions: Sequence[Subscription], credentials: Credentials | None = None) -> FeedClient:
        """Return the client half for a new connection, which can subscribe to nothing; see `Feed`."""
        if subscriptions:
            raise UsageError(
                f"raw has no channels, so {subscriptions[0].channel!r} cannot be subscribed: send a message"
            )
        if credentials is not None:
            raise UsageError("raw takes no credentials: put them into a header or a message")
        return RawClient(self._messages)


class RawClient(ClientDefaults):
    """
    Sends messages, and takes whatever comes; silence is not a fault.

    Args:
        messages: What to send when the connection opens.

    """

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages

    def passes(self, infos: Sequence[FrameInfo]) -> bool:  # noqa: ARG002
        """Say nothing about any frame; see `FeedClient`."""
        return True

    def on_open(self, time: int) -> list[Message]:  # noqa: ARG002
        """Send everything; see `FeedClient`."""
        return list(self._messages)


FEEDS = {"raw": RawFeed()}
"""The endpoint by name, for reading recordings: it sends nothing."""


def _message(text: str) -> Message:
    try:
        return Message(text.encode())
    except UnicodeEncodeError:  # the command line had a byte that is not UTF-8
        raise UsageError("a message to send is not UTF-8; binary messages cannot be sent") from None


def _check_header(name: str, value: str) -> None:
    """Refuse an invalid header; its value is not shown, since it may be a secret."""
    if not _HEADER_NAME.fullmatch(name):
        raise UsageError("invalid header name; write the header as 'Name: value'")
    if not _HEADER_VALUE.fullmatch(value):
        raise UsageError(f"the value of the header {name} has invalid characters: use ASCII")
    if name.lower() in _OF_THE_HANDSHAKE or name.lower().startswith("sec-websocket-"):
        raise UsageError(f"the header {name} is part of the handshake itself and cannot be set")
