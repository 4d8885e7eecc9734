"""
States rebuilt beside the replay, by a process of their own: in this one they would keep the event loop waiting.

Where there can be no process, states are rebuilt in a thread; see `Beside`. Other clients then wait while it decodes,
sorts or writes a book, some 25 ms each time if the book has 5 MB. A client that is alone is served by the thread, which
is there at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from functools import partial

from ...feeds.venue import Key, VenueFeed
from ...formats.places.url_path import as_text
from ..timeline.timeline import Timeline
from ..worker.beside import PAUSE, Beside
from ..worker.worker_messages import identity
from .position import Position
from .rebuild import Rebuilder
from .rebuild_messages import Request, Task, read_snapshots
from .state_cache import user_cache
from .written_states import WrittenStates

__all__ = ["RebuildProcess"]

_MODULE = "feedrec.replay.venue.rebuild_worker"


class RebuildProcess:
    """
    Rebuilds states for the clients of a venue, one after another.

    Args:
        timeline: What to read.
        feed: Makes the states.
        keeps: Whether to keep what was rebuilt in the user's cache folder, and to use what was kept.

    """

    def __init__(self, timeline: Timeline, feed: VenueFeed, *, keeps: bool = False) -> None:
        self._feed = feed
        self._task = Task(feed.name, identity(feed), [as_text(path) for path in timeline.paths], keeps)
        self._beside = Beside(_MODULE, self._task, feed, "states are rebuilt")
        written = WrittenStates(timeline, feed, user_cache() if keeps else None)
        self._rebuilder = Rebuilder(timeline, feed, partial(time.sleep, PAUSE), written)

    def snapshots(
        self, wanted: frozenset[Key], position: Position, stopped: threading.Event, *, is_alone: bool
    ) -> Mapping[Key, bytes | None]:
        """
        Return snapshots; see `Rebuilder.snapshots`. It blocks: call it in a thread.

        Args:
            wanted: Channels and products.
            position: Where in the timeline.
            stopped: Ends the work early when set; what is returned is of no use then.
            is_alone: Whether the client that waits for it is the only one.

        """
        here = partial(self._rebuilder.snapshots, wanted, position, stopped)
        has_past = position.line or position.since
        if not has_past or self._feed.state(wanted) is None:
            return here()
        request = Request(list(wanted), position)
        read = partial(read_snapshots, request.wanted)
        return self._beside.ask(request, read, here, stopped, is_alone=is_alone)

    def close(self) -> None:
        """End the process; from any thread."""
        self._beside.close()
