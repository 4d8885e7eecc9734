"""
What every venue provides, and what its frames and subscriptions are made of; their numbers are in sequence.py.

A feed is pure: it knows no socket, no clock and no file. The recorder tells its client half what happened
(`on_open`, `on_frame`, `on_tick`, `on_close`) and carries out what comes back.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from ..errors import UsageError
from ..model import FrameInfo
from .connections.by_limits import spread_by_limits
from .connections.limits import ConnectionLimits
from .credentials import Credentials, CredentialsKind
from .rewriting.frame_change import FrameChange, IdKeys
from .sequence import ConnectionSequence, ContiguousSequence, Discontinuity, Gap, NoSequence, Reset, SequenceRule
from .tracks.track_rule import TrackRule

__all__ = [
    "UNKNOWN_CHANNEL",
    "Acceptance",
    "BookSubscription",
    "Channel",
    "ConnectionSequence",
    "ContiguousSequence",
    "Discontinuity",
    "Feed",
    "FeedClient",
    "Gap",
    "Message",
    "NoSequence",
    "Notice",
    "ProductList",
    "Reset",
    "SequenceRule",
    "Subscription",
]


UNKNOWN_CHANNEL = "not in feedrec's catalogue"
"""The summary of a channel of which nothing is known."""


class Channel(msgspec.Struct, frozen=True):
    """
    A channel that a venue documents.

    Attributes:
        name: The name under which it is subscribed.
        summary: What it carries, for people.
        takes_products: Whether a subscription names products.
        needs_credentials: Whether the venue requires them.
        products_optional: Whether a subscription without products means all of them.
        params: Names of the required parameters of a subscription.
        optional_params: Names of the optional ones.
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
        products: Its products, if the channel takes any.
        params: Further parameters, by the venue's names.

    """

    channel: str
    products: tuple[str, ...] = ()
    params: dict[str, Any] = {}

    def __hash__(self) -> int:
        return hash((self.channel, self.products))

    def as_dict(self) -> dict[str, Any]:
        """Return it as it appears in the header of a recording."""
        fields: dict[str, Any] = {"channel": self.channel}
        if self.products:
            fields["products"] = list(self.products)
        if self.params:
            fields["params"] = self.params
        return fields


class BookSubscription(msgspec.Struct, frozen=True):
    """
    The order book of one product, which begins with a snapshot whenever it is subscribed.

    Attributes:
        subscription: What subscribes this book and nothing else.
        channel: The channel as which its frames are described.
        products: The products that they may name.

    """

    subscription: Subscription
    channel: str
    products: tuple[str, ...]


class Acceptance(msgspec.Struct, frozen=True):
    """
    What a connection asks for, and what of that the venue accepted; the rest, if any, was not answered.

    Attributes:
        asked: What is asked for.
        accepted: What of it the venue accepted.
        missing: What of it the venue refused, or did not acknowledge in time.

    """

    asked: tuple[Subscription, ...] = ()
    accepted: tuple[Subscription, ...] = ()
    missing: tuple[Subscription, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as the keys of a `subscribed` event."""
        return {name: [one.as_dict() for one in getattr(self, name)] for name in self.__struct_fields__}


class ProductList(msgspec.Struct, frozen=True):
    """
    The products of a venue.

    Attributes:
        online: Those that are traded.
        offline: The others that it lists.

    """

    online: tuple[str, ...]
    offline: tuple[str, ...] = ()


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
        is_about_all: Whether a fatal one ends the run only if it is true of all its connections.
        should_leave: Whether the venue will end the connection, so that another one should take its place before that.

    """

    text: str
    severity: Literal["info", "warning", "fatal"] = "info"
    event: str | None = None
    details: dict[str, Any] = {}
    is_about_all: bool = False
    should_leave: bool = False


class FeedClient(Protocol):
    """
    The client half of a feed, for one connection.

    The methods here are what a class inherits: they ask for nothing and report nothing.
    """

    @property
    def silence_limit(self) -> float | None:
        """Seconds after which a connection without any frame must be dead; None if frames may be rare."""
        return None

    @property
    def out_of_order(self) -> int:
        """Frames whose number did not fit; they are not lost."""
        return 0

    @property
    def acceptance(self) -> Acceptance | None:
        """What the venue accepted, once that is settled; None before, and where the venue does not tell."""
        return None

    def on_open(self, time: int) -> list[Message]:  # noqa: ARG002
        """Return the messages to send on a new connection, signed at `time` (wall clock, nanoseconds) if they are."""
        return []

    def subscribe(self, subscriptions: Sequence[Subscription], time: int) -> list[Message]:  # noqa: ARG002
        """Return the messages that ask for more on an open connection; `time` is as for `on_open`."""
        return []

    def unsubscribe(self, subscriptions: Sequence[Subscription], time: int) -> list[Message]:  # noqa: ARG002
        """
        Return the messages that end some subscriptions, of which nothing more is expected.

        Args:
            subscriptions: The channels that are no longer wanted, or only the products that they name.
            time: As for `on_open`.

        """
        return []

    def interrupt(self, subscriptions: Sequence[Subscription], time: int) -> list[Message]:
        """Return the messages that end some subscriptions for a moment: `subscribe` follows, for their snapshots."""
        return self.unsubscribe(subscriptions, time)

    def on_frame(self, info: FrameInfo, payload: bytes) -> Sequence[Notice]:  # noqa: ARG002
        """Take a frame that arrived. Called for each one: cheap unless there is something to say."""
        return ()

    def passes(self, infos: Sequence[FrameInfo]) -> bool:  # noqa: ARG002
        """
        Take frames that follow each other if there is nothing to say about any of them, and return whether that is so.

        If not, nothing has changed, and `on_frame` is called for each.
        """
        return False

    def on_tick(self, seconds_open: float) -> Sequence[Notice | Message]:  # noqa: ARG002
        """Take the time since the connection opened, called a few times a second; messages are sent."""
        return ()

    def on_pause(self, seconds: float) -> None:  # noqa: ARG002
        """Take it that nothing was read for so many seconds, up to now: an answer may have come all the same."""
        return

    def on_close(self, code: int, reason: str) -> Sequence[Notice]:  # noqa: ARG002
        """Take the end of the connection: the close code (1006 if none came), and what the venue said."""
        return ()


class Feed(Protocol):
    """
    An endpoint of the catalogue.

    The attributes and methods here are what a class inherits; it lacks a name, a summary, an address and a client half.

    Attributes:
        name: Its name in the catalogue.
        summary: What it is, for people; a noun phrase.
        url: Its live address; empty if it has none of its own.
        channels: What can be subscribed, by name.
        default_channels: What is recorded when no channel is named.
        default_products: What is recorded when no product is named.
        heartbeat_channel: Channel that keeps a connection alive, added by itself; None if there is none.
        product_channel: Channel that lists all products of the venue, see `listed_products`; None if there is none.
        credentials: The kind that it takes; None if it takes none.
        needs_credentials: Whether nothing can be subscribed without them.
        connections_per_second: Connections that may be opened per second; None if no limit is known.
        messages_per_second: Messages that may be sent per second without credentials; None if no limit is known.
        connection_limits: How many connections it allows, and what on each.
        limits: What else the venue limits, for people.
        failover: Name of the endpoint that may take over when this one is down; None if there is none.

    """

    name: str = ""
    summary: str = ""
    url: str = ""
    channels: Mapping[str, Channel] = {}
    default_channels: tuple[str, ...] = ()
    default_products: tuple[str, ...] = ()
    heartbeat_channel: str | None = None
    product_channel: str | None = None
    credentials: CredentialsKind | None = None
    needs_credentials: bool = False
    connections_per_second: int | None = None
    messages_per_second: int | None = None
    connection_limits: ConnectionLimits = ConnectionLimits()
    limits: tuple[str, ...] = ()
    failover: str | None = None

    def describe(self, payload: bytes) -> FrameInfo:  # noqa: ARG002
        """Tell what a frame is, without parsing all of it. Never raises; what it cannot tell it leaves empty."""
        return FrameInfo()

    def describe_all(self, payloads: Sequence[bytes]) -> Sequence[FrameInfo]:
        """Tell what frames are that follow each other, as `describe` tells of each; `FrameInfos` are fast."""
        return [self.describe(payload) for payload in payloads]

    def sequence_rule(self, *, from_start: bool) -> SequenceRule:  # noqa: ARG002
        """
        Return the rule for a new connection.

        Args:
            from_start: Whether the frames come from the opening of the connection on: then the first may be missing.

        """
        return NoSequence()

    def channel_name(self, name: str) -> str:
        """Return the subscription name of a channel that is named as its frames are (`l2_data` is `level2`)."""
        return name

    def product_name(self, channel: str, product: str) -> str:  # noqa: ARG002
        """Return a product as the venue must spell it, by its form: `BTC-USD` for `btc-usd` where all are capitals."""
        return product

    def listed_products(self, payload: bytes) -> ProductList | None:  # noqa: ARG002
        """Return the products that a frame of `product_channel` lists; None if it is not the whole list."""
        return None

    def with_channels(self, names: Collection[str]) -> Feed:
        """Return the feed with these channels as well; of those that it lacks nothing is known but the name."""
        new = {name: Channel(name, UNKNOWN_CHANNEL) for name in names if name not in self.channels}
        other = copy.copy(self)
        other.channels = {**self.channels, **new}
        return other

    def has_heartbeats(self, subscriptions: Sequence[Subscription]) -> bool:  # noqa: ARG002
        """Whether the heartbeat channel, which names no products then, is of any use along with these."""
        return self.heartbeat_channel is not None

    def parse_params(self, channel: str, query: str) -> dict[str, Any]:
        """
        Read what a person wrote behind the `?` of a channel.

        Raises:
            UsageError: If the channel does not take it.

        """
        if query:
            raise UsageError(f"{channel} of {self.name} takes no parameters: leave out ?{query}")
        return {}

    def headers(self, credentials: Credentials | None) -> dict[str, str]:  # noqa: ARG002
        """Return further headers of the handshake."""
        return {}

    def plan_of(self, subscriptions: Sequence[Subscription]) -> str:  # noqa: ARG002
        """Say in a line what this will use of a paid plan; empty if nothing is counted."""
        return ""

    def spread(self, subscriptions: Sequence[Subscription]) -> list[list[Subscription]]:
        """
        Return what to subscribe on each of the connections that it takes to carry all of this; mostly that is one.

        Raises:
            UsageError: If the venue does not allow it.

        """
        return spread_by_limits(self, subscriptions)

    def given_up_for(
        self,
        new: Sequence[Subscription],  # noqa: ARG002
        present: Sequence[Subscription],  # noqa: ARG002
    ) -> list[Subscription]:
        """
        Return what of the present subscriptions must be unsubscribed before something new can be subscribed.

        If there is any, the connection is closed after that, and all of it is subscribed on the next one.
        """
        return []

    def trimming(self, levels: int) -> FrameChange | None:  # noqa: ARG002
        """Return what cuts the books in the frames of one connection to so many levels a side; None if nothing does."""
        return None

    def track_rule(self, channels: Collection[str]) -> TrackRule | None:  # noqa: ARG002
        """Return what frames of two connections have in common, given what was asked for; None if nothing tells."""
        return None

    def id_keys(self) -> IdKeys | None:
        """Return where frames have the ids of orders, trades, users and accounts; None if that is not known."""
        return None

    def client(self, subscriptions: Sequence[Subscription], credentials: Credentials | None = None) -> FeedClient:
        """Return the client half for a new connection."""
        ...
