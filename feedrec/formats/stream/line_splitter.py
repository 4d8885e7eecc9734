"""Cuts text into lines: what all decoders of streams of lines share."""

from __future__ import annotations

from .zstd_parser import StreamDamage

__all__ = ["HeldLines", "LineSplitter"]


class LineSplitter:
    """
    Cuts text into lines, and keeps the beginning of an incomplete one.

    Args:
        max_line: Maximum length of a line in bytes.

    """

    def __init__(self, max_line: int) -> None:
        self._parts: list[bytes] = []
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
        self._parts.append(head)
        self._held += len(head)
        if not newline:
            return []
        lines = [b"".join(self._parts), *rest.split(b"\n")]
        last = lines.pop()
        self._parts, self._held = [last], len(last)
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
