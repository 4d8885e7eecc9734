"""What a run writes down, and the figures that come of it."""

from __future__ import annotations

import heapq
from pathlib import Path
from typing import Any

import msgspec

from ...formats.line.codec import encode_received
from ...formats.tools.summary import frames_missing
from ...model import Event, Frame, FrameInfo
from .growing_recording import GrowingRecording

__all__ = ["CountingWriter", "Counts"]


class Counts(msgspec.Struct):
    """
    Figures of a run, growing while it lasts.

    Attributes:
        frames: Frames received and recorded.
        bytes: Bytes of their payloads.
        connections: Connections opened.
        gaps: Holes in the venue's sequence.
        missing: Frames that the holes stand for.
        out_of_order: Frames that came behind a later one.

    """

    frames: int = 0
    bytes: int = 0
    connections: int = 0
    gaps: int = 0
    missing: int = 0
    out_of_order: int = 0


class CountingWriter:
    """
    Turns frames and events into lines of the recording, and counts them.

    Args:
        writer: The recording.
        max_frames: Received frames after which it is complete; None for no limit.

    Attributes:
        counts: The figures so far.
        is_complete: Whether it takes no more frames: the limit is reached, or it was given up.
        is_given_up: Whether frames are lost that it did not take.

    """

    def __init__(self, writer: GrowingRecording, max_frames: int | None = None) -> None:
        self.counts = Counts()
        self.is_complete = False
        self.is_given_up = False
        self._writer = writer
        self._max_frames = max_frames
        self._numbers = 0
        self._free_numbers: list[int] = []

    @property
    def path(self) -> Path:
        """The recording."""
        return self._writer.path

    def take_number(self) -> int:
        """Give the number of a new connection: the lowest that no connection has or had."""
        if self._free_numbers:
            return heapq.heappop(self._free_numbers)
        self._numbers += 1
        return self._numbers - 1

    def return_number(self, number: int) -> None:
        """Take back the number of a connection that was never open."""
        heapq.heappush(self._free_numbers, number)

    def give_up(self) -> None:
        """Take no more frames: they would not get to the disk."""
        self.is_complete = self.is_given_up = True

    def received(self, time: int, conn: int, payload: bytes, info: FrameInfo, *, binary: bool) -> None:
        """Write a frame that came in, at `time` nanoseconds; `info` is what the feed tells of it."""
        line = encode_received(time, conn, payload, binary=binary, parses=info.parses)
        self._writer.write_line(line, (time, conn, info))
        counts = self.counts
        counts.frames += 1
        counts.bytes += len(payload)
        if counts.frames == self._max_frames:
            self.is_complete = True

    def sent(self, time: int, conn: int, payload: bytes, *, redacted: bool) -> None:
        """Write a text frame that went out."""
        self._writer.write(Frame(time, conn, payload, "out", redacted=redacted))

    def problem(self, text: str) -> None:
        """Take note of what went wrong outside; a recording has events of its own for it."""

    def event(self, time: int, conn: int, name: str, details: dict[str, Any]) -> None:
        """Write an event."""
        if name == "open":
            self.counts.connections += 1
        elif name == "gap":
            self.counts.gaps += 1
            self.counts.missing += frames_missing(details)
        self._writer.write(Event(time, conn, name, details))
