"""
Blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian, with one interface: Ethernet, times in nanoseconds.

Pure: what is to be written is returned.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

__all__ = ["LAST_TIME", "beginning", "packet_block", "statistics_block"]

LAST_TIME = (1 << 64) - 1
"""The last time that a file can have, in nanoseconds: in the year 2554."""

_SECTION, _INTERFACE, _STATISTICS, _PACKET = 0x0A0D0D0A, 1, 5, 6
_BYTE_ORDER, _UNKNOWN_LENGTH = 0x1A2B3C4D, -1
_ETHERNET = 1
_MOST_CAPTURED = 262144
"""Bytes of a packet: the most that Wireshark takes of Ethernet."""

_COMMENT = 1  # of any block
_APPLICATION = 4  # of a section
_NAME, _RESOLUTION = 2, 9  # of an interface
_NANOSECONDS = b"\x09"
_END_OF_OPTIONS = bytes(4)

_LONGEST_COMMENT = 4_000  # bytes; an option cannot have more than 65,535
_PADDING = [bytes(-size % 4) for size in range(4)]

_packet = struct.Struct("<IIIIIII").pack
_length = struct.Struct("<I").pack


def beginning(application: str, comment: str) -> bytes:
    """Return what a file begins with: its section, and its interface."""
    about_section = [(_COMMENT, _text(comment)), (_APPLICATION, _text(application))]
    section = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, _UNKNOWN_LENGTH) + _options(about_section)
    about_interface = [(_NAME, b"feedrec"), (_RESOLUTION, _NANOSECONDS)]
    interface = struct.pack("<HHI", _ETHERNET, 0, _MOST_CAPTURED) + _options(about_interface)
    return _block(_SECTION, section) + _block(_INTERFACE, interface)


def packet_block(time: int, packet: bytes, comments: Sequence[str] = ()) -> bytes:
    """Return a packet, captured at some time in nanoseconds."""
    size = len(packet)
    padding = _PADDING[size % 4]
    options = _options([(_COMMENT, _text(one)) for one in comments]) if comments else b""
    total = 32 + size + len(padding) + len(options)
    head = _packet(_PACKET, total, 0, time >> 32, time & 0xFFFFFFFF, size, size)
    return b"".join((head, packet, padding, options, _length(total)))


def statistics_block(time: int, comments: Sequence[str]) -> bytes:
    """Return statistics of the interface, for the sake of comments for which there is no packet."""
    fields = struct.pack("<III", 0, time >> 32, time & 0xFFFFFFFF)
    return _block(_STATISTICS, fields + _options([(_COMMENT, _text(one)) for one in comments]))


def _block(kind: int, content: bytes) -> bytes:
    total = 12 + len(content)
    return struct.pack("<II", kind, total) + content + _length(total)


def _options(options: Iterable[tuple[int, bytes]]) -> bytes:
    parts = [struct.pack("<HH", code, len(value)) + value + _PADDING[len(value) % 4] for code, value in options]
    return b"".join([*parts, _END_OF_OPTIONS])


def _text(text: str) -> bytes:
    """Return a text as UTF-8, cut off if it is too long."""
    data = text.encode(errors="replace")
    if len(data) <= _LONGEST_COMMENT:
        return data
    return data[:_LONGEST_COMMENT].decode(errors="ignore").encode() + b" ..."
