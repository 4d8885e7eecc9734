"""Recordings of numbered frames, for tests of the replay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.model import Event, Frame, FrameInfo, Header

START = 1_786_309_548_000_000_000


def frames_of(payloads: Sequence[bytes], spacing: int = 1) -> list[Frame]:
    """Make received frames, so many nanoseconds apart."""
    return [Frame(START + number * spacing, 0, payload) for number, payload in enumerate(payloads)]


def numbered(count: int, spacing: int = 1) -> list[Frame]:
    """Make received frames that say their number."""
    return frames_of([b'{"number":%d}' % number for number in range(count)], spacing)


def record(path: Path, frames: Sequence[Frame], endpoint: str = "raw") -> Path:
    """Write a recording."""
    writer = create_recording(path, Header(endpoint, created=START))
    for frame in frames:
        writer.write_line(encode_frame(frame))
    return writer.finish()


def record_with_events(path: Path, times: Sequence[int]) -> Path:
    """Write a recording with an event before each frame; times are nanoseconds after `START`."""
    writer = create_recording(path, Header("raw", created=START))
    for number, time in enumerate(times):
        writer.write_line(encode_event(Event(START + time, 0, "clock")))
        writer.write_line(encode_frame(Frame(START + time, 0, b'{"n":%d,"x":"%s"}' % (number, b"x" * 400))))
    return writer.finish()


def describe(payload: bytes) -> FrameInfo:
    """Say of a frame how long it is."""
    return FrameInfo(channel=str(len(payload)), sequence=len(payload), parses=False)
