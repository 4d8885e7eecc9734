"""
A recording as a mock venue: a local WebSocket server that gives its frames to unmodified client code.

    merge.py     several recordings as one           runs.py      lines to runs of frames
    timeline.py  recordings in order, read ahead
    schedule.py  when each frame is due              lateness.py  how late frames were
    wire.py      payloads to WebSocket messages      outlet.py    frames to one client's transport
    client.py    the replay to one client            results.py   what became of it
    server.py    the server

    timeline -> schedule -> outlet -> transport      one such row per client, put together by client.py

This package names no venue. All modules but outlet, client and server know no socket.
"""

from .lateness import LatenessSummary
from .results import ClientResult, Outcome, ReplayTotal
from .server import ReplayOptions, ReplayServer

__all__ = ["ClientResult", "LatenessSummary", "Outcome", "ReplayOptions", "ReplayServer", "ReplayTotal"]
