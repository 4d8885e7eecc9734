"""
What the server half of a feed provides: the part that answers a client as the venue would.

It is pure, like all of a feed. The replay tells it what the client says and what was recorded, and sends what comes
back. Times are recorded times in nanoseconds: the venue lives in the past.

    feed.py       a feed that has one
    server.py     the server half for one connection
    handshake.py  a client that connects
    replies.py    what it is sent
    keys.py       what it can subscribe
    state.py      the state of the market, for late clients
    clock.py      the venue's clock
"""

from __future__ import annotations

from .clock import VenueClock
from .feed import Sample, Setting, VenueFeed
from .handshake import Handshake, Refusal, Visitors
from .keys import Catalogue, Key
from .replies import Close, Message, Pieces, Remark, Reply, Send
from .server import SNAPSHOT_WAIT, FeedServer
from .state import FeedState

__all__ = [
    "SNAPSHOT_WAIT",
    "Catalogue",
    "Close",
    "FeedServer",
    "FeedState",
    "Handshake",
    "Key",
    "Message",
    "Pieces",
    "Refusal",
    "Remark",
    "Reply",
    "Sample",
    "Send",
    "Setting",
    "VenueClock",
    "VenueFeed",
    "Visitors",
]
