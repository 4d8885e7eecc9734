"""
Clients that only read bytes, all in one process: `python -m benchmarks.many_clients URL COUNT`.

All of them subscribe before any of them reads; they read until the server closes.
"""

from __future__ import annotations

import selectors
import sys

from .raw_client import CHANNELS, connected, request

__all__ = ["read_all"]


def read_all(url: str, count: int) -> None:
    """Subscribe to all channels with `count` clients, and read everything."""
    clients = {client.fileno(): client for client in (connected(url) for _ in range(count))}
    subscriptions = b"".join(request("subscribe", channel, "BTC-USD", "ETH-USD") for channel in CHANNELS)
    for client in clients.values():
        client.sendall(subscriptions)
    buffer = bytearray(1 << 20)
    with selectors.DefaultSelector() as selector:
        for number in clients:
            selector.register(number, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                client = clients[key.fd]
                size = client.recv_into(buffer)
                if not size:
                    selector.unregister(key.fd)
                    client.close()
                elif buffer[size - 4 : size] == b"\x88\x02\x03\xe8":  # close, 1000: reply, or the server waits
                    client.sendall(b"\x88\x82\x00\x00\x00\x00\x03\xe8")


if __name__ == "__main__":
    read_all(sys.argv[1], int(sys.argv[2]))
