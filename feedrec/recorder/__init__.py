"""
A live connection becomes a recording.

    session.py     the run: connect, reconnect, stop         watch.py      one connection while it is open
    connection.py  the WebSocket, read where bytes arrive    intake.py     its receive path
    journal.py     lines and figures                         clock.py      stamps, and readings of both clocks
    backoff.py     delays between attempts                   watchdog.py   dead or merely silent
    redaction.py   no secrets                                summary.py    what a run came to

This package names no venue: a feed tells it what to send and what the frames are.
"""

from .session import Limits, RecordingSession
from .summary import Progress, Summary

__all__ = ["Limits", "Progress", "RecordingSession", "Summary"]
