"""The receive path of one connection: stamp, describe, follow the sequence, write."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import FeedrecError, VenueError, WriteError
from ..feeds import Feed, FeedClient, Notice
from ..model import FrameInfo
from .clock import RecordingClock
from .output.counting_writer import CountingWriter

__all__ = ["Intake"]

log = logging.getLogger("feedrec")

_UNKNOWN = FrameInfo()


class Intake:
    """
    Takes everything that arrives on one connection and writes it down.

    Args:
        number: The connection's number within the recording.
        feed: Describes the frames.
        client: The client half of the feed for this connection.
        journal: Where it is written.
        clock: Gives the stamps.
        on_end: Called when the run must end: with the reason if it failed, with None when it is complete.

    Attributes:
        number: The connection's number.
        client: The client half of the feed.
        frames: Data frames that arrived on it.

    """

    def __init__(
        self,
        number: int,
        feed: Feed,
        client: FeedClient,
        journal: CountingWriter,
        clock: RecordingClock,
        *,
        on_end: Callable[[FeedrecError | None], None],
    ) -> None:
        self.number = number
        self.client = client
        self.frames = 0
        self._describe = feed.describe
        self._journal = journal
        self._clock = clock
        self._on_end = on_end
        self._now = 0
        self._warned = False
        clock.require_reading()

    def opened(self, details: dict[str, Any]) -> None:
        """Write that the handshake, the last bytes that arrived, succeeded."""
        self.event("open", details, self._now)

    def bytes_arrived(self) -> None:
        """Take the time for all messages of this read."""
        self._now = self.stamp()

    def message(self, payload: bytes, *, binary: bool) -> None:
        """Write one message. Whatever goes wrong, the connection lives on and the frame is written if it can be."""
        journal = self._journal
        if journal.is_complete:
            return
        self.frames += 1
        info = _UNKNOWN
        try:
            info = self._follow(payload, binary=binary)
        except Exception as error:  # noqa: BLE001  a frame that cannot be understood is recorded all the same
            self._warn_once(error)
        try:
            journal.received(self._now, self.number, payload, info, binary=binary)
        except FeedrecError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001  a frame must not be lost in silence
            self._fail(WriteError(self._journal.path, f"a frame cannot be written: {error!r}"))
        if journal.is_complete:
            self._on_end(None)

    def closed(self, code: int, reason: str) -> None:
        """Report what the feed says of the whole connection, unless it did not see the whole."""
        if not self._journal.is_given_up:
            self.report(self.client.on_close(code, reason), self.stamp())

    def stamp(self) -> int:
        """Give the time of now, recording a reading of the clocks first where one is due."""
        now, reading = self._clock.stamp()
        if reading is not None:
            self.event("clock", {"wall": reading.wall, "monotonic": reading.steady}, now)
        return now

    def sent(self, payload: bytes, *, redacted: bool) -> None:
        """Write a text frame that is about to go out."""
        try:
            self._journal.sent(self.stamp(), self.number, payload, redacted=redacted)
        except FeedrecError as error:
            self._fail(error)

    def event(self, name: str, details: dict[str, Any], time: int) -> None:
        """Write an event of this connection."""
        try:
            self._journal.event(time, self.number, name, details)
        except FeedrecError as error:
            self._fail(error)

    def report(self, notices: Sequence[Notice], time: int) -> None:
        """Pass on what the feed noticed: to the log, to the recording, and, if it is fatal, to the run."""
        for notice in notices:
            log.log(logging.INFO if notice.severity == "info" else logging.WARNING, "%s", notice.text)
            if notice.event is not None:
                self.event(notice.event, notice.details, time)
            if notice.event in {"error", "missing"} or notice.severity == "fatal":
                self._journal.problem(notice.text)
            if notice.severity == "fatal":
                self._on_end(VenueError(notice.text))

    def _follow(self, payload: bytes, *, binary: bool) -> FrameInfo:
        """Have the feed look at a message; give what it says."""
        info = _UNKNOWN if binary else self._describe(payload)
        notices = self.client.on_frame(info, payload)
        if notices:
            self.report(notices, self._now)  # before the frame that revealed it, so with the frame's time
        return info

    def _warn_once(self, error: Exception) -> None:
        if not self._warned:  # what fails for one frame may fail for a hundred thousand a second
            self._warned = True
            text = "connection %d: a frame could not be understood (%r); it, and any further, is recorded as it is"
            log.warning(text, self.number, error)

    def _fail(self, error: FeedrecError) -> None:
        self._journal.give_up()  # the writer raises one and the same error each time, and its traceback would grow
        self._on_end(error)
