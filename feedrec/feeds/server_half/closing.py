"""Any venue that closes a connection in the middle, with a code of choice: settings that every venue has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, TypeVar

import msgspec

from ...errors import UsageError
from ...model import NANOSECONDS, Frame, FrameInfo, parse_duration
from ..venue import Close, FeedServer, Handshake, Key, Message, Reply, Send
from .in_front import ServerInFront
from .settings import read_settings

__all__ = ["COMMON_SETTINGS", "ClosingServer", "ClosingSettings", "read_closing"]

_Sent = TypeVar("_Sent", bound=Message)

_LONGEST_REASON = 123
"""Bytes of a reason (RFC 6455, 5.5.1)."""


class ClosingSettings(msgspec.Struct, frozen=True):
    """The settings that every venue has: when to close each connection in the middle, and how."""

    close_after: Annotated[
        str,
        msgspec.Meta(
            description="close each connection after some recorded time, such as 30s, or so many frames, such as 500"
        ),
    ] = ""
    close_code: Annotated[
        int, msgspec.Meta(ge=1000, description="the close code then; 1006 drops the connection without a close frame")
    ] = 1012
    close_reason: Annotated[str, msgspec.Meta(description="the reason given with it; by default the venue's own")] = ""


COMMON_SETTINGS = ClosingSettings.__struct_fields__
"""The names of the settings that every venue has."""


class Closing(msgspec.Struct, frozen=True):
    """
    When to close each connection, and how.

    Attributes:
        frames: After so many messages to the client; None for any number.
        time: After so many nanoseconds of recorded time; None for any time.
        close: The close.

    """

    frames: int | None
    time: int | None
    close: Close


def read_closing(given: Mapping[str, str], venue: str, reasons: Mapping[int, str]) -> Closing | None:
    """
    Read those of `ClosingSettings` that are given; None if nothing is to be closed.

    Args:
        given: Texts by name.
        venue: Whose settings they are, for errors.
        reasons: The reasons that the venue gives with close codes.

    Raises:
        UsageError: If one is invalid, or there is no `close_after` to go with it.

    """
    settings = read_settings(ClosingSettings, given, venue)
    if not settings.close_after:
        idle = [name for name in given if name != "close_after"]
        if idle:
            raise UsageError(f"{idle[0]} says how to close, not when: set close_after=30s, or close_after=500 (frames)")
        return None
    if len(settings.close_reason.encode()) > _LONGEST_REASON:
        raise UsageError(f"close_reason has more than {_LONGEST_REASON} bytes: a close frame holds no more")
    frames, seconds = _amount(settings.close_after)
    time = None if seconds is None else round(seconds * NANOSECONDS)
    reason = settings.close_reason or reasons.get(settings.close_code, "")
    return Closing(frames, time, Close(settings.close_code, reason))


def _amount(text: str) -> tuple[int | None, float | None]:
    """Return the number of frames, or the seconds, that a text means."""
    if text.isascii() and text.isdecimal() and len(text) <= 18 and int(text):
        return int(text), None
    seconds = parse_duration(text)
    if not seconds or text[-1].isdecimal():
        raise UsageError(f"close_after {text!r} is neither a time such as 30s or 1m30s, nor frames such as 500")
    return None, seconds


class ClosingServer(ServerInFront):
    """
    Another server half, whose connection is closed in the middle.

    1. Every message to the client counts as a frame: snapshots, acks and heartbeats too. It gets exactly as many as
       were asked for, and then the close.
    2. Recorded time counts from the opening on, over laps of a loop and steps of the recorder's clock.

    Args:
        server: What answers until then.
        closing: When to close, and how.

    """

    def __init__(self, server: FeedServer, closing: Closing) -> None:
        super().__init__(server)
        self._close = closing.close
        self._frames_left = closing.frames
        self._time_left = closing.time
        self._close_at: int | None = None
        self._now = 0

    @property
    def deadline(self) -> int | None:  # type: ignore[override]
        theirs, own = super().deadline, self._close_at
        return theirs if own is None else own if theirs is None else min(own, theirs)

    def on_open(self, handshake: Handshake, time: int) -> list[Reply]:
        if time:  # 0 if nothing is recorded yet
            self._pass(time)
        return self._counted(super().on_open(handshake, time))

    def on_message(self, message: bytes, time: int) -> list[Reply]:
        return self._counted(super().on_message(message, time))

    def on_state(self, snapshots: Mapping[Key, bytes | None], time: int) -> list[Reply]:
        return self._counted(super().on_state(snapshots, time))

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[Message]:
        self._pass(frame.time)
        return self._counted_messages(super().on_frame(frame, info))

    def on_due(self, time: int) -> Sequence[bytes]:
        self._pass(time)
        return self._counted_messages(super().on_due(time))

    def on_deadline(self, time: int) -> list[Reply]:
        if self._close_at is not None and self._close_at <= time:
            return [self._close]
        return self._counted(super().on_deadline(time))

    def on_clock_set(self, by: int) -> None:
        self._now += by
        if self._close_at is not None:
            self._close_at += by
        super().on_clock_set(by)

    def on_silence(self) -> list[Reply]:
        return self._counted(super().on_silence())

    def on_end(self, time: int) -> list[Reply]:
        self._pass(time)
        return self._counted(super().on_end(time))

    def on_restart(self) -> None:
        if self._time_left is not None and self._close_at is not None:
            self._time_left, self._close_at = self._close_at - self._now, None
        super().on_restart()

    def _pass(self, time: int) -> None:
        """Take the time, from which the rest of it counts if it does not count yet."""
        self._now = time
        if self._close_at is None and self._time_left is not None:
            self._close_at = time + self._time_left

    def _counted_messages(self, messages: Sequence[_Sent]) -> Sequence[_Sent]:
        if self._frames_left is None or not messages:
            return messages
        messages = messages[: self._frames_left]
        self._frames_left -= len(messages)
        if not self._frames_left:
            self._close_at = self._now
        return messages

    def _counted(self, replies: list[Reply]) -> list[Reply]:
        """Return replies up to the last frame that the client gets, and the close with it."""
        if self._frames_left is None:
            return replies
        taken: list[Reply] = []
        for reply in replies:
            if isinstance(reply, Send):
                if not self._frames_left:
                    break
                self._frames_left -= 1
            taken.append(reply)
        return taken if self._frames_left or any(isinstance(one, Close) for one in taken) else [*taken, self._close]
