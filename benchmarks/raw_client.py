"""A client that only reads bytes, so that the server is what is measured: `python -m benchmarks.raw_client URL`."""

from __future__ import annotations

import base64
import json
import os
import socket
import sys
import time
from urllib.parse import urlsplit

_CHANNELS = ("level2", "ticker", "market_trades", "candles", "heartbeats")


def subscriptions() -> bytes:
    """Return subscribe messages for everything in the demo, as masked text messages with a zero mask."""
    messages = []
    for channel in _CHANNELS:
        request = {"type": "subscribe", "channel": channel, "product_ids": ["BTC-USD", "ETH-USD"]}
        payload = json.dumps(request).encode()
        messages.append(bytes((0x81, 0x80 | len(payload))) + b"\0\0\0\0" + payload)
    return b"".join(messages)


def read_all(url: str) -> float:
    """Subscribe and read until the server closes; return the seconds from the first byte to the last."""
    parts = urlsplit(url)
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET / HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(request.encode())
        response = b""
        while b"\r\n\r\n" not in response:
            response += connection.recv(4096)
        connection.sendall(subscriptions())
        buffer = bytearray(1 << 20)
        connection.recv_into(buffer)
        first = last = time.perf_counter()
        while size := connection.recv_into(buffer):
            last = time.perf_counter()
            if buffer[size - 4 : size] == b"\x88\x02\x03\xe8":  # close, 1000: reply, or the server waits
                connection.sendall(b"\x88\x82\x00\x00\x00\x00\x03\xe8")
    return last - first


if __name__ == "__main__":
    print(read_all(sys.argv[1]))
