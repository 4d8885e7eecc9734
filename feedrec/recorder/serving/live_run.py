"""What one run of a feed gives to those who serve it: its lines as they are written, what it records, where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from ...feeds import Subscription, feed_of
from ...feeds.venue import Key
from ...formats.file.growing.files_so_far import FilesSoFar
from ...formats.line.subscribed import SubscribedFacts
from ...live_messages import Catalogue, FeedPlan
from .relay import Relay

__all__ = ["LONGEST_WAIT", "LiveRun", "LiveSession", "Written"]

LONGEST_WAIT = 0.002
"""Seconds that a frame may wait for others where it is served live."""

NamedProducts = Callable[[str, Mapping[str, Any]], Sequence[str]]


class LiveSession(Protocol):
    """A session, as those who serve it see it; see `RecordingSession`."""

    @property
    def subscriptions(self) -> list[Subscription]: ...

    @property
    def subscribed(self) -> SubscribedFacts: ...

    async def subscribe(self, channels: Sequence[Subscription], /) -> None: ...

    async def unsubscribe(self, channels: Sequence[Subscription], /) -> None: ...


class Written(Protocol):
    """What a run writes to; see `GrowingRecording`."""

    def tell_files(self, callback: Callable[[FilesSoFar], object]) -> None: ...


class LiveRun:
    """
    A run that is served. It takes the place of another one of its feed when its first connection is open.

    Args:
        relay: Sends what it writes.
        feed: The feed.
        header: The header line of its recording.
        on_settled: Called with this when the venue has accepted or refused something, and when it is over.

    Attributes:
        feed, header: As given.
        place, is_relayed: See `RelayedRun`.
        session: The session; None before it has begun, and when it is over.

    """

    def __init__(
        self, relay: Relay, feed: FeedPlan, header: bytes, on_settled: Callable[[LiveRun], object] = lambda _: None
    ) -> None:
        self.feed, self.header = feed, header
        self.place, self.is_relayed = 0, False
        self.session: LiveSession | None = None
        self._relay, self._on_settled = relay, on_settled
        self._written: Written | None = None
        self._named_products: NamedProducts | None = getattr(feed_of(feed.endpoint), "named_products", None)

    @property
    def catalogue(self) -> Catalogue:
        """What is recorded now: what was asked for, and not refused when the venue last said so."""
        if self.session is None:
            return Catalogue({})
        products: dict[str, list[str]] = {}
        for channel, product in sorted(self.keys_of(self.session.subscriptions) - self.missing):
            products.setdefault(channel, []).extend([product] if product else [])
        return Catalogue(products)

    @property
    def missing(self) -> set[Key]:
        """Channel and product of what the venue has refused, and has not accepted otherwise."""
        if self.session is None:
            return set()
        facts = self.session.subscribed
        return self.keys_of(facts.missing) - self.keys_of(facts.accepted or ())

    def keys_of(self, subscriptions: Iterable[Subscription | dict[str, Any]]) -> set[Key]:
        """Return channel and product of subscriptions, also as in a header; the product is empty where one has none."""
        shown = (one.as_dict() if isinstance(one, Subscription) else one for one in subscriptions)
        return {(one["channel"], product) for one in shown for product in self._products_of(one)}

    def _products_of(self, shown: dict[str, Any]) -> Sequence[str]:
        """Return the products of a subscription, which some venues have among the parameters."""
        named = self._named_products
        by_params = named(shown["channel"], shown.get("params") or {}) if named is not None else ()
        return shown.get("products") or by_params or [""]

    def begin(self, session: LiveSession, written: Written) -> None:
        """Serve a session from now on, which writes there, unless another run of the feed is on."""
        self.session, self._written = session, written
        self._relay.add(self)

    def lines(self, lines: bytes) -> None:
        """Take lines that were written, each with its line feed."""
        if self.is_relayed:
            self._relay.take(self.place, lines)

    def begins(self, event: str) -> None:
        """Take the name of an event that is about to be written."""
        if event == "open" and not self.is_relayed:
            self._relay.begin(self)

    def ended(self, event: str) -> None:
        """Take the name of an event that was written."""
        if event in {"subscribed", "missing"}:
            self.subscribed()

    def subscribed(self) -> None:
        """Take note that something was subscribed, accepted or refused, or is not wanted any more."""
        self._relay.tell_catalogue(self)
        self._on_settled(self)

    def end(self) -> None:
        """Take note that the session is over."""
        self._relay.end(self)
        self.session = None
        self._on_settled(self)

    def tell_files(self, callback: Callable[[FilesSoFar], object]) -> None:
        """Have a function told, in any thread, where the lines are that were written so far."""
        if self._written is not None:
            self._written.tell_files(callback)
