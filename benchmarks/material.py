"""What the benchmarks run on: the recording of the demo, and its frames."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from feedrec.formats import create_recording, open_recording
from feedrec.model import Frame

__all__ = ["DEMO", "Row", "frames", "repeated", "updates"]

DEMO = Path(__file__).parents[1] / "feedrec" / "cli" / "demo.jsonl.zst"

_LARGEST_UPDATE = 10_000
_PACE = 10_000
"""Nanoseconds between frames of a repeated recording: no speed but max keeps up with that."""


class Row(NamedTuple):
    """One line of the table; the ratio is feedrec's figure over the baseline's."""

    what: str
    baseline: str
    feedrec: str
    ratio: float


def frames() -> list[Frame]:
    """Give the frames received in the demo recording."""
    with open_recording(DEMO) as recording:
        return [record for record in recording if isinstance(record, Frame) and record.direction == "in"]


def updates() -> list[bytes]:
    """Give the payloads of what comes all day: no snapshots, no acks."""
    payloads = [frame.payload for frame in frames()]
    return [payload for payload in payloads if len(payload) < _LARGEST_UPDATE and b'"subscriptions"' not in payload]


def repeated(path: Path, count: int) -> list[bytes]:
    """Write a recording of `count` frames, the updates over and over; give their payloads."""
    payloads = updates()
    payloads = (payloads * (count // len(payloads) + 1))[:count]
    with open_recording(DEMO) as recording:
        writer = create_recording(path, recording.header, overwrite=True)
    for number, payload in enumerate(payloads):
        writer.write(Frame(number * _PACE, 0, payload))
    writer.finish()
    return payloads
