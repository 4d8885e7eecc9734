"""
What may go before a file of a recording in several, if only its name is known, and not the template it came from.

Names that differ in nothing but numbers are of one template; so are folders. Which file it is, headers tell.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ....errors import PlaceError
from ...places.url_path import UrlPath, bucket_of
from ..names import RECORDING_SUFFIXES, natural_key

__all__ = ["earlier_paths"]

_DIGITS = re.compile(r"\d+", re.ASCII)
_LAST_NUMBERS = re.compile(rf"(?:-?#)*(?=(?:{'|'.join(map(re.escape, RECORDING_SUFFIXES))})?$)")


def earlier_paths(path: Path) -> Iterator[Path]:
    """
    Yield the files before one in the order of names, the nearest first: in its folder, and in those beside that.

    Of a bucket, only those of the same prefix: nobody asks a store what is in all the others.

    Args:
        path: The name of a finished recording.

    """
    shapes = [_shape_of(path.name)]
    while True:
        yield from _descending(path.parent, shapes, natural_key(path.name))
        if isinstance(path, UrlPath):
            return
        path = path.parent
        if not _DIGITS.search(path.name):  # there are no others like it
            return
        shapes.insert(0, _shape_of(path.name))


def _descending(folder: Path, shapes: Sequence[str], before: list[tuple[int, str]] | None = None) -> Iterator[Path]:
    """Yield the files below a folder whose names have these shapes, one a level, the last one first."""
    try:
        keys = {name: natural_key(name) for name in _names_in(folder) if _shape_of(name) == shapes[0]}
    except (OSError, PlaceError):
        return
    for name in sorted(keys, key=keys.__getitem__, reverse=True):
        if before is None or keys[name] < before:
            yield from [folder / name] if len(shapes) == 1 else _descending(folder / name, shapes[1:])


def _names_in(folder: Path) -> list[str]:
    if not isinstance(folder, UrlPath):
        return os.listdir(folder)  # noqa: PTH208
    from ...places.seen_objects import objects_below  # noqa: PLC0415  for URLs only

    return [path.name for path in map(bucket_of(folder).joinpath, objects_below(folder)) if path.parent == folder]


def _shape_of(name: str) -> str:
    """Return what the names of one template have in common: all but the numbers, and how many stand at the end."""
    return _LAST_NUMBERS.sub("", _DIGITS.sub("#", name), count=1)
