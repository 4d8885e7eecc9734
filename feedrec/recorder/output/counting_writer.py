"""The lines that the connections of a run write to its recording, and the figures of the run."""

from __future__ import annotations

import heapq
from typing import Any

import msgspec

from ...errors import FeedrecError, WriteError
from ...formats.facts.facts_builder import frames_missing
from ...formats.line.codec import encode_received
from ...formats.line.subscribed import Subscribed
from ...model import Event, Frame, FrameInfo, Record
from ..clock import Reading
from ..run_end import Outcome, RunEnd
from ..throttle import Reminder
from .writer_protocol import GrowingRecording

__all__ = ["CountingWriter", "Counts"]


class Counts(msgspec.Struct):
    """
    Figures of a run, which grow while it lasts.

    Attributes:
        frames: Frames received and recorded.
        bytes: Bytes of their payloads.
        connections: Connections opened.
        gaps: Gaps in the venue's sequence numbers.
        missing: Frames lost in these gaps.
        resets: Counts that the venue began anew on an open connection.
        out_of_order: Frames whose number did not fit; they are not lost.
        most_open: Most connections that were open at once.

    """

    frames: int = 0
    bytes: int = 0
    connections: int = 0
    gaps: int = 0
    missing: int = 0
    resets: int = 0
    out_of_order: int = 0
    most_open: int = 1

    @property
    def reconnects(self) -> int:
        """Connections that took the place of one that was lost; those opened side by side are none."""
        return max(0, self.connections - self.most_open)


class CountingWriter:
    """
    Turns frames and events into lines of the recording, and counts them.

    A recording that cannot be written ends the run: no error is raised here, and nothing more is written.

    Args:
        recording: What is written to.
        end: Ended when the limit is reached, or when writing fails.
        max_frames: Received frames after which the recording is complete; None for no limit.

    Attributes:
        recording: As given.
        counts: The figures so far.
        subscribed: What was asked for, and what the venue accepted.
        is_complete: Whether no more frames are written: the limit is reached, or writing failed.
        failure: Why writing failed; None while it works.
        memory_reminder, throttle_reminder: When it is to be logged, for all connections, that reading is paused.

    """

    def __init__(self, recording: GrowingRecording, end: RunEnd, max_frames: int | None = None) -> None:
        self.recording = recording
        self.counts = Counts()
        self.subscribed = Subscribed()
        self.is_complete = False
        self.failure: FeedrecError | None = None
        self.memory_reminder, self.throttle_reminder = Reminder(), Reminder()
        self._end = end
        self._max_frames = max_frames
        self._open = 0  # connections
        self._numbers = 0
        self._free_numbers: list[int] = []

    def take_number(self) -> int:
        """Return the number of a new connection: the lowest that no other connection has or had."""
        if self._free_numbers:
            return heapq.heappop(self._free_numbers)
        self._numbers += 1
        return self._numbers - 1

    def return_number(self, number: int) -> None:
        """Return the number of a connection that was never open, for another one."""
        heapq.heappush(self._free_numbers, number)

    def fail(self, error: FeedrecError) -> None:
        """Write nothing more, and end the run: the recording failed."""
        self.is_complete = True
        if self.failure is None:
            self.failure = error
        self._end.end(Outcome.DISK_FAILED, error)

    def received(self, time: int, conn: int, payload: bytes, info: FrameInfo, *, binary: bool) -> None:
        """Write a frame received at `time` (nanoseconds); `info` is what the feed says of it."""
        try:
            line = encode_received(time, conn, payload, binary=binary, parses=info.parses)
            self.recording.write_line(line, (time, conn, info, len(payload), True))
        except FeedrecError as error:
            self.fail(error)
            return
        except Exception as error:  # noqa: BLE001  a frame must not be lost in silence
            self.fail(WriteError(self.recording.path, f"a frame cannot be written: {error!r}"))
            return
        counts = self.counts
        counts.frames += 1
        counts.bytes += len(payload)
        if counts.frames == self._max_frames:
            self.is_complete = True
            self._end.end(Outcome.LIMIT_REACHED)

    def sent(self, time: int, conn: int, payload: bytes, *, redacted: bool, binary: bool = False) -> None:
        """Write a frame that was sent."""
        self._write(Frame(time, conn, payload, "out", binary, redacted))

    def event(self, time: int, conn: int, name: str, details: dict[str, Any]) -> None:
        """Write an event."""
        if name == "open":
            self._open += 1
            self.counts.connections += 1
            self.counts.most_open = max(self.counts.most_open, self._open)
        elif name == "close":
            self._open -= 1
        elif name == "gap":
            self.counts.gaps += 1
            self.counts.missing += frames_missing(details)
        elif name == "reset":
            self.counts.resets += 1
        else:
            self.subscribed.add(name, details)
        self._write(Event(time, conn, name, details))

    def clock_reading(self, time: int, conn: int, reading: Reading) -> None:
        """Write the `clock` event that stands before what is stamped with `time`."""
        self._write(reading.event(time, conn))

    def problem(self, text: str, reason: str = "") -> None:
        """Take note of a problem outside the recorder; the recording has events of its own for it."""

    def _write(self, record: Record) -> None:
        if self.failure is not None:  # the recording raises the same error each time, and its traceback would grow
            return
        try:
            self.recording.write(record)
        except FeedrecError as error:
            self.fail(error)
