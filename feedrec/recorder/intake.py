"""The receive path of one connection: describe a frame, follow the sequence, write it with the time it arrived."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..feeds import Feed, Notice
from ..formats.line.frame_run import Read
from ..model import FrameInfo
from .clock import RecordingClock
from .output.counting_writer import CountingWriter

__all__ = ["Intake"]

log = logging.getLogger("feedrec")

_UNKNOWN = FrameInfo()


class Watcher(Protocol):
    """Who wants to know of frames, one by one, but only now and then."""

    is_watching: bool
    """Whether it does at this moment."""

    def saw(self, info: FrameInfo) -> None:
        """Take what a frame is, after what was noticed about it was reported."""

    def saw_all(self, infos: Sequence[FrameInfo]) -> None:
        """Do for frames about which nothing was noticed what `saw` does for each."""


class Intake:
    """
    Writes everything that arrives on one connection, and whatever else happens on it, to the recording.

    Args:
        number: The connection's number within the recording.
        feed: Describes text frames.
        follow: Follows the sequence of the frames; see `FeedClient.on_frame`.
        report: Called with what `follow` noticed and the time of the frame, before the frame is written.
        writer: Where it is written.
        clock: Gives the stamps.
        passes: Follows frames in one go if there is nothing to notice; see `FeedClient.passes`; None if nothing does.
        watcher: Told of the frames while it watches; None for nobody.

    Attributes:
        number: The connection's number.
        frames: Data frames received so far.

    """

    def __init__(
        self,
        number: int,
        feed: Feed,
        follow: Callable[[FrameInfo, bytes], Sequence[Notice]],
        report: Callable[[Sequence[Notice], int], None],
        writer: CountingWriter,
        clock: RecordingClock,
        passes: Callable[[Sequence[FrameInfo]], bool] | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self.number = number
        self.frames = 0
        self._describe = feed.describe
        self._describe_all = getattr(feed, "describe_all", None)  # a plug-in's own feed need not have it
        self._follow = follow
        self._passes = passes
        self._watcher = watcher
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
        writer.work()
        if writer.is_complete:
            return
        self.frames += 1
        info = _UNKNOWN if binary else self._described(payload)
        if notices := self._noticed(info, payload):
            self._report_safely(notices, self._read_at)
        if self._watcher is not None and self._watcher.is_watching:
            self._watcher.saw(info)
        writer.received(self._read_at, self.number, payload, info, binary=binary)

    def texts(self, payloads: list[bytes]) -> None:
        """Write text messages; a writer that takes runs may do that a moment later, in the same order."""
        writer = self._writer
        if writer.takes_runs and not writer.is_complete:
            self.frames += len(payloads)
            writer.take(self, self._read_at, payloads)
        else:
            for payload in payloads:
                self.message(payload, binary=False)

    def work(self, reads: list[Read]) -> None:
        """Do for all frames of some reads what `message` does for each: called by the writer that took them."""
        try:
            payloads = [payload for _, payloads in reads for payload in payloads]
            infos = list(map(self._describe, payloads)) if self._describe_all is None else self._describe_all(payloads)
            passes = self._passes is not None and self._passes(infos)
        except Exception as error:  # noqa: BLE001  each by itself will tell which one cannot be understood
            self._warn_once(error)
            infos, passes = [self._described(payload) for _, payloads in reads for payload in payloads], False
        if passes:
            if self._watcher is not None and self._watcher.is_watching:
                self._watcher.saw_all(infos)
            self._writer.received_run(self.number, reads, infos)
        else:
            self._work_by_one(reads, infos)

    def _work_by_one(self, reads: list[Read], infos: Sequence[FrameInfo]) -> None:
        """Write frames, and before those about which there is something to say, that."""
        writer, run, of_run, described = self._writer, list[Read](), list[FrameInfo](), iter(infos)
        watcher = self._watcher
        for time, payloads in reads:
            start = 0
            for number, payload in enumerate(payloads):
                info = next(described)
                if notices := self._noticed(info, payload):
                    if of_run:
                        writer.received_run(self.number, [*run, (time, payloads[start:number])], of_run)
                    if writer.is_complete:
                        return
                    run, of_run, start = [], [], number
                    self._report_safely(notices, time)
                if watcher is not None and watcher.is_watching:
                    watcher.saw(info)
                of_run.append(info)
            run.append((time, payloads[start:]))
        writer.received_run(self.number, run, of_run)

    def _described(self, payload: bytes) -> FrameInfo:
        try:
            return self._describe(payload)
        except Exception as error:  # noqa: BLE001  a frame that cannot be understood is recorded all the same
            self._warn_once(error)
            return _UNKNOWN

    def _noticed(self, info: FrameInfo, payload: bytes) -> Sequence[Notice]:
        try:
            return self._follow(info, payload)
        except Exception as error:  # noqa: BLE001  as above
            self._warn_once(error)
            return ()

    def _report_safely(self, notices: Sequence[Notice], time: int) -> None:
        try:
            self._report(notices, time)
        except Exception as error:  # noqa: BLE001  as above
            self._warn_once(error)

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
