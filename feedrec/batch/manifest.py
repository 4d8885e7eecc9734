"""
What a batch has made: the manifest in its destination, and the promises of workers that are not in it yet.

A worker that has made an output writes down what it is before it gives it its name: a promise. So whoever is killed
when, each file that has the name of an output and the bytes of a promise is one of ours, and any other file is not.
Who runs the batch takes the promises into the manifest, a file of lines, one for each task; docs/batch.md has its
form. A line that cannot be read is passed over: then that task's output counts as not ours. So is one with names that
no output has: whoever wrote it, it leads to no file outside the destination.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ..model import format_time
from .task import OutputFile, Result, Status, Task
from .workplace import BATCH_FOLDER

__all__ = ["Entry", "Manifest", "decode_manifest", "decode_promise", "encode_manifest", "encode_promise", "entry_of"]

_MOST_BYTES = (1 << 63) - 1
"""Of a file, as file systems have it."""

Manifest = Mapping[str, "Entry"]
"""What is known of each task, by its key."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    What came of a task, as a line of the manifest.

    Attributes:
        key: The task's.
        kind: See `Task`.
        source: See `Task`; of a URL without what gives access.
        status: See `Result`, as all that follows.
        time: When it ended, as text.
        target: See `Task`.
        start: See `Task`, as text.
        end: See `Task`, as text.
        options: See `Task`.

    """

    key: str
    kind: str
    source: str
    identity: str
    status: Status
    time: str
    target: str = ""
    start: str = ""
    end: str = ""
    options: dict[str, object] = {}
    reason: str = ""
    deaths: int = 0
    files: tuple[OutputFile, ...] = ()
    facts: dict[str, object] = {}

    def is_of(self, task: Task, identity: str) -> bool:
        """Return whether it is what came of the same task, with the same options, of a recording that is the same."""
        return self.identity == identity and self.options == task.options and self.target == task.target

    @property
    def result(self) -> Result:
        """What was made, as the result of a task."""
        size = sum(one.size for one in self.files)
        return Result(
            self.key, self.status, self.reason, self.identity, size, dict(self.facts), self.deaths, self.files
        )


def entry_of(task: Task, result: Result, now: int) -> Entry:
    """
    Return what to write down of a task.

    Args:
        task: The task.
        result: What came of it.
        now: Wall nanoseconds.

    """
    return Entry(
        task.key,
        task.kind,
        task.shown,
        result.identity,
        result.status,
        format_time(now),
        task.target,
        "" if task.start is None else format_time(task.start),
        "" if task.end is None else format_time(task.end),
        dict(task.options),
        result.reason,
        result.deaths,
        result.files,
        dict(result.facts),
    )


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the lines of a manifest, in the order of the keys."""
    return b"".join(msgspec.json.encode(manifest[key]) + b"\n" for key in sorted(manifest))


def decode_manifest(data: bytes) -> dict[str, Entry]:
    """Return what the lines of a manifest say; what is no line of one is passed over."""
    entries = (decode_promise(line) for line in data.splitlines())
    return {entry.key: entry for entry in entries if entry is not None}


def encode_promise(entry: Entry) -> bytes:
    """Return a promise."""
    return msgspec.json.encode(entry)


def decode_promise(data: bytes) -> Entry | None:
    """Return what a promise says; None if it is none."""
    try:
        entry = msgspec.json.decode(data, type=Entry)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return entry if all(map(_can_be_output, entry.files)) else None


def _can_be_output(file: OutputFile) -> bool:
    """Return whether a file is one below the destination, and not in the folder that a batch has for itself."""
    parts = file.name.split("/")
    is_below = "\0" not in file.name and not {"", ".", ".."}.intersection(parts)
    return is_below and parts[0] != BATCH_FOLDER and 0 <= file.size <= _MOST_BYTES
