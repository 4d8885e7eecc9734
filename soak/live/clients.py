"""
Clients that read, come again when they are left, and leave themselves now and then, all in one process.

    python -m soak.live.clients URL FOLDER READERS STUCK SECONDS SEED

Each session of a reader is noted in the folder. A stuck one subscribes and never reads. All end when the input does;
it prints how often a stuck one was cut off.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import select
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.raw_client import connected, request
from feedrec.recorder.wire.frame_cutter import FrameCutter

from .session import Listening

__all__ = ["WISHES", "Reader", "run"]

Wish = tuple[tuple[str, tuple[str, ...]], ...]
"""Channels with their products."""

_PAIR = ("BTC-USD", "ETH-USD")
WISHES: tuple[Wish, ...] = (
    (("level2", _PAIR), ("ticker", _PAIR), ("market_trades", _PAIR), ("heartbeats", ())),
    (("level2", ("ETH-USD",)),),
    (("ticker", _PAIR), ("level2", ("BTC-USD",))),
    (("market_trades", ("BTC-USD",)), ("ticker", ("ETH-USD",)), ("level2", _PAIR)),
)
"""What readers subscribe, one after another."""

_AGAIN = 0.05  # seconds until a client that found nobody tries again
_TICK = 0.2
_PING = b"\x89\x80\0\0\0\0"
_PONG, _CLOSE = 0x8A, 0x88
_READ = 1 << 16
_SMALL = 4096


class Reader:
    """
    A client that reads.

    Args:
        url: Where the feed is served.
        name: Its name.
        wish: What it subscribes.
        seconds: How long it stays at most, on average; 0 for as long as it can.
        seed: Of its chances.

    """

    def __init__(self, url: str, name: str, wish: Wish, seconds: float, seed: int) -> None:
        self._url, self._name, self._wish, self._seconds = url, name, wish, seconds
        self._chance = random.Random(f"{seed} {name}")

    def read_until(self, over: threading.Event, folder: Path) -> None:
        """Read, and come again, until it is over; note each session."""
        for number in itertools.count():
            if over.is_set():
                return
            try:
                connection = connected(self._url)
            except OSError:
                over.wait(_AGAIN)
                continue
            listening = Listening(self._name)
            with connection:
                end = self._read(connection, listening, over)
            listening.ended(end).write(folder / f"{self._name}-{number:04d}.session")

    def _read(self, connection: socket.socket, listening: Listening, over: threading.Event) -> str:
        """Read until the end, and say how it ended."""
        cutter, patience = FrameCutter(None), self._patience()
        connection.settimeout(_TICK)
        try:
            for channel, products in self._wish:
                connection.sendall(request("subscribe", channel, *products))
            while time.monotonic() < patience and not over.is_set():
                try:
                    data = connection.recv(_READ)
                except TimeoutError:
                    continue
                if not data:
                    return "hung up"
                for cut in cutter.feed(data):
                    if isinstance(cut, list):
                        for payload in cut:
                            listening.take(payload)
                    elif cut[0] == _CLOSE:
                        return str(int.from_bytes(cut[2:4]))
                    else:
                        connection.sendall(bytes((_PONG, 0x80, 0, 0, 0, 0)))
        except OSError as error:
            return type(error).__name__
        return "left"

    def _patience(self) -> float:
        stays = self._seconds * self._chance.uniform(0.3, 1.7) if self._seconds else float("inf")
        return time.monotonic() + stays


def _stay_stuck(url: str, over: threading.Event, cuts: list[float]) -> None:
    """Subscribe everything and never read, again each time that it was cut off."""
    while not over.is_set():
        try:
            connection = connected(url)
        except OSError:
            over.wait(_AGAIN)
            continue
        with connection, contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
            for channel, products in WISHES[0]:
                connection.sendall(request("subscribe", channel, *products))
            for _ in _until_cut(connection, over):
                connection.sendall(_PING)
        if not over.is_set():
            cuts.append(time.monotonic())


def _until_cut(connection: socket.socket, over: threading.Event) -> Iterator[None]:
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    while not over.wait(_TICK) and not poll.poll(0):
        yield


def run(url: str, folder: Path, readers: int, stuck: int, seconds: float, seed: int) -> None:
    """Have them all read until the input ends."""
    over, cuts = threading.Event(), list[float]()
    threads = []
    for number in range(readers):
        wish = WISHES[number % len(WISHES)]
        one = Reader(url, f"client{number}", wish, seconds if number else 0, seed)
        threads.append(threading.Thread(target=one.read_until, args=(over, folder)))
    threads += [threading.Thread(target=_stay_stuck, args=(url, over, cuts)) for _ in range(stuck)]
    for thread in threads:
        thread.start()
    with contextlib.suppress(KeyboardInterrupt):
        sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join()
    print(len(cuts), flush=True)


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6]))
