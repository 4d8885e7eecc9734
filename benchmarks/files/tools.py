"""
CPU time of the commands that read whole recordings, against a loop that decompresses and splits into lines.

The recording has the updates of the demo over and over, numbered as one connection: four fifths of them are of
level2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from feedrec.feeds import find_feed, rule_of
from feedrec.formats import create_recording, open_recording
from feedrec.model import Event, Frame

from ..material import DEMO, updates, without_index
from ..measuring import LOADS, Row, at_least, compared_slopes
from ..processes import run, spent
from .reading import READ_ALL

__all__ = ["rows"]

ROUNDS = 3
FRAMES = 50_000
"""Frames of the smallest recording, which is doubled twice."""

_PACE = 1_000_000  # nanoseconds from frame to frame

_number = re.compile(rb'"sequence_num":\d+')


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Measure each command on recordings of one, two and four times the frames."""
    frames = FRAMES // (10 if quick else 1)
    whole = {load: _recorded(folder / f"whole{load}.jsonl.zst", frames * load) for load in LOADS}
    unfinished = {load: folder / f"unfinished{load}.jsonl.zst" for load in whole}
    for load, path in whole.items():
        without_index(path, unfinished[load])
    target = folder / "out.jsonl.zst"
    convert = ("convert", "--no-checkpoints", "-q")
    for what, files, command in (
        ("verify", whole, lambda path: ("verify", path)),
        ("repair, unfinished", unfinished, lambda path: ("repair", path, "-o", target)),
        ("convert", whole, lambda path: (*convert, path, "-o", target)),
        (
            "convert -c level2, four fifths of the frames",
            whole,
            lambda path: (*convert, path, "-c", "level2", "-o", target),
        ),
    ):
        yield compared_slopes(
            f"{what}: frames, against splitting lines, by CPU",
            frames,
            lambda load: spent(READ_ALL, "bare", whole[load]),
            partial(_cost, files, command, target),
            rounds=1 if quick else ROUNDS,
            goal=at_least(0.2),
            per_second="frames",
        )


def _cost(files: dict[int, Path], command: Callable[[Path], tuple[object, ...]], target: Path, load: int) -> float:
    target.unlink(missing_ok=True)
    return run("feedrec", *command(files[load])).cpu


def _recorded(path: Path, count: int) -> Path:
    """Write a recording of so many frames, with all that a recorder writes."""
    feed = find_feed("coinbase-advanced")
    payloads = [payload for payload in updates() if _number.search(payload)]
    with open_recording(DEMO) as recording:
        header = recording.header
    writer = create_recording(path, header, make_rule=rule_of(feed))
    start = header.created
    writer.write(Event(start, 0, "clock", {"wall": start, "monotonic": 0}))
    writer.write(Event(start, 0, "open", {"url": header.url}))
    for number in range(count):
        payload = _number.sub(b'"sequence_num":%d' % number, payloads[number % len(payloads)], count=1)
        writer.write(Frame(start + number * _PACE, 0, payload), feed.describe(payload), block=True)
    return writer.finish()
