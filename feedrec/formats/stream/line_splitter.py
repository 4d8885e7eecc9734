"""Text to lines: what all decoders of streams of lines share."""

from __future__ import annotations

from .zstd_frames import StreamDamage

__all__ = ["HeldLines", "LineSplitter"]


class LineSplitter:
    """
    Cuts text into lines; keeps the beginning of the one that is not whole yet.

    Args:
        max_line: Bytes that a line may have.

    """

    def __init__(self, max_line: int) -> None:
        self._parts: list[bytes] = []
        self._held = 0
        self._max_line = max_line

    @property
    def held(self) -> int:
        """Bytes of the line that is not whole yet."""
        return self._held

    def split(self, text: bytes, offset: int) -> list[bytes]:
        """
        Take the next text; give the lines that are whole now.

        Raises:
            StreamDamage: If one is too long; it is said to be at `offset`.

        """
        head, newline, rest = text.partition(b"\n")
        if self._held + len(head) > self._max_line:
            raise StreamDamage(offset, f"a line is longer than {self._max_line} bytes, the limit")
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
    Lines that wait for the checksum that proves them, as long as they are not too many.

    Args:
        most: Bytes of text above which they wait no longer, unless they are a single line.

    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._verified: list[bytes] = []
        self._unverified: list[bytes] = []
        self._size = 0

    def hold(self, lines: list[bytes], size: int) -> None:
        """Take lines, and the bytes of text that they were cut from."""
        self._unverified += lines
        self._size += size
        if self._size > self._most and len(self._unverified) > 1:
            self.release()

    def release(self) -> None:
        """Take note that all of them are proved."""
        self._verified += self._unverified
        self.drop()

    def drop(self) -> None:
        """Forget those that are not proved."""
        self._unverified = []
        self._size = 0

    def take(self) -> list[bytes]:
        """Give those that are proved."""
        verified, self._verified = self._verified, []
        return verified
