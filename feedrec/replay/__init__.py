"""
A recording as a mock venue: a local WebSocket server that gives its frames to unmodified client code.

    timeline/   recordings to frames in order
    clock/      recorded time and real time
    venue/      what the recordings make up
    client/     the replay to one client
    server.py   listens, and gives each client its replay
    options.py  how to replay
    results.py  what became of it

This package names no venue: a feed's server half decides what is answered. Only outlet, client and server know sockets.
"""

from .clock.lateness import LatenessSummary
from .options import ReplayOptions
from .results import ClientResult, Outcome, ReplayTotal
from .server import ReplayServer

__all__ = ["ClientResult", "LatenessSummary", "Outcome", "ReplayOptions", "ReplayServer", "ReplayTotal"]
