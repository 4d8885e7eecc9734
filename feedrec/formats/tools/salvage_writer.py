"""
What is left of a damaged recording becomes a new one: good lines as they are, and a `damage` event for each hole.

An appended recording is joined. Lines that no checksum covers any more are kept only if they are asked for, marked.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence

import msgspec

from ...errors import LineError, NotARecordingError
from ...model import TIME_LIMIT, DescribeAll, Event, Frame, FrameInfo, Header, Record, describe_nothing, format_time
from ..facts.sequence_check import Rules
from ..file.rotation import MOST_WAITING
from ..file.writer import RecordingWriter
from ..line.as_written import as_written, header_as_written
from ..line.codec import decode_header, decode_line, encode_event, encode_frame, encode_header, is_header, line_time
from ..line.columns import ReceivedColumns, stretches
from ..line.frame_run import FrameRun
from ..line.index import mark_of
from ..line.renumbering import renumbered
from ..several.inputs import RunIdentity, run_identity
from ..stream.whole_block import WholeBlock, whole_block
from .repair_result import Loss, Repair
from .salvage_blocks import Hole, PlainSalvage, Salvage
from .salvage_prefix import PrefixSalvage

__all__ = ["SalvageWriter"]

Describe = Callable[[bytes], FrameInfo]

_NO_LINE = LineError("not a line of a recording, before the header")


class SalvageWriter:
    """
    Writes the recording of one repair.

    Args:
        result: Where it is counted what was saved and lost.
        source: What is left of the old file.
        rules_for: Returns the rules of a feed, by the endpoint in the header.
        create: Begins the new recording, with a header and `make_rule`.
        endpoint: The endpoint if the header is lost; None for `raw`.
        keep_unverified: Whether to keep lines of damaged blocks, marked.

    """

    def __init__(
        self,
        result: Repair,
        source: Salvage | PrefixSalvage,
        rules_for: Callable[[str], Rules],
        create: Callable[..., RecordingWriter],
        endpoint: str | None,
        *,
        keep_unverified: bool,
    ) -> None:
        self._result = result
        self._source = source
        self._rules_for = rules_for
        self._create = create
        self._endpoint = endpoint
        self._keep_unverified = keep_unverified
        self._writer: RecordingWriter | None = None
        self._describe: Describe = describe_nothing
        self._describe_all: DescribeAll | None = None
        self._last: int | None = None
        self._conn = 0
        self._conn_count = self._conn_shift = 0
        self._run: RunIdentity | None = None
        self._is_joint = False  # after a further header, before its first line
        self._pending: list[Hole] = []  # holes since the last good line
        self._kept_lines = self._kept_frames = 0  # of the hole that is being settled

    def run(self, progress: Callable[[], object]) -> os.stat_result:
        """Read the file to its end, and finish the new one; return which file that is."""
        try:
            for piece in self._source.pieces():
                if isinstance(piece, list):
                    self._take_lines(piece)
                elif isinstance(piece, Hole):
                    self._take_hole(piece)
                progress()
                del piece  # a line may have 96 MiB: writing Parquet needs that much several times
            holes = self._pending
            self._settle(None)
            self._refuse_nothing(holes)
            assert self._writer is not None  # noqa: S101  for mypy
            self._writer.finish()
        except BaseException:
            if self._writer is not None:
                self._writer.discard()
            raise
        return self._writer.identity

    def _refuse_nothing(self, holes: Sequence[Hole]) -> None:
        """Refuse to write a recording without lines, unless it had none; these are the holes after the last line."""
        result = self._result
        if not result.lines and not (self._writer is not None and result.header == "kept" and result.is_lossless):
            reason = result.losses[0].reason if result.losses else "no line of a recording"
            if not self._keep_unverified and any(True for hole in holes for _ in self._keep_lines(hole, None)):
                reason += "; --salvage keeps what can still be decompressed of damaged blocks"
            raise NotARecordingError(result.path, f"nothing can be saved: {reason}")

    def _take_lines(self, lines: list[bytes]) -> None:
        start = 0
        frame = self._source.whole_frame(lines)
        if self._writer is None:
            start, frame = self._take_header(lines), None
        parts = list(stretches(lines, self._describe, start, describe_all=self._describe_all))
        if frame is not None and not self._changes_lines:
            block = whole_block(frame, lines, parts, self._describe)
            if block is not None:
                self._hand_over_block(block)
                return
        for begin, end, received in parts:
            if received is not None and not self._changes_lines:
                self._hand_over_received(received)
                continue
            for number in range(begin, end):
                self._take_line(lines, number)

    def _take_line(self, lines: list[bytes], number: int) -> None:
        try:
            record = decode_line(lines[number])
        except LineError as error:
            self._take_bad_line(lines[number], self._source.offset_of_line(lines[:number]), error)
        else:
            self._write(lines[number], record)

    @property
    def _changes_lines(self) -> bool:
        """Whether lines get another number of their connection, or may need a `clock` event before them."""
        return self._conn_shift > 0 or self._is_joint

    def _take_header(self, lines: list[bytes]) -> int:
        """Begin with the header, if only invalid lines come before it; return the number of lines handled."""
        for number, line in enumerate(lines):
            if is_header(line):
                self._begin(decode_header(line), line)
                for bad in range(number):
                    self._take_bad_line(lines[bad], self._source.offset_of_line(lines[:bad]), _NO_LINE)
                return number + 1
            if line_time(line) is not None:
                break
        self._begin(self._made_up())
        return 0

    def _begin(self, header: Header, line: bytes | None = None) -> None:
        rules = self._rules_for(header.endpoint)
        self._describe, self._describe_all = rules.describe, rules.describe_all
        self._run = run_identity(header)
        line = encode_header(header) if line is None else header_as_written(line)
        self._writer = self._create(line, make_rule=rules.sequence_rule)

    def _made_up(self) -> Header:
        self._result.header = "made up"
        return Header(self._endpoint or "raw", extra={"made_up": True})

    def _header_in(self, lines: list[bytes]) -> Header | None:
        """Return the header at the beginning of a damaged block, if it can be read."""
        if self._endpoint is not None or not lines:
            return None
        try:
            header = decode_header(lines[0])
        except LineError:
            return None
        self._result.header = "unverified"
        return msgspec.structs.replace(header, extra={**header.extra, "unverified": True})

    def _join(self, header: Header) -> None:
        """Continue with an appended recording: its connections get new numbers, unless both are parts of one run."""
        self._result.joined += 1
        self._is_joint = True
        if run_identity(header) != self._run:
            self._run, self._conn_shift = run_identity(header), self._conn_count

    def _write(self, line: bytes, record: Record) -> None:
        self._settle(record.time)
        line = as_written(line, record)
        if self._conn_shift and record.conn is not None:
            number = record.conn + self._conn_shift
            line, record = renumbered(line, record.conn, number), msgspec.structs.replace(record, conn=number)
        if self._is_joint and record.time < (self._last or 0):
            clock = Event(record.time, record.conn or 0, "clock", {"wall": record.time})
            self._hand_over(encode_event(clock), clock)
        self._is_joint = False
        self._hand_over(line, record)
        self._go_on(record.time, record.conn, record.conn)

    def _go_on(self, time: int, conn: int | None, highest_conn: int | None) -> None:
        """Go on behind good lines: with the time of the last, and the last and the highest connection, if any."""
        self._last = time
        if conn is not None:
            self._conn = conn
        if highest_conn is not None:
            self._conn_count = max(self._conn_count, highest_conn + 1)

    def _hand_over(self, line: bytes, record: Record) -> None:
        assert self._writer is not None  # noqa: S101  for mypy
        info = self._info_of(record)
        self._result.lines += 1
        self._result.frames += info is not None
        self._writer.write_line(line, mark_of(record, info), block=True)

    def _info_of(self, record: Record) -> FrameInfo | None:
        """Return what a received frame is; None for any other record."""
        if not isinstance(record, Frame) or record.direction != "in":
            return None
        return FrameInfo() if record.binary else self._describe(record.payload)

    def _hand_over_block(self, block: WholeBlock) -> None:
        """Write a block as it is."""
        self._settle(block.first_mark[0])
        self._write_run(block)
        self._go_on(block.last_mark[0], block.last_conn, block.highest_conn)

    def _hand_over_received(self, received: ReceivedColumns) -> None:
        """Write received frames that follow each other, whose lines stay as they are."""
        self._settle(received.times[0])
        run = received.run
        if run is not None:
            self._write_run(run)
        else:
            assert self._writer is not None  # noqa: S101  for mypy
            for line, mark in zip(received.lines, received.marks, strict=True):
                self._writer.write_line(line, mark, block=True)
            self._result.lines += len(received.lines)
            self._result.frames += len(received.lines)
        self._go_on(received.times[-1], received.conns[-1], max(received.conns))

    def _write_run(self, run: FrameRun | WholeBlock) -> None:
        assert self._writer is not None  # noqa: S101  for mypy
        self._writer.wait_for_room(MOST_WAITING)
        self._writer.write_run(run)
        self._result.lines += run.count
        self._result.frames += run.frames

    def _take_bad_line(self, line: bytes, offset: int, error: LineError) -> None:
        if is_header(line):  # of an appended recording, of which nothing is lost
            self._join(decode_header(line))
            return
        size = len(line) + 1 if isinstance(self._source, PlainSalvage) else 0
        self._take_hole(Hole(offset, offset + size, str(error), lines=1, frames=1))

    def _take_hole(self, hole: Hole) -> None:
        if self._writer is None:
            header = self._header_in(next(self._source.unverified(hole), []))
            if header is not None:  # otherwise the first good block may have it
                self._begin(header)
        if hole.is_lossless:
            return
        last = self._pending[-1] if self._pending else None
        if last is not None and last.is_line and hole.is_line:
            both = (last.lines or 0) + (hole.lines or 0)
            self._pending[-1] = last._replace(end=hole.end, lines=both, frames=both)
        else:
            self._pending.append(hole)

    def _settle(self, next_time: int | None) -> None:
        """Write the damage events of the holes before the next good line, and what can be kept of them."""
        pending, self._pending = self._pending, []
        for hole in pending:
            if self._writer is None:
                self._begin(self._made_up())
            last = self._last
            kept = self._keep_lines(hole, next_time) if self._keep_unverified else iter(())
            first_kept = next(kept, None)
            loss = self._note_loss(hole, last, next_time)
            if not (hole.is_end and self._last is None and first_kept is None):
                self._write_damage(loss, next(time for time in (last, next_time, 0) if time is not None))
            for record in itertools.chain([first_kept] if first_kept else [], kept):
                self._result.unverified += 1
                self._hand_over(encode_frame(record) if isinstance(record, Frame) else encode_event(record), record)
                self._last = record.time
                self._kept_lines += 1
                self._kept_frames += isinstance(record, Frame) and record.direction == "in"
            self._count_loss(loss)

    def _write_damage(self, loss: Loss, at: int) -> None:
        known = {"frames": loss.frames, "first": loss.first, "last": loss.last}
        details = {
            "offset": loss.offset,
            "bytes": loss.bytes,
            **{key: value for key, value in known.items() if value is not None},
        }
        event = Event(at, self._conn, "damage", details)
        assert self._writer is not None  # noqa: S101  for mypy
        self._writer.write_line(encode_event(event), mark_of(event))
        self._last = at

    def _note_loss(self, hole: Hole, last: int | None, next_time: int | None) -> Loss:
        self._kept_lines = self._kept_frames = 0
        texts = (None if time is None else format_time(time) for time in (last, next_time))
        return Loss(hole.reason, hole.start, hole.end - hole.start, hole.lines, hole.frames, *texts)

    def _count_loss(self, loss: Loss) -> None:
        """Count a loss, less what could be kept of it."""
        lines = None if loss.lines is None else max(0, loss.lines - self._kept_lines)
        frames = None if loss.frames is None else max(0, loss.frames - self._kept_frames)
        self._result.add(msgspec.structs.replace(loss, lines=lines, frames=frames))

    def _keep_lines(self, hole: Hole, next_time: int | None) -> Iterator[Record]:
        """Yield what can still be decoded of a hole and fits into the order of time, marked."""
        earliest = self._last or 0
        latest = TIME_LIMIT if next_time is None or next_time < earliest else next_time
        for lines in self._source.unverified(hole):
            for line in lines:
                try:
                    record = decode_line(line)
                except LineError:
                    continue
                if not earliest <= record.time <= latest:
                    continue
                earliest = record.time
                if isinstance(record, Frame):
                    yield msgspec.structs.replace(record, unverified=True)
                else:
                    yield msgspec.structs.replace(record, details={**record.details, "unverified": True})
