"""
`feedrec`, noting in a file when it received each frame: what it had received is known after it was killed.

    python -m soak.noting_recorder NOTES record ...     NOTES has 8 bytes for each frame, zero for those not received
"""

from __future__ import annotations

import mmap
import struct
import sys
import time
from pathlib import Path
from typing import Any

from feedrec.cli import main
from feedrec.recorder.output.counting_writer import CountingWriter

__all__ = ["times_in"]

_TIME = struct.Struct("=q")


def times_in(notes: Path) -> list[int]:
    """Return when each frame was received, in nanoseconds of the steady clock."""
    times = [time for (time,) in _TIME.iter_unpack(notes.read_bytes())]
    return times[: times.index(0)] if 0 in times else times


def note_all(notes: Path) -> None:
    """Have each frame noted from now on; the file is memory shared with the operating system, which kill -9 spares."""
    received = CountingWriter.received
    with notes.open("r+b") as file:
        memory = mmap.mmap(file.fileno(), 0)
    number = 0

    def noting(self: CountingWriter, *arguments: Any, **options: Any) -> None:
        nonlocal number
        _TIME.pack_into(memory, number * _TIME.size, time.monotonic_ns())
        number += 1
        received(self, *arguments, **options)

    CountingWriter.received = noting  # type: ignore[method-assign]


if __name__ == "__main__":
    note_all(Path(sys.argv[1]))
    main(sys.argv[2:])
