"""The packets of a pcapng file (draft-ietf-opsawg-pcapng). Pure."""

from __future__ import annotations

import struct

from ....model import TIME_LIMIT
from ...stream.zstd_parser import StreamDamage
from .packets import MAX_PACKET, Packet, PacketParser

__all__ = ["PcapngParser"]

_SECTION = 0x0A0D0D0A
_INTERFACE = 1
_PACKET = 6
_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_AROUND = 12
"""Bytes of a block besides its content: type, length, and the length once more."""

_TIME_UNIT = 9
_TIME_OFFSET = 14
"""Options of an interface: if_tsresol, if_tsoffset."""

_SECOND = 10**9
_NOT_OF_IT = "the file has something that is no block of pcapng"


class PcapngParser(PacketParser):
    """Takes a pcapng file in pieces; see `PacketParser`."""

    def __init__(self) -> None:
        super().__init__()
        self._order = "<"
        self._interfaces: list[tuple[int, int, int]] = []  # link type, units in a second, seconds to add

    def _next(self, buffer: bytearray, start: int) -> tuple[int, Packet | None] | None:
        if len(buffer) < start + _AROUND:
            return None
        if buffer[start : start + 4] == b"\x0a\x0d\x0d\x0a":
            self._begin_section(bytes(buffer[start + 8 : start + 12]), self.offset + start)
        kind, size = struct.unpack_from(f"{self._order}2I", buffer, start)
        if size < _AROUND or size % 4 or size > MAX_PACKET:
            raise StreamDamage(self.offset + start, _NOT_OF_IT)
        if len(buffer) < start + size:
            return None
        try:
            return size, self._take(kind, bytes(buffer[start + 8 : start + size - 4]), self.offset + start)
        except (struct.error, IndexError):
            raise StreamDamage(self.offset + start, _NOT_OF_IT) from None

    def _begin_section(self, magic: bytes, offset: int) -> None:
        if magic not in _ORDERS:
            raise StreamDamage(offset, _NOT_OF_IT)
        self._order = _ORDERS[magic]
        self._interfaces = []

    def _take(self, kind: int, content: bytes, offset: int) -> Packet | None:
        if kind == _INTERFACE:
            (link_type,) = struct.unpack_from(f"{self._order}H", content)
            self._interfaces.append((link_type, *self._clock_of(content)))
        if kind != _PACKET:
            return None
        number, high, low, captured, _ = struct.unpack_from(f"{self._order}5I", content)
        link_type, units, seconds = self._interfaces[number]
        time = ((high << 32 | low) * _SECOND // units) + seconds * _SECOND
        if captured > len(content) - 20 or not 0 <= time < TIME_LIMIT:
            raise IndexError
        return Packet(offset, time, link_type, content[20 : 20 + captured])

    def _clock_of(self, content: bytes) -> tuple[int, int]:
        """Return the units in a second, and the seconds to add, as the options of an interface say."""
        units, seconds, at = 10**6, 0, 8
        while at + 4 <= len(content):
            code, size = struct.unpack_from(f"{self._order}2H", content, at)
            if code == _TIME_UNIT and size:
                unit = content[at + 4]
                units = 2 ** (unit & 0x7F) if unit & 0x80 else 10**unit
            elif code == _TIME_OFFSET:
                (seconds,) = struct.unpack_from(f"{self._order}q", content, at + 4)
            at += 4 + size + -size % 4
        return units, seconds
