"""The lines that the connections of a run write to its recording, and the figures of the run."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol

import msgspec

from ...errors import FeedrecError, WriteError
from ...formats.facts.facts_builder import frames_missing
from ...formats.line.codec import encode_event, encode_frame, encode_received
from ...formats.line.frame_run import Read, run_of
from ...formats.line.index import mark_of
from ...formats.line.subscribed import Subscribed
from ...model import Event, Frame, FrameInfo, Record
from ..checking.book_checks import BookChecks
from ..clock import Reading
from ..run_end import Outcome, RunEnd
from ..serving.live_run import LONGEST_WAIT as LONGEST_LIVE_WAIT
from ..serving.live_run import LiveRun
from ..throttle import Reminder
from ..watching.clock_quality import ClockQuality, read_clock_quality
from ..watching.run_watch import RunWatch
from .open_connections import OpenConnections
from .writer_protocol import GrowingRecording

__all__ = ["LONGEST_WAIT", "CallLater", "CountingWriter", "Counts", "Source"]

LONGEST_WAIT = 0.05
"""Seconds that a frame may wait for others."""

_MOST_FRAMES, _MOST_BYTES = 400, 1 << 18  # that wait
_FEWEST, _LARGEST_RUN = 8, 1 << 20  # frames and bytes of payload that are worth a run

_FINDINGS = ("crossed", "contradiction")  # events


class Source(Protocol):
    """Where frames come from: the receive path of a connection."""

    def work(self, reads: list[Read]) -> None:
        """Write these frames, and what is to be noticed about them."""


class Timer(Protocol):
    """What `CallLater` returns."""

    def cancel(self) -> None:
        """Do not call."""


CallLater = Callable[[float, Callable[[], None]], Timer]
"""Calls a function after so many seconds, as the method of an event loop does."""


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
        resyncs: Books that were subscribed again, for a snapshot, after frames were missed.
        findings: What was found wrong in what the venue sent, where that is checked.
        out_of_order: Frames whose number did not fit; they are not lost.
        most_open: Most connections that were open at once, but for those that were to take the place of another one.
        replacements: Connections that took the place of one that was closed for that.
        vain_replacements: Connections that were to take the place of another one and have not: they failed, or have not
            yet.
        requests: HTTP requests that were answered and recorded.

    """

    frames: int = 0
    bytes: int = 0
    connections: int = 0
    gaps: int = 0
    missing: int = 0
    resets: int = 0
    resyncs: int = 0
    findings: int = 0
    out_of_order: int = 0
    most_open: int = 1
    replacements: int = 0
    vain_replacements: int = 0
    requests: int = 0

    @property
    def reconnects(self) -> int:
        """Connections that took the place of one that was lost; those opened side by side are none."""
        return max(0, self.connections - self.most_open - self.replacements - self.vain_replacements)


class CountingWriter:
    """
    Turns frames and events into lines of the recording, and counts them.

    Text frames may wait for those of the next reads, which takes much less time for each: until there are enough of
    them, for `longest_wait`, or until anything else is to be written. So everything is written in its order.

    A recording that cannot be written ends the run: no error is raised here, and nothing more is written.

    Args:
        recording: What is written to.
        end: Ended when the limit is reached, or when writing fails.
        max_frames: Received frames after which the recording is complete; None for no limit.

    Attributes:
        takes_runs: Whether text frames are to be given to `take`.
        recording: As given.
        counts: The figures so far.
        subscribed: What was asked for, and what the venue accepted.
        is_complete: Whether no more frames are written: the limit is reached, or writing failed.
        failure: Why writing failed; None while it works.
        clock_quality: Says how well the clock is kept.
        watch: Told of all frames and events, for whoever watches the run; None if nobody does.
        checks: Checks what the venue sent; None if nothing does.
        live: Given each line that is written, for those who serve it; None if nobody does.
        longest_wait: Seconds that a frame may wait for others.
        memory_reminder, throttle_reminder: When it is to be logged, for all connections, that reading is paused.

    """

    takes_runs = True

    def __init__(self, recording: GrowingRecording, end: RunEnd, max_frames: int | None = None) -> None:
        self.recording = recording
        self.counts = Counts()
        self.subscribed = Subscribed()
        self.is_complete = False
        self.failure: FeedrecError | None = None
        self.watch: RunWatch | None = None
        self.clock_quality: Callable[[], ClockQuality | None] = read_clock_quality
        self.checks: BookChecks | None = None
        self.live: LiveRun | None = None
        self.longest_wait = LONGEST_WAIT
        self.memory_reminder, self.throttle_reminder = Reminder(), Reminder()
        self._end = end
        self._max_frames = max_frames
        self._open = OpenConnections(self.counts)
        self._numbers = 0
        self._free_numbers: list[int] = []
        self._waiting: list[tuple[Source, Read]] = []
        self._waiting_frames = self._waiting_bytes = 0
        self._call_later: CallLater | None = None
        self._timer: Timer | None = None

    def take_number(self, replaces: int | None = None) -> int:
        """Return the number of a new connection, the lowest that no other one has or had; see `OpenConnections`."""
        if not self._free_numbers:
            heapq.heappush(self._free_numbers, self._numbers)
            self._numbers += 1
        number = heapq.heappop(self._free_numbers)
        self._open.expect(number, replaces)
        return number

    def return_number(self, number: int) -> None:
        """Return the number of a connection that was never open, for another one."""
        heapq.heappush(self._free_numbers, number)

    def serve(self, live: LiveRun) -> None:
        """Give each line that is written to those who serve it, soon after its frame came."""
        self.live, self.longest_wait = live, LONGEST_LIVE_WAIT

    def fail(self, error: FeedrecError) -> None:
        """Write nothing more, and end the run: the recording failed."""
        self.is_complete = True
        if self.failure is None:
            self.failure = error
        self._end.end(Outcome.DISK_FAILED, error)

    def wait_with(self, call_later: CallLater) -> None:
        """Let frames wait from now on: `call_later` is that of the event loop."""
        self._call_later = call_later

    def take(self, source: Source, time: int, payloads: list[bytes]) -> None:
        """Take text frames read together, and their list; the source is given them in `work`, now or a moment later."""
        last, read = self._waiting[-1] if self._waiting else (None, (0, payloads))
        if last is source and read[0] == time:  # the library finishes messages one by one
            read[1].extend(payloads)
        else:
            self._waiting.append((source, (time, payloads)))
        self._waiting_frames += len(payloads)
        self._waiting_bytes += sum(map(len, payloads))
        is_enough = self._waiting_frames >= _MOST_FRAMES or self._waiting_bytes >= _MOST_BYTES
        is_last = self._max_frames is not None and self.counts.frames + self._waiting_frames >= self._max_frames
        if is_enough or is_last or self._call_later is None:
            self.work()
        elif self._timer is None:
            self._timer = self._call_later(self.longest_wait, self.work)

    def work(self) -> None:
        """Write what waits."""
        if not self._waiting:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting, self._waiting_frames, self._waiting_bytes = self._waiting, [], 0, 0
        for source, group in groupby(waiting, itemgetter(0)):
            if self.is_complete:
                return
            source.work(self._up_to_limit([read for _, read in group]))

    def _up_to_limit(self, reads: list[Read]) -> list[Read]:
        """Return the first of these frames, as many as may be recorded still."""
        if self._max_frames is None:
            return reads
        room, within = self._max_frames - self.counts.frames, list[Read]()
        for time, payloads in reads:
            if room > 0:
                within.append((time, payloads[:room]))
            room -= len(payloads)
        return within

    def received_run(self, conn: int, reads: list[Read], infos: Sequence[FrameInfo]) -> None:
        """
        Write text frames that one connection received one after another: as `received`, but all at once if possible.

        Args:
            conn: The connection.
            reads: The frames by the reads that they came with, which may have none.
            infos: What the feed says of each.

        """
        size = sum([sum(map(len, payloads)) for _, payloads in reads])
        run = run_of(conn, reads, infos) if len(infos) >= _FEWEST and size <= _LARGEST_RUN else None
        if run is None:
            described = iter(infos)
            for time, payloads in reads:
                for payload in payloads:
                    if self.is_complete:  # none is written after one that is missing
                        return
                    self.received(time, conn, payload, next(described), binary=False)
            return
        try:
            self.recording.write_run(run)
        except FeedrecError as error:
            self.fail(error)
        except Exception as error:  # noqa: BLE001  as in `received`
            self.fail(WriteError(self.recording.path, f"frames cannot be written: {error!r}"))
        else:
            if self.live is not None:
                self.live.lines(run.text)
            self._count(len(infos), size)
            self._show(conn, reads, infos, run.sizes)

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
        if self.live is not None:
            self.live.lines(line + b"\n")
        self._count(1, len(payload))
        self._show(conn, [(time, [payload])], [info], [len(payload)])

    def _show(self, conn: int, reads: list[Read], infos: Sequence[FrameInfo], sizes: list[int]) -> None:
        """Show frames that were written to who wants to know what they are."""
        if self.watch is not None:
            self.watch.frames(conn, reads, infos, sizes)
        if self.checks is not None:
            self.checks.frames(conn, reads, infos)

    def _count(self, frames: int, size: int) -> None:
        counts = self.counts
        counts.frames += frames
        counts.bytes += size
        if counts.frames == self._max_frames:
            self.is_complete = True
            self._end.end(Outcome.LIMIT_REACHED)

    def sent(self, time: int, conn: int, payload: bytes, *, redacted: bool, binary: bool = False) -> None:
        """Write a frame that was sent."""
        self._write(Frame(time, conn, payload, "out", binary, redacted))

    def event(self, time: int, conn: int, name: str, details: dict[str, Any]) -> None:
        """Write an event."""
        if self.watch is not None:
            self.watch.event(conn, name, details)
        if name == "open":
            replaces = self._open.opened(conn)
            details = details if replaces is None else {**details, "replaces": replaces}
        elif name == "close":
            self._open.closed(conn, is_over=self._end.has_begun)
            if self.checks is not None:
                self.checks.closed(conn)
        elif name == "replaced":
            self._open.replaced(conn, details["by"])
        elif name == "gap":
            self.counts.gaps += 1
            self.counts.missing += frames_missing(details)
        elif name == "reset":
            self.counts.resets += 1
        elif name == "resync":
            self.counts.resyncs += 1
        elif name in _FINDINGS:
            self.counts.findings += 1
        else:
            self.subscribed.add(name, details)
        self._write_event(Event(time, conn, name, details))

    def _write_event(self, event: Event) -> None:
        if self.live is None:
            self._write(event)
        else:
            self.live.begins(event.name)
            self._write(event)
            self.live.ended(event.name)

    def clock_reading(self, time: int, conn: int, reading: Reading) -> None:
        """Write the `clock` event that stands before what is stamped with `time`, about once a minute."""
        event, quality = reading.event(time, conn), self.clock_quality()
        if quality is not None:
            event.details["ntp"] = quality.as_dict()
        self._write(event)

    def exchange(self, event: Event) -> None:
        """Write an HTTP request and its answer, which are an event."""
        self.counts.requests += 1
        self._write(event)

    def problem(self, text: str, reason: str = "") -> None:
        """Take note of a problem outside the recorder; the recording has events of its own for it."""

    def _write(self, record: Record) -> None:
        self.work()
        if self.failure is not None:  # the recording raises the same error each time, and its traceback would grow
            return
        try:
            if self.live is None:
                self.recording.write(record)
            else:
                line = encode_event(record) if isinstance(record, Event) else encode_frame(record)
                self.recording.write_line(line, mark_of(record))
                self.live.lines(line + b"\n")
        except FeedrecError as error:
            self.fail(error)
