"""When a file of a recording is large enough, though the compressor still holds a part of it."""

from __future__ import annotations

from collections.abc import Sequence

from .growing_file import GrowingFile, Line

__all__ = ["SizeLimit"]

_KNOWN_AT = 4 << 20  # bytes of text after which the compression of a file is known
_LOOKS = 64  # at the size of a file while it grows to its limit


class SizeLimit:
    """
    The size at which a file is complete.

    Args:
        size: Bytes in the file; None for no limit.
        ratio: Bytes in a file per byte of text, as long as nothing better is known.

    """

    def __init__(self, size: int | None, ratio: float) -> None:
        self._size = size
        self._ratio = ratio

    @property
    def is_set(self) -> bool:
        """Whether there is one."""
        return self._size is not None

    def is_reached(self, file: GrowingFile) -> bool:
        """Return whether a file is complete."""
        if self._size is None:
            return False
        if file.whole_text >= _KNOWN_AT:
            self._ratio = file.size / file.whole_text
        return max(file.size, self._ratio * file.text_size) >= self._size

    def count(self, lines: Sequence[Line]) -> int:
        """Return how many of these lines may be added before the size is to be looked at again."""
        if self._size is None:
            return len(lines)
        room = self._size / self._ratio / _LOOKS
        for count, (line, _) in enumerate(lines, 1):
            room -= len(line) + 1
            if room <= 0:
                return count
        return len(lines)

    def learn(self, file: GrowingFile) -> None:
        """Take note of how well a complete file was compressed."""
        self._ratio = file.size / file.text_size
