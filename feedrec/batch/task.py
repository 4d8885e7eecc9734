"""What is to be done with one recording, and what came of it: plain data, which goes to workers and comes back."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from ..formats.places.url_path import place_of

__all__ = ["MOST_DEATHS", "Engine", "OutputFile", "Result", "Status", "Task", "Work"]

MOST_DEATHS = 3
"""Workers that may die with a task before it is failed."""


class OutputFile(msgspec.Struct, frozen=True):
    """
    A file that a task made.

    Attributes:
        name: Its name below the destination, with `/` between its parts.
        size: Its bytes.
        sha256: The SHA-256 of these, in hex.

    """

    name: str
    size: int
    sha256: str


class Task(msgspec.Struct, frozen=True):
    """
    What is to be done with one recording, or an hour of one.

    Attributes:
        key: Its name, the same whenever the batch is repeated: its kind and output.
        kind: `convert`, `verify`, `info` or `export`.
        source: The recording, as a path or URL: which may be signed, and so is never shown.
        target: The final name of its output below the destination, with `/` between its parts.
        start: The recorded time in nanoseconds from which on lines are taken; None for its beginning.
        end: The time before which they are taken; None for its end.
        options: What else the work needs, as plain JSON.
        destination: Where outputs go: a folder or a prefix, as a path or URL.
        replaces: What an earlier run made of the same, which is not what it would be now.

    """

    key: str
    kind: str
    source: str
    target: str = ""
    start: int | None = None
    end: int | None = None
    options: dict[str, Any] = {}
    destination: str = ""
    replaces: tuple[OutputFile, ...] = ()

    @property
    def shown(self) -> str:
        """The source without what gives access to it, for people and for what is written down."""
        return str(place_of(self.source))


class Status(StrEnum):
    """How a task ended. LOSS: it was done, and something of the recording is damaged or missing."""

    DONE = "done"
    LOSS = "loss"
    FAILED = "failed"


class Result(msgspec.Struct, frozen=True):
    """
    What came of a task.

    Attributes:
        key: The task's.
        status: How it ended.
        reason: Why it failed, or what is lost, in a line.
        identity: What the source was when it was read: its etag, or the CRC of its index, and its size.
        size: Bytes of the output.
        files: What it consists of; a file that others belong to is the last.
        facts: What the work tells, as plain JSON.
        deaths: How many workers died with it.

    """

    key: str
    status: Status
    reason: str = ""
    identity: str = ""
    size: int = 0
    facts: dict[str, Any] = {}
    deaths: int = 0
    files: tuple[OutputFile, ...] = ()


Work = Callable[[Task], Result]
"""Does a task. It raises nothing, is a function of a module, and leaves the output whole or not at all."""


class Engine(Protocol):
    """Has tasks done somewhere."""

    def run(self, tasks: Sequence[Task], work: Work) -> Generator[Result, None, None]:
        """
        Yield the result of each task, as they end: one for each, whatever fails.

        A task with which workers died three times is failed. Closing the iterator ends what is running.
        """
