"""
A client that only reads bytes, so that the server is what is measured.

    python -m benchmarks.raw_client URL [CHANNEL...]     all channels of the demo by default
"""

from __future__ import annotations

import base64
import json
import os
import socket
import sys
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

__all__ = ["CHANNELS", "CLOSE", "connected", "message_from", "read_all", "request", "text_message"]

CLOSE = b"\x88\x82\x00\x00\x00\x00\x03\xe8"
"""What closes a connection, or answers that the other side has: 1000."""

CHANNELS = ("level2", "ticker", "market_trades", "candles", "heartbeats")


_SWITCHING = b"HTTP/1.1 101"


def request(kind: str, channel: str, *products: str) -> bytes:
    """Return a message that subscribes or unsubscribes, as a masked text message with a zero mask."""
    return text_message(json.dumps({"type": kind, "channel": channel, "product_ids": products}))


def text_message(text: str) -> bytes:
    """Return a message of any text, likewise."""
    payload = text.encode()
    size = bytes((0x80 | len(payload),)) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return b"\x81" + size + b"\0\0\0\0" + payload


def message_from(connection: socket.socket) -> bytes:
    """
    Wait for the next text message, sent in one frame, and return its payload; pings are passed over.

    Raises:
        EOFError: If the server closes the connection, or has closed it.

    """
    while True:
        kind, size = _exactly(connection, 2)
        if size >= 126:
            size = int.from_bytes(_exactly(connection, 2 if size == 126 else 8), "big")
        payload = _exactly(connection, size)
        if kind == 0x88:
            raise EOFError
        if kind == 0x81:
            return payload


def _exactly(connection: socket.socket, size: int) -> bytes:
    received = bytearray(size)
    rest = memoryview(received)
    while rest:
        count = connection.recv_into(rest)
        if not count:
            raise EOFError
        rest = rest[count:]
    return bytes(received)


def connected(url: str) -> socket.socket:
    """
    Connect, and return the connection after its handshake.

    Raises:
        OSError: If nobody listens there, or it is no WebSocket.

    """
    parts = urlsplit(url)
    key = base64.b64encode(os.urandom(16)).decode()
    handshake = (
        f"GET / HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    connection = socket.create_connection((parts.hostname, parts.port))
    try:
        connection.sendall(handshake.encode())
        response = b""
        while b"\r\n\r\n" not in response:
            response += (received := connection.recv(4096))
            if not received or not response.startswith(_SWITCHING[: len(response)]):
                raise ConnectionError(f"no WebSocket: {response[:100]!r}")
    except OSError:
        connection.close()
        raise
    return connection


def read_all(url: str, channels: Sequence[str] = CHANNELS) -> float:
    """Subscribe and read until the server closes; return the seconds from the first byte to the last."""
    with connected(url) as connection:
        connection.sendall(b"".join(request("subscribe", channel, "BTC-USD", "ETH-USD") for channel in channels))
        buffer = bytearray(1 << 20)
        connection.recv_into(buffer)
        first = last = time.perf_counter()
        while size := connection.recv_into(buffer):
            last = time.perf_counter()
            if buffer[size - 4 : size] == b"\x88\x02\x03\xe8":  # close, 1000: reply, or the server waits
                connection.sendall(CLOSE)
    return last - first


if __name__ == "__main__":
    print(read_all(sys.argv[1], sys.argv[2:] or CHANNELS))
