"""
A live connection becomes a recording.

    fleet/                   several runs in one process, and what is done when one fails
    session/                 one run, from the first connection to the summary
    proxy/                   an application's own connections, passed on and recorded
    rest/                    HTTP requests beside the WebSocket, and their answers
    keeping/                 the files of earlier runs: what is removed, and what was left over
    output/                  what it writes
    uploading/               what a recorder ships: what waits, and the process that uploads
    shipping/                finished files, sent to a bucket and checked there
    checking/                what the venue sent, checked beside the recorder
    resync/                  books that are subscribed again after a gap
    commands/                commands of the user that are run when something happened
    serving/                 what is given to the processes that serve the feeds live
    watching/                figures, health and incidents, for whoever watches it
    wire/                    the WebSocket, read where bytes arrive
    connection.py            opening it
    connection_lifecycle.py  one connection from open to close
    connection_state.py      the states it goes through
    intake.py                its receive path
    notices.py               what a feed notices: to the log, the recording, the run
    watchdog.py              dead or merely silent
    run_end.py               what ends a run
    backoff.py               delays between attempts
    sent_messages.py         what an application sends, without its secrets
    network_errors.py        why a server cannot be reached
    refusals.py              what is told of an attempt to connect that failed
    retry_after.py           how long a server that refuses wants to be left alone
    rate_limit.py            the venue's limits
    throttle.py              short pauses, reported together
    clock.py                 stamps, and readings of both clocks

This package names no venue: a feed says what to send and what the frames are. Nothing is loaded until it is used: who
records needs no proxy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import offer

if TYPE_CHECKING:
    from .proxy import ProxyOptions, RecordingProxy, source_to
    from .session.callbacks import Callbacks
    from .session.failover import Failover
    from .session.open_session import create_session, failover_of, open_session
    from .session.product_list import list_products
    from .session.run_options import Limits
    from .session.session import RecordingSession
    from .session.source import Source
    from .session.summary import Progress, Summary

__all__ = [
    "Callbacks",
    "Failover",
    "Limits",
    "Progress",
    "ProxyOptions",
    "RecordingProxy",
    "RecordingSession",
    "Source",
    "Summary",
    "create_session",
    "failover_of",
    "list_products",
    "open_session",
    "source_to",
]

__getattr__ = offer(
    __name__,
    {
        "Callbacks": "session.callbacks",
        "Failover": "session.failover",
        "Limits": "session.run_options",
        "Progress": "session.summary",
        "ProxyOptions": "proxy",
        "RecordingProxy": "proxy",
        "RecordingSession": "session.session",
        "Source": "session.source",
        "Summary": "session.summary",
        "create_session": "session.open_session",
        "failover_of": "session.open_session",
        "list_products": "session.product_list",
        "open_session": "session.open_session",
        "source_to": "proxy",
    },
)
