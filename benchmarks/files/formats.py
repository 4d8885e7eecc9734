"""The formats: size, seeking, and the memory use of the commands that read a whole recording."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import zstandard

from feedrec.cli import cli
from feedrec.formats import open_recording
from feedrec.formats.line.codec import encode_frame, encode_header
from feedrec.formats.line.index import Mark, mark_of
from feedrec.formats.stream.zstd_blocks import DEFAULT_LEVEL, BlockEncoder
from feedrec.model import NANOSECONDS, Frame, FrameInfo, Header

from ..material import CAPTURES, captured, large, without_index
from ..measuring import Row, compared, figure_at_most, measured
from ..processes import run

__all__ = ["rows"]

PAYLOAD = 200_000_000
"""Bytes of payload in the large recording."""

SEEKS = 50
_MOST_SECONDS = 0.05
_MOST_READ = 4_000_000
_MOST_MEMORY = 200_000_000

_COMMANDS = frozenset(cli.list_commands(click.Context(cli)))


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Yield all rows; those about the captures only if these exist."""
    for path in CAPTURES:
        if path.exists():
            yield _size(path)
    recording = folder / "large.jsonl.zst"
    payload, span = large(recording, PAYLOAD // (20 if quick else 1))
    yield _telling(recording, payload)
    yield from _seeking(recording, span, "")
    bare = folder / "bare.jsonl.zst"
    without_index(recording, bare)
    yield from _seeking(bare, span, ", no index")
    bare.unlink()
    if "convert" in _COMMANDS:
        parquet = folder / "large.parquet"
        run("feedrec", "convert", recording, "-o", parquet)
        yield from _seeking(parquet, span, ", Parquet")
        parquet.unlink()
    yield from _commands(recording, folder)
    recording.unlink()


def _size(capture: Path) -> Row:
    """Compare the size with that of bare `<ns> <payload>` lines in one zstd stream of the same level."""
    frames, describe = captured(capture)
    text = b"".join(b"%d %b\n" % (frame.time, frame.payload) for frame in frames)
    baseline = len(zstandard.ZstdCompressor(level=DEFAULT_LEVEL).compress(text))
    ours = _recorded_size(frames, describe)
    what = f"size on disk: {capture.name.partition('.')[0]}, {len(frames):,} frames"
    return compared(what, "B", [baseline], [ours])


def _recorded_size(frames: list[Frame], describe: Callable[[bytes], FrameInfo]) -> int:
    """Return the number of bytes that a recorder writes if it flushes once per second of recorded time."""
    encoder = BlockEncoder()
    size = len(encoder.begin(encode_header(Header("coinbase-advanced", "wss://venue.example"))))
    second = frames[0].time // NANOSECONDS
    lines: list[bytes] = []
    marks: list[Mark] = []
    for frame in frames:
        if frame.time // NANOSECONDS != second:
            size += len(encoder.add(lines, marks)) + len(encoder.flush())
            lines, marks, second = [], [], frame.time // NANOSECONDS
        lines.append(encode_frame(frame))
        marks.append(mark_of(frame, describe(frame.payload)))
    return size + len(encoder.add(lines, marks)) + len(encoder.finish())


def _telling(path: Path, payload: int) -> Row:
    """Compare the CPU time of `info`, which reads the index, with that of reading everything."""
    baseline, ours = run("feedrec", "info", "--full", path).cpu, run("feedrec", "info", path).cpu
    what = f"info of {payload / 1e6:,.0f} MB by its index, against --full: CPU"
    return compared(what, "s", [baseline], [ours])


def _seeking(path: Path, span: range, how: str) -> Iterator[Row]:
    """Compare opening a recording and reading its first record at or after a random time with the goals."""
    times = random.Random(4).choices(span, k=SEEKS)
    seconds, read = zip(*(_seek(path, moment) for moment in times), strict=True)
    for name, figure in (("median", statistics.median(seconds)), ("worst", max(seconds))):
        what = f"seek to a time{how}: {name} of {SEEKS}"
        yield measured(what, "ms", [figure * 1e3], goal=figure_at_most(_MOST_SECONDS * 1e3))
    what = f"seek to a time{how}: most bytes read"
    yield measured(what, "MB", [max(read) / 1e6], goal=figure_at_most(_MOST_READ / 1e6))


def _seek(path: Path, moment: int) -> tuple[float, int]:
    started = time.perf_counter()
    with open_recording(path) as recording:
        next(recording.batches(moment, moment + NANOSECONDS))
        return time.perf_counter() - started, recording.bytes_read


def _commands(path: Path, folder: Path) -> Iterator[Row]:
    """Run each command on the large recording; compare its peak memory with the goal."""
    target = folder / "out.jsonl.zst"
    for name, *arguments in (
        ("info", "--full", path),
        ("verify", path),
        ("convert", path, "-o", target),
        ("repair", path, "-o", target),
    ):
        if name not in _COMMANDS:
            continue
        cost = run("benchmarks.peak", "feedrec", name, *arguments)
        target.unlink(missing_ok=True)
        peak = int(cost.output) / 1e6
        yield measured(f"peak memory of {name}", "MB", [peak], goal=figure_at_most(_MOST_MEMORY / 1e6))
