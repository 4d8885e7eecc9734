"""
Any WebSocket: what is sent is up to the user, and of what comes nothing is known.

There are no channels, no products and no heartbeats; frames are not looked into, so there is no sequence either, and a
replay gives every frame as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import msgspec

from ..errors import UsageError
from .base import FeedClient, Message, Subscription
from .credentials import Credentials
from .defaults import ClientDefaults, FeedDefaults
from .redaction import REDACTED, SECRET_KEYS, redact_message

__all__ = ["FEEDS", "RawClient", "RawFeed"]

_HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_HEADER_VALUE = re.compile(r"[\t -~]*", re.ASCII)
"""A token, and what a value may hold (RFC 9110, 5.1 and 5.5)."""

_OF_THE_HANDSHAKE = ("host", "connection", "upgrade")
"""Headers that the handshake has by itself, as all that begin with `sec-websocket-` (RFC 6455, 4.1)."""


class RawFeed(FeedDefaults):
    """
    An endpoint that nothing is known of.

    Args:
        messages: Texts to send on each new connection, in this order.
        headers: What the handshake says besides; never recorded.
        secret_keys: Keys of the messages, at any depth, whose values are not recorded; `SECRET_KEYS` are never.

    Raises:
        UsageError: If a message is no text that can be sent, or a header no header.

    """

    name = "raw"
    summary = "any WebSocket: you give the address and what to send"

    def __init__(
        self, messages: Sequence[str] = (), headers: Mapping[str, str] | None = None, secret_keys: Collection[str] = ()
    ) -> None:
        self._messages = [_message(text, secret_keys) for text in messages]
        self._headers = dict(headers or {})
        for name, value in self._headers.items():
            _check_header(name, value)

    def headers(self, credentials: Credentials | None) -> dict[str, str]:  # noqa: ARG002
        """Say what was given; see `Feed`."""
        return dict(self._headers)

    def client(self, subscriptions: Sequence[Subscription], credentials: Credentials | None = None) -> FeedClient:
        """Make the client half for a new connection, which can subscribe to nothing; see `Feed`."""
        if subscriptions:
            raise UsageError(
                f"raw has no channels, so {subscriptions[0].channel!r} cannot be subscribed: send a message"
            )
        if credentials is not None:
            raise UsageError("raw takes no credentials: put them into a header or a message")
        return RawClient(self._messages)


class RawClient(ClientDefaults):
    """
    Sends messages, and takes whatever comes; silence is no fault.

    Args:
        messages: What to send when the connection opens.

    """

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages

    def on_open(self, time: int) -> list[Message]:  # noqa: ARG002
        """Send everything; see `FeedClient`."""
        return list(self._messages)


FEEDS = {"raw": RawFeed()}
"""The endpoint by name, as it reads recordings: it sends nothing."""


def _message(text: str, secret_keys: Collection[str]) -> Message:
    try:
        payload = text.encode()
    except UnicodeEncodeError:  # a byte of the command line that is no UTF-8
        raise UsageError("a message to send is no UTF-8 text; binary messages cannot be sent") from None
    # In a text that is no JSON `key` may be any word, and all of it would be hidden.
    keys = {*SECRET_KEYS, *secret_keys} if _is_json(payload) else secret_keys
    shown = redact_message(payload, keys)
    return Message(payload, shown if REDACTED.encode() in shown else None)


def _is_json(payload: bytes) -> bool:
    try:
        msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _check_header(name: str, value: str) -> None:
    """Refuse what is no header; its value is not told, for it may be a secret."""
    if not _HEADER_NAME.fullmatch(name):
        raise UsageError("a header has a name that is none; write it as 'Name: value'")
    if not _HEADER_VALUE.fullmatch(value):
        raise UsageError(f"the value of the header {name} has characters that no header may have: use ASCII")
    if name.lower() in _OF_THE_HANDSHAKE or name.lower().startswith("sec-websocket-"):
        raise UsageError(f"the header {name} belongs to the handshake itself and cannot be set")
