"""The process that rebuilds states for a replay: `python -m feedrec.replay.venue.rebuild_worker`."""

from __future__ import annotations

import threading
from functools import partial
from typing import BinaryIO, cast

from ...errors import RecordingError, UsageError
from ...feeds import find_feed
from ...feeds.venue import VenueFeed
from ...formats.places.url_path import place_of
from ..timeline.timeline import Timeline
from ..worker.worker_loop import Replying, serve_requests
from ..worker.worker_messages import Failure, identity, write_message
from .rebuild import Rebuilder
from .rebuild_messages import Answer, Request, Task
from .state_cache import user_cache
from .written_states import WrittenStates

__all__ = ["rebuilder_for"]


def rebuilder_for(task: Task) -> tuple[VenueFeed, Timeline, Rebuilder]:
    """
    Return what a task is about.

    Raises:
        UsageError: If the feed of that name is another one here.

    """
    feed = cast(VenueFeed, find_feed(task.endpoint))
    if identity(feed) != task.identity:
        raise UsageError(f"here is {identity(feed)}, but {task.identity} is meant")
    paths = [place_of(path) for path in task.paths]
    timeline = Timeline(paths, start=task.start, end=task.end, describe=feed.describe)
    written = WrittenStates(timeline, feed, user_cache() if task.keeps else None)
    return feed, timeline, Rebuilder(timeline, feed, written=written)


def _begin(task: Task) -> Replying:
    _, _, rebuilder = rebuilder_for(task)
    return partial(_answer, rebuilder)


def _answer(rebuilder: Rebuilder, answers: BinaryIO, request: Request, stopped: threading.Event) -> None:
    try:
        found = rebuilder.snapshots(frozenset(request.wanted), request.position, stopped)
    except RecordingError as error:
        write_message(answers, Answer(failure=Failure.of(error)))
        return
    snapshots = [found[key] for key in request.wanted]
    write_message(answers, Answer([None if one is None else len(one) for one in snapshots]))
    answers.writelines(one for one in snapshots if one)
    answers.flush()


if __name__ == "__main__":
    serve_requests(Task, Request, _begin)
