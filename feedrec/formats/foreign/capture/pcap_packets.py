"""The packets of a pcap file (draft-ietf-opsawg-pcap): of either byte order, with micro- or nanoseconds. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ....model import TIME_LIMIT
from ...stream.zstd_parser import StreamDamage
from .packets import MAX_PACKET, Packet

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


class PcapParser:
    """
    Takes a pcap file in pieces.

    Attributes:
        offset: Up to where everything was parsed.

    """

    def __init__(self) -> None:
        self.offset = 0
        self._buffer = bytearray()
        self._unit = 1
        self._link_type = 0
        self._header: struct.Struct | None = None

    @property
    def is_amid_packet(self) -> bool:
        """Whether bytes were taken that are not a whole packet yet."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Iterator[Packet]:
        """
        Take the next bytes; yield the packets that are whole now.

        Raises:
            StreamDamage: If these are not the bytes of such a file.

        """
        self._buffer += data
        buffer, start = self._buffer, 0
        try:
            if self._header is None:
                if len(buffer) < _FILE_HEADER:
                    return
                self._header, start = self._begin(buffer), _FILE_HEADER
            while len(buffer) >= start + _PACKET_HEADER:
                seconds, fraction, size, _ = self._header.unpack_from(buffer, start)
                time = seconds * _SECOND + fraction * self._unit
                if size > MAX_PACKET or fraction * self._unit >= _SECOND or time >= TIME_LIMIT:
                    raise StreamDamage(self.offset + start, "the file has something that is no packet")
                end = start + _PACKET_HEADER + size
                if len(buffer) < end:
                    return
                packet = bytes(buffer[start + _PACKET_HEADER : end])
                yield Packet(self.offset + start, time, self._link_type, packet)
                start = end
        finally:
            del buffer[:start]
            self.offset += start

    def _begin(self, buffer: bytearray) -> struct.Struct:
        order, self._unit = _FORMS[bytes(buffer[:4])]
        (network,) = struct.unpack_from(f"{order}I", buffer, _FILE_HEADER - 4)
        self._link_type = network & _LINK_TYPE
        return struct.Struct(f"{order}4I")
