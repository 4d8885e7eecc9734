"""Recognises files of other tools by how they begin."""

from __future__ import annotations

import re

__all__ = [
    "JSON_OF_ANOTHER_TOOL",
    "has_nanoseconds",
    "looks_like_har",
    "looks_like_pcap",
    "looks_like_pcapng",
    "looks_like_tardis",
    "of_another_tool",
]

_LINES = "these are lines of another tool, not of a recording: `feedrec convert` makes a recording of them"
_CAPTURE = "this is a capture of packets, not a recording: `feedrec convert` makes a recording of it"
_ARCHIVE = "this is an HTTP archive (HAR), not a recording: `feedrec convert` makes a recording of it"

JSON_OF_ANOTHER_TOOL = "a recording of JSON lines of another tool is made by `feedrec convert` with --time-field"
"""What to say of a file of such lines: what they have, nothing but their user knows."""

_TARDIS = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ")
_NANOSECONDS = re.compile(rb"\d{19}[ \t]")  # from 2001 to 2286
_HAR = re.compile(rb'\s*\{\s*"log"\s*:\s*\{')

_PCAP = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
"""Little and big-endian, with microseconds and with nanoseconds (draft-ietf-opsawg-pcap)."""

_PCAPNG = b"\x0a\x0d\x0d\x0a"
_PCAPNG_ORDERS = (b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d")  # draft-ietf-opsawg-pcapng


def looks_like_tardis(line: bytes) -> bool:
    """Return whether a line begins like those of tardis.dev: with `2019-06-01T00:00:28.6199940Z `."""
    return _TARDIS.match(line) is not None


def has_nanoseconds(line: bytes, separator: bytes = b" ") -> bool:
    """Return whether a line begins like those of hftbacktest's collector: with `1723161256172210766 `."""
    return _NANOSECONDS.match(line) is not None and line.startswith(separator, 19)


def looks_like_pcap(head: bytes) -> bool:
    """Return whether a file with these first bytes is pcap."""
    return head.startswith(_PCAP)


def looks_like_pcapng(head: bytes) -> bool:
    """Return whether a file with these first bytes, at least twelve of them, is pcapng."""
    return head.startswith(_PCAPNG) and head[8:12] in _PCAPNG_ORDERS


def looks_like_har(head: bytes) -> bool:
    """Return whether a file with these first bytes, some dozens, is an HTTP archive."""
    return _HAR.match(head) is not None


def of_another_tool(head: bytes) -> str | None:
    """Say what to do with a file with these first bytes, or this first line, of another tool; None if it is of none."""
    if looks_like_tardis(head) or _NANOSECONDS.match(head) is not None:
        return _LINES
    if looks_like_pcap(head) or looks_like_pcapng(head):
        return _CAPTURE
    return _ARCHIVE if looks_like_har(head) else None
