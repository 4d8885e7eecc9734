"""What most venues have in common, for feeds to build on: so a new venue takes one file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..errors import UsageError
from ..model import Frame, FrameInfo
from .base import Channel, Gap, Message, Notice, SequenceRule, Subscription
from .credentials import Credentials, CredentialsKind
from .venue import FeedState, Handshake, Key, Reply

__all__ = ["ClientDefaults", "FeedDefaults", "NoSequence", "ServerDefaults"]


class NoSequence:
    """The rule for feeds that number nothing."""

    def observe(self, info: FrameInfo) -> Gap | None:  # noqa: ARG002
        """Find no gap; see `SequenceRule`."""
        return None


class FeedDefaults:
    """
    Everything that `Feed` demands but a name, a summary, an address and a client half; the protocol says what each is.

    What a venue does otherwise, its feed overrides.
    """

    name = ""
    summary = ""
    url = ""
    channels: Mapping[str, Channel] = {}
    default_channels: tuple[str, ...] = ()
    default_products: tuple[str, ...] = ()
    heartbeat_channel: str | None = None
    credentials: CredentialsKind | None = None
    needs_credentials: bool = False
    connections_per_second: int | None = None
    messages_per_second: int | None = None
    limits: tuple[str, ...] = ()
    failover: str | None = None

    def describe(self, payload: bytes) -> FrameInfo:  # noqa: ARG002
        """Tell nothing of a frame; see `Feed`."""
        return FrameInfo()

    def sequence_rule(self, *, from_start: bool) -> SequenceRule:  # noqa: ARG002
        """Find no gaps; see `Feed`."""
        return NoSequence()

    def channel_name(self, name: str) -> str:
        """Have one name for each channel; see `Feed`."""
        return name

    def parse_params(self, channel: str, query: str) -> dict[str, Any]:
        """Take no parameters; see `Feed`."""
        if query:
            raise UsageError(f"{channel} of {self.name} takes no parameters: leave out ?{query}")
        return {}

    def headers(self, credentials: Credentials | None) -> dict[str, str]:  # noqa: ARG002
        """Say nothing besides; see `Feed`."""
        return {}

    def plan_of(self, subscriptions: Sequence[Subscription]) -> str:  # noqa: ARG002
        """Count nothing; see `Feed`."""
        return ""

    def spread(self, subscriptions: Sequence[Subscription]) -> list[list[Subscription]]:
        """Have one connection carry it all; see `Feed`."""
        return [list(subscriptions)]

    def state(self, wanted: Collection[Key] | None) -> FeedState | None:  # noqa: ARG002
        """Have nothing begin with a snapshot; see `VenueFeed`, which a feed is if it has a `server` too."""
        return None


class ClientDefaults:
    """A client half that asks for nothing and notices nothing; see `FeedClient`."""

    silence_limit: float | None = None

    @property
    def out_of_order(self) -> int:
        """Number nothing; see `FeedClient`."""
        return 0

    def on_open(self, time: int) -> list[Message]:  # noqa: ARG002
        """Say nothing; see `FeedClient`."""
        return []

    def subscribe(self, subscriptions: Sequence[Subscription], time: int) -> list[Message]:  # noqa: ARG002
        """Say nothing: the next connection asks for it; see `FeedClient`."""
        return []

    def unsubscribe(self, subscriptions: Sequence[Subscription], time: int) -> list[Message]:  # noqa: ARG002
        """Say nothing; see `FeedClient`."""
        return []

    def on_frame(self, info: FrameInfo, payload: bytes) -> Sequence[Notice]:  # noqa: ARG002
        """Notice nothing; see `FeedClient`."""
        return ()

    def on_tick(self, seconds_open: float) -> Sequence[Notice | Message]:  # noqa: ARG002
        """Say nothing; see `FeedClient`."""
        return ()

    def on_close(self, code: int, reason: str) -> Sequence[Notice]:  # noqa: ARG002
        """Notice nothing; see `FeedClient`."""
        return ()


class ServerDefaults:
    """A server half that gives every frame to everybody and answers nothing; see `FeedServer`."""

    subscribe_within: float | None = None
    next_due: int | None = None
    has_subscribed = True

    @property
    def wanted(self) -> frozenset[Key]:
        """Want no snapshots; see `FeedServer`."""
        return frozenset()

    def on_open(self, handshake: Handshake, time: int) -> list[Reply]:  # noqa: ARG002
        """Say nothing; see `FeedServer`."""
        return []

    def on_message(self, message: bytes, time: int) -> list[Reply]:  # noqa: ARG002
        """Answer nothing; see `FeedServer`."""
        return []

    def on_state(self, snapshots: Mapping[Key, bytes | None], time: int) -> list[Reply]:  # noqa: ARG002
        """Give no snapshots; see `FeedServer`."""
        return []

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[bytes]:  # noqa: ARG002
        """Pass on what the venue sent; see `FeedServer`."""
        return (frame.payload,) if frame.direction == "in" else ()

    def on_due(self, time: int) -> Sequence[bytes]:  # noqa: ARG002
        """Have nothing to send; see `FeedServer`."""
        return ()

    def on_silence(self) -> list[Reply]:
        """Bear with it; see `FeedServer`."""
        return []

    def on_restart(self) -> None:
        """Want nothing anew; see `FeedServer`."""
