"""What one run of a feed gives to those who serve it: its lines as they are written, what it records, where it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ...feeds import Subscription
from ...formats.file.growing.files_so_far import FilesSoFar
from ...formats.line.subscribed import SubscribedFacts
from ...live_messages import Catalogue, FeedPlan
from .relay import Relay

__all__ = ["LONGEST_WAIT", "LiveRun", "LiveSession", "Written"]

LONGEST_WAIT = 0.002
"""Seconds that a frame may wait for others where it is served live."""


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

    @property
    def catalogue(self) -> Catalogue:
        """What is recorded now: what was asked for, and not refused when the venue last said so."""
        if self.session is None:
            return Catalogue({})
        missing = keys_of(self.session.subscribed.missing)
        products: dict[str, list[str]] = {}
        for one in self.session.subscriptions:
            wanted = one.products or ("",)
            served = [product for product in wanted if (one.channel, product) not in missing]
            if served:
                products.setdefault(one.channel, []).extend(filter(None, served))
        return Catalogue({channel: sorted(set(names)) for channel, names in products.items()})

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


def keys_of(subscriptions: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return channel and product of subscriptions as in a header; the product is empty where one names none."""
    return {(one["channel"], product) for one in subscriptions for product in one.get("products") or [""]}
