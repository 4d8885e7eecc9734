"""
One TCP connection as its packets, from SYN to FIN. Pure.

Nothing is lost or late, so each packet acknowledges all that came the other way. Who only receives acknowledges after
sixteen segments, as Wireshark remembers what is not acknowledged, and looks for it at each packet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .addresses import Host
from .packets import ACK, FIN, LARGEST, PSH, RST, SYN, Route, for_beginning

__all__ = ["Take", "TcpStream"]

_UNACKNOWLEDGED = 16  # segments
_NUMBERS = 1 << 32

Take = Callable[[int, bytes, Sequence[str]], object]
"""Takes a packet: its time in nanoseconds, its bytes, and comments."""


class TcpStream:
    """
    A TCP connection.

    Args:
        client: Who opened it.
        server: Who accepted it.
        take: Takes its packets.
        first_number: The sequence number with which each side begins.

    """

    def __init__(self, client: Host, server: Host, take: Take, first_number: int = 0) -> None:
        self._routes = (Route(client, server, is_by_client=True), Route(server, client, is_by_client=False))
        self._take = take
        self._numbers = [first_number, first_number]
        self._unacknowledged = [0, 0]

    def open(self, time: int, comments: Sequence[str] = ()) -> None:
        """Open it; the first packet has the comments."""
        options = for_beginning()
        client, server = self._routes
        self._take(time, client.packet(self._numbers[0], 0, SYN, options=options), comments)
        self._count(0, 1)
        self._take(time, server.packet(self._numbers[1], self._numbers[0], SYN | ACK, options=options), ())
        self._count(1, 1)
        self._send(time, 0, ACK)

    def send(self, time: int, data: bytes, comments: Sequence[str] = (), *, is_by_client: bool) -> None:
        """Send something, in as many segments as it needs; the first one has the comments."""
        side = 0 if is_by_client else 1
        if len(data) <= LARGEST:
            self._send(time, side, PSH | ACK, data, comments)
            return
        rest = memoryview(data)
        while rest:
            piece, rest = rest[:LARGEST], rest[LARGEST:]
            self._send(time, side, ACK if rest else PSH | ACK, piece, comments)
            comments = ()

    def close(self, time: int, comments: Sequence[str] = (), *, is_by_client: bool) -> None:
        """Close both sides; one of them begins, with the comments."""
        first = 0 if is_by_client else 1
        self._send(time, first, FIN | ACK, comments=comments)
        self._count(first, 1)
        self._send(time, 1 - first, FIN | ACK)
        self._count(1 - first, 1)
        self._send(time, first, ACK)

    def reset(self, time: int, comments: Sequence[str] = (), *, is_by_client: bool) -> None:
        """Break it off; one of the sides does, with the comments."""
        self._send(time, 0 if is_by_client else 1, RST | ACK, comments=comments)

    def _send(
        self, time: int, side: int, flags: int, data: bytes | memoryview = b"", comments: Sequence[str] = ()
    ) -> None:
        other = 1 - side
        self._take(time, self._routes[side].packet(self._numbers[side], self._numbers[other], flags, data), comments)
        self._unacknowledged[other] = 0
        if data:
            self._count(side, len(data))
            self._unacknowledged[side] += 1
            if self._unacknowledged[side] >= _UNACKNOWLEDGED:
                self._send(time, other, ACK)

    def _count(self, side: int, size: int) -> None:
        self._numbers[side] = (self._numbers[side] + size) % _NUMBERS
