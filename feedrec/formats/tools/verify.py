"""
Verifies a recording: one pass over everything that can be read, compared with what the recording says of itself.

It continues after damage, so that all damage is reported. The first hundred findings are kept, and all are counted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from ...errors import DamagedRecordingError, LineError, NotARecordingError
from ...model import Frame, FrameInfo, Header, Record, describe_nothing, format_time
from ..facts.sequence_check import Rules, SequenceCheck
from ..file.names import is_part
from ..file.opening import has_own_reader, open_recording
from ..file.recording import Recording
from ..file.recording_file import RecordingFile
from ..line.as_written import as_written
from ..line.codec import decode_header, decode_line, is_header
from ..line.columns import ReceivedColumns, stretches
from ..line.index import mark_of
from ..stream.protocols import MAX_LINE
from ..stream.text_form import HEAD, foreign_text
from ..stream.zstd_parser import FrameEnd
from .salvage_blocks import Hole, Salvage, salvage
from .verify_checks import IndexCheck, LineCheck

__all__ = ["Problem", "Verification", "verify_recording"]

_MOST = 100

Progress = Callable[[int, int], object]


class Problem(msgspec.Struct, frozen=True):
    """
    Something that is wrong.

    Attributes:
        kind: `damage`, `cut`, `line`, `header`, `unfinished`, `index`, `seek table`, `time` or `gap`; `checkpoints` of
            the file beside it.
        text: What is wrong, for people.
        offset: Byte offset in the file, if it has one.
        time: Recorded time as text: that of the line, or of the last good line before it.

    """

    kind: str
    text: str
    offset: int | None = None
    time: str | None = None


class Verification(msgspec.Struct):
    """
    The result of verifying a recording.

    Attributes:
        path: The file.
        problems: What is wrong; the first hundred.
        problem_count: Number of all problems.
        notes: What is worth knowing, but not wrong.
        is_live: Whether it is being written, and so was verified up to its present end.
        has_index: Whether it has an index that can be trusted.
        blocks: Complete zstd frames with lines.
        lines: Lines after the header.
        frames: Received frames.
        gaps: Gaps in the venue's sequence that were recorded as such.
        lost_gaps: Gaps without a `gap` event: frames that the recording had, or should have, and lacks.
        resets: Counts that the venue began anew on an open connection.
        out_of_order: Frames whose number did not fit; they are not lost.

    """

    path: Path
    problems: list[Problem] = []
    problem_count: int = 0
    notes: list[str] = []
    is_live: bool = False
    has_index: bool = False
    blocks: int = 0
    lines: int = 0
    frames: int = 0
    gaps: int = 0
    lost_gaps: int = 0
    resets: int = 0
    out_of_order: int = 0

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem_count == 0

    def add(self, kind: str, text: str, offset: int | None = None, time: int | None = None) -> None:
        """Add a problem, with its time in nanoseconds."""
        self.problem_count += 1
        if len(self.problems) < _MOST:
            self.problems.append(Problem(kind, text, offset, None if time is None else format_time(time)))

    def take_record(self, record: Record, rules: Rules) -> FrameInfo | None:
        """Count a line; return the description of a received frame."""
        self.lines += 1
        if not isinstance(record, Frame) or record.direction != "in":
            return None
        self.frames += 1
        return FrameInfo() if record.binary else rules.describe(record.payload)

    def take_received(self, received: ReceivedColumns, check: LineCheck) -> None:
        """Count received frames that follow each other, and add what is wrong with them."""
        self.lines += len(received.times)
        self.frames += len(received.times)
        for kind, text, time in check.take_received(received):
            self.add(kind, text, None, time)

    def take_sequence(self, sequence: SequenceCheck) -> None:
        """Take what the numbers of all frames tell."""
        self.gaps, self.lost_gaps = sequence.noticed_gaps, sequence.lost_gaps
        self.resets, self.out_of_order = sequence.resets, sequence.out_of_order
        self.notes += map(str, sequence.first_resets)
        if sequence.resets > len(sequence.first_resets):
            self.notes.append(f"and {sequence.resets - len(sequence.first_resets):,} more counts began anew")

    def as_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        facts = msgspec.to_builtins({**msgspec.structs.asdict(self), "path": str(self.path)})
        return {"path": facts.pop("path"), "good": self.is_good, **facts}


def verify_recording(
    path: Path,
    rules_for: Callable[[str], Rules],
    *,
    progress: Progress = lambda _done, _size: None,
    max_line: int = MAX_LINE,
) -> Verification:
    """
    Read a recording to its end, and report everything that is wrong with it.

    Args:
        path: The file.
        rules_for: Returns the rules of a feed, by the endpoint in the header.
        progress: Called now and then with the bytes read and the bytes in the file.
        max_line: Maximum length of a line in bytes.

    Raises:
        NotARecordingError: If it is not a recording.
        RecordingError: If it cannot be read.

    """
    file = RecordingFile(path)
    try:
        head = file.read_at(0, HEAD)
        if not head:
            raise NotARecordingError(path, "the file is empty: not even a header was written")
        if reason := foreign_text(head):
            raise NotARecordingError(path, reason)
        if has_own_reader(head):
            return _verify_other(path, rules_for, progress)
        is_live, size = file.is_locked(), file.size()
        source = salvage(file.read_at, size, is_live=is_live, max_line=max_line)
        verification = _Verification(path, source, rules_for, IndexCheck(file.read_at, size, source.index))
        verification.result.is_live = is_live
        verification.run(lambda: progress(source.offset, size))
        return verification.result
    finally:
        file.close()


class _Verification:
    def __init__(self, path: Path, source: Salvage, rules_for: Callable[[str], Rules], index: IndexCheck) -> None:
        self.result = Verification(path)
        self._source = source
        self._rules_for = rules_for
        self._index = index
        self._check: LineCheck | None = None
        self._rules = Rules()
        self._has_lines = self._has_header = False
        self._foreign = 0  # lines that no writer would write beside an index

    def run(self, progress: Callable[[], object]) -> None:
        """Read the file to its end."""
        for piece in self._source.pieces():
            if isinstance(piece, list):
                self._take_lines(piece)
            elif isinstance(piece, Hole):
                self._take_hole(piece)
            else:
                self._end_frame(piece)
            progress()
        result = self.result
        if self._check is None:
            raise NotARecordingError(result.path, "contains no line of a recording")
        result.take_sequence(self._check.sequence)
        if result.lines == 0 and any(problem.kind == "header" for problem in result.problems):
            raise NotARecordingError(result.path, result.problems[0].text)
        self._judge_the_end()
        result.notes += self._source.form.notes

    def _take_lines(self, lines: list[bytes]) -> None:
        self._has_lines = True
        start = 0
        if self._check is None:
            start = 1
            self._take_header(lines[0])
        assert self._check is not None  # noqa: S101  for mypy
        self._index.take_text(sum(map(len, lines)) + len(lines))
        describe, describe_all = self._rules.describe, self._rules.describe_all
        if not self._has_header:
            describe, describe_all = self._describe, None
        for begin, end, received in stretches(lines, describe, start, describe_all=describe_all):
            if received is not None:
                self._take_received(received)
                continue
            for number in range(begin, end):
                self._take_line(lines, number)

    def _describe(self, payload: bytes) -> FrameInfo:
        """Describe a payload by the rules of now: a header that is still to come changes them."""
        return self._rules.describe(payload)

    def _take_received(self, received: ReceivedColumns) -> None:
        assert self._check is not None  # noqa: S101  for mypy
        self._index.take_received(received)
        self.result.take_received(received, self._check)

    def _take_line(self, lines: list[bytes], number: int) -> None:
        line = lines[number]
        try:
            record = decode_line(line)
        except LineError as error:
            if not self._has_header and is_header(line):  # after something invalid, which was reported
                self._take_header(line)
                return
            self._add("line", str(error), self._source.offset_of_line(lines[:number]))
            return
        self._take(line, record)

    def _take(self, line: bytes, record: Record) -> None:
        assert self._check is not None  # noqa: S101  for mypy
        info = self.result.take_record(record, self._rules)
        if self._source.index is not None and as_written(line, record) != line:
            self._foreign += 1
        self._index.take_mark(line, mark_of(record, info))
        for kind, text in self._check.take(record, info):
            self._add(kind, text, None, record.time)

    def _take_header(self, line: bytes) -> None:
        header = Header("")
        self._has_header = True
        try:
            header = decode_header(line)
        except LineError as error:
            self._add("header", str(error), 0)
        self._begin(header)
        self._index.begin(line, self._rules.sequence_rule)

    def _begin(self, header: Header) -> None:
        self._rules = self._rules_for(header.endpoint)
        self._index.is_described = self._rules.describe is not describe_nothing
        if header.left_out:
            self.result.notes.append(f"not checked for gaps: {header.left_out}")
        self._check = LineCheck(None if header.left_out else self._rules.sequence_rule)

    def _take_hole(self, hole: Hole) -> None:
        if self._check is None:
            if hole.end == self._source.size:
                raise NotARecordingError(self.result.path, f"{hole.reason} at byte {hole.start}, before any line")
            self._begin(Header(""))
        self._index.take_hole(hole)
        if self._check is not None:
            self._check.forget()
        if hole.is_end and hole.is_lossless:
            return  # then there is no index, which is reported at the end
        lost = "" if hole.lines is None or hole.is_end else f", {hole.lines} line{'' if hole.lines == 1 else 's'} lost"
        kind = "cut" if hole.is_end else "damage"
        self._add(kind, f"{hole.reason} ({hole.end - hole.start} bytes{lost})", hole.start)

    def _end_frame(self, frame: FrameEnd) -> None:
        self.result.blocks += self._has_lines and frame.skippable is None
        self._has_lines = False
        for text in self._index.end_frame(frame):
            self._add("index", text, frame.start)

    def _add(self, kind: str, text: str, offset: int | None = None, time: int | None = None) -> None:
        last = self._check.last_time if self._check else None
        self.result.add(kind, text, offset, last if time is None else time)

    def _judge_the_end(self) -> None:
        result = self.result
        result.has_index = self._source.index is not None
        if result.is_live:
            result.notes.append("it is being written: verified up to its present end")
        elif any(problem.kind == "cut" for problem in result.problems):
            return
        elif self._source.was_begun_by_feedrec and not self._index.has_table and not self._index.has_index_frame:
            self._add("unfinished", "no index: the recording was not closed")
        elif self._source.was_begun_by_feedrec or self._index.has_table:
            if self._foreign:
                self._add("index", f"there must be none: {_of_another_program(self._foreign)}; repair writes them anew")
            for kind, text in self._index.finish():
                self._add(kind, text)
        elif is_part(result.path):
            self._add("unfinished", "the recording was not closed")
        elif result.blocks:
            result.notes.append("no index: compressed by another program")
        if self._check is not None and self._check.repaired:
            result.notes.append(f"it was repaired: see its damage events ({self._check.repaired}) for what is missing")


def _of_another_program(count: int) -> str:
    return "a line is of another program" if count == 1 else f"{count:,} lines are of another program"


def _verify_other(path: Path, rules_for: Callable[[str], Rules], progress: Progress) -> Verification:
    """Verify a file whose own reader knows no blocks."""
    try:
        with open_recording(path) as recording:
            return _verify_records(recording, rules_for(recording.header.endpoint), progress)
    except DamagedRecordingError as error:
        result = Verification(path)
        result.add("damage", error.reason, error.offset)
        return result


def _verify_records(recording: Recording, rules: Rules, progress: Progress) -> Verification:
    result = Verification(recording.path, is_live=recording.is_live)
    check = LineCheck(None if recording.header.left_out else rules.sequence_rule)
    try:
        for lines in recording.batches():
            progress(recording.bytes_read, recording.size)
            for begin, end, received in stretches(lines, rules.describe, describe_all=rules.describe_all):
                if received is not None:
                    result.take_received(received, check)
                    continue
                for line in lines[begin:end]:
                    _verify_line(recording, line, result, check, rules)
    except DamagedRecordingError as error:
        result.add("damage", error.reason, error.offset, check.last_time)
    result.notes += recording.form.notes
    result.take_sequence(check.sequence)
    return result


def _verify_line(recording: Recording, line: bytes, result: Verification, check: LineCheck, rules: Rules) -> None:
    try:
        record = decode_line(line)
    except LineError as error:
        recording.raise_bad_line(line, error)
    for kind, text in check.take(record, result.take_record(record, rules)):
        result.add(kind, text, None, record.time)
