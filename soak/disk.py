"""Fill a disk and free it again while recorders write to it: every frame that the venue sent is in the files."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import serving
from feedrec.formats import open_recording
from feedrec.formats.file.names import counts_as_recording, natural_key
from feedrec.model import Frame

from .finding import Finding
from .venue import number_of, payload

__all__ = ["Recorded", "fill", "findings", "full_and_back", "recordings_in", "small_disk"]

_MB = 1 << 20
_PATIENCE = 300


class Recorded(NamedTuple):
    """
    A run on a disk that was full at times.

    Attributes:
        code: The exit code.
        files: The names of the files.
        wrong: The number of the first frame that is missing, or not what and where it should be; None if all are right.
        times_full: How often the disk was full.
        log: What the recorder said.

    """

    code: int
    files: list[str]
    wrong: int | None
    times_full: int
    log: str


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """
    Mount a file system of so many bytes, until the end of the block.

    Raises:
        PermissionError: If that is not allowed.

    """
    folder.mkdir(exist_ok=True)
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        subprocess.run(mounting, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PermissionError(f"cannot mount a file system at {folder}") from error
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def full_and_back(
    disk: Path,
    rate: float,
    count: int,
    options: tuple[str, ...],
    *,
    times: int = 4,
    full: float = 2.0,
    free: float = 1.0,
) -> Recorded:
    """
    Record so many frames on a disk that is full and free by turns.

    Args:
        disk: The root of a file system of its own.
        rate: Frames per second; 0 for as fast as the recorder reads.
        count: Frames.
        options: Further options of `feedrec record`, `-o` among them.
        times: How often it is full at most.
        full: Seconds for which it is full at a time.
        free: Seconds for which it is not.

    """
    with serving("soak.venue", rate, count) as server:
        command = [sys.executable, "-m", "feedrec", "record", "--url", server.url, "--max-frames", str(count), *options]
        with subprocess.Popen(command, cwd=disk, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
            said: list[str] = []
            assert run.stdout is not None
            reader = threading.Thread(target=lambda stream=run.stdout: said.extend(stream))
            reader.start()
            times_full = 0
            deadline = time.monotonic() + _PATIENCE
            while run.poll() is None and time.monotonic() < deadline and not _has_begun(disk):
                _wait(run, 0.05)
            while run.poll() is None and time.monotonic() < deadline:
                _wait(run, free)
                if run.poll() is None and times_full < times:
                    fill(disk / "ballast")
                    times_full += 1
                    _wait(run, full)
                    (disk / "ballast").unlink()
            if run.poll() is None:
                run.kill()
            reader.join()
    files = recordings_in(disk)
    names = [path.name for path in files]
    return Recorded(run.returncode, names, _first_wrong(files, count), times_full, "".join(said))


def _wait(process: subprocess.Popen[str], seconds: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def fill(path: Path) -> None:
    """Leave no room; the recorder may take a little of it at the same time."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            try:
                file.write(bytes(_MB))
            except OSError:
                file.write(bytes(4096))


def _has_begun(folder: Path) -> bool:
    """Tell whether the recorder has written its first bytes: a disk that is full before that is an error at once."""
    return any(path.stat().st_size for path in folder.glob("*.part"))


def recordings_in(folder: Path) -> list[Path]:
    """Return the recordings of a folder, finished or not, in the order of their numbers."""
    names = {path.name for path in folder.iterdir()}
    found = [path for path in folder.iterdir() if counts_as_recording(path.name, names)]
    return sorted(found, key=lambda path: natural_key(path.name))


def _first_wrong(files: list[Path], count: int) -> int | None:
    """Return the number of the first frame that is not the one that follows; None if all are there, each once."""
    expected = 0
    for path in files:
        with open_recording(path) as recording:
            for record in recording:
                if isinstance(record, Frame) and record.direction == "in":
                    if record.payload != payload(expected):
                        return min(expected, number_of(record.payload))
                    expected += 1
    return None if expected == count else expected


def findings(folder: Path, *, quick: bool) -> Iterator[Finding]:
    """Do it with one file and with several, with lines and with Parquet, at a busy rate and as fast as can be."""
    attacks = [
        ("saturated", 0.0, 600_000, ("-o", "x.jsonl.zst")),
        ("5,000 frames/s", 5000.0, 60_000, ("-o", "x.jsonl.zst", "--fsync", "1s")),
        ("saturated, --rotate 1MB", 0.0, 600_000, ("-o", "x.jsonl.zst", "--rotate", "1MB")),
        ("5,000 frames/s, --rotate 2s", 5000.0, 60_000, ("-o", "x.jsonl.zst", "--rotate", "2s")),
        ("saturated, Parquet, --rotate 4MB", 0.0, 600_000, ("-o", "x.parquet", "--rotate", "4MB")),
        ("5,000 frames/s, Parquet", 5000.0, 60_000, ("-o", "x.parquet")),
    ]
    for number, (what, rate, count, options) in enumerate(attacks):
        if quick and number % 3:
            continue
        frames = count // 4 if quick else count
        try:
            with small_disk(folder / str(number), 256 * _MB) as disk:
                done = full_and_back(disk, rate, frames, options)
        except PermissionError as error:
            yield Finding(f"a full disk, {what}", f"not tried: {error}", "nothing is lost", holds=True)
            continue
        right = frames if done.wrong is None else done.wrong
        yield Finding(
            f"a disk full {done.times_full} times, {what}",
            f"{right:,} of {frames:,} frames",
            "all, in order, once",
            done.wrong is None and done.code == 0,
        )
