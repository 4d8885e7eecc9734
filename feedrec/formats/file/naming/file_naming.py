"""
How the files of a run are named. Pure: a naming knows names and times, and never looks at a disk.

All names of a naming are in one folder, or in folders below that one, always as deep.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from ..names import continuation_path, numbered_path, recording_number, rotation_pattern

__all__ = ["FileNaming", "NumberedNames", "SingleName"]


class FileNaming(ABC):
    """
    The names of the files of a run, one after another.

    Args:
        folder: The folder that all names are below.
        first: The number of the first file.

    Attributes:
        folder: As given.
        first: As given.
        depth: The number of parts of a name below `folder`: 1 if no folders are between.
        tells_time: Whether names tell when a file begins, so that the first one begins as the run does.

    """

    depth = 1
    tells_time = False

    def __init__(self, folder: Path, first: int = 1) -> None:
        self.folder = folder
        self.first = first

    @property
    @abstractmethod
    def pattern(self) -> Path:
        """A shell pattern for all names, or the one name."""

    @abstractmethod
    def names(self, number: int, time: int) -> Iterator[Path]:
        """
        Yield the names that a file may have, in the order in which they are to be tried.

        Args:
            number: Which file of the run it is.
            time: The wall time at which it begins, in nanoseconds.

        """

    @abstractmethod
    def place_of(self, path: Path) -> tuple[int, int] | None:
        """Return where a finished file is in the order in which files are named; None if it is not named so."""

    def may_replace(self, path: Path) -> bool:
        """Return whether a person who allows it means a file of that name, and not one numbered since that is taken."""
        return self.place_of(path) is not None

    def may_lead_on(self, name: str, level: int) -> bool:  # noqa: ARG002
        """Return whether a folder of that name, `level` below the first one, may have such files below it."""
        return False

    def moved_to(self, folder: Path) -> Self:
        """Return the same naming below another folder."""
        moved = copy.copy(self)
        moved.folder = folder
        return moved


class SingleName(FileNaming):
    """One file, `x.jsonl.zst`, which goes on as `x-2.jsonl.zst` after a disk error."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.parent)
        self._name = path.name

    @property
    def pattern(self) -> Path:
        return self.folder / self._name

    def names(self, number: int, time: int) -> Iterator[Path]:  # noqa: ARG002
        yield self.pattern if number == 1 else continuation_path(self.pattern, number)

    def place_of(self, path: Path) -> tuple[int, int] | None:
        return (0, 1) if path == self.pattern else None


class NumberedNames(FileNaming):
    """The files of a rotation: `x-0001.jsonl.zst`, `x-0002.jsonl.zst`."""

    def __init__(self, path: Path, first: int = 1) -> None:
        super().__init__(path.parent, first)
        self._name = path.name

    @property
    def pattern(self) -> Path:
        return rotation_pattern(self.folder / self._name, self.first)

    def names(self, number: int, time: int) -> Iterator[Path]:  # noqa: ARG002
        yield numbered_path(self.folder / self._name, number)

    def place_of(self, path: Path) -> tuple[int, int] | None:
        name = self.folder / self._name
        number = recording_number(name, path.name)
        return (0, number) if number is not None and path == numbered_path(name, number) else None
