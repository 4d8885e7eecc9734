"""The receive path of one connection: describe a frame, follow the sequence, write it with the time it arrived."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from ..feeds import Notice
from ..model import FrameInfo
from .clock import RecordingClock
from .output.counting_writer import CountingWriter

__all__ = ["Intake"]

log = logging.getLogger("feedrec")

_UNKNOWN = FrameInfo()


class Intake:
    """
    Writes everything that arrives on one connection, and whatever else happens on it, to the recording.

    Args:
        number: The connection's number within the recording.
        describe: Describes a text frame; see `Feed.describe`.
        follow: Follows the sequence of the frames; see `FeedClient.on_frame`.
        report: Called with what `follow` noticed and the time of the frame, before the frame is written.
        writer: Where it is written.
        clock: Gives the stamps.

    Attributes:
        number: The connection's number.
        frames: Data frames received so far.

    """

    def __init__(
        self,
        number: int,
        describe: Callable[[bytes], FrameInfo],
        follow: Callable[[FrameInfo, bytes], Sequence[Notice]],
        report: Callable[[Sequence[Notice], int], None],
        writer: CountingWriter,
        clock: RecordingClock,
    ) -> None:
        self.number = number
        self.frames = 0
        self._describe = describe
        self._follow = follow
        self._report = report
        self._writer = writer
        self._clock = clock
        self._read_at = 0
        self._warned = False
        clock.require_reading()

    def bytes_arrived(self) -> None:
        """Take the time for all messages of this read."""
        self._read_at, reading = self._clock.stamp()
        if reading is not None:
            self._writer.clock_reading(self._read_at, self.number, reading)

    def opened(self, details: dict[str, Any]) -> None:
        """Write that the handshake succeeded, with the time of its last bytes."""
        self._writer.event(self._read_at, self.number, "open", details)

    def message(self, payload: bytes, *, binary: bool) -> None:
        """Write one message. Whatever goes wrong, the connection lives on and the frame is written if it can be."""
        writer = self._writer
        if writer.is_complete:
            return
        self.frames += 1
        info = _UNKNOWN
        try:
            if not binary:
                info = self._describe(payload)
            notices = self._follow(info, payload)
            if notices:
                self._report(notices, self._read_at)
        except Exception as error:  # noqa: BLE001  a frame that cannot be understood is recorded all the same
            self._warn_once(error)
        writer.received(self._read_at, self.number, payload, info, binary=binary)

    def sent(self, payload: bytes, *, redacted: bool, binary: bool = False, time: int | None = None) -> None:
        """Write a frame that is about to go out, with a stamp of before if there is one."""
        stamp = self.write_reading_if_due() if time is None else time
        self._writer.sent(stamp, self.number, payload, redacted=redacted, binary=binary)

    def event(self, name: str, details: dict[str, Any], time: int | None = None) -> None:
        """Write an event of this connection, at `time` if it is not of this moment."""
        self._writer.event(self.write_reading_if_due() if time is None else time, self.number, name, details)

    def write_reading_if_due(self) -> int:
        """Write the reading of the clocks that the next stamp needs before it, if any; return that stamp."""
        now, reading = self._clock.stamp()
        if reading is not None:
            self._writer.clock_reading(now, self.number, reading)
        return now

    def _warn_once(self, error: Exception) -> None:
        if not self._warned:  # what fails for one frame may fail for a hundred thousand a second
            self._warned = True
            text = (
                "connection %d: a frame could not be understood (%r); it is recorded as it is, and so are further ones"
            )
            log.warning(text, self.number, error)
