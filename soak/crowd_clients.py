"""
Clients of a replay, good and bad, all in one process: `python -m soak.crowd_clients URL PRODUCTS GOOD STUCK FLOODING`.

The good ones connect first, one after another, subscribe, and read. The stuck ones subscribe and never read; the
flooding ones send junk and subscriptions as fast as they are taken and never read. It prints `ready` when all are
there, and goes on until it is killed.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import threading
import time
from collections.abc import Iterable

from benchmarks.raw_client import connected

__all__ = ["run"]

_CHANNELS = ("level2", "ticker", "matches")

_JUNK = b"\x81\x84\0\0\0\0junk"
_APART = 0.005  # seconds between two clients: their clocks differ


def run(url: str, products: list[str], good: int, stuck: int, flooding: int) -> None:
    """Connect all, and read with the good ones."""
    message = _subscription(products)
    readers = list(_subscribed(url, message, good))
    bad = list(_subscribed(url, message, stuck + flooding))
    for connection in bad:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for connection in bad[stuck:]:
        threading.Thread(target=_flood, args=(connection, (_JUNK + message) * 100), daemon=True).start()
    print("ready", flush=True)
    buffer = bytearray(1 << 16)
    with selectors.DefaultSelector() as selector:
        for connection in readers:
            selector.register(connection, selectors.EVENT_READ, connection)
        while selector.get_map():
            for key, _ in selector.select():
                if not key.data.recv_into(buffer):
                    selector.unregister(key.data)
            time.sleep(0.002)  # several clients at a time: this process must not take what the server needs


def _subscription(products: list[str]) -> bytes:
    payload = json.dumps({"type": "subscribe", "product_ids": products, "channels": _CHANNELS}).encode()
    return b"\x81\xfe" + len(payload).to_bytes(2) + b"\0\0\0\0" + payload


def _subscribed(url: str, message: bytes, count: int) -> Iterable[socket.socket]:
    for _ in range(count):
        connection = connected(url)
        connection.sendall(message)
        yield connection
        time.sleep(_APART)


def _flood(connection: socket.socket, messages: bytes) -> None:
    try:
        while True:
            connection.sendall(messages)
    except OSError:
        return


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2].split(","), *map(int, sys.argv[3:]))
