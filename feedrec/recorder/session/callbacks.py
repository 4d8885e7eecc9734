"""What a program is told while it records."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from ...errors import UsageError
from ...model import Frame, FrameInfo
from ..output.counting_writer import CountingWriter
from ..output.growing_recording import GrowingRecording

__all__ = ["Callbacks", "ReportingWriter"]

log = logging.getLogger("feedrec")


class Callbacks(msgspec.Struct, frozen=True):
    """
    Functions of a program, called in the event loop while bytes are read: what takes long there holds up reading.

    One that raises is named in the log, once; the frame is recorded and the connection stays.

    Attributes:
        on_open: Called with the number of a connection that is open; nothing is subscribed on it yet.
        on_frame: Called with each frame that arrived, in order, after it was handed to the recording, and with what the
            feed tells of it. `frame.time` is when it arrived, in nanoseconds.
        on_error: Called with one line about what the venue reports or does not accept, or why it cannot be reached.
        on_close: Called with the number of a connection that ended, the close code, 1006 if none came, and the reason.

    Raises:
        UsageError: If one is a coroutine function.

    """

    on_open: Callable[[int], object] | None = None
    on_frame: Callable[[Frame, FrameInfo], object] | None = None
    on_error: Callable[[str], object] | None = None
    on_close: Callable[[int, int, str], object] | None = None

    def __post_init__(self) -> None:
        """Refuse what would never run."""
        for name in self.__struct_fields__:
            if inspect.iscoroutinefunction(getattr(self, name)):
                raise UsageError(f"{name} must be a plain function: have it put what it is given into an asyncio.Queue")

    @property
    def are_given(self) -> bool:
        """Whether there is any."""
        return any(getattr(self, name) is not None for name in self.__struct_fields__)


class ReportingWriter(CountingWriter):
    """
    A journal that tells a program what it takes.

    Args:
        writer: The recording.
        max_frames: Received frames after which it is complete; None for no limit.
        callbacks: Whom to tell.

    """

    def __init__(self, writer: GrowingRecording, max_frames: int | None, callbacks: Callbacks) -> None:
        super().__init__(writer, max_frames)
        self._callbacks = callbacks
        self._failed: set[str] = set()

    def received(self, time: int, conn: int, payload: bytes, info: FrameInfo, *, binary: bool) -> None:
        """Write a frame and pass it on; see `CountingWriter`."""
        super().received(time, conn, payload, info, binary=binary)
        if self._callbacks.on_frame is not None:
            self._tell("on_frame", Frame(time, conn, payload, "in", binary), info)

    def event(self, time: int, conn: int, name: str, details: dict[str, Any]) -> None:
        """Write an event; tell of an opening or a close, whether it could be written or not."""
        try:
            super().event(time, conn, name, details)
        finally:
            if name == "open":
                self._tell("on_open", conn)
            elif name == "close":
                self._tell("on_close", conn, details["code"], details["reason"])

    def problem(self, text: str) -> None:
        """Tell of it; see `CountingWriter`."""
        self._tell("on_error", text)

    def _tell(self, name: str, *arguments: object) -> None:
        callback = getattr(self._callbacks, name)
        if callback is None:
            return
        try:
            callback(*arguments)
        except Exception:
            if name not in self._failed:  # what fails for one frame may fail for a hundred thousand a second
                self._failed.add(name)
                log.exception("%s failed; it is called on, and further failures are not told", name)
