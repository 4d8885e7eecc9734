"""Where the lines of a recording are, up to one of them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

__all__ = ["FilesSoFar"]


class FilesSoFar(NamedTuple):
    """
    The files of a recording up to a line.

    Attributes:
        finished: The names of those that are complete, in order; the last ones may not have them yet.
        growing: The name that the one will have that has the line; None if there is no file.
        lines: Its lines so far, the header among them.

    """

    finished: list[Path]
    growing: Path | None
    lines: int
