"""
Recorded feeds as fixtures of tests, with any test framework or none.

    pytest_plugin/     the same as fixtures of pytest
    feed_replay.py     a replay for a test, in a thread
    loop_thread.py     the thread, with an event loop
    observed_feed.py   what it shares with a feed that is recorded
    observations.py    what was seen so far, across threads
    messages.py        what a test sees: clients, messages, and requests
    replay_options.py  what a test may write as recordings and options

Nothing is loaded until it is used: a plug-in of a test framework may import this for free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import offer

if TYPE_CHECKING:
    from .feed_replay import FeedReplay
    from .loop_thread import LoopThread
    from .messages import FaultHit, ReceivedMessage, ReceivedRequest, ReplayClient, SentMessage
    from .pytest_plugin.recordings import OldRecordingWarning

__all__ = [
    "FaultHit",
    "FeedReplay",
    "LoopThread",
    "OldRecordingWarning",
    "ReceivedMessage",
    "ReceivedRequest",
    "ReplayClient",
    "SentMessage",
]

__getattr__ = offer(
    __name__,
    {
        "FaultHit": "messages",
        "FeedReplay": "feed_replay",
        "LoopThread": "loop_thread",
        "OldRecordingWarning": "pytest_plugin.recordings",
        "ReceivedMessage": "messages",
        "ReceivedRequest": "messages",
        "ReplayClient": "messages",
        "SentMessage": "messages",
    },
)
