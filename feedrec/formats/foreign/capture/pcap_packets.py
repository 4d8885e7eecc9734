"""The packets of a pcap file (draft-ietf-opsawg-pcap): of either byte order, with micro- or nanoseconds. Pure."""

from __future__ import annotations

import struct

from ....model import TIME_LIMIT
from ...stream.zstd_parser import StreamDamage
from .packets import MAX_PACKET, Packet, PacketParser

__all__ = ["PcapParser"]

_FORMS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
"""By the first bytes: the byte order, and the nanoseconds in the unit of times."""

_FILE_HEADER = 24
_PACKET_HEADER = 16
_SECOND = 10**9
_LINK_TYPE = 0xFFFF  # the other bits say how long a frame check sequence is


class PcapParser(PacketParser):
    """Takes a pcap file in pieces; see `PacketParser`."""

    def __init__(self) -> None:
        super().__init__()
        self._unit = 1
        self._link_type = 0
        self._header: struct.Struct | None = None

    def _next(self, buffer: bytearray, start: int) -> tuple[int, Packet | None] | None:
        if self._header is None:
            if len(buffer) < _FILE_HEADER:
                return None
            self._header = self._begin(buffer)
            return _FILE_HEADER, None
        if len(buffer) < start + _PACKET_HEADER:
            return None
        seconds, fraction, size, _ = self._header.unpack_from(buffer, start)
        time = seconds * _SECOND + fraction * self._unit
        if size > MAX_PACKET or fraction * self._unit >= _SECOND or time >= TIME_LIMIT:
            raise StreamDamage(self.offset + start, "the file has something that is no packet")
        end = start + _PACKET_HEADER + size
        if len(buffer) < end:
            return None
        data = bytes(buffer[start + _PACKET_HEADER : end])
        return end - start, Packet(self.offset + start, time, self._link_type, data)

    def _begin(self, buffer: bytearray) -> struct.Struct:
        order, self._unit = _FORMS[bytes(buffer[:4])]
        (network,) = struct.unpack_from(f"{order}I", buffer, _FILE_HEADER - 4)
        self._link_type = network & _LINK_TYPE
        return struct.Struct(f"{order}4I")
