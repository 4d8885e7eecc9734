"""
A client that asks over HTTP so many times a second, until the server is gone.

    python -m benchmarks.replaying.requests_client URL RATE

It has a few connections that stay, each for one request at a time, and asks for what bots ask for beside a feed. Prints
a JSON array: the seconds from when each request was due to its answer.
"""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import sys
import time
from collections import deque
from urllib.parse import urlsplit

__all__ = ["ask"]

CONNECTIONS = 4
_PREFIX = "/api/v3/brokerage"
_TARGETS = tuple(
    _PREFIX + target
    for product in ("BTC-USD", "ETH-USD")
    for target in (
        "/time",
        f"/market/products/{product}",
        f"/market/products/{product}/ticker?limit=10",
        f"/market/product_book?product_id={product}&limit=10",
    )
)


class _Connection:
    """A connection that stays; `due` is when the request was due whose answer it waits for."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self._received = b""
        self._rest_of_head = f" HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: */*\r\n\r\n"

    def send(self, target: str, due: float) -> None:
        """Send a request."""
        self.due = due
        self.socket.sendall(f"GET {target}{self._rest_of_head}".encode())

    def has_answer(self) -> bool:
        """Read what came, and tell whether the answer is whole."""
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionResetError
        self._received += data
        head, _, body = self._received.partition(b"\r\n\r\n")
        status, *headers = head.lower().split(b"\r\n")
        lengths = [int(line.partition(b":")[2]) for line in headers if line.startswith(b"content-length:")]
        if not lengths or len(body) < lengths[0]:
            return False
        if b" 200 " not in status:
            raise RuntimeError(f"{status.decode()}: {body[:200].decode()}")
        self._received = b""
        return True


def ask(url: str, rate: int) -> list[float]:
    """Ask until the server closes; return the seconds from when each request was due to its answer."""
    parts = urlsplit(url)
    connections = [_Connection(parts.hostname or "", parts.port or 0) for _ in range(CONNECTIONS)]
    idle = deque(connections)
    taken: list[float] = []
    with selectors.DefaultSelector() as selector, contextlib.suppress(ConnectionError):
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        due = time.perf_counter()
        number = 0
        while True:
            while idle and due <= time.perf_counter():
                idle.popleft().send(_TARGETS[number % len(_TARGETS)], due)
                number += 1
                due += 1 / rate
            for key, _ in selector.select(max(0.0, due - time.perf_counter()) if idle else None):
                if key.data.has_answer():
                    taken.append(time.perf_counter() - key.data.due)
                    idle.append(key.data)
    return taken


if __name__ == "__main__":
    print("begun", flush=True)
    print(json.dumps(ask(sys.argv[1], int(sys.argv[2]))))
