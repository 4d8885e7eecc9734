"""
The process that rebuilds states for a replay: `python -m feedrec.replay.venue.rebuild_worker`.

It reads a task and then requests from its standard input, and answers to its standard output; see `worker_messages`.
It ends as soon as its input does, even in the middle of its work: the replay is gone then.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, cast

from ...errors import RecordingError, UsageError
from ...feeds import find_feed
from ...feeds.venue import VenueFeed
from ..timeline.timeline import Timeline
from .rebuild import Rebuilder
from .state_cache import user_cache
from .worker_messages import Answer, Failure, Request, Task, identity, read_message, write_message
from .written_states import WrittenStates

_NICENESS = 10  # the event loop of the replay goes first


def main() -> None:
    """Answer requests until there are no more."""
    os.nice(_NICENESS)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    for standard in (0, 1):  # a plug-in that reads or prints shall not come between
        os.dup2(2, standard)
    rebuilder = _rebuilder(read_message(requests, Task))
    waiting: SimpleQueue[tuple[Request, threading.Event]] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests, waiting), daemon=True).start()
    try:
        while True:
            _answer(answers, rebuilder, *waiting.get())
    finally:  # a defect, of a plug-in perhaps: the replay meets it in its thread and reports it
        os._exit(1)


def _rebuilder(task: Task) -> Rebuilder:
    feed = cast(VenueFeed, find_feed(task.endpoint))
    if identity(feed) != task.identity:
        raise UsageError(f"here is {identity(feed)}, but {task.identity} is meant")
    timeline = Timeline([Path(path) for path in task.paths], describe=feed.describe)
    return Rebuilder(timeline, feed, written=WrittenStates(timeline, feed, user_cache() if task.keeps else None))


def _listen(requests: BinaryIO, waiting: SimpleQueue[tuple[Request, threading.Event]]) -> None:
    stopped = threading.Event()
    try:
        while True:
            request: Request | None = read_message(requests, Request | None)
            if request is None:
                stopped.set()
            else:
                stopped = threading.Event()
                waiting.put((request, stopped))
    finally:
        os._exit(0)


def _answer(answers: BinaryIO, rebuilder: Rebuilder, request: Request, stopped: threading.Event) -> None:
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
    main()
