"""
Text that is not quite in the form in which lines are written, but has every line of it.

Checkouts, editors and shells add a byte order mark, carriage returns, blank lines and an end mark, and leave out the
last line feed. None of that is part of a line, and none of it is damage (docs/format.md, Lines).
"""

from __future__ import annotations

import re

from ...errors import LineError
from ..line.codec import decode_line, is_header
from ..line.other_tools import of_another_tool

__all__ = ["BYTE_ORDER_MARK", "HEAD", "MOST_BLANK_LINES", "TextForm", "foreign_text", "looks_like_lines"]

HEAD = 64
"""First bytes of a file that tell what text it is."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""U+FEFF in UTF-8."""

MOST_BLANK_LINES = 1000
"""Blank lines in a row that are passed over: a few bytes of zstd may unpack to thousands of millions."""

_RETURN = b"\r"
_END_MARK = b"\x1a"  # Ctrl-Z: the end of a text file to CP/M, DOS and old editors of Windows
_UTF_16 = re.compile(rb"""\xff\xfe[\t-~]\0|\xfe\xff\0[\t-~]|\{\0"\0|\0\{\0\"""")


def looks_like_lines(head: bytes) -> bool:
    """Return whether a file with these first bytes, at least four of them, begins with a line of JSON."""
    return head.removeprefix(BYTE_ORDER_MARK).startswith(b"{") and foreign_text(head) is None


def foreign_text(head: bytes) -> str | None:
    """Say what to do with a file with these first bytes if it is of another tool, or other text; None otherwise."""
    if _UTF_16.match(head) is not None:
        return "is UTF-16 text: turn it into UTF-8 first (iconv -f UTF-16 -t UTF-8 OLD > NEW)"
    return of_another_tool(head.removeprefix(BYTE_ORDER_MARK))


class TextForm:
    """
    What was found in a text beside its lines.

    Attributes:
        has_mark: Whether it begins with a byte order mark.
        returns: Lines that end with a carriage return and a line feed.
        blank_lines: Lines with nothing in them.
        blank_run: The most of them in a row.
        is_open: Whether its last line is whole, but has no line feed.
        has_end_mark: Whether it ends with Ctrl-Z.

    """

    def __init__(self) -> None:
        self.has_mark = False
        self.returns = 0
        self.blank_lines = 0
        self.blank_run = 0
        self._run = 0
        self.is_open = False
        self.has_end_mark = False

    def tidy(self, lines: list[bytes], *, begins_file: bool) -> tuple[list[bytes], list[int]]:
        """
        Return the lines as they are meant, without blank ones, each with where it begins in the text of all.

        Args:
            lines: Consecutive lines, without their line feeds.
            begins_file: Whether the first of them is the first of the file.

        """
        tidy: list[bytes] = []
        starts: list[int] = []
        offset = 0
        for line in lines:
            text = self._without_mark(line) if begins_file and not offset else line
            if text.endswith(_RETURN):
                text = text[:-1]
                self.returns += 1
            if text:
                tidy.append(text)
                starts.append(offset)
                self._run = 0
            else:
                self.blank_lines += 1
                self._run += 1
                self.blank_run = max(self.blank_run, self._run)
            offset += len(line) + 1
        return tidy, starts

    def take_end(self, rest: bytes, *, begins_file: bool) -> bytes | None:
        """
        Judge what follows the last line feed of a file that does not grow.

        Returns:
            A whole line that lacks only its line feed; nothing if there is no line at all; None if it is cut off.

        """
        line = (self._without_mark(rest) if begins_file else rest).removesuffix(_RETURN)
        if line == _END_MARK:
            self.has_end_mark = True
            return b""
        if line and not _is_line(line):
            return None
        self.is_open = bool(line)
        return line

    @property
    def notes(self) -> list[str]:
        """What was found, for people."""
        found = [
            (self.has_mark, "it begins with a byte order mark"),
            (self.returns, f"{_count(self.returns, 'line')} with a carriage return before the line feed (CR LF)"),
            (self.blank_lines, _count(self.blank_lines, "blank line")),
            (self.is_open, "the last line has no line feed at its end, but is whole"),
            (self.has_end_mark, "it ends with the end mark Ctrl-Z (0x1A)"),
        ]
        return [text for is_there, text in found if is_there]

    def _without_mark(self, line: bytes) -> bytes:
        if not line.startswith(BYTE_ORDER_MARK):
            return line
        self.has_mark = True
        return line[len(BYTE_ORDER_MARK) :]


def _is_line(line: bytes) -> bool:
    """Return whether it is a line of a recording; no beginning of one is, since its object is not closed."""
    try:
        decode_line(line)
    except LineError:
        return is_header(line)
    return True


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
