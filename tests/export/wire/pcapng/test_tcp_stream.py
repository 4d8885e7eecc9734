"""One TCP connection: whoever receives acknowledges in time, and only if there is something to acknowledge."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from feedrec.export.wire.pcapng.addresses import Host
from feedrec.export.wire.pcapng.capture_file import beginning, packet_block
from feedrec.export.wire.pcapng.packets import LARGEST
from feedrec.export.wire.pcapng.tcp_stream import TcpStream

from .packet_reader import ACK, FIN, PSH, RST, Packet, read_capture, streams_of

CLIENT, SERVER = Host(b"\xc0\0\2\1", 40_000), Host(b"\xc6\x33\x64\1", 80)


class Wire:
    """A connection and its packets."""

    def __init__(self) -> None:
        self._blocks = [beginning("feedrec", "")]
        self.stream = TcpStream(CLIENT, SERVER, self._take)

    def _take(self, time: int, packet: bytes, comments: Sequence[str]) -> None:
        self._blocks.append(packet_block(time, packet, comments))

    @property
    def packets(self) -> list[Packet]:
        """The packets after the handshake."""
        return read_capture(b"".join(self._blocks)).packets[3:]

    def check(self) -> None:
        streams_of(read_capture(b"".join(self._blocks)).packets)


@pytest.fixture
def wire() -> Wire:
    wire = Wire()
    wire.stream.open(1)
    return wire


def unacknowledged(packets: Sequence[Packet]) -> int:
    """Give the most segments that wait for their acknowledgement at any time."""
    most, waiting = 0, {CLIENT: 0, SERVER: 0}
    for one in packets:
        waiting[Host(*one.target)] = 0
        waiting[Host(*one.source)] += bool(one.data)
        most = max(most, *waiting.values())
    return most


def test_no_more_than_sixteen_segments_wait_for_their_acknowledgement(wire: Wire) -> None:
    wire.stream.send(2, bytes(40 * LARGEST), is_by_client=False)
    for time in range(3, 100):
        wire.stream.send(time, b"x", is_by_client=True)
    wire.stream.close(100, is_by_client=True)
    wire.check()
    assert unacknowledged(wire.packets) == 16


def test_who_talks_acknowledges_by_that(wire: Wire) -> None:
    for time in range(2, 60):
        wire.stream.send(time, b"x", is_by_client=time % 2 == 0)
    assert all(one.data for one in wire.packets)


@pytest.mark.parametrize(("size", "sizes"), [(1, [1]), (LARGEST, [LARGEST]), (LARGEST + 1, [LARGEST, 1])])
def test_what_is_sent_is_pushed_with_its_last_segment(wire: Wire, size: int, sizes: list[int]) -> None:
    wire.stream.send(2, bytes(size), ["note"], is_by_client=True)
    assert [len(one.data) for one in wire.packets] == sizes
    assert [bool(one.flags & PSH) for one in wire.packets] == [False] * (len(sizes) - 1) + [True]
    assert [one.comments for one in wire.packets] == [["note"]] + [[]] * (len(sizes) - 1)


def test_both_sides_are_closed(wire: Wire) -> None:
    wire.stream.close(2, ["bye"], is_by_client=False)
    assert [(one.source, one.flags) for one in wire.packets] == [
        (SERVER, FIN | ACK),
        (CLIENT, FIN | ACK),
        (SERVER, ACK),
    ]
    assert wire.packets[0].comments == ["bye"]
    wire.check()


def test_a_connection_that_is_broken_off_has_one_last_packet(wire: Wire) -> None:
    wire.stream.reset(2, ["lost"], is_by_client=True)
    assert [(one.source, one.flags, one.comments) for one in wire.packets] == [(CLIENT, RST | ACK, ["lost"])]
