"""What the callbacks of a program were called with."""

from __future__ import annotations

from feedrec.model import Frame, FrameInfo
from feedrec.recorder import Callbacks


class CallbackLog:
    """Every call, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.frames: list[Frame] = []
        self.infos: list[FrameInfo] = []

    def on_open(self, conn: int) -> None:
        self.calls.append(("open", conn))

    def on_frame(self, frame: Frame, info: FrameInfo) -> None:
        self.calls.append(("frame", frame.conn, frame.payload))
        self.frames.append(frame)
        self.infos.append(info)

    def on_error(self, message: str, reason: str) -> None:
        self.calls.append(("error", message, reason) if reason else ("error", message))

    def on_close(self, conn: int, was_clean: bool, code: int, reason: str) -> None:  # noqa: FBT001
        assert was_clean == (code != 1006)
        self.calls.append(("close", conn, code, reason))

    @property
    def callbacks(self) -> Callbacks:
        return Callbacks(self.on_open, self.on_frame, self.on_error, self.on_close)
