"""
What every venue module provides, and the pieces that they share.

A feed is pure: it knows no socket, no clock and no file. The recorder tells its client half what happened
(`on_open`, `on_frame`, `on_tick`, `on_close`) and carries out what comes back.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from ..model import FrameInfo
from .credentials import Credentials, CredentialsKind

__all__ = [
    "Channel",
    "ConnectionSequence",
    "ContiguousSequence",
    "Feed",
    "FeedClient",
    "Gap",
    "Message",
    "Notice",
    "SequenceRule",
    "Subscription",
    "did_you_mean",
]


class Channel(msgspec.Struct, frozen=True):
    """
    A channel that a venue documents.

    Attributes:
        name: The name under which it is subscribed.
        summary: What it carries, for people.
        takes_products: Whether a subscription names products.
        needs_credentials: Whether the venue demands them.
        products_optional: Whether a subscription that names no products is one for all of them.
        params: Names of the parameters that a subscription must have.
        optional_params: Names of those that it may have.
        example: The parameters as a person writes them, `interval=1m&...`; empty if there are none.

    """

    name: str
    summary: str
    takes_products: bool = True
    needs_credentials: bool = False
    products_optional: bool = False
    params: tuple[str, ...] = ()
    optional_params: tuple[str, ...] = ()
    example: str = ""


class Subscription(msgspec.Struct, frozen=True):
    """
    One channel that a recording asks for.

    Attributes:
        channel: Its name.
        products: Its products, where the venue speaks of such.
        params: What else the venue wants to know, by its names.

    """

    channel: str
    products: tuple[str, ...] = ()
    params: dict[str, Any] = {}

    def __hash__(self) -> int:
        return hash((self.channel, self.products))

    def as_dict(self) -> dict[str, Any]:
        """Give it as it stands in the header of a recording."""
        fields: dict[str, Any] = {"channel": self.channel}
        if self.products:
            fields["products"] = list(self.products)
        if self.params:
            fields["params"] = self.params
        return fields


class Message(msgspec.Struct, frozen=True):
    """
    A text message for the venue.

    Attributes:
        payload: The bytes to send.
        redacted: The bytes to record instead, if the payload holds a secret.

    """

    payload: bytes
    redacted: bytes | None = None


class Notice(msgspec.Struct, frozen=True):
    """
    Something about the feed that a person, and perhaps the recording, should know.

    Attributes:
        text: One line for the log.
        severity: `fatal` ends the run: no retry would mend it.
        event: Name of the event to record, if it is one.
        details: The further keys of that event.

    """

    text: str
    severity: Literal["info", "warning", "fatal"] = "info"
    event: str | None = None
    details: dict[str, Any] = {}


class Gap(msgspec.Struct, frozen=True):
    """Frames that the venue sent and that never arrived: `expected` came next, `received` came."""

    expected: int
    received: int

    @property
    def missing(self) -> int:
        """Frames lost."""
        return self.received - self.expected


class SequenceRule(Protocol):
    """Tells from the frames received on one connection which ones are missing between them."""

    def observe(self, info: FrameInfo) -> Gap | None:
        """Take what a frame is; give the gap before it, if there is one."""


class FeedClient(Protocol):
    """The client half of a feed, for one connection."""

    @property
    def silence_limit(self) -> float | None:
        """Seconds after which a connection without any frame must be dead; None if frames may be rare."""

    @property
    def out_of_order(self) -> int:
        """Frames that arrived behind a later one."""

    def on_open(self, time: int) -> list[Message]:
        """Give the messages to send on a new connection, signed at `time` (wall clock, nanoseconds) if they are."""

    def subscribe(self, subscriptions: Sequence[Subscription], time: int) -> list[Message]:
        """Give the messages that ask for more on an open connection; `time` is as for `on_open`."""

    def unsubscribe(self, subscriptions: Sequence[Subscription], time: int) -> list[Message]:
        """
        Give the messages that ask for no more of some channels, and expect nothing more of them.

        Args:
            subscriptions: Of a channel the products that are not wanted any more; without any, the channel.
            time: As for `on_open`.

        """

    def on_frame(self, info: FrameInfo, payload: bytes) -> Sequence[Notice]:
        """Take a frame that arrived. Called for each one: cheap unless there is something to say."""

    def on_tick(self, seconds_open: float) -> Sequence[Notice | Message]:
        """Take the time since the connection opened, called a few times a second; messages are sent."""

    def on_close(self, code: int, reason: str) -> Sequence[Notice]:
        """Take the end of the connection: the close code (1006 if none came), and what the venue said."""


class Feed(Protocol):
    """
    An endpoint of the catalogue.

    Attributes:
        name: Its name in the catalogue.
        summary: What it is, for people; a noun phrase.
        url: Its live address; empty if it has none of its own.
        channels: What can be subscribed, by name.
        default_channels: What is recorded when no channel is named.
        default_products: What is recorded when no product is named.
        heartbeat_channel: Channel that keeps a connection alive, added by itself; None if there is none.
        credentials: What it takes for channels that need them, or for all; None if there is nothing to prove.
        needs_credentials: Whether nothing can be subscribed without.
        connections_per_second: Connections that may be opened in a second; None if nothing is known of a limit.
        messages_per_second: Messages that may be sent in a second without credentials; None as before.
        limits: What else the venue allows only so much of, for people.
        failover: Name of the endpoint that may take over when this one is down; None if there is none.

    """

    name: str
    summary: str
    url: str
    channels: Mapping[str, Channel]
    default_channels: tuple[str, ...]
    default_products: tuple[str, ...]
    heartbeat_channel: str | None
    credentials: CredentialsKind | None
    needs_credentials: bool
    connections_per_second: int | None
    messages_per_second: int | None
    limits: tuple[str, ...]
    failover: str | None

    def describe(self, payload: bytes) -> FrameInfo:
        """Tell what a frame is, without parsing all of it. Never raises; what it cannot tell it leaves empty."""

    def sequence_rule(self, *, from_start: bool) -> SequenceRule:
        """
        Make the rule for a new connection.

        Args:
            from_start: Whether the frames come from the opening of the connection on: then the first may be missing.

        """

    def channel_name(self, name: str) -> str:
        """Give the subscription name of a channel that is named as its frames are (`l2_data` is `level2`)."""

    def parse_params(self, channel: str, query: str) -> dict[str, Any]:
        """
        Read what a person wrote behind the `?` of a channel.

        Raises:
            UsageError: If the channel takes no such thing.

        """

    def headers(self, credentials: Credentials | None) -> dict[str, str]:
        """Give what the handshake must say besides."""

    def plan_of(self, subscriptions: Sequence[Subscription]) -> str:
        """Say in a line what this will use of a plan that is paid for; empty if nothing is counted."""

    def spread(self, subscriptions: Sequence[Subscription]) -> list[list[Subscription]]:
        """
        Give what each of the connections subscribes that it takes to carry all of this; mostly that is one.

        Raises:
            UsageError: If the venue allows no such thing.

        """

    def client(self, subscriptions: Sequence[Subscription], credentials: Credentials | None = None) -> FeedClient:
        """Make the client half for a new connection."""


class ContiguousSequence:
    """
    The rule for feeds whose sequence numbers grow by one per frame.

    Args:
        first: The number of the first frame; None to take the first as it comes.

    Attributes:
        expected: The number that comes next; None as long as any may come.
        out_of_order: Frames seen whose number was lower than expected; they are no loss.

    """

    def __init__(self, first: int | None = 0) -> None:
        self.expected = first
        self.out_of_order = 0

    def observe(self, sequence: int) -> Gap | None:
        """Take the number of a frame; give the gap before it, if there is one."""
        expected = self.expected
        if sequence == expected:
            self.expected = sequence + 1
            return None
        if expected is None:
            self.expected = sequence + 1
            return None
        if sequence < expected:
            self.out_of_order += 1
            return None
        self.expected = sequence + 1
        return Gap(expected, sequence)


class ConnectionSequence:
    """The rule for feeds that number all frames of a connection, whatever the channel; `first` as for the numbers."""

    def __init__(self, first: int | None) -> None:
        self._sequence = ContiguousSequence(first)

    def observe(self, info: FrameInfo) -> Gap | None:
        """Take what a frame is; see `SequenceRule`."""
        return None if info.sequence is None else self._sequence.observe(info.sequence)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Give a suggestion to append to an error, or nothing if no known name is close."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
