"""The process that makes answers for a replay: `python -m feedrec.replay.rest.derived.answer_worker`."""

from __future__ import annotations

import threading
from functools import partial
from typing import BinaryIO

from ....errors import RecordingError, UsageError
from ....feeds.rest import rest_half_of
from ...venue.rebuild_worker import rebuilder_for
from ...worker.worker_loop import Replying, serve_requests
from ...worker.worker_messages import Failure
from .answer_messages import AnswerTask, Question, write_failure, write_made
from .answering import Answering
from .market import Sources
from .told_positions import Hearing


def _begin(task: AnswerTask) -> Replying:
    feed, timeline, rebuilder = rebuilder_for(task.about)
    half = rest_half_of(feed)
    if half is None:
        raise UsageError(f"{feed.name} has no REST half here")
    return partial(_answer, Answering(half, Sources(timeline, feed, rebuilder, task.catalogue)), Hearing())


def _answer(
    answering: Answering, hearing: Hearing, answers: BinaryIO, question: Question, stopped: threading.Event
) -> None:
    try:
        made = answering.answer(question.request, question.whole_moment(hearing), stopped)
    except RecordingError as error:
        write_failure(answers, Failure.of(error))
    else:
        write_made(answers, made)


if __name__ == "__main__":
    serve_requests(AnswerTask, Question, _begin)
