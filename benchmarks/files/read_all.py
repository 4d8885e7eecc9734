"""
Read a recording: `python -m benchmarks.files.read_all WAY RECORDING`.

The way `bare` is the baseline: it decompresses with zstandard and splits lines, and knows nothing of their contents.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import zstandard

from feedrec.formats import open_recording

__all__ = ["WAYS"]

_READ_SIZE = 1 << 20


def bare(path: Path) -> None:
    """Split the text into lines."""
    with path.open("rb") as file:
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        rest = b""
        while text := reader.read(_READ_SIZE):
            lines = (rest + text).split(b"\n")
            rest = lines.pop()


def iteration(path: Path) -> None:
    """Take each record."""
    with open_recording(path) as recording:
        for _ in recording:
            pass


def frame_batches(path: Path) -> None:
    """Take the received frames by thousands."""
    with open_recording(path) as recording:
        for frames, _ in recording.frame_batches():
            frames.clear()


def payload_batches(path: Path) -> None:
    """Take their payloads."""
    with open_recording(path) as recording:
        for payloads in recording.payload_batches():
            payloads.clear()


WAYS: dict[str, Callable[[Path], None]] = {
    one.__name__: one for one in (bare, iteration, frame_batches, payload_batches)
}

if __name__ == "__main__":
    WAYS[sys.argv[1]](Path(sys.argv[2]))
