"""
One recording of several of the same feed, which were made by different recorders at the same time.

They are read twice: the first time to find out what each has of what the venue told (`segments.py`); the second time to
write it, once (`choosing.py`). Memory is bounded by the breaks in the recordings, by a block of each, and by what waits
where the lead passes from one to another.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import msgspec

from ...errors import DamagedRecordingError, UsageError
from ...model import Event, Frame
from ..facts.sequence_check import Rules
from ..file.growing.growing_file import GrowingFile, begin_file
from ..file.modes import FileMode
from ..file.recording import Recording
from ..file.rotation import RotateAfter, RotatingWriter
from ..file.stream_target import STDOUT
from ..line.selection import Selection
from ..line.steady_clock import SteadyClock, reading_of
from ..several.inputs import Input, joined_header
from ..several.joined_files import FinishedFiles, creating, leaving_nothing_behind
from ..tools.convert import Conversion
from ..tools.input_lines import InputLines
from .choosing import Choosing, Item
from .coverage import Coverage, coverage_of
from .numbered_lines import NumberedLines, Received, Single
from .one_clock import lag_of
from .protocols import Track, TrackRule
from .segment_finder import SegmentFinder
from .segments import Segment
from .wanted_lines import WantedLines
from .writing import ChosenLines

__all__ = ["Deduplication", "Share", "dedupe", "refuse_others"]

_SAMPLES = 2000
_UNCHANGED = ("trimmed", "anonymized", "deduplicated")
_MISSING_AFTER = ("lost", "damage")

MakeTrackRule = Callable[[Sequence[str]], TrackRule | None]


class Share(msgspec.Struct):
    """
    What a recording contributed.

    Attributes:
        paths: Its files.
        frames: Frames that it received of what the recordings have in common.
        used: Those of them that were taken.
        alone: What no other recording has.

    """

    paths: list[Path]
    frames: int = 0
    used: int = 0
    alone: Coverage = msgspec.field(default_factory=Coverage)


class Deduplication(msgspec.Struct):
    """
    The result.

    Attributes:
        conversion: What was written.
        recordings: What each recording contributed.
        lacking: What all of them lack, between the first and the last that any has.
        gaps: `gap` events that say so.
        repeated: Numbers, such as those of trades, that were taken twice, in frames that were needed for others.

    """

    conversion: Conversion
    recordings: list[Share]
    lacking: Coverage = msgspec.field(default_factory=Coverage)
    gaps: int = 0
    repeated: int = 0


def dedupe(
    recordings: Sequence[Sequence[Input]],
    output: Path,
    rules: Rules,
    make_track_rule: MakeTrackRule,
    *,
    split: RotateAfter | None = None,
    mode: FileMode | None = None,
    create: Callable[..., GrowingFile] = begin_file,
    on_read: Callable[[int, int], object] = lambda number, size: None,  # noqa: ARG005
) -> Deduplication:
    """
    Write several recordings of a feed as one; nothing is left behind if it fails or is interrupted.

    Args:
        recordings: The files of each recording; the first one leads.
        output: As for `convert`.
        rules: What is known about the feed.
        make_track_rule: Makes the rule of what frames have in common, given the channels; None if there is none.
        split: As for `convert`.
        mode: As for `convert`.
        create: As for `convert`.
        on_read: As for `convert`; every file is read twice.

    Raises:
        UsageError: If they are not of the same feed, or nothing tells what their frames have in common.
        RecordingError: As for `convert`.

    """
    inputs = [one for files in recordings for one in files]
    header = joined_header(inputs, Selection(), {"deduplicated": len(recordings)})
    refuse_others(recordings)
    rule = make_track_rule([str(one.get("channel")) for one in header.subscriptions])
    if rule is None:
        raise UsageError(f"nothing tells which frames of {header.endpoint!r} are the same: merge without --dedupe")
    result = Deduplication(Conversion(), [Share([one.path for one in files]) for files in recordings])
    work = _Deduplication(recordings, rules, rule, on_read)
    segments = work.find_segments(result)
    finished = FinishedFiles(result.conversion.paths)
    begin = creating(inputs, partial(create, make_rule=rules.sequence_rule), mode)
    writer = RotatingWriter(output, header, begin, split, finished.note)
    with leaving_nothing_behind(writer, finished, is_stream=output == STDOUT):
        work.write(segments, writer, result)
    return result


def refuse_others(recordings: Sequence[Sequence[Input]]) -> None:
    """
    Refuse recordings that are not of the same feed, or that were changed so that they cannot be compared.

    Raises:
        UsageError: If there is one.

    """
    if len(recordings) < 2:
        raise UsageError("--dedupe takes two recordings or more: name another one, or leave it out")
    first = recordings[0]
    for one in (one for files in recordings for one in files):
        for key in _UNCHANGED:
            if one.header.extra.get(key):
                raise UsageError(f"{one.path} is {key}: pass the recordings that it was made of")
        if one.choice != first[0].choice:
            raise UsageError(f"{first[0].path} and {one.path} were not filtered alike: they cannot be compared")
    if all(one.header.extra.get("shard") for files in recordings for one in files):
        return  # each machine had a part of it
    asked = _asked_for(first)
    for other in recordings[1:]:
        if _asked_for(other) != asked:
            raise UsageError(
                f"{first[0].path} and {other[0].path} did not subscribe to the same: only recordings of the same feed "
                "can be deduplicated"
            )


def _asked_for(files: Sequence[Input]) -> set[bytes]:
    """Return what was subscribed, product by product."""
    found: set[bytes] = set()
    for subscription in (one for file in files for one in file.header.subscriptions):
        rest = {key: value for key, value in subscription.items() if key != "products"}
        for product in subscription.get("products") or [""]:
            found.add(msgspec.json.encode([rest, product], order="sorted"))
    return found


class _Deduplication:
    def __init__(
        self,
        recordings: Sequence[Sequence[Input]],
        rules: Rules,
        rule: TrackRule,
        on_read: Callable[[int, int], object],
    ) -> None:
        self._inputs = [one for files in recordings for one in files]
        self._ranks = [rank for rank, files in enumerate(recordings) for _ in files]
        self._rules, self._rule = rules, rule
        self._lag = 0
        self._reading = InputLines(self._inputs, rules.describe, on_read, rules.describe_all)
        self._conns: dict[tuple[int, int], int] = {}
        self._make_rule = None if self._inputs[0].choice is not None else rules.sequence_rule
        self._set_clocks()
        self._lines = NumberedLines(self._reading, rules)

    def find_segments(self, result: Deduplication) -> dict[Track, list[Segment]]:
        """Read all recordings; return the segments of each track."""
        segments: dict[Track, list[Segment]] = {}
        for rank, share in enumerate(result.recordings):
            found = self._find(rank, share)
            for track, its in found.items():
                segments.setdefault(track, []).extend(its)
        alone, result.lacking = coverage_of(segments, len(result.recordings))
        for share, coverage in zip(result.recordings, alone, strict=True):
            share.alone = coverage
        return segments

    def write(self, segments: Mapping[Track, Sequence[Segment]], writer: RotatingWriter, result: Deduplication) -> None:
        """Write what is chosen of all recordings."""
        first = self._inputs[0]
        lines = ChosenLines(writer, result.conversion, first.reading, self._reading.clocks[0].shift, self._conns_kept())
        choosing = Choosing(segments, self._rule, self._estimate, lines)
        wanted = WantedLines(self._rules, self._rule, self._ranks, self._reading.clocks, choosing)
        for part in self._lines.read(choose=wanted.choose):
            rank = self._ranks[part.file]
            if isinstance(part, Received):
                choosing.take_received(part, rank, self._conn_of(part.file, part.columns.conns[0]))
            elif not self._is_left_out(part, rank):
                self._take_single(choosing, part, rank)
        choosing.finish()
        lines.finish()
        for rank, share in enumerate(result.recordings):
            share.used = lines.used.get(rank, 0)
        result.gaps = lines.gaps
        result.repeated = sum(one.repeated for one in choosing.tracks.values())
        result.conversion.written_anew = self._reading.written_anew // 2  # every line was read twice
        result.conversion.text_size, result.conversion.file_size = writer.text_size, writer.file_size

    def _find(self, rank: int, share: Share) -> dict[Track, list[Segment]]:
        finder = SegmentFinder(rank, self._rule, self._make_rule, self._estimate)
        files = [file for file, its in enumerate(self._ranks) if its == rank]
        present: dict[int, int] = {}
        for part in self._lines.read(files):
            run = self._reading.numbers.run_of(part.file)
            if present.get(run, part.file) != part.file and not self._goes_on(present[run], part.file):
                finder.break_off()
            present[run] = part.file
            if isinstance(part, Received):
                columns = part.columns
                conn = self._conn_of(part.file, columns.conns[0])
                finder.take(part.numbers[0], part.times, conn, columns.infos, columns.payloads)
            else:
                self._find_in_single(finder, part)
        share.frames = finder.frames
        return finder.finish()

    def _find_in_single(self, finder: SegmentFinder, part: Single) -> None:
        record = part.record
        conn = None if record.conn is None else self._conn_of(part.file, record.conn)
        info = part.mark[2]
        if isinstance(record, Frame) and info is not None and conn is not None:
            if record.synthetic or record.unverified:
                finder.take_unnumbered(part.number, part.time, conn, info, record.payload)
            else:
                finder.take(part.number, [part.time], conn, [info], [record.payload])
        elif isinstance(record, Event) and record.name in _MISSING_AFTER:
            finder.break_off()
        elif isinstance(record, Event) and record.name in ("gap", "reset"):
            product = record.details.get("product")
            finder.break_off(conn, product if isinstance(product, str) else None)
        elif isinstance(record, Event) and record.name in ("open", "close") and conn is not None:
            finder.close(conn)
        elif isinstance(record, Frame) and conn is not None:
            finder.hear_client(conn)

    def _goes_on(self, before: int, file: int) -> bool:
        """Return whether a file of a recording is the next part after another one."""
        parts = [self._inputs[one].header.extra.get("part", 1) for one in (before, file)]
        return all(type(part) is int for part in parts) and parts[1] == parts[0] + 1

    def _take_single(self, choosing: Choosing, part: Single, rank: int) -> None:
        conn = part.mark[1]
        number = None if conn is None else self._conn_of(part.file, conn)
        item = Item(rank, part.file, number, part.number, part.time, part.shift, part.line, part.mark)
        info, record = part.mark[2], part.record
        if info is None or not isinstance(record, Frame):
            choosing.take(item)
        else:
            choosing.take_frame(item, info, record.payload)

    def _is_left_out(self, part: Single, rank: int) -> bool:
        """Return whether a line says something of its recording alone."""
        record = part.record
        if not isinstance(record, Event):
            return False
        if rank:
            return record.name not in ("open", "close", "error", "subscribed", "http")
        return record.name in ("gap", "reset", *_MISSING_AFTER)

    def _conn_of(self, file: int, conn: int) -> int:
        """Return the number of a connection in the output: those of the first recording keep theirs."""
        run = self._reading.numbers.run_of(file)
        number = self._conns.get((run, conn))
        if number is None:
            number = conn if run == 0 else max(self._conns.values(), default=-1) + 1
            self._conns[run, conn] = number
        return number

    def _conns_kept(self) -> Callable[[int], bool]:
        run_of = self._reading.numbers.run_of
        return lambda file: run_of(file) == 0

    def _estimate(self, steady: int) -> int:
        return steady - self._lag

    def _set_clocks(self) -> None:
        """Put the clocks of all recordings on that of the first, by how late frames come."""
        reading = self._reading
        lags: dict[int, int] = {}
        for file in range(len(self._inputs)):
            run = reading.numbers.run_of(file)
            if run not in lags and (lag := self._lag_of(file)) is not None:
                lags[run] = lag
        by_rank: dict[int, int] = {}
        for file, rank in enumerate(self._ranks):
            lag = lags.get(reading.numbers.run_of(file))
            if lag is not None:
                by_rank.setdefault(rank, lag)
        self._lag = by_rank.get(0, 0)
        for file, clock in enumerate(reading.clocks):
            lag = lags.get(reading.numbers.run_of(file), by_rank.get(self._ranks[file], self._lag))
            reading.clocks[file] = SteadyClock(clock.shift - (lag - self._lag), clock.reading)

    def _lag_of(self, file: int) -> int | None:
        """Return how late the first frames of a file seem to come."""
        clock = self._reading.clocks[file].copy()
        with self._inputs[file].open() as recording, contextlib.suppress(DamagedRecordingError):  # reading reports it
            return lag_of(islice(self._timed(recording, clock), _SAMPLES))
        return None

    def _timed(self, recording: Recording, clock: SteadyClock) -> Iterator[tuple[int, int]]:
        for record in recording:
            steady = clock.take(record.time, reading_of(record))
            if isinstance(record, Frame) and record.direction == "in" and not record.synthetic:
                told = self._rule.venue_time(record.payload)
                if told is not None:
                    yield steady, told
