"""TCP segments in IPv4 or IPv6 in Ethernet (RFC 9293, RFC 791, RFC 8200), with right checksums. Pure."""

from __future__ import annotations

import struct

from .addresses import Host

__all__ = ["ACK", "FIN", "LARGEST", "PSH", "RST", "SYN", "WINDOW", "Route", "for_beginning"]

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

LARGEST = 65_495
"""Bytes of a segment: what fits an IPv4 packet, whose length has 16 bits."""

WINDOW = 65_535
_SCALE = 14
"""Of the window: it has a gibibyte then (RFC 7323, 2.3)."""

_HEADER = 20
_IPV4, _IPV6, _TCP = b"\x08\x00", b"\x86\xdd", 6
_CLIENT_MAC, _SERVER_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")  # locally administered
_DO_NOT_FRAGMENT, _HOPS = 0x4000, 64

_LAST = 0xFFFF  # what 16-bit sums are modulo: ones' complement (RFC 1071)

_segment = struct.Struct(">HHIIBBHHH").pack
_ipv4 = struct.Struct(">BBHHHBBH4s4s").pack
_ipv6 = struct.Struct(">IHBB16s16s").pack


def for_beginning() -> bytes:
    """Return the options of a SYN: the largest segment, and the scale of the window."""
    return struct.pack(">BBHBBBB", 2, 4, LARGEST, 1, 3, 3, _SCALE)


class Route:
    """
    One direction of a TCP connection.

    Args:
        source: Who sends.
        target: Who receives.
        is_by_client: Whether the client sends.

    """

    def __init__(self, source: Host, target: Host, *, is_by_client: bool) -> None:
        self._source, self._target = source, target
        self._is_ipv4 = len(source.address) == 4
        macs = (_SERVER_MAC, _CLIENT_MAC) if is_by_client else (_CLIENT_MAC, _SERVER_MAC)
        self._ethernet = b"".join((*macs, _IPV4 if self._is_ipv4 else _IPV6))
        addresses = _sum(source.address) + _sum(target.address)
        self._tcp_sum = addresses + _TCP + source.port + target.port + WINDOW
        self._ip_sum = addresses + 0x4500 + _DO_NOT_FRAGMENT + (_HOPS << 8 | _TCP)

    def packet(
        self, sequence: int, acknowledged: int, flags: int, data: bytes | memoryview = b"", options: bytes = b""
    ) -> bytes:
        """
        Return a packet.

        Args:
            sequence: Number of its first byte.
            acknowledged: Number of the byte that comes next the other way.
            flags: Of TCP.
            data: What it brings, at most `LARGEST` bytes.
            options: Of TCP; a multiple of 4 bytes.

        """
        header = _HEADER + len(options)
        length = header + len(data)
        offset = header << 2  # in words of four bytes, in the upper half of a byte
        total = self._tcp_sum + length + sequence + acknowledged + (offset << 8 | flags) + _sum(data)
        if options:
            total += _sum(options)
        source, target = self._source, self._target
        tcp = _segment(source.port, target.port, sequence, acknowledged, offset, flags, WINDOW, -total % _LAST, 0)
        return b"".join((self._ethernet, self._ip(length), tcp, options, data))

    def _ip(self, length: int) -> bytes:
        source, target = self._source.address, self._target.address
        if not self._is_ipv4:
            return _ipv6(6 << 28, length, _TCP, _HOPS, source, target)
        length += 20
        checksum = -(self._ip_sum + length) % _LAST
        return _ipv4(0x45, 0, length, 0, _DO_NOT_FRAGMENT, _HOPS, _TCP, checksum, source, target)


def _sum(data: bytes | memoryview) -> int:
    """Return the ones' complement sum of 16-bit words: 65,536 is 1 then, so that one division adds all of them."""
    total = int.from_bytes(data, "big") % _LAST
    return total << 8 if len(data) & 1 else total
