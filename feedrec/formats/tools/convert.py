"""
Converts any recording to any other: merged, cut, filtered, split, and beginning with the state at the cut.

Lines pass through unchanged, except for the number of a connection where two recordings have the same, the `clock`
events of recordings whose monotonic clocks have nothing in common, what a `Rewrite` changes, and lines that another
program wrote otherwise than docs/format.md says. An output that begins amid a recording begins with a `clock` event,
made from the last one before. Memory is bounded by a block of each open recording, and by what waits for the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec

from ...model import DescribeAll, Frame, FrameInfo, Header, Record, describe_nothing
from ..facts.repeats import FramesOnce
from ..facts.sequence_check import MakeRule
from ..file.growing.growing_file import GrowingFile, begin_file
from ..file.growing.size_bound import BoundedFile
from ..file.modes import FileMode
from ..file.rotation import RotateAfter, RotatingWriter
from ..file.stream_target import STDOUT
from ..line.codec import decode_line, encode_event, encode_frame
from ..line.frame_run import FrameRun
from ..line.index import Mark, mark_of
from ..line.renumbering import renumbered
from ..line.selection import Selection
from ..line.steady_clock import reading_in
from ..several.common_clock import CommonClock
from ..several.inputs import Input, joined_header
from ..several.joined_files import FinishedFiles, creating, leaving_nothing_behind
from .input_lines import InputLines, Piece, Run
from .rewriting import Rewrite, Rewriting, is_marked_rewritten
from .states.gathered_state import GatheredState, StartState

__all__ = ["Conversion", "StartState", "convert"]


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
        rewritten: Frames whose payload was changed.
        dropped: Frames, of those that were read, that said nothing any more.
        missed: Frames, of those that were read, that should have been changed, and could not.
        cut_at: The time of the first line that did not fit, in nanoseconds; None if all did.
        written_anew: Lines, of those that were read, that another program had written otherwise.
        checkpoints: Checkpoints that were written beside the new recordings, if somebody wrote some.

    """

    paths: list[Path] = []
    frames: int = 0
    synthetic: int = 0
    others: int = 0
    first_time: int | None = None
    last_time: int | None = None
    text_size: int = 0
    file_size: int = 0
    rewritten: int = 0
    dropped: int = 0
    missed: int = 0
    cut_at: int | None = None
    written_anew: int = 0
    checkpoints: int = 0

    def count(self, marks: Sequence[Mark]) -> None:
        """Count lines that were written."""
        times = [mark[0] for mark in marks]
        frames = sum(mark[2] is not None for mark in marks)
        self.frames += frames
        self.others += len(marks) - frames
        self._span(min(times), max(times))

    def count_run(self, run: FrameRun) -> None:
        """Count frames that were written."""
        self.frames += len(run.times)
        self._span(run.times[0], run.times[-1])

    def _span(self, first: int, last: int) -> None:
        self.first_time = first if self.first_time is None else min(self.first_time, first)
        self.last_time = last if self.last_time is None else max(self.last_time, last)


def convert(  # noqa: PLR0913  as many options as the command has
    inputs: Sequence[Input],
    output: Path,
    *,
    selection: Selection = Selection(),  # noqa: B008  immutable
    describe: Callable[[bytes], FrameInfo] | None = None,
    describe_all: DescribeAll | None = None,
    make_rule: MakeRule | None = None,
    state: StartState | None = None,
    rewrite: Rewrite | None = None,
    split: RotateAfter | None = None,
    max_size: int | None = None,
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
        describe_all: Describes several at once; None to call `describe` for each.
        make_rule: Makes that feed's sequence rule for one connection; only together with `describe`.
        state: An empty state; makes the output begin with snapshots of everything kept, as of `selection.start`.
        rewrite: How frames are changed; None to leave them as they are.
        split: When a new file begins; None for a single file.
        max_size: Bytes of the file, index included, after which nothing more is taken; None for all. Not with `split`.
        mode: Who may read the output; None for those who may read all inputs.
        create: Begins a file; takes what `begin_file` takes.
        on_read: Called with the number of an input, and the bytes of it read so far.

    Raises:
        UsageError: If the inputs cannot be merged, or the output is one of them.
        RecordingError: If an input is damaged or cannot be read, or the output cannot be written.

    """
    header = _header(inputs, selection, rewrite)
    result = Conversion()
    finished = FinishedFiles(result.paths)
    reading = InputLines(inputs, describe, on_read, describe_all)
    after = split and split._replace(one_clock=not reading.numbers.stay)
    begin = creating(inputs, partial(create, make_rule=make_rule), mode)
    writer = _writer(max_size, begin, output, header, after, finished.note)
    with leaving_nothing_behind(writer, finished, is_stream=output == STDOUT):
        _Conversion(reading, selection, writer, result, rewrite).run(state)
    return result


class _Conversion:
    def __init__(
        self,
        reading: InputLines,
        selection: Selection,
        writer: RotatingWriter | BoundedFile,
        result: Conversion,
        rewrite: Rewrite | None,
    ) -> None:
        self._result = result
        self._reading = reading
        self._selection = selection
        self._writer = writer
        self._rewriting: Rewriting | None = None
        if rewrite is not None:
            self._rewriting = Rewriting(rewrite, reading.describe or describe_nothing)
        self._begun = reading.beginnings(selection.start, selection.end)
        self._common: CommonClock | None = None
        if not reading.numbers.stay:
            self._common = CommonClock([one.clock for one in self._begun], has_readings=reading.has_readings)

    def run(self, state: StartState | None) -> None:
        start, end = self._selection.start, self._selection.end
        gathered = None if state is None else GatheredState(state)
        if gathered is not None and start is not None:
            self._gather(gathered, start)
        self._reading.written_anew = 0
        is_first = True
        for part in self._parts(start, end):
            if isinstance(part, Run) and not is_first:
                self._write_run(part.frames)
                continue
            piece = part.piece if isinstance(part, Run) else part
            kept = self._choose(piece) if self._selection.is_filter else piece
            if is_first and kept.lines:
                is_first = False
                kept = self._begin(kept, gathered)
            self._write(kept)
            if self._result.cut_at is not None:
                break
            del part, piece, kept  # a line may have 96 MiB: writing Parquet needs that much several times
        self._writer.finish()
        if self._rewriting is not None:
            changed = self._rewriting
            self._result.dropped, self._result.missed = changed.dropped, changed.missed
        self._result.written_anew = self._reading.written_anew
        self._result.text_size, self._result.file_size = self._writer.text_size, self._writer.file_size

    def _parts(self, start: int | None, end: int | None) -> Iterator[Piece | Run]:
        """Yield what is to be written, in runs if no line is changed."""
        if self._rewriting is None and self._reading.numbers.stay and isinstance(self._writer, RotatingWriter):
            return self._reading.runs(self._selection, self._begun)
        return self._reading.pieces(start, end, self._begun)

    def _begin(self, piece: Piece, state: GatheredState | None) -> Piece:
        """Write a reading of the clocks, if one is known, and the state; return what is left of the first piece."""
        file, lines, marks, _ = piece
        time, conn, *_ = marks[0]
        before = self._begun[file].clock.reading
        if reading_in(lines[0]) is not None:
            self._write(Piece(file, lines[:1], marks[:1]))
            piece = piece.without_first()
        elif self._common is not None:
            reading = self._common.first_reading(file, time)
            if reading is not None:
                self._write_made(reading.event(time, conn if conn is None else self._reading.numbers.of(file, conn)))
        elif before is not None:
            self._write_made(before.at(time).event(time, conn))
        if state is not None:
            self._write_state(state, time)
        return piece

    def _choose(self, piece: Piece) -> Piece:
        lines: list[bytes] = []
        marks: list[Mark] = []
        left_out: list[tuple[int, Mark]] = []
        selection, describe = self._selection, self._reading.describe or describe_nothing
        for line, mark in zip(piece.lines, piece.marks, strict=True):
            _, conn, info, *_ = mark
            if info is None or conn is None:
                is_kept = reading_in(line) is not None or selection.takes(decode_line(line), describe)
            else:
                is_kept = selection.takes_received(conn, info)
            if is_kept:
                lines.append(line)
                marks.append(mark)
            else:
                left_out.append((len(lines), mark))
        return Piece(piece.file, lines, marks, left_out)

    def _write(self, piece: Piece) -> None:
        file, lines, marks, left_out = piece
        numbers = self._reading.numbers
        if self._rewriting is not None:
            lines, marks = self._rewriting.lines(numbers.run_of(file), lines, marks, left_out)
        if not lines:
            return
        if not numbers.stay:
            before = [mark[1] for mark in marks]
            marks = [(time, conn if conn is None else numbers.of(file, conn), *rest) for time, conn, *rest in marks]  # type: ignore[misc]
            lines = [renumbered(line, conn, mark[1]) for line, conn, mark in zip(lines, before, marks, strict=True)]
        if self._common is not None:
            lines, marks = self._common.put(file, lines, marks)
        self._put(lines, marks)

    def _write_made(self, record: Record, info: FrameInfo | None = None) -> None:
        """Write a record that is in none of the recordings."""
        marks = [mark_of(record, info)]
        self._put([encode_frame(record) if isinstance(record, Frame) else encode_event(record)], marks)

    def _put(self, lines: Sequence[bytes], marks: Sequence[Mark]) -> None:
        written = self._writer.write_lines(lines, marks)
        if written < len(lines) and self._result.cut_at is None:
            self._result.cut_at = marks[written][0]
        if written:
            self._result.count(marks[:written])
        if self._rewriting is not None:
            self._result.rewritten += sum(map(is_marked_rewritten, lines[:written]))

    def _write_run(self, run: FrameRun) -> None:
        assert isinstance(self._writer, RotatingWriter)  # noqa: S101  as `_parts` made sure
        self._writer.take_run(run)
        self._result.count_run(run)

    def _gather(self, state: GatheredState, end: int) -> None:
        """Apply those frames before the cut that are kept to the state."""
        selection, once = self._selection, FramesOnce()
        for file, lines, marks, _ in self._reading.pieces(None, end, self._reading.beginnings(None, end)):
            for line, (_, conn, info, *_) in zip(lines, marks, strict=True):
                frame = once.frame(file, line, info)
                if frame is not None and info is not None and conn is not None and selection.takes_received(conn, info):
                    state.take(info, file, conn, frame.payload)

    def _write_state(self, state: GatheredState, time: int) -> None:
        describe = self._reading.describe or describe_nothing
        for file, frame in state.snapshots(time):
            if self._selection.takes(frame, describe):
                self._write_snapshot(file, frame, describe(frame.payload))

    def _write_snapshot(self, file: int, snapshot: Frame, info: FrameInfo) -> None:
        numbers, frame = self._reading.numbers, snapshot
        if self._rewriting is not None:
            frame = self._rewriting.frame(numbers.run_of(file), snapshot.conn, snapshot, info) or snapshot
        self._write_made(msgspec.structs.replace(frame, conn=numbers.of(file, frame.conn)), info)
        self._result.synthetic += self._result.cut_at is None


def _header(inputs: Sequence[Input], selection: Selection, rewrite: Rewrite | None) -> Header:
    if rewrite is None:
        return joined_header(inputs, selection)
    return rewrite.header_of(joined_header(inputs, selection, rewrite.noted))


def _writer(
    max_size: int | None,
    begin: Callable[[Path, Header], GrowingFile],
    output: Path,
    header: Header,
    after: RotateAfter | None,
    note: Callable[[Path], object],
) -> RotatingWriter | BoundedFile:
    if max_size is None:
        return RotatingWriter(output, header, begin, after, note)
    return BoundedFile(begin(output, header), max_size, note)
