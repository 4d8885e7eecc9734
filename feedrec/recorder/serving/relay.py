"""
What goes to the processes: parcels, numbered, the same lines to each.

Lines are collected for one turn of the event loop, and go out together: what is read from several connections at once
is one parcel, and a call to the system for each process.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol

import msgspec

from ...formats.file.growing.files_so_far import FilesSoFar
from ...live_messages import Answered, Catalogue, FeedPlan, Files, Parcel, ParcelKind, packed
from .parcel_pipe import ParcelPipe, Reserved

__all__ = ["Relay", "RelayedRun"]


class RelayedRun(Protocol):
    """A run of a feed, as the relay sees it."""

    feed: FeedPlan
    header: bytes
    is_relayed: bool
    """Whether its lines go to the processes."""

    place: int
    """Of its feed in the plan."""

    @property
    def catalogue(self) -> Catalogue:
        """What is recorded now."""

    def tell_files(self, callback: Callable[[FilesSoFar], object]) -> None:
        """Have a function told, in any thread, where the lines are that were written so far."""


class Relay:
    """
    Sends parcels to processes that come and go.

    Attributes:
        number: The number of the last parcel of lines.
        bytes: Bytes of lines so far.

    """

    def __init__(self) -> None:
        self.number = self.bytes = 0
        self._places: dict[FeedPlan, int] = {}
        self._runs: dict[FeedPlan, RelayedRun] = {}
        self._others: dict[FeedPlan, list[RelayedRun]] = {}  # that are on, but not relayed
        self._pipes: dict[ParcelPipe, bool] = {}  # whether it gets FILES
        self._lines: list[tuple[int, bytes]] = []
        self._catalogues: dict[FeedPlan, Catalogue] = {}
        self._reserved: dict[FeedPlan, list[Reserved]] = {}  # for what the writer of a run has not told yet

    def plan(self, feeds: Sequence[FeedPlan]) -> None:
        """Serve these feeds from now on; processes that know of others must be started anew."""
        self._flush()
        self._places = {feed: place for place, feed in enumerate(feeds)}
        for feed, run in list(self._runs.items()):
            run.is_relayed = feed in self._places
            if run.is_relayed:
                run.place = self._places[feed]
            else:
                del self._runs[feed]

    def run_of(self, place: int) -> RelayedRun | None:
        """Return the run whose lines are those of a feed, by its place; None if there is none."""
        return next((run for run in self._runs.values() if run.place == place), None)

    def add(self, run: RelayedRun) -> None:
        """Have the lines of a run be those of its feed, unless another one is on: then only once that is over."""
        if run.feed in self._runs:
            self._others.setdefault(run.feed, []).append(run)
        else:
            self.begin(run)

    def begin(self, run: RelayedRun) -> None:
        """Have the lines of a run be those of its feed, in the place of those of another one."""
        if run.feed not in self._places:
            return
        others = [one for one in self._others.pop(run.feed, []) if one is not run]
        before = self._runs.get(run.feed)
        if before is not None:
            before.is_relayed = False
            others.append(before)
        self._others[run.feed] = others
        self._flush()
        run.place, run.is_relayed = self._places[run.feed], True
        self._runs[run.feed] = run
        self._introduce(run, self._pipes)

    def end(self, run: RelayedRun) -> None:
        """Take note that a run is over; one that had been replaced by it has its place again, if that is on still."""
        others = self._others[run.feed] = [one for one in self._others.get(run.feed, []) if one is not run]
        run.is_relayed = False
        if self._runs.get(run.feed) is not run:
            return
        self._flush()
        del self._runs[run.feed]
        _fill(self._reserved.pop(run.feed, []), self.number, run.place, FilesSoFar([], None, 0))
        if others:
            self.begin(others[-1])

    def attach(self, pipe: ParcelPipe, *, wants_files: bool) -> None:
        """Send to a process that was started, first of all what it must know of each feed."""
        self._flush()
        self._pipes[pipe] = wants_files
        for run in self._runs.values():
            self._introduce(run, {pipe: wants_files})

    def detach(self, pipe: ParcelPipe) -> None:
        """Send no more to a process."""
        self._pipes.pop(pipe, None)

    def take(self, place: int, lines: bytes) -> None:
        """Send lines of a feed, each with its line feed, to all processes, in a moment."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._flush)
        self._lines.append((place, lines))

    def tell_catalogue(self, run: RelayedRun) -> None:
        """Send what is recorded of a feed now, if that has changed."""
        catalogue = run.catalogue
        if run.is_relayed and self._catalogues.get(run.feed) != catalogue:
            self._catalogues[run.feed] = catalogue
            self._flush()
            for pipe in self._pipes:
                self._put(pipe, ParcelKind.CATALOGUE, run.place, catalogue)

    def answer(self, pipe: ParcelPipe, place: int, answer: Answered) -> None:
        """Send a process what became of its wish."""
        if pipe in self._pipes:
            self._flush()
            self._put(pipe, ParcelKind.ANSWERED, place, answer)

    def _flush(self) -> None:
        """Send the lines that wait."""
        waiting, self._lines = self._lines, []
        for place, group in groupby(waiting, itemgetter(0)):
            texts = [text for _, text in group]
            text = texts[0] if len(texts) == 1 else b"".join(texts)
            self.number += 1
            self.bytes += len(text)
            parts = packed(Parcel(self.number, ParcelKind.LINES, place, text))
            for pipe in self._pipes:
                pipe.put(*parts)

    def _introduce(self, run: RelayedRun, pipes: Mapping[ParcelPipe, bool]) -> None:
        """Send what a process must know of a run before its lines."""
        catalogue = self._catalogues[run.feed] = run.catalogue
        reserved = list[Reserved]()
        for pipe, wants_files in pipes.items():
            pipe.put(*packed(Parcel(self.number, ParcelKind.HEADER, run.place, run.header)))
            self._put(pipe, ParcelKind.CATALOGUE, run.place, catalogue)
            if wants_files:
                reserved.append(pipe.reserve())
        if reserved:
            self._reserved[run.feed] = [*(one for one in self._reserved.get(run.feed, []) if one.is_open), *reserved]
            fill = functools.partial(_fill, reserved, self.number, run.place)
            run.tell_files(functools.partial(_call_in, asyncio.get_running_loop(), fill))

    def _put(self, pipe: ParcelPipe, kind: ParcelKind, place: int, content: Any) -> None:
        pipe.put(*packed(Parcel(self.number, kind, place, msgspec.json.encode(content))))


def _call_in(loop: asyncio.AbstractEventLoop, callback: Callable[[FilesSoFar], object], so_far: FilesSoFar) -> None:
    """Call back from the thread of a writer, which must not fail because the loop is gone."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(callback, so_far)


def _fill(reserved: Sequence[Reserved], number: int, place: int, so_far: FilesSoFar) -> None:
    """Send where the lines before a number are."""
    growing = None if so_far.growing is None else str(so_far.growing.absolute())
    files = Files([str(path.absolute()) for path in so_far.finished], growing, so_far.lines)
    parts = packed(Parcel(number, ParcelKind.FILES, place, msgspec.json.encode(files)))
    for one in reserved:
        one.fill(*parts)
