"""What came of a task, and what each kind of them tells of itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from ...errors import UsageError
from ..task import Status, Task

__all__ = ["Kind", "Made", "as_told", "options_as"]

_Options = TypeVar("_Options", bound=msgspec.Struct)


class Made(NamedTuple):
    """
    What came of a task.

    Attributes:
        files: What was written; a file that others belong to is the last.
        facts: What there is to tell of it.
        lost: What is damaged or missing, in a line; empty if nothing is.

    """

    files: list[Path]
    facts: dict[str, Any]
    lost: str = ""

    @property
    def status(self) -> Status:
        """How the task ended."""
        return Status.LOSS if self.lost else Status.DONE


class Kind(NamedTuple):
    """
    What can be done with a recording.

    Attributes:
        check: Takes the options, and returns those that the task needs; raises UsageError.
        named: Returns the name of the output of a recording, by its name and the options.
        make: Does it: takes the task, the recording, and under which name its output is made.
        by_hour: Whether it can be done hour by hour.

    """

    check: Callable[[dict[str, Any]], dict[str, Any]]
    named: Callable[[str, dict[str, Any]], str]
    make: Callable[[Task, Path, Path], Made]
    by_hour: bool = False


def options_as(kind: type[_Options], options: dict[str, Any]) -> _Options:
    """
    Return options as the structure that a kind has for them.

    Raises:
        UsageError: If one is unknown or has a value that it cannot have.

    """
    try:
        return msgspec.convert(options, kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"the options of a batch are wrong: {error}") from error


def as_told(options: msgspec.Struct) -> dict[str, Any]:
    """Return options as a task has them: plain JSON, without defaults."""
    told: dict[str, Any] = msgspec.to_builtins(options)
    return told
