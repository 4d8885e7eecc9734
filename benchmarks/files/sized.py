"""Recordings of one, two and four times so many frames."""

from __future__ import annotations

from pathlib import Path

from feedrec.formats import open_recording

from ..material import large
from ..measuring import LOADS

__all__ = ["sized"]


def sized(folder: Path, size: int) -> tuple[dict[int, Path], int]:
    """Write recordings of `size` bytes of payload times each load; return them by load, and the frames of the first."""
    paths = {load: folder / f"times{load}.jsonl.zst" for load in LOADS}
    for load, path in paths.items():
        large(path, size * load)
    with open_recording(paths[1]) as recording:
        return paths, sum(map(len, recording.payload_batches()))
