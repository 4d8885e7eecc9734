"""What recorders write on a machine whose wall clock is set while they record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_event, encode_frame, encode_header
from feedrec.formats.line.index_marks import LineMarks
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.model import NANOSECONDS, Event, Frame, Header, Record
from feedrec.recorder.clock import RecordingClock

START = 1_795_280_400 * NANOSECONDS
SECOND = NANOSECONDS
HOUR = 3600 * SECOND
DAY = 24 * HOUR
YEARS = 20_000 * DAY

Steps = Mapping[int, int]
"""By how much the wall clock is set, by the true time at which it is: nanoseconds since the first frame of all."""


def wall_at(true: int, steps: Steps) -> int:
    """Return the wall time at a true time."""
    return START + true + sum(step for when, step in steps.items() if when <= true)


def recorded(times: Iterable[int], steps: Steps, *, by: str = "", boot: int = DAY) -> list[Record]:
    """Return the lines of a recorder that receives frames at these true times; each frame says its true time."""
    now = 0
    clock = RecordingClock(wall=lambda: wall_at(now, steps), steady=lambda: boot + now)
    lines: list[Record] = []
    for now in times:
        stamp, reading = clock.stamp()
        if reading is not None:
            lines.append(reading.event(stamp, 0))
        lines.append(Frame(stamp, 0, json.dumps({"true": now, "by": by}).encode()))
    return lines


def true_time(frame: Frame) -> int:
    """Return the true time at which a frame was received."""
    return int(json.loads(frame.payload)["true"])


def without_readings(lines: Sequence[Record]) -> list[Record]:
    """Return the lines of a recorder that writes no readings."""
    return [line for line in lines if not isinstance(line, Event)]


def lines_of(records: Sequence[Record]) -> list[bytes]:
    """Return records as lines."""
    return [encode_frame(one) if isinstance(one, Frame) else encode_event(one) for one in records]


def write(path: Path, records: Sequence[Record], endpoint: str = "raw", **header: object) -> Path:
    """Write a recording, a compressed one in small blocks; keys of its header such as `part` are passed by name."""
    made = Header(endpoint, url="wss://example.test", created=START, extra=dict(header))
    if path.name.endswith(".jsonl.zst"):
        encoder = BlockEncoder(block_size=2000)
        lines = lines_of(records)
        text = encoder.begin(encode_header(made)) + encoder.add(lines, LineMarks().of(lines))
        path.write_bytes(text + encoder.finish())
        return path
    writer = create_recording(path, made)
    for one in records:
        writer.write(one)
    return writer.finish()
