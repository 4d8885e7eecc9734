"""Answers made beside the replay by a process of their own, so that they keep no client of the feed waiting."""

from __future__ import annotations

import threading
import time
from functools import partial

from ....feeds.rest import RestHalf
from ....feeds.venue import Catalogue, VenueFeed
from ....formats.places.url_path import as_text
from ....http_messages import HttpRequest
from ...timeline.timeline import Timeline
from ...venue.rebuild import Rebuilder
from ...venue.rebuild_messages import Task
from ...venue.state_cache import user_cache
from ...venue.written_states import WrittenStates
from ...worker.beside import PAUSE, Beside
from ...worker.worker_messages import identity
from .answer_messages import AnswerTask, Question, read_made
from .answering import Answering, Made
from .market import Sources
from .moment import Moment
from .told_positions import Telling

__all__ = ["AnswerProcess"]

_MODULE = "feedrec.replay.rest.derived.answer_worker"


class AnswerProcess:
    """
    Makes the answers of one endpoint, one after another: in a process, or where there can be none in a thread.

    Args:
        half: Makes them.
        feed: What is spoken in the recordings.
        timeline: The recordings.
        catalogue: What they hold.
        keeps: Whether to keep states that were rebuilt in the user's cache folder, and to use what was kept.

    """

    def __init__(
        self, half: RestHalf, feed: VenueFeed, timeline: Timeline, catalogue: Catalogue, *, keeps: bool = False
    ) -> None:
        paths = [as_text(path) for path in timeline.paths]
        about = Task(feed.name, identity(feed), paths, keeps, timeline.start, timeline.end)
        task = AnswerTask(about, {channel: list(products) for channel, products in catalogue.items()})
        self._beside = Beside(_MODULE, task, feed, "answers are made")
        written = WrittenStates(timeline, feed, user_cache() if keeps else None)
        rebuilder = Rebuilder(timeline, feed, partial(time.sleep, PAUSE), written)
        self._here = Answering(half, Sources(timeline, feed, rebuilder, catalogue))
        self._telling = Telling()
        self._turn = threading.Lock()

    def answer(self, request: HttpRequest, moment: Moment, stopped: threading.Event, *, is_alone: bool) -> Made:
        """
        Answer a request as of a moment; it raises as `Answering.answer` does. It blocks: call it in a thread.

        Args:
            request: The request.
            moment: The moment.
            stopped: Ends the work early when set; what is returned is of no use then.
            is_alone: Whether there is no client of a feed that it could keep waiting.

        """
        here = partial(self._here.answer, request, moment, stopped)
        with self._turn:
            if self._beside.worker is None:
                self._telling = Telling()  # whatever was to be told, nobody heard it
            question = Question.of(request, moment, self._telling)
            return self._beside.ask(question, read_made, here, stopped, is_alone=is_alone)

    def close(self) -> None:
        """End the process; from any thread."""
        self._beside.close()
