"""Text to lines and back: what all streams of lines share."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from .text_form import BYTE_ORDER_MARK, MOST_BLANK_LINES, TextForm
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
        form: Takes note of what is beside the lines, which is left out then; None to return the lines as they stand.
        begins_file: Whether the text is that of a file from its beginning.

    Attributes:
        form: What was found beside the lines.
        starts: Where each line returned last begins, from where the first line of the text cut then began; empty if
            they follow each other with a line feed after each.

    """

    def __init__(self, max_line: int, form: TextForm | None = None, *, begins_file: bool = True) -> None:
        self.form = form or TextForm()
        self.starts: list[int] = []
        self._tidies = form is not None
        self._begins_file = begins_file
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
            StreamDamage: With this offset, if a line is too long, or too many are blank.

        """
        ended = io.BytesIO(text).readlines()  # finds line feeds several times as fast as `split` does
        rest = ended.pop() if ended and not text.endswith(b"\n") else b""
        head = len(ended[0]) - 1 if ended else len(rest)
        if self._held + head > self._max_line:
            raise StreamDamage(offset, f"a line exceeds the limit of {self._max_line} bytes")
        lines = [line[:-1] for line in ended]
        if lines and self._held:
            self._line.write(lines[0])
            lines[0] = self.take_rest()
        self._held += self._line.write(rest)
        if not lines:
            return []
        self.starts = []
        if self._tidies and self._is_untidy(text, lines):
            lines, self.starts = self.form.tidy(lines, begins_file=self._begins_file)
            if self.form.blank_run > MOST_BLANK_LINES:
                raise StreamDamage(offset, f"more than {MOST_BLANK_LINES:,} lines in a row are blank")
        self._begins_file = False
        return lines

    def take_rest(self) -> bytes:
        """Return the incomplete line, and forget it."""
        rest = self._line.getvalue()
        self._line, self._held = io.BytesIO(), 0
        return rest

    def take_last_line(self) -> list[bytes]:
        """Return the incomplete line if it lacks only its line feed: the text ends here, and nothing will be added."""
        line = self.form.take_end(self._line.getvalue(), begins_file=self._begins_file) if self._held else None
        if line is None:
            return []
        self.take_rest()
        self.starts = []
        return [line] if line else []

    def _is_untidy(self, text: bytes, lines: list[bytes]) -> bool:
        """Return, as fast as possible, whether there may be anything beside the lines."""
        if b"\r" in text or not all(lines) or lines[0].endswith(b"\r"):
            return True
        return self._begins_file and lines[0].startswith(BYTE_ORDER_MARK)


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
