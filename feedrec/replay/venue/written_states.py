"""
States that are written down: the checkpoints beside the recordings, and what earlier replays have rebuilt.

A state at a place of one recording is the state of the whole timeline there if nothing of the same channels and
products is in other recordings, but in those that it goes back to, that end before these begin, or that begin later.
"""

from __future__ import annotations

import bisect
import contextlib
import itertools
import logging
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple, cast

from ...errors import PlaceError, RecordingError
from ...feeds.state.dumped_state import DumpedState, DumpRules, dump_rules
from ...feeds.venue import FeedState, Key, VenueFeed
from ...formats.checkpoints.identity import identity_of
from ...formats.checkpoints.source import LEAST_TEXT, TIMES_STATE
from ...formats.checkpoints.state_file import StateFile, open_state
from ...formats.checkpoints.state_layout import Checkpoint, FileIdentity, StateDamageError
from ...formats.file.names import state_path
from ...formats.line.index import Index
from ...formats.places.url_path import without_links
from ..timeline.past import Place
from ..timeline.timeline import Timeline
from .start import Start
from .state_cache import About, StateCache

__all__ = ["WrittenStates"]

_log = logging.getLogger("feedrec.replay")


class _File:
    """A finished recording of the timeline."""

    def __init__(self, number: int, path: Path, index: Index, identity: FileIdentity) -> None:
        self.number, self.path, self.identity = number, path, identity
        self._products = index.products
        self._starts = [0, *itertools.accumulate(block.lines for block in index.blocks)]
        self._text = [0, *itertools.accumulate(block.text for block in index.blocks)]
        self._latest = [*itertools.accumulate((block.last or 0 for block in index.blocks), max)]
        self.begin = min((block.first for block in index.blocks if block.first is not None), default=0)
        self.end = max(self._latest, default=0)
        self.lines = self._starts[-1]

    def has(self, keys: Collection[Key]) -> bool:
        """Return whether it may have frames of these channels and products."""
        return "" in self._products or any(product in self._products.get(channel, ()) for channel, product in keys)

    def lines_until(self, time: int) -> int:
        """Return how many lines are before the first one at or after a wall time, to the block."""
        return self._starts[bisect.bisect_left(self._latest, time)]

    def text_until(self, lines: int) -> int:
        """Return how many bytes of text are before so many lines, to the block."""
        return self._text[bisect.bisect_right(self._starts, lines) - 1]

    def latest(self, lines: int) -> int:
        """Return a time that none of the first lines is after."""
        block = bisect.bisect_left(self._starts, lines) - 1
        return self._latest[block] if block >= 0 else 0


class _Candidate(NamedTuple):
    """A checkpoint that can be used, the place in the timeline where it is, and the name of its file."""

    place: Place
    path: Path
    state: StateFile
    checkpoint: Checkpoint


class WrittenStates:
    """
    The states that are written down of a timeline; a `Starts`. It may be used by one thread at a time.

    Args:
        timeline: The timeline.
        feed: Makes the states.
        cache: Where to keep what was rebuilt; None to keep nothing.
        least: See `LEAST_TEXT`.

    """

    def __init__(
        self, timeline: Timeline, feed: VenueFeed, cache: StateCache | None = None, least: int = LEAST_TEXT
    ) -> None:
        self._timeline = timeline
        self._cache = cache
        self._least = least
        self._rules = dump_rules(feed)
        self._found: list[_File] | None = None
        self._told: set[Path] = set()
        self._refused: set[Path] = set()  # files beside recordings with a state that cannot be used

    def latest(self, keys: Collection[Key], place: Place) -> Start | None:
        """See `Starts`."""
        keys = self._known(keys)
        with contextlib.ExitStack() as opened:
            candidates = sorted(self._candidates(keys, place, opened), key=lambda one: sum(one.place), reverse=True)
            for one in candidates:
                try:
                    return Start(one.place, self._load(one, keys))
                except (ValueError, OSError) as error:
                    self._refuse(one.path, error)
        return None

    def keep(self, keys: Collection[Key], begin: Place, place: Place, state: FeedState) -> None:
        """
        Keep a state that was rebuilt, if that took much reading.

        Args:
            keys: What it keeps.
            begin: From where it would be rebuilt if nothing was written down.
            place: Where it is that of.
            state: The state.

        """
        wanted = self._known(keys)
        files = self._files()
        last = _last_of(files, place)
        if self._cache is None or self._rules is None or last is None or not wanted:
            return
        with contextlib.ExitStack() as opened:
            begins = [begin, *(one.place for one in self._candidates(wanted, place, opened))]
        text = min(_text_between(files, one, place) for one in begins)
        if text <= self._least:
            return
        states = {key: dumped for key in wanted if (dumped := cast(DumpedState, state).dump(*key)) is not None}
        if len(states) == len(wanted) and text > TIMES_STATE * sum(map(len, states.values())):
            about = self._about(last, wanted)
            lines, since = place[last.number], len(about.before)
            self._cache.keep(about, lines, last.latest(lines), {key: (one, since) for key, one in states.items()})

    def _known(self, keys: Collection[Key]) -> list[Key]:
        """Return those of some channels and products that may be in the recordings."""
        return sorted(key for key in keys if any(file.has([key]) for file in self._files()))

    def _files(self) -> list[_File]:
        """Return the recordings by time; none if one of them is not finished, or nothing is written down."""
        if self._found is None:
            self._found = []
            if self._rules is not None:
                with_identity = self._look_at_all()
                self._found = sorted(with_identity, key=lambda file: (file.begin, file.end, file.number))
        return self._found

    def _look_at_all(self) -> list[_File]:
        files: list[_File] = []
        for number, (path, index) in enumerate(zip(self._timeline.paths, self._timeline.indexes(), strict=True)):
            try:
                identity = identity_of(path)
            except RecordingError:
                identity = None
            if identity is None or index is None:
                return []
            files.append(_File(number, without_links(path), index, identity))
        return files

    def _about(self, file: _File, keys: Collection[Key]) -> About:
        rules, files = cast(DumpRules, self._rules), self._files()
        return About(rules.kind, file.identity, [one.identity for one in files[: files.index(file)][::-1]], keys)

    def _candidates(self, keys: Collection[Key], place: Place, opened: contextlib.ExitStack) -> Iterator[_Candidate]:
        """Yield of each recording the last checkpoint with all keys, beside it and in the cache."""
        rules = self._rules
        if rules is None or not keys:
            return
        for file in self._files():
            if not place[file.number]:
                continue
            beside = state_path(file.path)
            states = [(beside, self._beside(beside))]
            if self._cache is not None:
                about = self._about(file, keys)
                states.append((self._cache.path_of(about), self._cache.open(about)))
            for path, state in states:
                if state is None:
                    continue
                opened.callback(state.close)
                named = state.directory
                if (named.kind, named.recording) == (rules.kind, file.identity):
                    found = self._last_usable(file, path, state, keys, place)
                    if found is not None:
                        yield found

    def _beside(self, path: Path) -> StateFile | None:
        if path in self._refused:
            return None
        try:
            return open_state(path)
        except (StateDamageError, PlaceError, OSError) as error:
            self._tell(path, error)
            return None

    def _last_usable(
        self, file: _File, path: Path, state: StateFile, keys: Collection[Key], place: Place
    ) -> _Candidate | None:
        for one in reversed(state.directory.checkpoints):
            if one.lines > place[file.number]:
                continue
            since = {(blob.channel, blob.product): blob.since for blob in one.blobs}
            if all(key in since for key in keys):
                before = state.directory.before[: max(since[key] for key in keys)]
                where = self._place_of(file, one, before, keys, place)
                if where is not None:
                    return _Candidate(where, path, state, one)
        return None

    def _place_of(
        self, file: _File, one: Checkpoint, before: Collection[FileIdentity], keys: Collection[Key], place: Place
    ) -> Place | None:
        """Return the place of a checkpoint in the timeline; None if it is not the state of the timeline there."""
        files = self._files()
        by_identity = {other.identity: other for other in files}
        if not all(identity in by_identity for identity in before):
            return None
        needed = [file, *(by_identity[identity] for identity in before)]
        begin = min(other.begin for other in needed)
        lines = {file.number: one.lines}
        for other in files:
            if other is file:
                continue
            if other in needed or (other.has(keys) and other.end < begin):
                lines[other.number] = other.lines
            elif not other.has(keys):
                lines[other.number] = min(other.lines_until(one.time), place[other.number])
            elif other.begin > one.time:
                lines[other.number] = 0
            else:
                return None
        found = tuple(lines[number] for number in range(len(files)))
        return found if all(here <= most for here, most in zip(found, place, strict=True)) else None

    def _load(self, one: _Candidate, keys: Collection[Key]) -> FeedState:
        state = cast(DumpRules, self._rules).make(keys)
        if state is None:
            raise ValueError("nothing is known of what is wanted")
        wanted = set(keys)
        for blob in one.checkpoint.blobs:
            if (blob.channel, blob.product) in wanted:
                state.load(blob.channel, blob.product, one.state.read(blob))
        return state

    def _refuse(self, path: Path, error: Exception) -> None:
        """Do without a file of which a state cannot be used, or what is rebuilt instead would not be kept."""
        self._tell(path, error)
        self._refused.add(path)
        if self._cache is not None:
            self._cache.remove(path)

    def _tell(self, path: Path, error: Exception) -> None:
        if path not in self._told:
            self._told.add(path)
            _log.warning("%s cannot be used, so more is read: %s", path, error)


def _last_of(files: Collection[_File], place: Place) -> _File | None:
    """Return the recording in which a place is; None if recordings overlap, or it is in none."""
    reached = [file for file in files if place[file.number]]
    if not reached or any(one.end >= other.begin for one, other in itertools.pairwise(files)):
        return None
    return reached[-1] if all(place[file.number] == file.lines for file in reached[:-1]) else None


def _text_between(files: Collection[_File], begin: Place, end: Place) -> int:
    return sum(file.text_until(end[file.number]) - file.text_until(begin[file.number]) for file in files)
