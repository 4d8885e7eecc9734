"""
Clients of a live feed, all in one process: `python -m benchmarks.serving.live_clients URL COUNT STUCK SECONDS FOLDER`.

COUNT of them subscribe everything and read; STUCK more subscribe and never read. It prints `ready` when each reader has
frames, notes for so many seconds which frame came when, and prints `done` or what was out of order. FOLDER then has a
file for each reader: pairs of numbers of 64 bits, the frame and the time in nanoseconds.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import sys
import time
from array import array
from pathlib import Path

from feedrec.recorder.wire.frame_cutter import FrameCutter

from ..raw_client import CHANNELS, connected, request

__all__ = ["number_of"]

_READ = 1 << 18
_PATIENCE = 60.0
_AGAIN = 0.05
_ACK = b'{"channel":"subscriptions"'
_NUMBER = b'"client_id":"'


def number_of(payload: bytes) -> int:
    """Return the number of a frame."""
    start = payload.index(_NUMBER) + len(_NUMBER)
    return int(payload[start : payload.index(b'"', start)])


class _Client:
    """A client that reads, and whether what it got is in order."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.fault = ""
        self.noted = array("q")
        self.last = -1
        self._cutter = FrameCutter(None)

    def read(self, *, notes: bool) -> None:
        """Read what is there; before anything is noted, a state may be as of an earlier frame."""
        data = self.connection.recv(_READ)
        now, noted = time.time_ns(), self.noted
        if not data:
            raise EOFError("the server has hung up")
        for cut in self._cutter.feed(data):
            for payload in cut if isinstance(cut, list) else ():
                if payload.startswith(_ACK):
                    continue
                number = number_of(payload)
                if notes:
                    if number != self.last + 1:
                        self.fault = self.fault or f"{number} came after {self.last}"
                    noted.append(number)
                    noted.append(now)
                self.last = number


def _subscribed(url: str) -> socket.socket:
    """Connect, as soon as somebody listens there, and subscribe everything."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            connection = connected(url)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_AGAIN)
    connection.sendall(b"".join(request("subscribe", channel, "BTC-USD", "ETH-USD") for channel in CHANNELS))
    return connection


def _read_for(selector: selectors.BaseSelector, seconds: float, *, notes: bool) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            key.data.read(notes=notes)


def run(url: str, count: int, stuck: int, seconds: float, folder: Path) -> None:
    """Read with all of them, and note."""
    clients = [_Client(_subscribed(url)) for _ in range(count)]
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        for client in clients:
            stack.enter_context(client.connection)
            selector.register(client.connection, selectors.EVENT_READ, client)
        deadline = time.monotonic() + _PATIENCE
        while not all(client.last > 0 for client in clients):
            if time.monotonic() > deadline:
                raise TimeoutError("no frame came")
            _read_for(selector, _AGAIN, notes=False)
        for _ in range(stuck):
            stack.enter_context(_subscribed(url)).setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        _read_for(selector, min(1.0, seconds), notes=False)
        print("ready", flush=True)
        _read_for(selector, seconds, notes=True)
    print(next(filter(None, (client.fault for client in clients)), "done"), flush=True)
    for number, client in enumerate(clients):
        (folder / f"{number}.noted").write_bytes(client.noted.tobytes())


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), Path(sys.argv[5]))
