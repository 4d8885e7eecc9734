"""A client that only reads bytes, so that what is measured is the server: `python -m benchmarks.raw_client URL`."""

from __future__ import annotations

import base64
import os
import socket
import sys
import time
from urllib.parse import urlsplit

_HELLO = b"\x81\x82\x00\x00\x00\x00{}"  # a masked text message; the mask is zero


def read_all(url: str) -> float:
    """Say something, read until the server closes; give the seconds from the first byte to the last."""
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
        connection.sendall(_HELLO)
        buffer = bytearray(1 << 20)
        connection.recv_into(buffer)
        first = last = time.perf_counter()
        while size := connection.recv_into(buffer):
            last = time.perf_counter()
            if buffer[size - 4 : size] == b"\x88\x02\x03\xe8":  # close, 1000: answered, or the server waits
                connection.sendall(b"\x88\x82\x00\x00\x00\x00\x03\xe8")
    return last - first


if __name__ == "__main__":
    print(read_all(sys.argv[1]))
