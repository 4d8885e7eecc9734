"""
A recording as a mock venue: a local WebSocket server that gives its frames to unmodified client code.

    merge.py     several recordings as one           runs.py      lines to runs of frames
    timeline.py  recordings in order, read ahead     schedule.py  when each frame is due
    play.py      one client's way through it         lateness.py  how late frames were
    talk.py      what a client is answered           rebuild.py   the state of the market for who comes late
    venue.py     what the recordings make up         survey.py    what they hold
    wire.py      payloads to WebSocket messages      outlet.py    messages to one client's transport
    client.py    the replay to one client            results.py   what became of it
    options.py   how to replay                       endpoints.py what is served at which path
    shared.py    one time for all clients            server.py    the server

    timeline -> play (schedule, talk) -> outlet -> transport      one such row per client, put together by client.py

This package names no venue: a feed's server half decides what is answered. Only outlet, client and server know sockets.
"""

from .lateness import LatenessSummary
from .options import ReplayOptions
from .results import ClientResult, Outcome, ReplayTotal
from .server import ReplayServer

__all__ = ["ClientResult", "LatenessSummary", "Outcome", "ReplayOptions", "ReplayServer", "ReplayTotal"]
