"""
Reads of finished files which feed they are of, and when they end.

A process with low priority does so, as there may be ten thousand of them, and Parquet needs a large library.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from ...errors import FeedrecError
from ...formats import open_recording
from ...formats.facts.file_facts import FileFacts
from ...formats.line.codec import decode_header
from ...formats.several.glance import glance
from ..output.finisher import low_priority
from .feed_key import FeedKey, key_of

__all__ = ["FileEnd", "LowPriorityReader", "main", "read_end"]


class FileEnd(NamedTuple):
    """
    What was read of a file.

    Attributes:
        key: Which feed it is of; None if it is no recording that can be read.
        end: The latest wall time of a line, in nanoseconds; None if the file does not say that at its end.

    """

    key: FeedKey | None = None
    end: int | None = None


class LowPriorityReader:
    """Reads many files in a process of its own, which is ended if nobody waits for it any more."""

    main = f"{__name__}:main"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._gives_up = False

    def __call__(self, paths: Sequence[Path]) -> list[FileEnd] | None:
        """Return what is read of each file; None if that was not possible."""
        with self._lock:
            if self._gives_up:
                return None
            try:
                self._process = process = subprocess.Popen(  # noqa: S603  our own interpreter
                    low_priority(self.main),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except OSError:  # no resources for another process
                return None
        told, _ = process.communicate(b"\0".join(map(os.fsencode, paths)))
        with self._lock:
            self._process = None
        lines = told.splitlines()
        return list(map(_decoded, lines)) if len(lines) == len(paths) and process.returncode == 0 else None

    def give_up(self) -> None:
        """Read no more."""
        with self._lock:
            self._gives_up = True
            if self._process is not None:
                self._process.terminate()


def read_end(path: Path) -> tuple[bytes | None, int | None]:
    """Return the header line of a recording, and the latest wall time in it if it says so; None for what is unknown."""
    try:
        seen = glance(path)
        if seen is not None:
            return seen.header_line, _latest(seen.facts)
        with open_recording(path) as recording:
            return recording.header_line, None
    except (FeedrecError, OSError):
        return None, None


def main(arguments: Sequence[str]) -> None:  # noqa: ARG001  as every such function
    """Read the files whose names are on stdin, and write a line about each: what the process does."""
    for name in sys.stdin.buffer.read().split(b"\0"):
        header, end = read_end(Path(os.fsdecode(name)))
        sys.stdout.buffer.write(msgspec.json.encode([None if header is None else msgspec.Raw(header), end]) + b"\n")


def _decoded(line: bytes) -> FileEnd:
    with contextlib.suppress(FeedrecError, msgspec.MsgspecError):
        header, end = msgspec.json.decode(line, type=tuple[msgspec.Raw, int | None])
        if bytes(header) != b"null":
            return FileEnd(key_of(decode_header(bytes(header))), end)
    return FileEnd()


def _latest(facts: FileFacts) -> int | None:
    moments: Iterable[tuple[int, int] | None] = (facts.received.last, facts.others.last)
    return max((moment[1] for moment in moments if moment is not None), default=None)
