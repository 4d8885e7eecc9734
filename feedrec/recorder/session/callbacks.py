"""The functions of a program that a run calls: for frames, openings, errors and closes."""

from __future__ import annotations

import contextlib
import inspect
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from ...errors import UsageError
from ...model import Frame, FrameInfo
from ..connection import NO_CLOSE_FRAME
from ..output.counting_writer import CountingWriter
from ..output.writer_protocol import GrowingRecording
from ..run_end import RunEnd
from ..serving.live_run import LiveRun
from ..watching.run_watch import RunWatch

__all__ = ["Callbacks", "ReportingWriter", "writer_for"]

log = logging.getLogger("feedrec")


class Callbacks(msgspec.Struct, frozen=True):
    """
    Functions of a program, called in the event loop while bytes are read: a slow one holds up reading.

    One that raises is named in the log, once; the frame is recorded and the connection stays.

    Attributes:
        on_open: Called with the number of a connection that is open; nothing is subscribed on it yet.
        on_frame: Called with each frame received, in order, after it was handed to the recording, and with what the
            feed says of it. `frame.time` is when it arrived, in nanoseconds.
        on_message: Called after that with the message as JSON has it, mostly a dict, and the same description; only for
            text that is JSON.
        on_error: Called with one line about what the venue reports or does not accept, or why it cannot be reached, and
            with the reason that the venue gives beside its message, mostly empty.
        on_close: Called with the number of a connection that ended, whether it ended with a close frame, the code, 1006
            if there was none, and the reason.

    Raises:
        UsageError: If one is a coroutine function.

    """

    on_open: Callable[[int], object] | None = None
    on_frame: Callable[[Frame, FrameInfo], object] | None = None
    on_error: Callable[[str, str], object] | None = None
    on_close: Callable[[int, bool, int, str], object] | None = None
    on_message: Callable[[Any, FrameInfo], object] | None = None

    def __post_init__(self) -> None:
        """Refuse what would never be run."""
        for name in self.__struct_fields__:
            if inspect.iscoroutinefunction(getattr(self, name)):
                raise UsageError(f"{name} must be a plain function: let it put its arguments into an asyncio.Queue")

    @property
    def are_given(self) -> bool:
        """Whether there is at least one."""
        return any(getattr(self, name) is not None for name in self.__struct_fields__)


class ReportingWriter(CountingWriter):
    """
    A writer that also calls the functions of a program.

    Args:
        recording: What is written to.
        end: See `CountingWriter`.
        max_frames: Received frames after which the recording is complete; None for no limit.
        callbacks: The functions to call.

    """

    takes_runs = False  # a program wants each frame at once

    def __init__(self, recording: GrowingRecording, end: RunEnd, max_frames: int | None, callbacks: Callbacks) -> None:
        super().__init__(recording, end, max_frames)
        self._callbacks = callbacks
        self._failed: set[str] = set()

    def received(self, time: int, conn: int, payload: bytes, info: FrameInfo, *, binary: bool) -> None:
        """Write a frame and, if it could be written, pass it on; see `CountingWriter`."""
        super().received(time, conn, payload, info, binary=binary)
        if self.failure is not None:
            return
        if self._callbacks.on_frame is not None:
            self._call("on_frame", Frame(time, conn, payload, "in", binary), info)
        if self._callbacks.on_message is not None and not binary:
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                message = msgspec.json.decode(payload)
                self._call("on_message", message, info)

    def event(self, time: int, conn: int, name: str, details: dict[str, Any]) -> None:
        """Write an event; report an opening or a close, whether it could be written or not."""
        super().event(time, conn, name, details)
        if name == "open":
            self._call("on_open", conn)
        elif name == "close":
            self._call("on_close", conn, details["code"] != NO_CLOSE_FRAME, details["code"], details["reason"])

    def problem(self, text: str, reason: str = "") -> None:
        """Report it; see `CountingWriter`."""
        self._call("on_error", text, reason)

    def _call(self, name: str, *arguments: object) -> None:
        callback = getattr(self._callbacks, name)
        if callback is None:
            return
        try:
            callback(*arguments)
        except Exception:
            if name not in self._failed:  # what fails for one frame may fail for a hundred thousand a second
                self._failed.add(name)
                log.exception("%s failed; it is still called, but further failures are not logged", name)


def writer_for(
    recording: GrowingRecording,
    end: RunEnd,
    max_frames: int | None,
    callbacks: Callbacks | None,
    watch: RunWatch | None = None,
    live: LiveRun | None = None,
) -> CountingWriter:
    """Return the writer of a run: one that calls the functions of a program, if there are any."""
    if callbacks is not None and callbacks.are_given:
        writer: CountingWriter = ReportingWriter(recording, end, max_frames, callbacks)
    else:
        writer = CountingWriter(recording, end, max_frames)
    writer.watch = watch
    if live is not None:
        writer.serve(live)
    return writer
