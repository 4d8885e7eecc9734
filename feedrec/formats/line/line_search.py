"""
Finds the lines that may hold what is looked for, before any of them is decoded.

Bytes that stand in a payload stand in its line as well, with two exceptions: a payload in base64, and one that is
written as a JSON string, where some characters have a backslash. Those lines are always found.
"""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["lines_with"]

_ODD = (b"\\", b'"base64":')


def lines_with(text: bytes, looks: Collection[tuple[bytes, ...]]) -> list[bytes]:
    """
    Return the lines that have all bytes of one of the looks, or may have them in a way that cannot be seen.

    Args:
        text: Whole lines, each with its line feed.
        looks: Bytes that belong together.

    """
    possible = [look for look in looks if all(word in text for word in look)]
    possible += [(word,) for word in _ODD if word in text]
    if not possible:
        return []
    lines = text.split(b"\n")
    del lines[-1]
    if len(possible) > 1:
        return [line for line in lines if any(all(word in line for word in look) for look in possible)]
    for word in possible[0]:  # nearly always there is one look, and each of a thousand lines passes here
        lines = [line for line in lines if word in line]
    return lines
