"""
A client that subscribes late to a deep book, again and again, until it is terminated.

    python -m benchmarks.replaying.late_client URL SIZE

SIZE is the size of the snapshot. It prints `ready`, then the seconds that each subscription took. It takes turns on two
connections, one a second behind the other: for the one behind, the book is always rebuilt from scratch; for the one
ahead, the server can continue from its last state.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import time

from ..raw_client import connected, request

_BUFFER = bytearray(1 << 20)


def join_late(connection: socket.socket, size: int) -> float:
    """Subscribe to the book, read the snapshot, unsubscribe; return the seconds until the snapshot had arrived."""
    connection.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while connection.recv_into(_BUFFER):
            pass
    connection.setblocking(True)
    connection.sendall(request("subscribe", "level2", "BTC-USD"))
    started = time.perf_counter()
    while size > 0:
        received = connection.recv_into(_BUFFER)
        if not received:
            raise SystemExit
        size -= received
    taken = time.perf_counter() - started
    connection.sendall(request("unsubscribe", "level2", "BTC-USD"))
    return taken


def main(url: str, size: int) -> None:
    """Repeat until the server is gone."""
    with contextlib.ExitStack() as stack:
        connections = []
        for _ in range(2):
            connections.append(stack.enter_context(connected(url)))
            connections[-1].sendall(request("subscribe", "heartbeats"))
            time.sleep(1)
        print("ready", flush=True)
        while True:
            for connection in connections:
                print(join_late(connection, size), flush=True)
                time.sleep(0.02)


if __name__ == "__main__":
    with contextlib.suppress(ConnectionError):
        main(sys.argv[1], int(sys.argv[2]))
