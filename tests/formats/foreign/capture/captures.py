"""
Captures for tests, made by the layout that is known of cryptofeed 3, and by that of tcpdump.

Classic pcap with nanoseconds; Ethernet; each stream from 10.0.0.1, ports 40000 and up, to 10.0.0.2:80; a handshake that
says what was recorded; segments of up to 65,495 bytes with the time of their message.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

__all__ = ["HANDSHAKE", "MAX_SEGMENT", "Capture", "Stream", "T", "ng_file", "pcap_file", "small", "ws_frame"]

MAX_SEGMENT = 65_495
T = 1_700_000_000_000_000_001
CLIENT, SERVER = bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

HANDSHAKE = {
    "X-Cryptofeed-Conn-Id": "COINBASE.ws.1",
    "X-Cryptofeed-Exchange": "COINBASE",
    "X-Cryptofeed-Address": "wss://x.example/ws",
    "X-Cryptofeed-Connect-Ordinal": "1",
    "X-Cryptofeed-Subscription": '{"ticker":["BTC-USD"]}',
}

Record = tuple[int, bytes]
"""Its time in nanoseconds, and the Ethernet frame."""


def ws_frame(payload: bytes, *, operation: int = 1, mask: bytes | None = None, first: int = 0x80) -> bytes:
    """Give a frame of a WebSocket; `first` is the bits beside the operation, here those of a last fragment."""
    size = len(payload)
    bit = 0 if mask is None else 0x80
    if size < 126:
        head = bytes((first | operation, bit | size))
    elif size < 1 << 16:
        head = bytes((first | operation, bit | 126)) + struct.pack(">H", size)
    else:
        head = bytes((first | operation, bit | 127)) + struct.pack(">Q", size)
    if mask is not None:
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)) if any(mask) else payload
        head += mask
    return head + payload


class Stream:
    """A stream of a capture; each way to say something takes the time of it."""

    def __init__(self, capture: Capture, port: int, time: int, *, first: int = 0) -> None:
        self._capture = capture
        self._port = port
        self._next = {True: first, False: first}
        self.segment(time, b"", is_sent=True, flags=SYN)
        self.segment(time, b"", is_sent=False, flags=SYN | ACK)
        self.segment(time, b"", is_sent=True)

    def segment(self, time: int, data: bytes, *, is_sent: bool, flags: int = ACK, sequence: int | None = None) -> None:
        """Add one packet; one that names its sequence number moves nothing on."""
        place = self._next[is_sent] if sequence is None else sequence
        ends, ports = ((CLIENT, SERVER), (self._port, 80)) if is_sent else ((SERVER, CLIENT), (80, self._port))
        tcp = struct.pack(
            ">HHIIBBHHH", *ports, place % (1 << 32), self._next[not is_sent] % (1 << 32), 80, flags, 65535, 0, 0
        )
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(data), 0, 0x4000, 64, 6, 0) + ends[0] + ends[1]
        self._capture.records.append((time, bytes(12) + b"\x08\x00" + ip + tcp + data))
        if sequence is None:
            self._next[is_sent] = place + len(data) + bool(flags & (SYN | FIN))

    def place(self, *, is_sent: bool) -> int:
        """Give the number of the next byte."""
        return self._next[is_sent]

    def say(self, time: int, data: bytes, *, is_sent: bool) -> None:
        """Send bytes, in as many segments as they take."""
        for start in range(0, len(data), MAX_SEGMENT):
            self.segment(time, data[start : start + MAX_SEGMENT], is_sent=is_sent, flags=PSH | ACK)

    def upgrade(self, time: int, about: dict[str, str] | None = None, extensions: str = "") -> None:
        """Make it a WebSocket."""
        lines = ["GET /ws HTTP/1.1", "Host: x.example", "Upgrade: websocket", "Connection: Upgrade"]
        lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13"]
        self.head(time, [*lines, *(f"{name}: {value}" for name, value in (about or {}).items())], is_sent=True)
        answer = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        answer += [f"Sec-WebSocket-Extensions: {extensions}"] if extensions else []
        self.head(time, [*answer, "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA="], is_sent=False)

    def head(self, time: int, lines: Sequence[str], *, is_sent: bool, body: bytes = b"") -> None:
        """Send the head of a request or an answer, and its body."""
        self.say(time, "\r\n".join([*lines, "", ""]).encode() + body, is_sent=is_sent)

    def receive(self, time: int, payload: bytes, *, operation: int = 1) -> None:
        """Have the server send a message."""
        self.say(time, ws_frame(payload, operation=operation), is_sent=False)

    def send(self, time: int, payload: bytes, *, operation: int = 1, mask: bytes = bytes(4)) -> None:
        """Have the client send a message."""
        self.say(time, ws_frame(payload, operation=operation, mask=mask), is_sent=True)

    def exchange(self, time: int, url: str, body: bytes, *, answered: int | None = None) -> None:
        """Have the client ask, and the server answer."""
        path = "/" + url.partition("://")[2].partition("/")[2]
        request = [f"GET {path} HTTP/1.1", "Host: x.example", f"X-Cryptofeed-Url: {url}", "Authorization: Bearer 1"]
        self.head(time, request, is_sent=True)
        head = ["HTTP/1.1 200 OK", "Content-Type: application/json", f"Content-Length: {len(body)}"]
        self.head(answered or time, head, is_sent=False, body=body)

    def close(self, time: int) -> None:
        """End both directions."""
        self.segment(time, b"", is_sent=True, flags=FIN | ACK)
        self.segment(time, b"", is_sent=False, flags=FIN | ACK)
        self.segment(time, b"", is_sent=True)


class Capture:
    """A capture: its packets, in order."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._ports = 40_000

    def stream(self, time: int, *, first: int = 0) -> Stream:
        """Begin a stream."""
        self._ports += 1
        return Stream(self, self._ports - 1, time, first=first)

    def file(self) -> bytes:
        """Give it as cryptofeed writes it."""
        return pcap_file(self.records)


def pcap_file(
    records: Sequence[Record], *, order: str = "<", unit: int = 1, link_type: int = 1, before: int = 0
) -> bytes:
    """Give a pcap file; with a type of link other than Ethernet, so many bytes stand before each IP packet."""
    magic = 0xA1B23C4D if unit == 1 else 0xA1B2C3D4
    pieces = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262_144, link_type)]
    for time, frame in records:
        data = frame if link_type == 1 else bytes(before) + frame[14:]
        seconds, rest = divmod(time, 10**9)
        pieces += [struct.pack(f"{order}IIII", seconds, rest // unit, len(data), len(data)), data]
    return b"".join(pieces)


def ng_file(records: Sequence[Record], *, order: str = "<") -> bytes:
    """Give a pcapng file with nanoseconds."""

    def block(kind: int, content: bytes) -> bytes:
        content += bytes(-len(content) % 4)
        size = struct.pack(f"{order}I", len(content) + 12)
        return struct.pack(f"{order}I", kind) + size + content + size

    pieces = [block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))]
    options = struct.pack(f"{order}HHB3xHH", 9, 1, 9, 0, 0)
    pieces.append(block(1, struct.pack(f"{order}HHI", 1, 0, 0) + options))
    for time, frame in records:
        head = struct.pack(f"{order}IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(frame), len(frame))
        pieces.append(block(6, head + frame))
    return b"".join(pieces)


def small() -> Capture:
    """Give a capture with two connections and a request."""
    capture = Capture()
    first = capture.stream(T)
    first.upgrade(T, HANDSHAKE)
    asked = capture.stream(T + 1)
    asked.exchange(T + 2, "https://x.example/products?limit=1", b'[{"id":1}]', answered=T + 3)
    second = capture.stream(T + 4)
    second.upgrade(T + 4)
    first.send(T + 5, b'{"op":"subscribe","secret":1}')
    first.receive(T + 6, b'{"n": 1}')
    second.receive(T + 7, b"\x00\xff", operation=2)
    second.send(T + 8, b"hello", mask=b"\x01\x02\x03\x04")
    first.receive(T + 9, "é".encode() * 200)
    asked.exchange(T + 10, "https://x.example/secret", b"{}")
    first.close(T + 11)
    second.receive(T + 12, b'{"n":2}')
    return capture
