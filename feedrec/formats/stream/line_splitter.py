"""Text to lines and back: what all streams of lines share."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from .zstd_parser import StreamDamage

__all__ = ["HeldLines", "LineSplitter", "text_pieces"]

_PIECE = 1 << 20


def text_pieces(lines: Sequence[bytes]) -> Iterator[bytes | memoryview]:
    """Yield lines as text, each with a line feed: small ones joined, large ones in pieces, without a copy of them."""
    if sum(map(len, lines)) <= 2 * _PIECE:
        yield b"\n".join([*lines, b""])
        return
    for line in lines:
        view = memoryview(line)
        for start in range(0, len(line), _PIECE):
            yield view[start : start + _PIECE]
        yield b"\n"


class LineSplitter:
    """
    Cuts text into lines, and keeps the beginning of an incomplete one.

    Args:
        max_line: Maximum length of a line in bytes.

    """

    def __init__(self, max_line: int) -> None:
        self._line = io.BytesIO()  # not a list of parts: joining a long line would take its size once more
        self._held = 0
        self._max_line = max_line

    @property
    def held(self) -> int:
        """Bytes of the incomplete line."""
        return self._held

    def split(self, text: bytes, offset: int) -> list[bytes]:
        """
        Add the next text; return the lines that are now complete.

        Raises:
            StreamDamage: With this offset, if a line is too long.

        """
        head, newline, rest = text.partition(b"\n")
        if self._held + len(head) > self._max_line:
            raise StreamDamage(offset, f"a line exceeds the limit of {self._max_line} bytes")
        self._held += self._line.write(head)
        if not newline:
            return []
        lines = [self._line.getvalue(), *rest.split(b"\n")]
        self._line = io.BytesIO()
        self._held = self._line.write(lines.pop())
        return lines


class HeldLines:
    """
    Lines held back until a checksum verifies them, as long as there are not too many.

    Args:
        most: Bytes of text above which they are held back no longer, unless they are a single line.

    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._verified: list[bytes] = []
        self._unverified: list[bytes] = []
        self._size = 0

    def hold(self, lines: list[bytes], size: int) -> None:
        """Hold back lines, cut from so many bytes of text."""
        self._unverified += lines
        self._size += size
        if self._size > self._most and len(self._unverified) > 1:
            self.release()

    def release(self) -> None:
        """Count all of them as verified."""
        self._verified += self._unverified
        self.drop()

    def drop(self) -> None:
        """Forget those that are not verified."""
        self._unverified = []
        self._size = 0

    def take(self) -> list[bytes]:
        """Return those that are verified, once."""
        verified, self._verified = self._verified, []
        return verified
