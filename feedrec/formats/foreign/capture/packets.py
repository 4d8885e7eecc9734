"""What the forms of capture files have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["MAX_PACKET", "Packet", "PacketParser"]

MAX_PACKET = 16 << 20
"""Bytes that a packet may have; libpcap takes 256 KiB, and what is longer by far is no packet."""


class Packet(NamedTuple):
    """
    One packet.

    Attributes:
        offset: Where it begins, in what is in the file.
        time: Nanoseconds since 1970.
        link_type: What its first bytes are, as IANA and tcpdump.org number it (LINKTYPE_).
        data: Its bytes, as far as they were captured.

    """

    offset: int
    time: int
    link_type: int
    data: bytes


class PacketParser(ABC):
    """
    Takes a capture file in pieces.

    Attributes:
        offset: Up to where everything was parsed.

    """

    def __init__(self) -> None:
        self.offset = 0
        self._buffer = bytearray()

    @property
    def is_amid_packet(self) -> bool:
        """Whether bytes were taken that are not a whole part of the file yet."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Iterator[Packet]:
        """
        Take the next bytes; yield the packets that are whole now.

        Raises:
            StreamDamage: If these are not the bytes of such a file.

        """
        self._buffer += data
        start = 0
        try:
            while (part := self._next(self._buffer, start)) is not None:
                size, packet = part
                if packet is not None:
                    yield packet
                start += size
        finally:
            del self._buffer[:start]
            self.offset += start

    @abstractmethod
    def _next(self, buffer: bytearray, start: int) -> tuple[int, Packet | None] | None:
        """Return the size of the part that begins there, and its packet, if any; None if the part is not whole."""
