"""
Reads pcapng files as the draft and the RFCs have them, and nothing as `feedrec` writes it: what its writer is held to.

Only what may be there is read; all else is an AssertionError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Capture", "Message", "Packet", "Stream", "messages_of", "read_capture", "streams_of"]

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Packet(NamedTuple):
    time: int
    source: tuple[bytes, int]
    target: tuple[bytes, int]
    sequence: int
    acknowledged: int
    flags: int
    data: bytes
    comments: list[str]


class Capture(NamedTuple):
    comments: list[str]
    packets: list[Packet]
    last_comments: list[str]


class Stream(NamedTuple):
    """A TCP connection: what each side said, a list of the time of the first byte and bytes for each segment."""

    client: tuple[bytes, int]
    server: tuple[bytes, int]
    packets: list[Packet]

    def said(self, *, by_client: bool) -> list[tuple[int, bytes]]:
        source = self.client if by_client else self.server
        return [(one.time, one.data) for one in self.packets if one.source == source and one.data]


class Message(NamedTuple):
    time: int
    by_client: bool
    opcode: int
    payload: bytes


def read_capture(data: bytes) -> Capture:
    """Read a file: one section, one interface of Ethernet with nanoseconds, packets."""
    blocks = list(_blocks(data))
    kinds = [kind for kind, _ in blocks]
    assert kinds[:2] == [0x0A0D0D0A, 1]
    section, interface = blocks[0][1], blocks[1][1]
    assert struct.unpack_from("<IHHq", section) == (0x1A2B3C4D, 1, 0, -1)
    link, _, most = struct.unpack_from("<HHI", interface)
    assert link == 1
    assert (9, b"\x09") in _options(interface[8:])
    packets, last = [], list[str]()
    for kind, content in blocks[2:]:
        if kind == 5:
            last += _comments(content[12:])
            continue
        assert kind == 6
        assert not last
        number, high, low, captured, size = struct.unpack_from("<IIIII", content)
        assert number == 0
        assert captured == size <= most
        end = 20 + captured
        padded = end + -captured % 4
        assert content[end:padded] == bytes(padded - end)
        packets.append(_packet(high << 32 | low, content[20:end], _comments(content[padded:])))
    return Capture(_comments(section[16:]), packets, last)


def streams_of(packets: list[Packet]) -> list[Stream]:
    """Part packets into TCP connections; each is opened, loses nothing, and is closed or reset."""
    streams: dict[frozenset[tuple[bytes, int]], Stream] = {}
    for one in packets:
        key = frozenset((one.source, one.target))
        if key not in streams:
            streams[key] = Stream(one.source, one.target, [])
        streams[key].packets.append(one)
    for stream in streams.values():
        _check(stream)
    return list(streams.values())


def messages_of(stream: Stream) -> tuple[bytes, bytes, list[Message]]:
    """Return the request, the answer, and the WebSocket messages of a connection, in the order of their first bytes."""
    heads, messages = [], list[tuple[int, Message]]()
    for by_client in (True, False):
        head, found = _said(stream, by_client=by_client)
        heads.append(head)
        messages += found
    return heads[0], heads[1], [message for _, message in sorted(messages, key=lambda one: one[0])]


def _said(stream: Stream, *, by_client: bool) -> tuple[bytes, list[tuple[int, Message]]]:
    source = stream.client if by_client else stream.server
    segments = [(place, one) for place, one in enumerate(stream.packets) if one.source == source and one.data]
    whole = b"".join(one.data for _, one in segments)
    starts: dict[int, int] = {}
    offset = 0
    for place, one in segments:
        starts[offset] = place
        offset += len(one.data)
    head, _, rest = whole.partition(b"\r\n\r\n")
    at = len(head) + 4
    messages = []
    while rest:
        place = starts[at]  # a message begins with a segment
        size, opcode, payload = _frame(rest, is_masked=by_client)
        messages.append((place, Message(stream.packets[place].time, by_client, opcode, payload)))
        rest, at = rest[size:], at + size
    return head, messages


def _frame(data: bytes, *, is_masked: bool) -> tuple[int, int, bytes]:
    assert data[0] & 0xF0 == 0x80  # final, nothing reserved
    assert bool(data[1] & 0x80) == is_masked
    size, at = data[1] & 0x7F, 2
    if size == 126:
        size, at = struct.unpack_from(">H", data, 2)[0], 4
        assert size >= 126
    elif size == 127:
        size, at = struct.unpack_from(">Q", data, 2)[0], 10
        assert size >= 1 << 16
    key = b""
    if is_masked:
        key, at = data[at : at + 4], at + 4
    payload = data[at : at + size]
    assert len(payload) == size
    if any(key):
        payload = bytes(byte ^ key[place % 4] for place, byte in enumerate(payload))
    return at + size, data[0] & 0xF, payload


def _check(stream: Stream) -> None:
    first, second, third = stream.packets[:3]
    assert (first.flags, second.flags, third.flags) == (SYN, SYN | ACK, ACK)
    expected = {first.source: (first.sequence + 1) % 2**32, second.source: (second.sequence + 1) % 2**32}
    assert second.acknowledged == expected[first.source]
    ended = set()
    for one in stream.packets[2:]:
        assert one.source not in ended or one.flags == ACK
        assert one.sequence == expected[one.source]
        assert one.acknowledged == expected[one.target]
        expected[one.source] = (one.sequence + len(one.data) + bool(one.flags & FIN)) % 2**32
        if one.flags & (FIN | RST):
            ended.add(one.source)
    assert len(ended) != 1 or stream.packets[-1].flags & RST


def _blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        kind, size = struct.unpack_from("<II", data)
        assert size % 4 == 0
        assert struct.unpack_from("<I", data, size - 4)[0] == size
        yield kind, data[8 : size - 4]
        data = data[size:]


def _options(data: bytes) -> list[tuple[int, bytes]]:
    options = list[tuple[int, bytes]]()
    while data:
        code, size = struct.unpack_from("<HH", data)
        if code == 0:
            assert data == bytes(4)
            return options
        options.append((code, data[4 : 4 + size]))
        data = data[4 + size + -size % 4 :]
    return options


def _comments(data: bytes) -> list[str]:
    return [value.decode() for code, value in _options(data) if code == 1]


def _packet(time: int, data: bytes, comments: list[str]) -> Packet:
    kind, ip = data[12:14], data[14:]
    if kind == b"\x08\x00":
        assert ip[0] == 0x45
        assert _is_right(ip[:20])
        assert struct.unpack_from(">H", ip, 2)[0] == len(ip)
        assert ip[9] == 6
        source, target, tcp = ip[12:16], ip[16:20], ip[20:]
        assert _is_right(source + target + struct.pack(">HH", 6, len(tcp)) + tcp)
    else:
        assert kind == b"\x86\xdd"
        assert ip[0] >> 4 == 6
        assert struct.unpack_from(">H", ip, 4)[0] == len(ip) - 40
        assert ip[6] == 6
        source, target, tcp = ip[8:24], ip[24:40], ip[40:]
        assert _is_right(source + target + struct.pack(">II", len(tcp), 6) + tcp)
    from_port, to_port, sequence, acknowledged, offset, flags = struct.unpack_from(">HHIIBB", tcp)
    content = tcp[(offset >> 4) * 4 :]
    return Packet(time, (source, from_port), (target, to_port), sequence, acknowledged, flags, content, comments)


def _is_right(data: bytes) -> bool:
    """Tell whether a checksum in data is right: all words make 0xFFFF, with the carries added (RFC 1071)."""
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total == 0xFFFF
