"""A market made of plain frames, as the tests of REST halves ask it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from feedrec.feeds.rest import Market
from feedrec.feeds.venue import Catalogue, Key, VenueFeed
from feedrec.model import Frame


class RecordedMarket(Market):
    """
    What recorded frames tell, some of which have been played.

    Args:
        feed: Whose frames they are.
        played: Payloads, or whole frames, in order; a payload has the time that it names, or the present.
        time: The present, in nanoseconds.
        coming: Those that have not been played yet.

    Attributes:
        asked: The frames that were asked for: channel, product, and from which time on.

    """

    def __init__(
        self, feed: VenueFeed, played: Sequence[bytes | Frame], time: int, coming: Sequence[bytes | Frame] = ()
    ) -> None:
        self.time = time
        self._feed = feed
        self._played, self._coming = ([self._frame(one) for one in some] for some in (played, coming))
        catalogue: dict[str, list[str]] = {}
        for frame in (*self._played, *self._coming):
            info = feed.describe(frame.payload)
            for product in info.products or ("",):
                if info.channel and product not in catalogue.setdefault(info.channel, []):
                    catalogue[info.channel].append(product)
        self.catalogue: Catalogue = catalogue
        self.asked: list[tuple[str, str, int]] = []

    def snapshot(self, channel: str, product: str) -> bytes | None:
        state = self._feed.state([(channel, product)])
        if state is None:
            return None
        for frame in self._played:
            state.apply(self._feed.describe(frame.payload), frame.payload)
        for frame in self._coming:
            if state.snapshot(channel, product, self.time) is not None:
                break
            state.apply(self._feed.describe(frame.payload), frame.payload)
        return state.snapshot(channel, product, self.time)

    def snapshots(self, keys: Collection[Key]) -> Mapping[Key, bytes | None]:
        return {key: self.snapshot(*key) for key in keys}

    def frames(self, channel: str, product: str, since: int) -> Iterator[Frame]:
        self.asked.append((channel, product, since))
        for frame in self._played:
            info = self._feed.describe(frame.payload)
            if info.channel == channel and product in (info.products or ("",)) and frame.time >= since:
                yield frame

    def _frame(self, one: bytes | Frame) -> Frame:
        return one if isinstance(one, Frame) else Frame(self._feed.own_time(one) or self.time, 0, one)
