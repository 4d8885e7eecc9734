"""A recording that may lose frames, so that no connection has to wait for a disk."""

from __future__ import annotations

import logging

from ...errors import FeedrecError
from ...model import Event, FrameInfo, Record
from ..clock import RecordingClock
from ..output.counting_writer import CountingWriter
from ..output.writer_protocol import GrowingRecording
from ..run_end import Outcome, RunEnd

__all__ = ["LossyWriter"]

_REASON = "the disk took too little, and memory was full"

log = logging.getLogger("feedrec")


class LossyWriter(CountingWriter):
    """
    Writes as a `CountingWriter` does, as long as there is room; what comes while there is none is counted as lost.

    A recording that fails ends nothing: the connections go on, and all further frames are lost.

    Args:
        recording: What is written to.
        end: Ended when the limit is reached.
        max_frames: Received frames after which the recording is complete; None for no limit.
        clock: Gives the stamps.

    Attributes:
        lost: Frames of both directions, and HTTP requests, that were not handed to the recording.

    """

    takes_runs = False  # whether there is room is asked for each frame

    def __init__(self, recording: GrowingRecording, end: RunEnd, max_frames: int | None, clock: RecordingClock) -> None:
        super().__init__(recording, end, max_frames)
        self.lost = 0
        self._clock = clock
        self._unreported = 0
        self._is_losing = False

    def fail(self, error: FeedrecError) -> None:
        """Write nothing more; whoever is connected does not notice."""
        if self.failure is None:
            self.failure = error
            log.error("%s; the connections go on, but nothing more is recorded", error)

    def drained(self) -> None:
        """Write again: there is room, or it turns out that there never will be."""
        if self.recording.failure is not None:
            self.fail(self.recording.failure)
        if self.failure is not None or not self._is_losing or self.recording.has_no_room:
            return
        self._is_losing = False
        lost, self._unreported = self._unreported, 0
        now, reading = self._clock.stamp()
        if reading is not None:
            self.clock_reading(now, 0, reading)
        self._write(Event(now, 0, "lost", {"frames": lost, "reason": _REASON}))
        log.warning("the disk takes what is recorded again; %d frames were passed on but are not recorded", lost)

    def received(self, time: int, conn: int, payload: bytes, info: FrameInfo, *, binary: bool) -> None:
        """Write a frame, or count it as lost; see `CountingWriter`."""
        if self._has_room():
            super().received(time, conn, payload, info, binary=binary)
            if self.failure is None:
                return
        self._lose()
        self.counts.frames += 1  # it was received all the same, as those are that wait for a disk which fails
        self.counts.bytes += len(payload)
        if self.counts.frames == self._max_frames:
            self._end.end(Outcome.LIMIT_REACHED)

    def sent(self, time: int, conn: int, payload: bytes, *, redacted: bool, binary: bool = False) -> None:
        """Write a frame that a client sent, or count it as lost; see `CountingWriter`."""
        if self._has_room():
            super().sent(time, conn, payload, redacted=redacted, binary=binary)
            if self.failure is None:
                return
        self._lose()

    def exchange(self, event: Event) -> None:
        """Write a request and its answer, or count them as lost, like a frame; see `CountingWriter`."""
        if self._has_room():
            super().exchange(event)
            if self.failure is None:
                return
        self._lose()

    def finish(self) -> None:
        """Report at the end what was lost and not reported yet."""
        self.drained()

    def _has_room(self) -> bool:
        if self.failure is not None or self._is_losing:
            return False
        if not self.recording.has_no_room:
            return True
        self._is_losing = self.recording.is_full  # asked for, so that it says when it is drained
        log.error("the disk takes too little: frames are passed on, but not recorded until it does")
        return False

    def _lose(self) -> None:
        self.lost += 1
        self._unreported += 1

    def _write(self, record: Record) -> None:
        if not self._is_losing or (isinstance(record, Event) and record.name in {"open", "close"}):
            super()._write(record)
