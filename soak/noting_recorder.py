"""
`feedrec`, noting in a file when it received each frame: what it had received is known after it was killed.

    python -m soak.noting_recorder NOTES record ...     NOTES has 8 bytes for each frame, zero for those not received
"""

from __future__ import annotations

import mmap
import struct
import sys
from pathlib import Path
from time import monotonic_ns

from feedrec.cli import main
from feedrec.recorder.intake import Intake
from feedrec.recorder.output.counting_writer import CountingWriter, Source

__all__ = ["has_received", "make_notes", "times_in"]

_TIME = struct.Struct("=q")


def make_notes(notes: Path, frames: int) -> None:
    """Make a file for so many frames at most."""
    with notes.open("wb") as file:
        file.truncate(frames * _TIME.size)


def has_received(notes: Path) -> bool:
    """Tell whether anything was received."""
    with notes.open("rb") as file:
        return any(file.read(_TIME.size))  # there is nothing in it at first


def times_in(notes: Path) -> list[int]:
    """Return when each frame was received, in nanoseconds of the steady clock."""
    times = [time for (time,) in _TIME.iter_unpack(notes.read_bytes())]
    return times[: times.index(0)] if 0 in times else times


def note_all(notes: Path) -> None:
    """Have each frame noted from now on; the file is memory shared with the operating system, which kill -9 spares."""
    take, message = CountingWriter.take, Intake.message
    with notes.open("r+b") as file:
        memory = mmap.mmap(file.fileno(), 0)
    number = 0

    def note(count: int) -> None:
        nonlocal number
        for _ in range(count):
            _TIME.pack_into(memory, number * _TIME.size, monotonic_ns())
            number += 1

    def noting_take(self: CountingWriter, source: Source, time: int, payloads: list[bytes]) -> None:
        note(len(payloads))
        take(self, source, time, payloads)

    def noting_message(self: Intake, payload: bytes, *, binary: bool) -> None:
        note(1)
        message(self, payload, binary=binary)

    # The two ways that a frame may come: with others, or by itself.
    CountingWriter.take = noting_take  # type: ignore[method-assign]
    Intake.message = noting_message  # type: ignore[method-assign]


if __name__ == "__main__":
    note_all(Path(sys.argv[1]))
    main(sys.argv[2:])
