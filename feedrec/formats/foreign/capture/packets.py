"""What the forms of capture files have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

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


class PacketParser(Protocol):
    """
    Takes a capture file in pieces.

    Attributes:
        offset: Up to where everything was parsed.

    """

    offset: int

    def feed(self, data: bytes) -> Iterator[Packet]:
        """
        Take the next bytes; yield the packets that are whole now.

        Raises:
            StreamDamage: If these are not the bytes of such a file.

        """

    @property
    def is_amid_packet(self) -> bool:
        """Whether bytes were taken that are not a whole packet yet."""
