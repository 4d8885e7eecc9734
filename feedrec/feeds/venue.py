"""
What the server half of a feed provides: the part that answers a client as the venue would.

It is pure, like all of a feed. The replay tells it what the client says and what was recorded, and sends what comes
back. Times are recorded times in nanoseconds: the venue lives in the past.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec

from ..model import Frame, FrameInfo
from .auth import Auth
from .base import Feed

__all__ = ["Catalogue", "Close", "FeedServer", "FeedState", "Handshake", "Key", "Remark", "Reply", "Send", "VenueFeed"]

Key = tuple[str, str]
"""A channel and a product of it; the product is empty where the channel has none."""

Catalogue = Mapping[str, Collection[str]]
"""What the recordings hold: products by channel."""


class Send(msgspec.Struct, frozen=True):
    """Send a text message."""

    payload: bytes


class Close(msgspec.Struct, frozen=True):
    """Close the connection, after what was sent before."""

    code: int
    reason: str = ""


class Remark(msgspec.Struct, frozen=True):
    """Tell the person who runs the replay about a client, which may ask for what the recordings lack."""

    text: str


Reply = Send | Close | Remark


class Handshake(msgspec.Struct, frozen=True):
    """
    What a client asked for when it connected.

    Attributes:
        target: Path and query.
        headers: By name in lower case.

    """

    target: str
    headers: Mapping[str, str]


class FeedState(Protocol):
    """
    What the venue would send to a client that subscribes now, gathered from the frames so far.

    `feedrec.feeds.state` has what most states are made of.
    """

    def apply(self, info: FrameInfo, payload: bytes) -> None:
        """Take in a recorded frame; one that is not wanted or not understood changes nothing."""

    def keys(self) -> Collection[Key]:
        """Return the keys for which there is a snapshot."""

    def snapshot(self, channel: str, product: str, time: int) -> bytes | None:
        """Return the message that a new subscriber gets first, as of `time`; None if there is none. Change nothing."""

    def copy(self) -> FeedState:
        """Return an independent copy."""


class VenueFeed(Feed, Protocol):
    """A feed with a server half."""

    def server(self, catalogue: Catalogue, settings: Mapping[str, str], auth: Auth) -> FeedServer:
        """
        Make the server half for a new connection.

        Args:
            catalogue: What the recordings hold.
            settings: What is not known about the venue, by name.
            auth: What a client must prove where the venue demands credentials.

        Raises:
            UsageError: If a setting is unknown or invalid.

        """

    def state(self, wanted: Collection[Key] | None) -> FeedState | None:
        """
        Return an empty state that will keep what is wanted, everything if that is None.

        A replay may rebuild it in another process: it depends on the frames alone.

        Returns:
            None if no subscription to any of it begins with a snapshot.

        """


class FeedServer(Protocol):
    """
    The server half of a feed, for one connection.

    The methods here are what a class inherits: every frame goes to every client, and nothing is answered.

    Attributes:
        subscribe_within: Seconds after the opening within which a client must subscribe; None for any time.
        next_due: The next recorded time at which there is something to send though nothing was recorded; None if never.

    """

    subscribe_within: float | None = None
    next_due: int | None = None

    @property
    def wanted(self) -> frozenset[Key]:
        """What was subscribed and waits for `on_state`."""
        return frozenset()

    @property
    def has_subscribed(self) -> bool:
        """Whether a subscription was ever accepted."""
        return True

    def on_open(self, handshake: Handshake, time: int) -> list[Reply]:  # noqa: ARG002
        """Take a new client, at recorded time `time`."""
        return []

    def on_message(self, message: bytes, time: int) -> list[Reply]:  # noqa: ARG002
        """Take a text message of the client, at recorded time `time`."""
        return []

    def on_state(self, snapshots: Mapping[Key, bytes | None], time: int) -> list[Reply]:  # noqa: ARG002
        """Take snapshots as of `time`, None where there is none yet; their keys are no longer `wanted`."""
        return []

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[bytes]:  # noqa: ARG002
        """Take the next recorded frame of the venue; return the text messages to send for it."""
        return (frame.payload,) if frame.direction == "in" else ()

    def on_due(self, time: int) -> Sequence[bytes]:  # noqa: ARG002
        """Return what is to be sent at `next_due`."""
        return ()

    def on_silence(self) -> list[Reply]:
        """Handle a client that did not subscribe in time."""
        return []

    def on_restart(self) -> None:
        """Handle the recordings beginning again: what is subscribed is `wanted` once more."""
