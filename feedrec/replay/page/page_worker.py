"""A process that answers what a page asks: `python -m feedrec.replay.page.page_worker`."""

from __future__ import annotations

import threading
from functools import partial
from typing import BinaryIO

from ..worker.worker_loop import Replying, serve_requests
from .answering import Answering
from .page_messages import PageTask, Question, write_answered


def _begin(task: PageTask) -> Replying:
    return partial(_answer, Answering(task))


def _answer(answering: Answering, answers: BinaryIO, question: Question, stopped: threading.Event) -> None:
    write_answered(answers, answering.answer(question, stopped))


if __name__ == "__main__":
    serve_requests(PageTask, Question, _begin)
