"""What a recording holds: figures gathered from one pass over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ..errors import DamagedRecordingError
from ..model import NANOSECONDS, Event, Frame, FrameInfo, Header, format_time
from .recording import Recording

__all__ = ["ChannelFigures", "RecordingSummary", "frames_missing", "summarise"]

_SEVERAL = "several"


class ChannelFigures(msgspec.Struct):
    """Frames received of one channel and product; `several` stands for the product where a frame speaks of more."""

    channel: str
    product: str
    frames: int = 0
    bytes: int = 0


class RecordingSummary(msgspec.Struct):
    """
    Figures of a recording; times in nanoseconds, sizes in bytes.

    Attributes:
        state: `finished`, `being written`, `unfinished` (never closed), or `damaged`.
        damage: What is wrong, if it is damaged or cut off.
        first_time: Time of the first received frame; None if there is none.
        last_time: Time of the last.
        frames: Frames received.
        bytes: Bytes of their payloads.
        sent: Frames sent.
        connections: Connections opened.
        gaps: Holes in the venue's sequence.
        missing: Frames that the holes stand for.
        busiest_second: Most frames received within one second of the clock.
        text_size: Bytes of all lines.
        file_size: Bytes on disk.
        channels: Figures by channel and product.

    """

    header: Header
    state: str = "finished"
    damage: str | None = None
    first_time: int | None = None
    last_time: int | None = None
    frames: int = 0
    bytes: int = 0
    sent: int = 0
    connections: int = 0
    gaps: int = 0
    missing: int = 0
    busiest_second: int = 0
    text_size: int = 0
    file_size: int = 0
    channels: list[ChannelFigures] = []

    @property
    def seconds(self) -> float:
        """Time from the first to the last received frame."""
        if self.first_time is None or self.last_time is None:
            return 0.0
        return (self.last_time - self.first_time) / NANOSECONDS

    @property
    def ratio(self) -> float | None:
        """Bytes of payload per byte on disk."""
        return self.bytes / self.file_size if self.file_size and self.bytes else None

    def as_dict(self) -> dict[str, Any]:
        """Give it as a JSON object: times as text."""
        facts = msgspec.structs.asdict(self)
        header = facts.pop("header")
        start = {"endpoint": header.endpoint, "url": header.url, "software": header.software}
        facts |= {
            "created": format_time(header.created),
            "subscriptions": header.subscriptions,
            "first_time": _as_text(self.first_time),
            "last_time": _as_text(self.last_time),
            "seconds": round(self.seconds, 9),
            "frames_per_second": round(self.frames / self.seconds, 3) if self.seconds else None,
            "bytes_per_second": round(self.bytes / self.seconds, 3) if self.seconds else None,
            "ratio": round(self.ratio, 3) if self.ratio else None,
            "channels": [msgspec.structs.asdict(figures) for figures in self.channels],
        }
        return {**start, **facts}


def _as_text(time: int | None) -> str | None:
    return None if time is None else format_time(time)


def summarise(recording: Recording, describe: Callable[[bytes], FrameInfo]) -> RecordingSummary:
    """
    Read a recording to its end and count. Damage is part of the result, not an error.

    Args:
        recording: A recording that was not read yet.
        describe: The feed's; tells channel and products of a payload.

    """
    summary = RecordingSummary(recording.header, text_size=len(recording.header_line) + 1)
    by_channel: dict[tuple[str, str], ChannelFigures] = {}
    seconds = _BusiestSecond()
    try:
        for line, record in recording.lines_with_records():
            summary.text_size += len(line) + 1
            if isinstance(record, Event):
                _count_event(summary, record)
            elif record.direction == "out":
                summary.sent += 1
            else:
                _count_frame(summary, record)
                seconds.add(record.time)
                info = FrameInfo() if record.binary else describe(record.payload)
                product = "".join(info.products) if len(info.products) < 2 else _SEVERAL
                figures = by_channel.get((info.channel, product))
                if figures is None:
                    figures = by_channel[info.channel, product] = ChannelFigures(info.channel, product)
                figures.frames += 1
                figures.bytes += len(record.payload)
    except DamagedRecordingError as damage:
        summary.damage = str(damage)
    summary.channels = sorted(by_channel.values(), key=lambda figures: (figures.channel, figures.product))
    summary.busiest_second = seconds.most
    summary.file_size = recording.size
    summary.state = _state(recording, summary.damage)
    return summary


def frames_missing(gap: dict[str, Any]) -> int:
    """Give the frames that a `gap` event says are missing; 0 if it says none, or no number."""
    missing = gap.get("missing")
    return missing if isinstance(missing, int) else 0


def _state(recording: Recording, damage: str | None) -> str:
    if recording.is_live:
        return "being written"
    if damage is not None:
        return "damaged"
    return "unfinished" if recording.is_part else "finished"


def _count_event(summary: RecordingSummary, event: Event) -> None:
    if event.name == "open":
        summary.connections += 1
    elif event.name == "gap":
        summary.gaps += 1
        summary.missing += frames_missing(event.details)


def _count_frame(summary: RecordingSummary, frame: Frame) -> None:
    if summary.first_time is None:
        summary.first_time = frame.time
    summary.last_time = frame.time
    summary.frames += 1
    summary.bytes += len(frame.payload)


class _BusiestSecond:
    """Counts per second of the clock, keeping only the highest."""

    def __init__(self) -> None:
        self.most = 0
        self._second = -1
        self._count = 0

    def add(self, time: int) -> None:
        second = time // NANOSECONDS
        if second != self._second:
            self._second, self._count = second, 0
        self._count += 1
        self.most = max(self.most, self._count)
