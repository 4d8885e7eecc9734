"""
Channels that close because nothing came: "most channels close within 60-90 seconds if no updates are sent".

Off by default. Sources: "Advanced Trade WebSocket Channels" and its text about status. Whether the connection ends with
the channel, and how, is documented nowhere. So here

1. a channel of which this client was sent nothing for so many seconds of recorded time closes: it is no longer
   subscribed, without a word;
2. when no channel is left the connection is closed, unless it is set to stay;
3. while heartbeats are subscribed no channel closes; when they no longer are, silence begins then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....model import NANOSECONDS, Frame, FrameInfo
from ...server_half.in_front import ServerInFront
from ...venue import Close, Key, Message, Remark, Reply
from ..channels import HEARTBEATS
from ..server import CoinbaseAdvancedServer

__all__ = ["ClosingSilentChannels"]


class ClosingSilentChannels(ServerInFront):
    """
    A server half of Advanced Trade whose silent channels close.

    Args:
        server: What answers otherwise.
        seconds: Recorded seconds of silence.
        code: The close code when no channel is left; 0 to leave the connection open.

    """

    def __init__(self, server: CoinbaseAdvancedServer, seconds: float, code: int) -> None:
        super().__init__(server)
        self._venue = server
        self._limit = round(seconds * NANOSECONDS)
        self._close = Close(code, f"no updates within {seconds:g} seconds") if code else None
        self._since: dict[str, int] = {}  # when something last came, by channel
        self._begins_anew = False

    @property
    def deadline(self) -> int | None:  # type: ignore[override]
        if not self._since or self._begins_anew or HEARTBEATS in self._venue.subscribed:
            return None
        return min(self._since.values()) + self._limit

    def on_message(self, message: bytes, time: int) -> list[Reply]:
        had_heartbeats = HEARTBEATS in self._venue.subscribed
        replies = super().on_message(message, time)
        subscribed = self._venue.subscribed
        ends_heartbeats = had_heartbeats and HEARTBEATS not in subscribed
        self._since = {one: time if ends_heartbeats else self._since.get(one, time) for one in subscribed}
        return replies

    def on_state(self, snapshots: Mapping[Key, bytes | None], time: int) -> list[Reply]:
        for (channel, _), snapshot in snapshots.items():
            if snapshot is not None and channel in self._since:
                self._since[channel] = time
        return super().on_state(snapshots, time)

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[Message]:
        if self._begins_anew:
            self._begins_anew = False
            self._since = dict.fromkeys(self._since, frame.time)
        messages = super().on_frame(frame, info)
        if messages and info.channel in self._since:
            self._since[info.channel] = frame.time
        return messages

    def on_deadline(self, time: int) -> list[Reply]:
        silent = [channel for channel, since in self._since.items() if since + self._limit <= time]
        for channel in silent:
            del self._since[channel]
            self._venue.close_channel(channel)
        text = f"hears no more of {', '.join(silent)}: nothing came for {self._limit / NANOSECONDS:g} s"
        close = [self._close] if self._close is not None and not self._since else []
        return [Remark(text, is_fault=False), *close]

    def on_clock_set(self, by: int) -> None:
        self._since = {channel: since + by for channel, since in self._since.items()}
        super().on_clock_set(by)

    def on_restart(self) -> None:
        self._begins_anew = True
        super().on_restart()
