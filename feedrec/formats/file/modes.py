"""
File modes: who may read a new recording.

What holds for a recording holds for all that is written on its behalf: the `.part` file, a journal, the file of a
repair. The mode is set when a file is created, so that there is no moment at which others could open it.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..places.url_path import UrlPath
from .names import later_paths

__all__ = ["PRIVATE", "USUAL", "FileMode", "mode_as_strict_as", "parse_mode", "same_mode_as"]

_OWNER = 0o600
_READ_AND_WRITE = 0o666
_MODE = re.compile(r"(?:0o|0)?6[046][046]", re.ASCII)


class FileMode(NamedTuple):
    """
    The mode of a new file.

    Attributes:
        bits: The permissions.
        is_exact: Whether it gets all of them; otherwise only those that the umask allows.

    """

    bits: int = _READ_AND_WRITE
    is_exact: bool = False

    def open(self, path: Path, flags: int) -> int:
        """
        Open a file, created with no permission that this mode lacks; return the descriptor.

        Raises:
            OSError: If the operating system reports an error.

        """
        # Exact bits may be more than the umask allows; until they are set, the file is nobody else's.
        return os.open(path, flags, _OWNER if self.is_exact else self.bits)

    def restrict(self, descriptor: int) -> None:
        """
        Take every permission from an open file that this mode lacks: it may be one that a killed process left.

        Raises:
            OSError: If the file system has no permissions.

        """
        bits = stat.S_IMODE(os.fstat(descriptor).st_mode)
        if bits & ~self.bits:
            os.fchmod(descriptor, bits & self.bits)

    def set_exact(self, descriptor: int) -> None:
        """
        Give an open file, in which there is nothing yet, all of its permissions if they are exact.

        Raises:
            OSError: If the file system has no permissions.

        """
        if self.is_exact:
            os.fchmod(descriptor, self.bits)


USUAL = FileMode()
"""Everyone may read it whom the umask allows to."""

PRIVATE = FileMode(_OWNER)
"""Only the owner may read it."""


def mode_as_strict_as(paths: Iterable[Path]) -> FileMode:
    """
    Return the mode for a file that is made from others: nobody may read it who may not read all of them.

    Pipes, devices and objects of a store have no say. The owner may always read and write.
    """
    bits = _READ_AND_WRITE
    for path in paths:
        bits &= _bits_of(path)
    return FileMode(bits | _OWNER)


def same_mode_as(path: Path) -> FileMode:
    """Return the mode for a file that takes the place of another one, whatever the umask."""
    return FileMode(_bits_of(path) & _READ_AND_WRITE | _OWNER, is_exact=True)


def parse_mode(text: str) -> FileMode | None:
    """Return the mode that a person wrote as `640` or `0640`; None if the text is none for a recording."""
    return FileMode(int(text[-3:], 8), is_exact=True) if _MODE.fullmatch(text) else None


def _bits_of(path: Path) -> int:
    if isinstance(path, UrlPath):
        return _READ_AND_WRITE
    for name in later_paths(path):  # its recorder may have finished it meanwhile
        with contextlib.suppress(OSError):
            mode = name.stat().st_mode
            return stat.S_IMODE(mode) if stat.S_ISREG(mode) else _READ_AND_WRITE
    return _OWNER  # it is gone: what it was is unknown
