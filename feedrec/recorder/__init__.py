"""
A live connection becomes a recording.

    session.py     the run: connect, reconnect, stop         watch.py      one connection while it is open
    connection.py  the WebSocket, read where bytes arrive    intake.py     its receive path
    journal.py     lines and figures                         clock.py      stamps, and readings of both clocks
    backoff.py     delays between attempts                   watchdog.py   dead or merely silent
    redaction.py   no secrets                                summary.py    what a run came to
    live.py        the way in for programs                   callbacks.py  what they are told
    route.py       the endpoint, or its failover             probe.py      whether the endpoint answers again

This package names no venue: a feed tells it what to send and what the frames are.
"""

from .callbacks import Callbacks
from .live import failover_of, header_of, open_session
from .route import Failover
from .session import Limits, RecordingSession
from .summary import Progress, Summary

__all__ = [
    "Callbacks",
    "Failover",
    "Limits",
    "Progress",
    "RecordingSession",
    "Summary",
    "failover_of",
    "header_of",
    "open_session",
]
