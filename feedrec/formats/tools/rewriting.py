"""
Lines whose frames are changed on purpose, by rules that are not known here.

A frame whose payload is changed carries `rewritten`; every other line stays byte for byte. A frame may be dropped. The
numbers in `gap` and `reset` events follow those of the frames.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from ...model import Event, Frame, FrameInfo, Header
from ..line.codec import decode_header, decode_line, encode_event, encode_frame, encode_header
from ..line.http_events import HTTP, with_texts, without_texts
from ..line.index import Mark, mark_of

__all__ = ["FrameChange", "Rewrite", "Rewriting", "is_marked_rewritten"]

_MARK = b'"rewritten":true,'
_BEFORE_MARK = 150  # bytes of a line that feedrec wrote


class FrameChange(Protocol):
    """Changes the frames of one connection, in their order; by the feed's rules."""

    missed: int

    def received(self, payload: bytes, info: FrameInfo, *, in_sequence: bool) -> bytes | None:
        """Take a text message of the venue; return what is to stand in its place, None if nothing is."""

    def left_out(self, info: FrameInfo) -> None:
        """Take note of a frame of the venue's count that will not be in the recording."""

    def sent(self, payload: bytes) -> bytes:
        """Take a text message of the client; return what is to stand in its place."""

    def event(self, line: bytes) -> bytes:
        """Take the line of an event, or a body of one; return what is to stand in its place."""

    def gap(self, expected: int, received: int, channel: str | None = None) -> tuple[int, int]:
        """Return the numbers between which a recorded gap of a channel, or of the whole connection, is now."""

    def reset(self, expected: int, received: int, channel: str | None = None) -> tuple[int, int]:
        """Return the numbers at which the count of a channel, or of the whole connection, now begins anew."""


class Rewrite(msgspec.Struct, frozen=True):
    """
    How frames are changed.

    Attributes:
        change: Makes what changes the frames of one connection.
        noted: What the header says of it, by key.
        header: Changes the line of the header; None to keep it.

    """

    change: Callable[[], FrameChange]
    noted: dict[str, Any]
    header: Callable[[bytes], bytes] | None = None

    def header_of(self, header: Header) -> Header:
        """Return a header changed."""
        return header if self.header is None else decode_header(self.header(encode_header(header)))


def is_marked_rewritten(line: bytes) -> bool:
    """Return whether a line that feedrec wrote says that its frame was changed."""
    return line.find(_MARK, 0, _BEFORE_MARK) >= 0


class Rewriting:
    """
    Changes the lines of all connections.

    Args:
        rewrite: How.
        describe: Describes a payload.

    Attributes:
        dropped: Frames that are left out.

    """

    def __init__(self, rewrite: Rewrite, describe: Callable[[bytes], FrameInfo]) -> None:
        self.dropped = 0
        self._rewrite = rewrite
        self._describe = describe
        self._changes: dict[tuple[int, int | None], FrameChange] = {}

    @property
    def missed(self) -> int:
        """Frames that should have been changed, and could not."""
        return sum(change.missed for change in self._changes.values())

    def lines(
        self, run: int, lines: Sequence[bytes], marks: Sequence[Mark], left_out: Sequence[tuple[int, Mark]] = ()
    ) -> tuple[list[bytes], list[Mark]]:
        """
        Return what stands in place of lines of one recording, with their marks.

        Args:
            run: Number of the recording.
            lines: The lines.
            marks: Their marks.
            left_out: What is not chosen: the number of lines before it, and its mark.

        """
        others = deque(left_out)
        new_lines: list[bytes] = []
        new_marks: list[Mark] = []
        for number, (line, mark) in enumerate(zip(lines, marks, strict=True)):
            while others and others[0][0] <= number:
                self._leave_out(run, others.popleft()[1])
            changed = self._other(run, line, mark) if mark[2] is None else self._received(run, line, mark, mark[2])
            if changed is not None:
                new_lines.append(changed[0])
                new_marks.append(changed[1])
        for _, mark in others:
            self._leave_out(run, mark)
        return new_lines, new_marks

    def frame(self, run: int, conn: int | None, frame: Frame, info: FrameInfo) -> Frame | None:
        """Return a received frame as it is to be; the same one if nothing changes, None if it is left out."""
        if frame.binary:
            return frame
        in_sequence = not (frame.synthetic or frame.unverified)
        payload = self._change_of(run, conn).received(frame.payload, info, in_sequence=in_sequence)
        if payload is None:
            self.dropped += 1
            return None
        if payload == frame.payload:
            return frame
        return msgspec.structs.replace(frame, payload=payload, rewritten=True)

    def _leave_out(self, run: int, mark: Mark) -> None:
        _, conn, info, _, in_sequence = mark
        if info is not None and in_sequence:
            self._change_of(run, conn).left_out(info)

    def _received(self, run: int, line: bytes, mark: Mark, info: FrameInfo) -> tuple[bytes, Mark] | None:
        record = decode_line(line)
        if not isinstance(record, Frame):
            return line, mark
        frame = self.frame(run, mark[1], record, info)
        if frame is None:
            return None
        if frame is record:
            return line, mark
        return encode_frame(frame), mark_of(frame, self._describe(frame.payload))

    def _other(self, run: int, line: bytes, mark: Mark) -> tuple[bytes, Mark]:
        """Return an event or a sent frame as it is to be."""
        change = self._change_of(run, mark[1])
        record = decode_line(line)
        if isinstance(record, Event) and record.name == HTTP:
            return _request(record, line, change), mark
        if isinstance(record, Event):
            return change.event(_renumbered(record, line, change)), mark
        payload = record.payload if record.binary else change.sent(record.payload)
        if payload == record.payload:
            return line, mark
        return encode_frame(msgspec.structs.replace(record, payload=payload, rewritten=True)), mark

    def _change_of(self, run: int, conn: int | None) -> FrameChange:
        change = self._changes.get((run, conn))
        if change is None:
            change = self._changes[run, conn] = self._rewrite.change()
        return change


def _request(event: Event, line: bytes, change: FrameChange) -> bytes:
    """Return the line of an `http` event as it is to be: in its bodies too, however they stand there."""
    rest, texts = without_texts(event)
    if not texts:
        return change.event(line)
    changed = decode_line(change.event(encode_event(rest)))
    assert isinstance(changed, Event)  # noqa: S101  for mypy
    return encode_event(with_texts(changed, {name: change.event(text) for name, text in texts.items()}))


def _renumbered(event: Event, line: bytes, change: FrameChange) -> bytes:
    """Return the line of an event whose numbers, if it is a gap or a reset, are those of the frames beside it."""
    numbers = event.details.get("expected"), event.details.get("received")
    if event.name not in {"gap", "reset"} or not all(type(number) is int for number in numbers):
        return line
    channel = event.details.get("channel")
    renumber = change.gap if event.name == "gap" else change.reset
    now = renumber(*numbers, channel if isinstance(channel, str) else None)  # type: ignore[arg-type]
    if now == numbers:
        return line
    details = {**event.details, "expected": now[0], "received": now[1]}
    return encode_event(msgspec.structs.replace(event, details=details))
