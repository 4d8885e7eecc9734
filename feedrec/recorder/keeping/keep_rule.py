"""Which of the finished files of a feed are removed: the oldest ones. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

__all__ = ["Keep", "KeptFile", "remove_oldest"]


class Keep(NamedTuple):
    """
    How much is kept; at least one of both is given.

    Attributes:
        nanoseconds: A file is removed when it ended so long ago; None if its age does not matter.
        size: The oldest files are removed while all together have more bytes; None for any number.

    """

    nanoseconds: int | None = None
    size: int | None = None


class KeptFile(NamedTuple):
    """
    A finished file of the feed.

    Attributes:
        end: The wall time of its last line, in nanoseconds.
        place: Where its name is in the order of names.
        size: Its bytes, with those of its checkpoints.
        path: The file.
        is_held: Whether it must stay for now, since it was not shipped yet, or another file still needs it.

    """

    end: int
    place: tuple[int, int]
    size: int
    path: Path
    is_held: bool = False


def remove_oldest(files: Iterable[KeptFile], keep: Keep, now: int, remove: Callable[[KeptFile, bool], bool]) -> None:
    """
    Have the files removed that are too many, the oldest first.

    By size, the latest stays, however large it is.

    Args:
        files: The finished files of the feed, in any order.
        keep: How much is kept.
        now: The wall time in nanoseconds.
        remove: Removes a file, and is told whether that is for its age; returns whether it is gone.

    """
    ordered = sorted(files)
    total = sum(file.size for file in ordered)
    for file in ordered:
        is_old = keep.nanoseconds is not None and file.end < now - keep.nanoseconds
        is_much = keep.size is not None and total > keep.size and file is not ordered[-1]
        if (is_old or is_much) and not file.is_held and remove(file, is_old):
            total -= file.size
