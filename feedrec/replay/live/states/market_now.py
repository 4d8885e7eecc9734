"""The states of all feeds, as of one number."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import cast

import msgspec

from ....feeds import find_feed
from ....feeds.venue import Key, VenueFeed
from ....live_messages import FeedPlan, Files, Parcel, ParcelKind
from .followed_feed import FollowedFeed

__all__ = ["MarketNow"]

_GRACE = 1.0  # seconds after the first parcel until which a feed may be told that has begun before

_decode_files = msgspec.json.Decoder(Files).decode


class MarketNow:
    """
    Takes in parcels, and knows what they have led to.

    Args:
        feeds: The feeds, by place; those with the same endpoint are one.
        on_failure: Called with what went wrong, if a state will never be known.

    Raises:
        UsageError: If there is no such feed.

    """

    def __init__(self, feeds: Sequence[FeedPlan], on_failure: Callable[[Exception], object]) -> None:
        self.number = -1
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._is_settled = False
        self._feeds = [FollowedFeed(cast(VenueFeed, find_feed(feed.endpoint)), self.look, on_failure) for feed in feeds]
        self._together = [
            [self._feeds[place] for place, other in enumerate(feeds) if other.endpoint == feed.endpoint]
            for feed in feeds
        ]

    def take(self, parcel: Parcel) -> None:
        """
        Take in a parcel; `look` is to follow the last one of those that came together.

        Raises:
            ValueError: If its content is not what it should be; a LineError is one.
            IndexError: If there is no such feed.

        """
        number, kind, place, content = parcel
        if self.number < 0:
            asyncio.get_running_loop().call_later(_GRACE, self._settle)
        feed = self._feeds[place]
        if kind is ParcelKind.LINES:
            feed.take(content)
        elif kind is ParcelKind.HEADER:
            feed.begin()
        elif kind is ParcelKind.FILES:
            feed.take_files(_decode_files(content))
        self.number = number

    async def snapshots(
        self, place: int, keys: Collection[Key], time: int, after: int
    ) -> tuple[int, list[bytes | None]]:
        """
        Return snapshots as soon as they are known, and the number as of which they are.

        Args:
            place: The feed.
            keys: Channels and products.
            time: What to stamp them with, in nanoseconds.
            after: The least number as of which they may be.

        Raises:
            IndexError: If there is no such feed.

        """
        while not self._is_known(place, after):
            known = asyncio.get_running_loop().create_future()
            self._waiting.append((place, after, known))
            await known
        return self.number, [self._snapshot(place, key, time) for key in keys]

    def look(self) -> None:
        """Wake who waits for what is known now."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            place, after, known = one
            if not self._is_known(place, after):
                self._waiting.append(one)
            elif not known.done():
                known.set_result(None)

    def close(self) -> None:
        """End what is being read."""
        for feed in self._feeds:
            feed.close()

    def _is_known(self, place: int, after: int) -> bool:
        """Tell whether the state of a feed, and of those that are one with it, is known as of a number or later."""
        return self.number >= after and all(
            feed.is_known if feed.has_begun else self._is_settled for feed in self._together[place]
        )

    def _snapshot(self, place: int, key: Key, time: int) -> bytes | None:
        found = (feed.snapshot(key, time) for feed in self._together[place])
        return next((one for one in found if one is not None), None)

    def _settle(self) -> None:
        self._is_settled = True
        self.look()
