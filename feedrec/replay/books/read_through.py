"""The book, and whether it is known, by reading all lines from a snapshot on, from one moment to the next."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import LineError, RecordingError
from ...feeds.state.book import PriceLevelBook
from ...feeds.venue import FeedState
from ...formats.facts.file_facts import FileFacts
from ...formats.facts.repeats import Repeats
from ...formats.facts.sequence_check import SequenceCheck
from ...formats.line.fast_path import ReceivedFrames, time_texts
from ...formats.several.merge import Batch
from ...model import Event, Frame, FrameInfo, Record, format_time, parse_time
from ..timeline.timeline import already_stopped
from .indexed import Known
from .sources import BookSource, End
from .standing import ENDED, PART_MISSING, Connection, Standing, Unknown

__all__ = ["ReadThrough"]


class ReadThrough:
    """
    Reads recordings from a place on. Close it.

    Args:
        source: The recordings.
        start: From which wall time on to read, in nanoseconds: that of a snapshot, or where there is `known`.
        known: The book as it is before that; None if it is not known before its snapshot.

    Attributes:
        is_over: Whether all lines were taken that there were.

    """

    def __init__(self, source: BookSource, start: int, known: Known | None = None) -> None:
        self._source = source
        self._standing = Standing(source.channel, source.product)
        self._state: FeedState = source.new_state() if known is None else known.state
        if known is not None:
            self._standing.began(known.conn, known.received, known.sequence)
        self._lines = source.timeline.read_batches(format_time(start).encode(), already_stopped())
        self._batch: Batch | None = None
        self._times: list[bytes] = []
        self._latest = b""
        self._done = 0
        self.is_over = False
        known_to_replace = source.timeline.replacements()
        self._files = [_File(source, number, known_to_replace[number]) for number in range(len(source.files))]
        self._begun: set[int] = set()
        self._run_ends = _run_ends(source)
        rules = {run: source.rule_for(number) for number, run in enumerate(source.runs)}
        checked = {run for run, facts in zip(source.runs, source.facts, strict=True) if _needs_check(facts)}
        self._checks = {run: SequenceCheck(rule) for run, rule in rules.items() if rule is not None and run in checked}
        track_rule = source.feed.track_rule([source.channel])
        self._is_by_product = track_rule is not None and track_rule.is_by_product

    def close(self) -> None:
        """Close the recordings."""
        self._lines.close()

    def book_at(self, time: int) -> tuple[PriceLevelBook | None, Unknown | None, int | None, int | None]:
        """
        Read on to a moment, which must not be before the last one.

        Returns:
            The book, which changes with the next call; or why it is not known; when the last frame of it was received;
            and the venue's number of that frame.

        """
        self._advance(format_time(time).encode())
        self._end_runs(time)
        standing = self._standing
        unknown = standing.unknown_at(time)
        book = None if unknown is not None else self._source.book_in([self._state])
        return book, unknown, standing.received, standing.sequence

    def _advance(self, until: bytes) -> None:
        """Take all lines before the first one that is later than a time."""
        while True:
            if self._batch is None:
                self._batch = next(self._lines, None)
                if self._batch is None:
                    self.is_over = True
                    return
                self._times, self._done = time_texts(self._batch.lines), 0
                self._latest = max(self._times)
            times, done = self._times, self._done
            end = len(times)
            if self._latest > until:
                end = next((number for number in range(done, end) if times[number] > until), end)
            self._take(self._batch, done, end)
            self._done = end
            if end < len(times):
                return
            self._batch = None

    def _take(self, batch: Batch, begin: int, end: int) -> None:
        """Take some lines of a batch."""
        files = batch.files
        while begin < end:
            file = files[begin]
            stop = end if files[begin:end].count(file) == end - begin else begin + 1
            while stop < end and files[stop] == file:
                stop += 1
            self._take_of(file, batch.lines[begin:stop], self._times[begin])
            begin = stop

    def _take_of(self, number: int, lines: Sequence[bytes], first: bytes) -> None:
        """Take lines of one file."""
        file = self._files[number]
        if number not in self._begun:
            self._begun.add(number)
            if file.lacks_part_before:
                self._standing.doubt(lambda one: one[0] == file.run, parse_time(first.decode()), PART_MISSING)
        others: list[Record] = []
        places: list[int] = []
        try:
            frames, infos = file.received.decode_columns(lines, others, places)
        except LineError as error:
            raise RecordingError(file.path, str(error)) from error
        told = file.repeats.without_repeats(frames, infos, others, places)
        begin = 0
        for place, other in zip([*places, len(frames)], [*others, None], strict=True):
            if place > begin:
                self._take_frames(file, frames[begin:place], infos[begin:place], told[begin:place])
            begin = place
            if isinstance(other, Event):
                self._standing.take_event(file.run, other, by_channel=file.is_merged)
                if file.run in self._checks:
                    self._checks[file.run].take_event(other)

    def _take_frames(
        self, file: _File, frames: Sequence[Frame], infos: Sequence[FrameInfo], told: Sequence[FrameInfo]
    ) -> None:
        """Take received frames that follow each other."""
        begin = 0
        for number in self._gaps_before(file, frames, infos):
            self._take_run(file, frames[begin:number], infos[begin:number], told[begin:number])
            begin, conn = number, (file.run, frames[number].conn)
            if not self._is_by_product or self._source.product in infos[number].products:
                self._standing.doubt(lambda one, lost=conn: one == lost, frames[number].time, "gap")  # type: ignore[misc]
        self._take_run(file, frames[begin:], infos[begin:], told[begin:])

    def _gaps_before(self, file: _File, frames: Sequence[Frame], infos: Sequence[FrameInfo]) -> list[int]:
        """Return the numbers of the frames before which some are missing though no event says so."""
        check = self._checks.get(file.run)
        if check is None:
            return []
        left_out = {number for number, one in enumerate(frames) if one.synthetic or one.unverified}
        found = check.take_run([one.time for one in frames], [one.conn for one in frames], infos, left_out)
        return [number for number, _ in found]

    def _take_run(
        self, file: _File, frames: Sequence[Frame], infos: Sequence[FrameInfo], told: Sequence[FrameInfo]
    ) -> None:
        """Take received frames among which none is missing."""
        channel, product = self._source.key
        payloads: list[bytes] = []
        conns: set[Connection] = set()
        last: tuple[int, int | None] = (0, None)
        for number, info in enumerate(infos):
            if info.channel != channel or product not in info.products:
                continue
            frame = frames[number]
            conn = file.run, frame.conn
            if told[number].channel != channel:
                self._standing.repeated(conn)
            elif info.kind != "snapshot":
                payloads.append(frame.payload)
                conns.add(conn)
                last = frame.time, info.sequence
            elif not (frame.synthetic and file.is_continued):
                if payloads:
                    self._update(payloads, conns, last)
                    payloads, conns = [], set()
                self._state.apply(info, frame.payload)
                self._standing.began(conn, frame.time, info.sequence, is_synthetic=frame.synthetic)
        if payloads:
            self._update(payloads, conns, last)

    def _update(self, payloads: Sequence[bytes], conns: set[Connection], last: tuple[int, int | None]) -> None:
        """Take updates of the book; time and number are those of the last one."""
        apply_run = getattr(self._state, "apply_run", None)
        if apply_run is not None:
            apply_run(payloads, self._source.feed.describe)
        else:
            for payload in payloads:
                self._state.apply(self._source.feed.describe(payload), payload)
        self._standing.told(conns, *last)

    def _end_runs(self, time: int) -> None:
        """Close the connections of runs whose last line is before a time."""
        for run, last in self._run_ends.items():
            if time > last:
                self._standing.closed(lambda one, ended=run: one[0] == ended, last, ENDED)  # type: ignore[misc]


class _File:
    """What reading one file takes."""

    def __init__(self, source: BookSource, number: int, known: Sequence[tuple[int, int]]) -> None:
        header, feed = source.headers[number], source.feed
        part = header.extra.get("part", 1)
        self.path = source.files[number].path
        self.run = source.runs[number]
        self.is_continued = number in source.continued
        self.lacks_part_before = isinstance(part, int) and part > 1 and not self.is_continued
        self.is_merged = "deduplicated" in header.extra
        self.received = ReceivedFrames(feed.describe, describe_all=feed.describe_all)
        self.repeats = Repeats(known)


def _needs_check(facts: FileFacts | None) -> bool:
    """Return whether numbers may be missing between frames of a file that no event tells of."""
    return facts is None or facts.sequence.unnoticed_gaps > 0


def _run_ends(source: BookSource) -> dict[int, int]:
    """Return the time of the last line of each run that is over."""
    ends: dict[int, list[End]] = {}
    for run, end in zip(source.runs, source.ends, strict=True):
        ends.setdefault(run, []).append(end)
    return {
        run: max(one.last or 0 for one in its)
        for run, its in ends.items()
        if not any(one.is_live or one.last is None for one in its)
    }
