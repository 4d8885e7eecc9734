"""Recognises lines of other tools that consist of a time, a space or tab, and a payload."""

from __future__ import annotations

import re

__all__ = ["OF_ANOTHER_TOOL", "has_nanoseconds", "looks_like_tardis", "looks_timed"]

OF_ANOTHER_TOOL = "these are lines of another tool, not of a recording: `feedrec convert` makes a recording of them"
"""What to say of a file of such lines."""

_TARDIS = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ")
_NANOSECONDS = re.compile(rb"\d{19}[ \t]")  # from 2001 to 2286


def looks_like_tardis(line: bytes) -> bool:
    """Return whether a line begins like those of tardis.dev: with `2019-06-01T00:00:28.6199940Z `."""
    return _TARDIS.match(line) is not None


def has_nanoseconds(line: bytes, separator: bytes = b" ") -> bool:
    """Return whether a line begins like those of hftbacktest's collector: with `1723161256172210766 `."""
    return _NANOSECONDS.match(line) is not None and line.startswith(separator, 19)


def looks_timed(line: bytes) -> bool:
    """Return whether a line begins like any of them."""
    return looks_like_tardis(line) or _NANOSECONDS.match(line) is not None
