"""What the recordings tell of the market at a moment, for REST halves; see `Market`."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple, cast

from ....feeds.state.need import Look, Need, needs_of
from ....feeds.state.new_state import new_state
from ....feeds.venue import Catalogue, FeedState, Key, VenueFeed
from ....model import TIME_LIMIT, Frame, FrameInfo
from ...timeline.past import Past, UnknownPastError
from ...timeline.timeline import AFTER_ALL, Timeline
from ...venue.gathering import looks_in
from ...venue.position import Position
from ...venue.rebuild import Rebuilder
from .following import Following

__all__ = ["RecordedMarket", "Sources"]

_ANY: Look = ()

_EVERY = Need(("", ""), (), "", (_ANY,), "beginning")
"""All frames."""

_Described = tuple[FrameInfo, Frame]


class Sources:
    """
    What a market is read from.

    Args:
        timeline: The recordings.
        feed: What is spoken in them.
        rebuilder: Rebuilds states of them.
        catalogue: What they hold.

    """

    def __init__(self, timeline: Timeline, feed: VenueFeed, rebuilder: Rebuilder, catalogue: Catalogue) -> None:
        self.timeline = timeline
        self.feed = feed
        self.following = Following(timeline, feed, rebuilder)
        self.catalogue = catalogue


class RecordedMarket:
    """
    The market as the recordings show it; a `Market`.

    Args:
        sources: What to read.
        position: What has been played.
        time: The venue's time then.
        stopped: Ends the reading early when set; what is returned is of no use then.

    Attributes:
        catalogue: See `Market`.
        tells_time: Whether anything that depends on the time was asked for.

    """

    def __init__(self, sources: Sources, position: Position, time: int, stopped: threading.Event) -> None:
        self.catalogue = sources.catalogue
        self.tells_time = False
        self._sources = sources
        self._position = position._replace(time=time)
        self._time = time
        self._stopped = stopped

    @property
    def time(self) -> int:
        """See `Market`."""
        self.tells_time = True
        return self._time

    def snapshot(self, channel: str, product: str) -> bytes | None:
        """See `Market`; raises `RecordingError` if a recording cannot be read."""
        return self.snapshots([(channel, product)])[channel, product]

    def snapshots(self, keys: Collection[Key]) -> Mapping[Key, bytes | None]:
        """See `Market`; raises as `snapshot` does."""
        self.tells_time = True  # they are stamped with it
        found = self._sources.following.snapshots(frozenset(keys), self._position, self._stopped)
        lacking = [key for key in keys if found[key] is None]
        return {**found, **self._coming_snapshots(lacking)} if lacking else found

    def frames(self, channel: str, product: str, since: int) -> Iterator[Frame]:
        """See `Market`; raises `RecordingError` if a recording cannot be read."""
        meant = _Meant(channel, product, since)
        given = 0
        try:
            for frame in meant.among(self._indexed(meant)):
                given += 1
                yield frame
        except UnknownPastError:
            line, sure_time = self._position.line, self._position.sure_time
            everything = itertools.chain(self._scan(0, line, min(since, sure_time)), self._at_position())
            yield from itertools.islice(meant.among(everything), given, None)

    def _indexed(self, meant: _Meant) -> Iterator[_Described]:
        """Yield the frames that may be meant, and others; raises `UnknownPastError` if the indexes do not tell."""
        line, sure_time = self._position.line, self._position.sure_time
        with Past(self._sources.timeline, line, sure_time) as past:
            yield from past.frames_since(past.place_at(meant.since), partial(looks_in, [meant.need]))
            is_whole = past.is_whole
        if not is_whole:
            yield from self._scan(0, line, sure_time)
        yield from self._at_position()

    def _at_position(self) -> Iterator[_Described]:
        """Yield the frames after the line of the position that have been played, which are text frames."""
        line, since, _, sure_time = self._position
        if since:
            later = self._scan(line, AFTER_ALL, sure_time)
            yield from itertools.islice((one for one in later if not one[1].binary), len(since))

    def _coming_snapshots(self, keys: Collection[Key]) -> Mapping[Key, bytes | None]:
        """Return the first snapshot of each key that the frames from the position on make; None if they make none."""
        try:
            return self._first_snapshots(keys, self._indexed_later)
        except UnknownPastError:
            recorded = [key for key in keys if not key[1] or key[1] in self.catalogue.get(key[0], ())]
            return {**dict.fromkeys(keys), **self._first_snapshots(recorded, self._later)}

    def _first_snapshots(
        self, keys: Collection[Key], later: Callable[[Sequence[Need] | None], Iterator[_Described]]
    ) -> dict[Key, bytes | None]:
        found: dict[Key, bytes | None] = dict.fromkeys(keys)
        state = new_state(self._sources.feed, frozenset(keys))
        needs = None if state is None else needs_of(state)
        left = set(keys) if state is not None and (needs is None or needs) else set()
        for info, frame in later(needs) if left else ():
            cast(FeedState, state).apply(info, frame.payload)
            for key in [key for key in left if not key[1] or key[1] in info.products]:
                found[key] = cast(FeedState, state).snapshot(*key, self._time)
                if found[key] is not None:
                    left.discard(key)
            if not left or self._stopped.is_set():
                break
        return found

    def _indexed_later(self, needs: Sequence[Need] | None) -> Iterator[_Described]:
        """Yield the frames from the position on that are needed, and others; raises as `_indexed` does."""
        with Past(self._sources.timeline, self._position.line, self._position.sure_time) as past:
            begin = past.place
        with Past(self._sources.timeline, AFTER_ALL, TIME_LIMIT) as everything:
            its = [_EVERY] if needs is None else needs
            known = [need for need in its if everything.may_have(need.channels, need.product)]
            yield from everything.frames_since(begin, partial(looks_in, known))

    def _later(self, needs: Sequence[Need] | None) -> Iterator[_Described]:  # noqa: ARG002
        return self._scan(self._position.line, AFTER_ALL, self._position.sure_time)

    def _scan(self, begin: int, end: int, start: int) -> Iterator[_Described]:
        for batch in self._sources.timeline.scan(end, self._stopped, begin, start, waits=False):
            yield from zip(batch.infos, batch.frames, strict=True)


class _Meant(NamedTuple):
    """The frames that are asked for: of a channel, of a product if one is named, from a recorded time on."""

    channel: str
    product: str
    since: int

    def among(self, described: Iterator[_Described]) -> Iterator[Frame]:
        for info, frame in described:
            is_of_product = not self.product or self.product in info.products
            if is_of_product and info.channel == self.channel and frame.time >= self.since:
                yield frame

    @property
    def need(self) -> Need:
        """The same as a need."""
        is_plain = self.product.isascii() and self.product.isprintable()  # else it may be written otherwise
        look = (self.product.encode(),) if is_plain else _ANY
        return Need((self.channel, self.product), (self.channel,), self.product, (look,), "beginning")
