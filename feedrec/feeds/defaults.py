"""What a feed is built on: it overrides what its venue does differently."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from ..errors import UsageError
from .base import BookSubscription, Feed, FeedClient, NoSequence, Subscription
from .credentials import Credentials
from .venue import FeedServer, FeedState, Key, Sample, Setting, VenueFeed

if TYPE_CHECKING:
    from .checking import FrameCheck

__all__ = ["ClientDefaults", "FeedDefaults", "NoSequence", "ServerDefaults"]


C = TypeVar("C")


class FeedDefaults(Feed):
    """
    Everything that a `Feed` needs except a name, a summary, an address and a client half.

    Attributes:
        book_channels: Channels that begin with a snapshot of each product's order book whenever that is subscribed,
            each with the channel as which its frames are described.

    """

    book_channels: Mapping[str, str] = {}

    settings: Sequence[Setting] = ()
    close_reasons: Mapping[int, str] = {}
    last_tells: Collection[str] = ()
    """See `VenueFeed`."""

    def check_credentials(self, credentials: Credentials | None, kind: type[C]) -> C | None:
        """
        Return credentials if they are of the kind that the endpoint takes.

        Raises:
            UsageError: If they are of another kind.

        """
        if credentials is None or isinstance(credentials, kind):
            return credentials
        takes = "no credentials" if self.credentials is None else self.credentials.summary.partition(" (")[0]
        raise UsageError(f"{self.name} takes {takes}, not {type(credentials).__name__}")

    def books(self, subscriptions: Sequence[Subscription]) -> list[BookSubscription]:
        """
        Return the order books among subscriptions, by default the products of `book_channels`.

        After missed frames, a recorder subscribes these again for their snapshots.
        """
        described = self.book_channels
        return [
            BookSubscription(msgspec.structs.replace(one, products=(product,)), described[one.channel], (product,))
            for one in subscriptions
            for product in (one.products if one.channel in described else ())
        ]

    def checks(self) -> list[FrameCheck]:
        """Return what checks the frames of a new connection, by default that its books are not crossed."""
        from .checking.crossed_books import CrossedBooks  # noqa: PLC0415  few runs need it

        state = self.state(None) if self.book_channels else None
        return [] if state is None else [CrossedBooks(state, frozenset(self.book_channels.values()))]

    def as_recorded(self, sample: Sample) -> VenueFeed:  # noqa: ARG002
        """Return this feed: what it makes looks the same in all recordings. See `VenueFeed`."""
        return cast(VenueFeed, self)

    def own_time(self, payload: bytes) -> int | None:  # noqa: ARG002
        """Return None: frames name no time. See `VenueFeed`."""
        return None

    def state(self, wanted: Collection[Key] | None) -> FeedState | None:  # noqa: ARG002
        """Return None: nothing begins with a snapshot. See `VenueFeed`, which a feed with a `server` is."""
        return None


class ClientDefaults(FeedClient):
    """A client half that asks for nothing and reports nothing; `client_half` has more."""

    silence_limit: float | None = None


class ServerDefaults(FeedServer):
    """A server half that sends every frame to every client and answers nothing; `server_half` has more."""

    has_subscribed: bool = True

    def on_coming(self, coming: Collection[Key]) -> None:
        """Wait for nothing; see `FeedServer`."""

    def on_restart(self) -> None:
        """Go on; see `FeedServer`."""
