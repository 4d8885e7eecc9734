"""
What runs in a process beside a replay.

It reads a task and then requests from its standard input, and answers to its standard output; see `worker_messages`.
It ends as soon as its input does, even in the middle of its work: the replay is gone then.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, BinaryIO, TypeVar

from .worker_messages import read_message

__all__ = ["Replying", "serve_requests"]

_NICENESS = 10  # the event loop of the replay goes first

_Task = TypeVar("_Task")

Replying = Callable[[BinaryIO, Any, threading.Event], object]
"""Writes the answer to a request; the event is set if nobody wants it any more, but it must be written all the same."""


def serve_requests(task: type[_Task], request: type[Any], begin: Callable[[_Task], Replying]) -> None:
    """
    Answer requests until there are no more.

    Args:
        task: The type of the first message.
        request: The type of all others. None in place of one withdraws the one before it.
        begin: Returns what answers them, for a task.

    """
    os.nice(_NICENESS)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    for standard in (0, 1):  # a plug-in that reads or prints shall not come between
        os.dup2(2, standard)
    answer = begin(read_message(requests, task))
    waiting: SimpleQueue[tuple[Any, threading.Event]] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests, request, waiting), daemon=True).start()
    try:
        while True:
            answer(answers, *waiting.get())
    finally:  # a defect, of a plug-in perhaps: the replay meets it in its thread and reports it
        os._exit(1)


def _listen(requests: BinaryIO, kind: type[Any], waiting: SimpleQueue[tuple[Any, threading.Event]]) -> None:
    stopped = threading.Event()
    try:
        while True:
            request = read_message(requests, kind | None)
            if request is None:
                stopped.set()
            else:
                stopped = threading.Event()
                waiting.put((request, stopped))
    finally:
        os._exit(0)
