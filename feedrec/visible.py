"""
Text in which every control character is visible.

Names, close reasons and header fields come from venues, clients and files, and may hold anything: escape sequences that
clear a screen, newlines that fake a line, marks that reverse the reading direction.
"""

from __future__ import annotations

import re

__all__ = ["with_escapes", "with_json_escapes"]

_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0 and C1 controls, DEL
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
    # marks of direction, separators of lines, characters without width
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def with_escapes(text: str) -> str:
    """Return a text on one line: `\\n` for a newline, `\\x1b` for an escape."""
    return _INVISIBLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def with_json_escapes(text: str) -> str:
    """Return JSON with escapes of JSON for what cannot be seen, so that it has the same value."""
    return _INVISIBLE.sub(_json_escape, text)


def _json_escape(found: re.Match[str]) -> str:
    character = found[0]
    if short := _SHORT.get(character):
        return short
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))
