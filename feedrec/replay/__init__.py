"""
A recording as a mock venue: a local WebSocket server that sends its frames to unmodified client code.

    timeline/   recordings to frames in order
    clock/      recorded time and real time
    outages/    when there was no connection, and how handshakes were answered then
    dialogue/   what a client must say, and what it then hears
    faults/     what goes wrong on purpose
    worker/     a process beside a replay
    venue/      the venue that the recordings stand for
    client/     the replay to one client
    rest/       the HTTP requests that clients send beside a feed
    steering/   what steers a replay while it runs
    control/    steering for programs and pages, at the same port
    books/      order books as of any moment
    page/       recordings in the browser
    live/       feeds that are being recorded, served to many
    tls/        clients that speak wss
    reception.py  whoever connects to a replay, until it is a client
    entrance.py  the same, recorded or live
    attendance.py  the clients, each from its connection to its result
    listening.py  where they connect to
    server.py   replays to each client
    options.py  how to replay
    live_beginning.py  where a replay begins that is live
    results.py  how it went
    messages.py what is said, for an observer
    observer.py what happens, to whoever wants to know
    user_folders.py  where files of the user are kept

This package names no venue: a feed's server half decides the replies. Only client, tls, entrance, reception,
attendance, listening, live and server know sockets. Nothing is loaded until it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import offer

if TYPE_CHECKING:
    from .books.moments import BookAt, book_at, books_every
    from .clock.lateness import LateFrame, LatenessSummary
    from .dialogue.failure import DialogueFailure
    from .faults.fault_log import FaultHit
    from .messages import ReceivedMessage, ReceivedRequest, SentMessage
    from .observer import Observer
    from .options import ReplayOptions
    from .results import ClientResult, Outcome, ReplayTotal
    from .server import ReplayServer
    from .steering.status import ClientStatus, Status
    from .steering.steering import Steering
    from .tls.tls_context import TlsFiles

__all__ = [
    "BookAt",
    "ClientResult",
    "ClientStatus",
    "DialogueFailure",
    "FaultHit",
    "LateFrame",
    "LatenessSummary",
    "Observer",
    "Outcome",
    "ReceivedMessage",
    "ReceivedRequest",
    "ReplayOptions",
    "ReplayServer",
    "ReplayTotal",
    "SentMessage",
    "Status",
    "Steering",
    "TlsFiles",
    "book_at",
    "books_every",
]

__getattr__ = offer(
    __name__,
    {
        "BookAt": "books.moments",
        "ClientResult": "results",
        "ClientStatus": "steering.status",
        "DialogueFailure": "dialogue.failure",
        "FaultHit": "faults.fault_log",
        "LateFrame": "clock.lateness",
        "LatenessSummary": "clock.lateness",
        "Observer": "observer",
        "Outcome": "results",
        "ReceivedMessage": "messages",
        "ReceivedRequest": "messages",
        "ReplayOptions": "options",
        "ReplayServer": "server",
        "ReplayTotal": "results",
        "SentMessage": "messages",
        "Status": "steering.status",
        "Steering": "steering.steering",
        "TlsFiles": "tls.tls_context",
        "book_at": "books.moments",
        "books_every": "books.moments",
    },
)
