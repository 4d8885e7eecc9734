"""Kill recorders with SIGKILL at random moments: what they had received and is not on disk spans at most a second."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import serving
from feedrec.errors import RecordingError
from feedrec.formats import open_recording
from feedrec.formats.file.names import part_path
from feedrec.model import Frame

from .finding import Finding
from .noting_recorder import make_notes, times_in
from .venue import USUAL_SIZE, payload

__all__ = ["Killed", "findings", "kill_recorders", "what_is_left"]

_ALL = 1 << 24
_MOST = _ALL // 4  # more frames than can be received until a kill
_STARTUP = 20.0


class Killed(NamedTuple):
    """
    A recorder that was killed.

    Attributes:
        received: Frames that it had received.
        found: Frames that are in its file, which are the first ones.
        span: Seconds from the first to the last frame that it had received and that is not in the file.
        seconds: Seconds from the first to the last frame received.

    """

    received: int
    found: int
    span: float
    seconds: float


def kill_recorders(
    folder: Path, rate: float, moments: list[float], *options: str, size: int = USUAL_SIZE
) -> list[Killed]:
    """Run so many recorders at once, each of which is killed so many seconds after its first frame."""
    with serving("soak.venue", rate, _ALL, size) as server, contextlib.ExitStack() as stack:
        runs = []
        for number in range(len(moments)):
            notes, target = folder / f"{number}.notes", folder / f"{number}.jsonl.zst"
            make_notes(notes, _MOST)
            command = [sys.executable, "-m", "soak.noting_recorder", notes, "record", "--url", server.url, "-qq"]
            process = subprocess.Popen([*map(str, command), "-o", str(target), *options], stdout=subprocess.DEVNULL)
            stack.callback(process.kill)
            runs.append((notes, target, process))
        _kill_at(runs, moments)
    return [what_is_left(notes, part_path(target), size) for notes, target, _ in runs]


def _kill_at(runs: list[tuple[Path, Path, subprocess.Popen[bytes]]], moments: list[float]) -> None:
    deadline = time.monotonic() + _STARTUP * len(runs)
    waiting = list(zip(runs, moments, strict=True))
    started: dict[Path, float] = {}
    while waiting:
        assert time.monotonic() < deadline, "a recorder received nothing"
        for one in list(waiting):
            (notes, _, process), moment = one
            if notes not in started:
                with notes.open("rb") as file:
                    if file.read(8) == bytes(8):
                        continue
                started[notes] = time.monotonic()
            if time.monotonic() - started[notes] >= moment:
                process.send_signal(signal.SIGKILL)
                process.wait()
                waiting.remove(one)
        time.sleep(0.005)


def what_is_left(notes: Path, part: Path, size: int) -> Killed:
    """
    Return what a killed recorder had received, by its notes, and what of it is in its file, which may be nothing yet.

    Both files are removed.
    """
    times = times_in(notes)
    notes.unlink()
    found = 0
    with contextlib.suppress(RecordingError), open_recording(part) as recording:
        for record in recording:
            if isinstance(record, Frame) and record.direction == "in":
                assert record.payload == payload(found, size), f"frame {found} of {part} is another one"
                found += 1
    part.unlink()
    assert found <= len(times)
    span = (times[-1] - times[found]) / 1e9 if found < len(times) else 0.0
    return Killed(len(times), found, span, (times[-1] - times[0]) / 1e9)


def findings(folder: Path, *, quick: bool) -> Iterator[Finding]:
    """Kill recorders that are saturated, one after another, and recorders of a busy feed, several at a time."""
    chance = random.Random()
    slow = ("--level", "19")  # zstd is slower than the feed then
    attacks = [
        ("saturated", 0.0, 25, 1, ()),
        ("saturated, --level 19", 0.0, 25, 1, slow),
        ("5,000 frames/s", 5000.0, 50, 5, ()),
    ]
    for what, rate, kills, at_once, options in attacks:
        count = kills // 10 if quick else kills
        killed: list[Killed] = []
        for _ in range(0, count, at_once):
            killed += kill_recorders(folder, rate, [chance.uniform(0.7, 3.0) for _ in range(at_once)], *options)
        speed = sum(one.received for one in killed) / sum(one.seconds for one in killed)
        most = max(one.span for one in killed)
        yield Finding(
            f"{len(killed)} kills, {what}: {speed:,.0f} frames/s received",
            f"{most:.2f} s lost at most",
            "at most 1 s",
            most <= 1.0,
        )
