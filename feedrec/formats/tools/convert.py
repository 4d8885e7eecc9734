"""
Converts any recording to any other: merged, cut, filtered, split, and beginning with the state at the cut.

Lines pass through unchanged, except for the number of a connection where two recordings have the same, and the `clock`
events of recordings whose monotonic clocks have nothing in common. An output that begins amid a recording begins with a
`clock` event, made from the last one before. Memory is bounded by a block of each open recording, and by what waits for
the disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, NoReturn, Protocol

import msgspec

from ...errors import DamagedRecordingError, LineError, RecordingError, UsageError
from ...model import Event, Frame, FrameInfo, Header, Record, describe_nothing
from ..facts.sequence_check import MakeRule
from ..file.growing.growing_file import GrowingFile, begin_file
from ..file.lock import unlink_if_at
from ..file.modes import FileMode, mode_as_strict_as
from ..file.rotation import RotateAfter, RotatingWriter
from ..file.stream_target import STDOUT
from ..line.codec import decode_line, encode_event, encode_frame
from ..line.index import Mark, mark_of
from ..line.index_marks import LineMarks
from ..line.selection import Selection
from ..line.steady_clock import reading_in
from ..several.clocks import Beginning, beginning_of, beginning_of_cut, starting_clocks
from ..several.common_clock import CommonClock
from ..several.inputs import ConnectionNumbers, Input, joined_header
from ..several.merge import Batch, Merge, Source

__all__ = ["Conversion", "StartState", "convert", "renumbered"]

_START, _CONN = b'{"time":"', b'Z","conn":'
_CONN_AT = 38  # its position in a line that we wrote; only there is it the key of the line itself


class StartState(Protocol):
    """The state that the frames before a cut lead to, by the feed's rules."""

    def apply(self, info: FrameInfo, payload: bytes) -> None:
        """Take in a recorded frame."""

    def keys(self) -> Collection[tuple[str, str]]:
        """Return the channels and products for which there is a snapshot."""

    def snapshot(self, channel: str, product: str, time: int) -> bytes | None:
        """Return that snapshot as of `time`; None if there is none."""


class Conversion(msgspec.Struct):
    """
    The result of a conversion.

    Attributes:
        paths: The new recordings.
        frames: Received frames, including synthetic ones.
        synthetic: Snapshots that were rebuilt at the cut.
        others: Events and sent frames.
        first_time: Earliest time of a line in nanoseconds; None if there is no line.
        last_time: Latest time.
        text_size: Bytes of all lines, including headers.
        file_size: Bytes on disk.

    """

    paths: list[Path] = []
    frames: int = 0
    synthetic: int = 0
    others: int = 0
    first_time: int | None = None
    last_time: int | None = None
    text_size: int = 0
    file_size: int = 0

    def count(self, marks: Sequence[Mark]) -> None:
        """Count lines that were written."""
        times = [mark[0] for mark in marks]
        frames = sum(mark[2] is not None for mark in marks)
        self.frames += frames
        self.others += len(marks) - frames
        self.first_time = min(times if self.first_time is None else [self.first_time, *times])
        self.last_time = max(times if self.last_time is None else [self.last_time, *times])


def convert(  # noqa: PLR0913  as many options as the command has
    inputs: Sequence[Input],
    output: Path,
    *,
    selection: Selection = Selection(),  # noqa: B008  immutable
    describe: Callable[[bytes], FrameInfo] | None = None,
    make_rule: MakeRule | None = None,
    state: StartState | None = None,
    split: RotateAfter | None = None,
    mode: FileMode | None = None,
    create: Callable[..., GrowingFile] = begin_file,
    on_read: Callable[[int, int], object] = lambda number, size: None,  # noqa: ARG005
) -> Conversion:
    """
    Write recordings as one; nothing is left behind if it fails or is interrupted, but what a stream has got.

    Args:
        inputs: What to read; merged by time.
        output: Where to write; its suffix determines the format. With `STDOUT`, `create` determines it.
        selection: What to keep.
        describe: Describes a payload, by the feed's rules.
        make_rule: Makes that feed's sequence rule for one connection; only together with `describe`.
        state: An empty state; makes the output begin with snapshots of everything kept, as of `selection.start`.
        split: When a new file begins; None for a single file.
        mode: Who may read the output; None for those who may read all inputs.
        create: Begins a file; takes what `begin_file` takes.
        on_read: Called with the number of an input, and the bytes of it read so far.

    Raises:
        UsageError: If the inputs cannot be merged, or the output is one of them.
        RecordingError: If an input is damaged or cannot be read, or the output cannot be written.

    """
    header = joined_header(inputs, selection)
    create_other = _creating(inputs, partial(create, make_rule=make_rule), mode)
    result = Conversion()
    finished = _Finished(result.paths)
    reading = _Reading(inputs, describe, on_read)
    after = split and split._replace(one_clock=not reading.numbers.stay)
    writer = RotatingWriter(output, header, create_other, after, finished.note)
    try:
        _Conversion(reading, selection, writer, result).run(state)
    except BaseException as error:
        writer.discard()
        finished.remove()
        if isinstance(error, DamagedRecordingError):
            _refuse_damage(error, "what comes before" if output == STDOUT else "nothing")
        raise
    return result


class _Finished:
    """The finished files of a conversion, known by what they are."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._files: list[os.stat_result] = []

    def note(self, path: Path) -> None:
        if path != STDOUT:
            self._files.append(path.stat())
        self._paths.append(path)

    def remove(self) -> None:
        for path, file in zip(self._paths, self._files, strict=False):  # stdout alone has no file
            unlink_if_at(file, path)


class _Piece(NamedTuple):
    """Consecutive lines of one input, with their marks."""

    file: int
    lines: list[bytes]
    marks: list[Mark]


class _Reading:
    """
    The lines of all inputs with their marks, by steady time.

    Attributes:
        describe: Describes a payload.
        numbers: The numbers of their connections.
        has_readings: Whether there is a reading near the beginning of any of them.

    """

    def __init__(
        self,
        inputs: Sequence[Input],
        describe: Callable[[bytes], FrameInfo] | None,
        on_read: Callable[[int, int], object],
    ) -> None:
        self.describe = describe
        self.numbers = ConnectionNumbers(inputs)
        self._inputs = inputs
        self._on_read = on_read
        self._marks = [LineMarks(describe) for _ in inputs]
        self.has_readings = any(one.reading for one in inputs)
        self._clocks = starting_clocks(inputs)

    def beginnings(self, start: int | None, end: int | None) -> list[Beginning]:
        """Return how what lies between two wall times begins in each input."""
        files = zip(self._inputs, self._clocks, strict=True)
        if start is None:
            return [beginning_of(file, clock) for file, clock in files]
        return [beginning_of_cut(file, clock, start, end) for file, clock in files]

    def pieces(self, start: int | None, end: int | None, beginnings: Sequence[Beginning]) -> Iterator[_Piece]:
        """
        Yield what lies between two wall times.

        Raises:
            DamagedRecordingError: At damage, after everything before it in that recording.

        """

        def blocks(number: int) -> Generator[list[bytes], None, None]:
            with self._inputs[number].open() as recording:
                for lines in recording.batches(start, end):
                    yield lines
                    self._on_read(number, recording.bytes_read)

        sources = [
            Source(number, first, partial(blocks, number), clock=clock)
            for number, (clock, first) in enumerate(beginnings)
        ]
        for batch in Merge(sources):
            for file, lines in _by_file(batch):
                try:
                    marks = self._marks[file].of(lines)
                except LineError:
                    self._raise_bad_line(file, lines)
                yield _Piece(file, lines, marks)

    def _raise_bad_line(self, file: int, lines: Sequence[bytes]) -> NoReturn:
        """Report the position of the first invalid line."""
        for line in lines:
            try:
                decode_line(line)
            except LineError as error:
                with self._inputs[file].open() as recording:
                    recording.raise_bad_line(line, error)
        raise AssertionError


def _by_file(batch: Batch) -> Iterator[tuple[int, list[bytes]]]:
    lines, files = batch.lines, batch.files
    if files.count(files[0]) == len(files):
        yield files[0], lines
        return
    start = 0
    for file, group in groupby(files):
        count = len(list(group))
        yield file, lines[start : start + count]
        start += count


class _Conversion:
    def __init__(self, reading: _Reading, selection: Selection, writer: RotatingWriter, result: Conversion) -> None:
        self._result = result
        self._reading = reading
        self._selection = selection
        self._writer = writer
        self._conns: dict[tuple[str, str], tuple[int, int]] = {}
        self._begun = reading.beginnings(selection.start, selection.end)
        self._common: CommonClock | None = None
        if not reading.numbers.stay:
            self._common = CommonClock([one.clock for one in self._begun], has_readings=reading.has_readings)

    def run(self, state: StartState | None) -> None:
        start, end = self._selection.start, self._selection.end
        if state is not None and start is not None:
            self._gather(state, start)
        is_first = True
        for piece in self._reading.pieces(start, end, self._begun):
            kept = self._choose(piece) if self._selection.is_filter else piece
            if not kept.lines:
                continue
            if is_first:
                is_first = False
                kept = self._begin(kept, state)
            if kept.lines:
                self._write(kept)
            del piece, kept  # a line may have 96 MiB: writing Parquet needs that much several times
        self._writer.finish()
        self._result.text_size, self._result.file_size = self._writer.text_size, self._writer.file_size

    def _begin(self, piece: _Piece, state: StartState | None) -> _Piece:
        """Write a reading of the clocks, if one is known, and the state; return what is left of the first piece."""
        file, lines, marks = piece
        time, conn, *_ = marks[0]
        before = self._begun[file].clock.reading
        if reading_in(lines[0]) is not None:
            self._write(_Piece(file, lines[:1], marks[:1]))
            piece = _Piece(file, lines[1:], marks[1:])
        elif self._common is not None:
            reading = self._common.first_reading(file, time)
            if reading is not None:
                self._write_made(reading.event(time, self._reading.numbers.of(file, conn)))
        elif before is not None:
            self._write_made(before.at(time).event(time, conn))
        if state is not None:
            self._write_state(state, time)
        return piece

    def _choose(self, piece: _Piece) -> _Piece:
        lines: list[bytes] = []
        marks: list[Mark] = []
        selection, describe = self._selection, self._reading.describe or describe_nothing
        for line, mark in zip(piece.lines, piece.marks, strict=True):
            _, conn, info, *_ = mark
            if info is None:
                is_kept = reading_in(line) is not None or selection.takes(decode_line(line), describe)
            else:
                is_kept = selection.takes_received(conn, info)
            if is_kept:
                lines.append(line)
                marks.append(mark)
        return _Piece(piece.file, lines, marks)

    def _write(self, piece: _Piece) -> None:
        file, lines, marks = piece
        numbers = self._reading.numbers
        if not numbers.stay:
            marks = [(time, numbers.of(file, conn), *rest) for time, conn, *rest in marks]  # type: ignore[misc]
            lines = [
                renumbered(line, before[1], now[1]) for line, before, now in zip(lines, piece.marks, marks, strict=True)
            ]
        if self._common is not None:
            lines, marks = self._common.put(file, lines, marks)
        self._writer.write_lines(lines, marks)
        self._result.count(marks)

    def _write_made(self, record: Record, info: FrameInfo | None = None) -> None:
        """Write a record that is in none of the recordings."""
        marks = [mark_of(record, info)]
        self._writer.write_lines([encode_frame(record) if isinstance(record, Frame) else encode_event(record)], marks)
        self._result.count(marks)

    def _gather(self, state: StartState, end: int) -> None:
        """Apply those frames before the cut that are kept to the state."""
        selection = self._selection
        for file, lines, marks in self._reading.pieces(None, end, self._reading.beginnings(None, end)):
            for line, (_, conn, info, *_) in zip(lines, marks, strict=True):
                if info is not None and selection.takes_received(conn, info):
                    for product in ("", *info.products):
                        self._conns[info.channel, product] = file, conn
                    record = decode_line(line)
                    if isinstance(record, Frame):
                        state.apply(info, record.payload)

    def _write_state(self, state: StartState, time: int) -> None:
        describe = self._reading.describe or describe_nothing
        keys = state.keys()
        for channel, product in keys:
            payload = state.snapshot(channel, product, time)
            place = self._conns.get((channel, product)) or self._conns.get((channel, ""))
            if payload is None or place is None:
                continue
            frame = Frame(time, self._reading.numbers.of(*place), payload, synthetic=True)
            if self._selection.takes(msgspec.structs.replace(frame, conn=place[1]), describe):
                self._write_made(frame, describe(payload))
                self._result.synthetic += 1


def renumbered(line: bytes, conn: int, number: int) -> bytes:
    """Return a line with another number of its connection; everything else stays as it is."""
    if conn == number:
        return line
    old = b"%b%d," % (_CONN, conn)
    if line.startswith(_START) and line.startswith(old, _CONN_AT):
        return b"%b%b%d,%b" % (line[:_CONN_AT], _CONN, number, line[_CONN_AT + len(old) :])
    record = msgspec.structs.replace(decode_line(line), conn=number)  # a line of another tool
    return encode_event(record) if isinstance(record, Event) else encode_frame(record)


def _creating(
    inputs: Sequence[Input], create: Callable[..., GrowingFile], mode: FileMode | None
) -> Callable[[Path, Header], GrowingFile]:
    """Return what begins a file of the output: with the first input's header as it stands, if it is the header."""
    mode = mode or mode_as_strict_as(one.path for one in inputs)

    def create_other(path: Path, header: Header) -> GrowingFile:
        _refuse_input(path, inputs)
        return create(path, inputs[0].header_line if header is inputs[0].header else header, mode=mode)

    return create_other


def _refuse_input(path: Path, inputs: Sequence[Input]) -> None:
    for one in inputs:
        are_there = os.path.exists(path) and os.path.exists(one.path)  # noqa: PTH110  Path.exists may raise
        if are_there and path.samefile(one.path):
            raise UsageError(f"{path} is both input and output: choose another name for the output")


def _refuse_damage(error: DamagedRecordingError, written: str) -> NoReturn:
    what = str(error).removeprefix(f"{error.path}: ")
    raise RecordingError(error.path, f"{what}: {written} was written; `feedrec repair` saves what is good") from error
