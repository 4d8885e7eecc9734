"""What was found out about files, for as long as they are the same: a suite of tests replays the same ones often."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from ...errors import PlaceError
from ...formats.places.url_path import UrlPath, as_text

__all__ = ["UnchangedFiles"]

Found = TypeVar("Found")


class UnchangedFiles(Generic[Found]):
    """
    Remembers what was found out about files, until one of them changes.

    A file is the same if its inode, its size and the times of its last changes are; an object, if its tag is.

    Args:
        most: How many findings are remembered, those that were asked for last.

    """

    def __init__(self, most: int = 32) -> None:
        self._most = most
        self._found: OrderedDict[Hashable, Found] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, paths: Sequence[Path], find_out: Callable[[], Found], *, about: Hashable = None) -> Found:
        """
        Return what is known about files, or find it out.

        Args:
            paths: The files.
            find_out: Finds it out; what it raises is raised.
            about: What else the finding depends on.

        """
        try:
            states = [_state_of(path) for path in paths]
        except (OSError, PlaceError):
            return find_out()
        key = (about, *map(as_text, paths), *states)
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        found = find_out()
        with self._lock:
            self._found[key] = found
            if len(self._found) > self._most:
                self._found.popitem(last=False)
        return found


def _state_of(path: Path) -> Hashable:
    if isinstance(path, UrlPath):
        from ...formats.places.seen_objects import seen_object  # noqa: PLC0415  for URLs only

        return seen_object(path).of
    one = path.stat()
    return (one.st_dev, one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns)
