"""
The mark that something must still be done after a file: shipped, or begun with the state.

`NAME.pending` is made when `NAME.part` is begun, so that no crash loses it, and removed when all is done. Who does it
holds its lock. A person may remove it: then nothing more is done. All other readers ignore it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec

from ...formats.file.lock import is_at, lock, lock_if_possible, unlink_if_at
from ...formats.file.names import PENDING_SUFFIX, pending_path

__all__ = ["PendingMark", "marked_files"]

_MOST = 1 << 20  # bytes of a mark


class _Content(msgspec.Struct, omit_defaults=True):
    """What stands in a mark."""

    endpoint: str = ""
    subscriptions: list[dict[str, Any]] = []
    after: str = ""


class PendingMark:
    """
    A mark that is ours: open, and locked for as long as it is. Make it with `begin` or `take`.

    Attributes:
        path: The name that the recording has when it is finished.
        endpoint: Its endpoint.
        subscriptions: What is subscribed, as in its header.
        after: The name of the file of the same run that goes before it; None for the first.

    """

    def __init__(self, path: Path, descriptor: int, content: _Content) -> None:
        self.path = path
        self.endpoint, self.subscriptions = content.endpoint, content.subscriptions
        self.after = Path(os.path.normpath(path.parent / content.after)) if content.after else None
        self._file = descriptor

    @classmethod
    def begin(
        cls, path: Path, endpoint: str, subscriptions: Sequence[dict[str, Any]] = (), after: Path | None = None
    ) -> Self:
        """
        Make a mark beside a recording that was just begun; one that is there is replaced, and none is left half made.

        Raises:
            OSError: If it cannot be written.

        """
        before = "" if after is None else os.path.relpath(after, path.parent)
        content = _Content(endpoint, list(subscriptions), before)
        file = os.open(pending_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        try:
            with contextlib.suppress(OSError):  # a file system without locks
                lock(file)
            os.ftruncate(file, 0)
            os.write(file, msgspec.json.encode(content) + b"\n")
        except BaseException:
            with contextlib.suppress(OSError):
                unlink_if_at(file, pending_path(path))
            os.close(file)
            raise
        return cls(path, file, content)

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """Return the mark of a recording; None if there is none, or somebody else holds it."""
        place = pending_path(path)
        try:
            file = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            lock_if_possible(file)
        except BlockingIOError:
            os.close(file)
            return None
        try:
            content = msgspec.json.decode(os.read(file, _MOST), type=_Content)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            content = _Content()  # cut off by a power loss: of which feed, its file says
        if is_at(file, place):
            return cls(path, file, content)
        os.close(file)  # removed meanwhile
        return None

    @property
    def is_there(self) -> bool:
        """Whether it still has its name: a person may have removed it."""
        return is_at(self._file, pending_path(self.path))

    def remove(self) -> None:
        """Remove it: all is done, or nothing is to be done any more."""
        with contextlib.suppress(OSError):
            unlink_if_at(self._file, pending_path(self.path))
        self.release()

    def release(self) -> None:
        """Leave it as it is, for who comes next."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def marked_files(folder: Path, depth: int = 1) -> Iterator[Path]:
    """Yield the names of recordings that have a mark, in a folder, and below it as deep as names have parts."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.name.endswith(PENDING_SUFFIX):
            yield folder / entry.name.removesuffix(PENDING_SUFFIX)
        elif depth > 1 and entry.is_dir(follow_symlinks=False):
            yield from marked_files(folder / entry.name, depth - 1)
