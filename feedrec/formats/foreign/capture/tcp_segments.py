"""What a packet has of a TCP stream: of IPv4 and IPv6, over the links that tcpdump and cryptofeed write. Pure."""

from __future__ import annotations

import struct
from typing import NamedTuple

from .packets import Packet

__all__ = ["FIN", "RST", "SYN", "Segment", "segment_of"]

FIN, SYN, RST, _ACK = 1, 2, 4, 16
"""RFC 9293, 3.1."""

_TCP = 6
_IP4, _IP6 = b"\x08\x00", b"\x86\xdd"
_VLAN = b"\x81\x00"

_ETHERNET = 1
_LINKS = {_ETHERNET: 14, 113: 16, 276: 20, 12: 0, 101: 0, 228: 0, 229: 0, 0: 4, 108: 4}
"""Bytes before the IP packet, by the type of the link: Ethernet, Linux cooked (two forms), raw IP, loopback of BSD."""

_FRAGMENT = 0x1FFF  # IPv4: where a fragment belongs
_IP6_HEADER = 40
_TCP_HEADER = struct.Struct(">HHIIBB")


class Segment(NamedTuple):
    """
    A TCP segment.

    Attributes:
        source: Address and port that it came from, as on the wire.
        target: Address and port that it went to.
        sequence: Number of its first byte, of 32 bits.
        flags: `SYN`, `FIN`, `RST`.
        is_answer: Whether it acknowledges anything: a SYN that does came from the server.
        data: Its bytes, as far as they were captured.

    """

    source: bytes
    target: bytes
    sequence: int
    flags: int
    is_answer: bool
    data: bytes


def segment_of(packet: Packet) -> Segment | None:
    """Return the segment in a packet; None if it is anything else than TCP, or less of it than its headers."""
    data = packet.data
    start = _LINKS.get(packet.link_type)
    if start is None:
        return None
    if packet.link_type == _ETHERNET and data[12:14] == _VLAN:
        start += 4
    version = data[start] >> 4 if len(data) > start else 0
    if version == 4:
        return _of_ip4(data, start)
    return _of_ip6(data, start) if version == 6 else None


def _of_ip4(data: bytes, start: int) -> Segment | None:
    if len(data) < start + 20 or data[start + 9] != _TCP:
        return None
    size, _, fragment = struct.unpack_from(">HHH", data, start + 2)
    if fragment & _FRAGMENT:
        return None
    end = start + size if size else len(data)  # the network card made the packets, and this is all of them
    addresses = data[start + 12 : start + 16], data[start + 16 : start + 20]
    return _segment(data[start + (data[start] & 15) * 4 : end], *addresses)


def _of_ip6(data: bytes, start: int) -> Segment | None:
    if len(data) < start + _IP6_HEADER or data[start + 6] != _TCP:
        return None
    (size,) = struct.unpack_from(">H", data, start + 4)
    first = start + _IP6_HEADER
    addresses = data[start + 8 : start + 24], data[start + 24 : first]
    return _segment(data[first : first + size if size else len(data)], *addresses)


def _segment(tcp: bytes, source: bytes, target: bytes) -> Segment | None:
    if len(tcp) < 20:
        return None
    _, _, sequence, _, offset, flags = _TCP_HEADER.unpack_from(tcp)
    begin = (offset >> 4) * 4
    if begin < 20 or begin > len(tcp):
        return None
    ends = source + tcp[:2], target + tcp[2:4]
    return Segment(*ends, sequence, flags & (FIN | SYN | RST), bool(flags & _ACK), tcp[begin:])
