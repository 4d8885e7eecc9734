"""The file that is sent: it must be the same from the first look to the last, and nobody may be writing it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from ...errors import CannotShipError, NotShippedError
from ...formats.file.lock import Identity, identity_of, lock_if_possible, share_lock_if_possible

__all__ = ["SentFile", "identity_of_file"]

_DESCRIPTORS = Path("/proc/self/fd")


class SentFile:
    """
    A finished file, open and locked against whoever would write it; a context manager.

    Args:
        path: The file.
        to_remove: Whether it is to be removed: then nobody may be reading it under a lock either, as another one does
            that ships it.

    Raises:
        NotShippedError: If it is not there, cannot be opened, or is being written.
        CannotShipError: If it is no file.

    Attributes:
        path: Its name.
        descriptor: The open file.
        identity: Which file it is.

    """

    def __init__(self, path: Path, *, to_remove: bool = False) -> None:
        self.path = path
        try:
            self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise CannotShipError(path, "is a link: ship the file that it leads to") from error
            raise NotShippedError(path, error.strerror or "cannot be opened") from error
        try:
            self.identity = self._locked(to_remove=to_remove)
            self.check()
        except BlockingIOError:
            self.close()
            raise NotShippedError(path, "is in use by another process") from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it, which gives the lock back."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    @property
    def as_path(self) -> Path:
        """A name that leads to the open file, whatever its own name leads to by now, where a system has such names."""
        name = _DESCRIPTORS / str(self.descriptor)
        return name if name.exists() else self.path

    def check(self) -> None:
        """
        Look whether it is still the same, under its name.

        Raises:
            NotShippedError: If it was changed, moved or removed.

        """
        try:
            named = self.path.lstat()
        except OSError as error:
            raise NotShippedError(self.path, "was moved or removed while it was shipped") from error
        if {identity_of(named), identity_of(os.fstat(self.descriptor))} != {self.identity}:
            raise NotShippedError(self.path, "was changed while it was shipped")

    def _locked(self, *, to_remove: bool) -> Identity:
        if not stat.S_ISREG(os.fstat(self.descriptor).st_mode):
            raise CannotShipError(self.path, "is no file")
        if to_remove:
            lock_if_possible(self.descriptor)
        else:
            share_lock_if_possible(self.descriptor)
        return identity_of(os.fstat(self.descriptor))


def identity_of_file(path: Path) -> Identity | None:
    """Return which file has a name; None if there is none, or it is no file."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return identity_of(status) if stat.S_ISREG(status.st_mode) else None
