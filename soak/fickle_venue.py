"""
A venue that does its worst in the manner of Advanced Trade, and notes every frame that it sends.

    python -m soak.fickle_venue LEDGERS WHIMS      prints its URL; WHIMS is a `Whims` as JSON

It answers subscriptions with snapshots and acks, each connection as a count of its own. The path of a connection says
who it is: that, and a number, is the name of its ledger.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

import msgspec
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from benchmarks.recording.blaster import listen
from feedrec.feeds.coinbase_advanced.client_requests import parse_request
from feedrec.feeds.coinbase_advanced.frames import go_time
from feedrec.replay.client.sending.wire import message

from .fickle_feed import BODIES, ack, body, heartbeat, snapshot
from .ledger import NEW_COUNT, SENT, WITHHELD, LedgerFile, digest_of

__all__ = ["Venue", "Whims"]

_TICK = 0.01
_CATCH_UP = 0.5  # seconds of frames that may come at once after a stall
_APART = 20  # frames between two holes or resets: at a new count's second frame, and just before it, none can be seen
_MOST_LEFT_OUT = 30
_RESET_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: what is not sent yet is thrown away, and the peer gets an RST
_FAREWELL = 2.0
_SILENCE = 60.0


End = Literal["abort", "farewell", "vanish", "silence"]


class Whims(msgspec.Struct, frozen=True):
    """
    What the venue does, and how often: seconds between two of a kind on one connection, on average; 0 for never.

    Attributes:
        rate: Frames per second of each client, on all its connections.
        seed: Of all chances.
        snapshot: Bytes of a snapshot of level2.
        gap: It leaves some numbers out.
        reset: It begins its count anew.
        stall: It neither sends nor reads for up to `stall_seconds`.
        end: It ends the connection, in one of these ways after another:
        ends: `abort` resets it, half of the time within a message; `farewell` closes it as it should be closed;
            `vanish` hangs up without a close frame; with `silence` it neither sends nor reads until the client leaves.

    """

    rate: float
    seed: int = 1
    snapshot: int = 5_000_000
    gap: float = 0
    reset: float = 0
    stall: float = 0
    stall_seconds: float = 3
    end: float = 0
    ends: tuple[End, ...] = ("abort",)


class _Connection:
    """One client: what it subscribed, and where its count is."""

    def __init__(self, name: str, end: End, whims: Whims, ledgers: Path, writer: asyncio.StreamWriter) -> None:
        self.end = end
        self.name = name.encode()
        self.number = self.sequence = 0
        self.subscribed: dict[str, list[str]] = {}
        self.reading = asyncio.Event()
        self.reading.set()
        self.is_over = False
        self._whims, self._writer = whims, writer
        self._ledger = LedgerFile(ledgers / name)
        self._chance = random.Random(f"{whims.seed} {name}")
        self._beats = 0
        self._quiet = 0  # frames until the next hole or reset may come
        self._due = {what: self._next(what) for what in ("gap", "reset", "stall", "end")}

    def close(self) -> None:
        """Nothing more is sent."""
        self._ledger.close()

    def frame(self, template: bytes, *numbers: int) -> bytes:
        """Note the next frame, and return its message."""
        payload = template % (self.name, self.number, go_time(time.time_ns()).encode(), self.sequence, *numbers)
        kind = NEW_COUNT if self.sequence == 0 and self.number else SENT
        self._ledger.note(digest_of(payload), self.sequence, time.monotonic_ns(), kind)
        self.number += 1
        self.sequence += 1
        return message(payload)

    def hear(self, payload: bytes) -> None:
        """Answer a message of the client."""
        request = parse_request(payload)
        if request is None:
            return
        channel = request.channel
        products = request.products or [channel]  # heartbeats are listed like this
        has = self.subscribed.setdefault(channel, [])
        if request.type == "unsubscribe":
            self.subscribed[channel] = [product for product in has if product not in products]
        else:
            new = [product for product in products if product not in has]
            has += new
            for product in new if channel == "level2" else ():
                self.send([self.frame(snapshot(product, self._whims.snapshot))])
        self.send([self.frame(ack(self.subscribed))])

    def send(self, messages: list[bytes]) -> None:
        """Send what was noted; whatever becomes of this process, no client has what is not in the ledger."""
        self._ledger.flush()
        self._writer.write(b"".join(messages))

    def updates(self, count: int) -> list[bytes]:
        """Return the messages of so many frames, or of none if nothing that has any is subscribed."""
        products = self.subscribed.get("level2")
        if not products:
            return []
        if "heartbeats" in self.subscribed and self._beats <= self.number // max(1, round(self._whims.rate)):
            self._beats += 1
            return [self.frame(heartbeat(self._beats)), *self._frames(count, products)]
        return self._frames(count, products)

    def _frames(self, count: int, products: list[str]) -> list[bytes]:
        frames = []
        for _ in range(count):
            number = self.number
            channel, template = body(number % BODIES, products[(number + number // 10) % len(products)])
            if channel not in self.subscribed:
                template = body(2, products[0])[1]
            frames.append(self.frame(template, number * 2_654_435_761 % 10**8))
        self._quiet -= count
        return frames

    def leave_out(self, seconds: float) -> None:
        """Leave some numbers out, or begin the count anew, if it is time for that."""
        if self._quiet > 0 or self.number < _APART:
            return
        if self.is_due("gap", seconds):
            for _ in range(self._chance.randint(1, _MOST_LEFT_OUT)):
                self._ledger.note(0, self.sequence, time.monotonic_ns(), WITHHELD)
                self.number += 1
                self.sequence += 1
            self._quiet = _APART
        elif self.sequence > 10 * _MOST_LEFT_OUT and self.is_due("reset", seconds):
            self.sequence = 0
            self._quiet = _APART

    def is_due(self, what: str, seconds: float) -> bool:
        """Tell whether something is to happen now; then it is due again later."""
        if seconds < self._due[what]:
            return False
        self._due[what] = seconds + self._next(what)
        return True

    def _next(self, what: str) -> float:
        """Return after how many seconds something happens next: between half and one and a half of the average."""
        mean = getattr(self._whims, what)
        return mean * self._chance.uniform(0.5, 1.5) if mean else float("inf")

    async def stall(self, seconds: float) -> None:
        """Neither send nor read."""
        self.reading.clear()
        await asyncio.sleep(seconds)
        self.reading.set()

    def stall_seconds(self) -> float:
        """Return how long a stall lasts."""
        return self._chance.uniform(0.1, 1) * self._whims.stall_seconds

    def abort(self) -> None:
        """Reset the connection, half of the time within a message."""
        if self._chance.random() < 0.5:
            *whole, last = self.updates(1) or [b""]
            self.send([*whole, last[: len(last) // 2]])
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_ONCE)
        self._writer.transport.abort()
        self.is_over = True


class Venue:
    """
    Serves each client until one of them hangs up.

    Args:
        ledgers: The folder for what it notes.
        whims: What it does.

    """

    def __init__(self, ledgers: Path, whims: Whims) -> None:
        self._ledgers, self._whims = ledgers, whims
        self._connections = 0
        self._open = Counter[str]()
        for product in ("BTC-USD", "ETH-USD"):  # nobody waits for them to be made then
            snapshot(product, whims.snapshot)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""
        protocol = ServerProtocol()
        with contextlib.suppress(ConnectionError, EOFError):
            path = await _shake_hands(protocol, reader, writer)
            self._connections += 1
            self._open[path] += 1
            name, ends = f"{path.strip('/')}-{self._connections:04d}", self._whims.ends
            end = ends[self._connections % len(ends)]
            connection = _Connection(name, end, self._whims, self._ledgers, writer)
            listening = asyncio.ensure_future(_listen(connection, protocol, reader, writer))
            try:
                await self._feed(connection, protocol, writer, path)
            finally:
                self._open[path] -= 1
                listening.cancel()
                with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                    await listening
                connection.close()
        with contextlib.suppress(OSError):
            writer.close()

    async def _feed(
        self, connection: _Connection, protocol: ServerProtocol, writer: asyncio.StreamWriter, path: str
    ) -> None:
        started = before = time.monotonic()
        owed = 0.0
        while not connection.is_over:
            await asyncio.sleep(_TICK)
            now = time.monotonic()
            rate = self._whims.rate / self._open[path]
            owed = min(owed + (now - before) * rate, _CATCH_UP * rate)
            before = now
            if connection.is_over:
                return
            count = int(owed)
            owed -= count
            connection.leave_out(now - started)
            connection.send(connection.updates(count))
            await writer.drain()
            await self._act(connection, protocol, writer, now - started)

    async def _act(
        self, connection: _Connection, protocol: ServerProtocol, writer: asyncio.StreamWriter, seconds: float
    ) -> None:
        """Do what is due: stall, or end the connection in one way or another."""
        if connection.is_due("stall", seconds):
            await connection.stall(connection.stall_seconds())
        if not connection.is_due("end", seconds):
            return
        if connection.end == "silence":
            await connection.stall(_SILENCE)
        elif connection.end == "abort":
            connection.abort()
        else:
            connection.is_over = True
        if connection.end == "farewell" and protocol.state is State.OPEN:
            protocol.send_close(1001, "going away")
            writer.writelines(protocol.data_to_send())
            await asyncio.sleep(_FAREWELL)


async def _shake_hands(protocol: ServerProtocol, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    """Accept a WebSocket, without compression; return the path."""
    path = ""
    while protocol.state is State.CONNECTING:
        data = await reader.read(65536)
        if not data:
            raise EOFError
        protocol.receive_data(data)
        for request in protocol.events_received():
            if isinstance(request, Request):
                path = request.path
                protocol.send_response(protocol.accept(request))
        writer.writelines(protocol.data_to_send())
    return path


async def _listen(
    connection: _Connection, protocol: ServerProtocol, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Hear what the client says, answer its pings, and notice when it hangs up."""
    try:
        while data := await reader.read(65536):
            await connection.reading.wait()
            protocol.receive_data(data)
            for event in protocol.events_received():
                if isinstance(event, Frame) and event.opcode is Opcode.TEXT and not connection.is_over:
                    connection.hear(bytes(event.data))
            connection.is_over |= protocol.state is not State.OPEN
            writer.writelines(protocol.data_to_send())
    finally:
        connection.is_over = True


def main() -> None:
    """Serve for ever."""
    venue = Venue(Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Whims))
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] = venue.handle
    asyncio.run(listen(handle))


if __name__ == "__main__":
    main()
