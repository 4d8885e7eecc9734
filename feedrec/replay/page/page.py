"""
The page of recordings, at `/_feedrec/`: its files, and what it asks about the recordings.

Questions are answered by processes of low priority: one for all that is quick, one for what follows the playhead, and
one for heatmaps. The event loop passes on what they say as it is.
"""

from __future__ import annotations

import asyncio
import http
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ...formats.places.url_path import as_text, place_of
from ...http_messages import JSON, Headers, HttpAnswer, HttpRequest
from ..control.control import ROOT
from ..control.problems import JSON_HEADERS, problem
from .fault_marks import Hit, with_faults
from .page_messages import KINDS, Answered, PageTask, Question
from .page_process import PageProcess
from .static_files import INDEX, static_answer

__all__ = ["RecordingsPage"]

_PROCESSES = {"ladder": "following", "trades": "following", "heatmap": "drawing"}
_LOOKING = "looking"
_OWN = frozenset({"token", "view"})  # parameters that are no part of a question
_LEVELS = "20"
_HEADERS: Headers = (*JSON_HEADERS, ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"))


class RecordingsPage:
    """
    The page of recordings.

    Args:
        paths: The recordings.
        start: The wall time at which the replay begins, in nanoseconds; None for the beginning of the recordings.
        end: The wall time at which it ends; None for their end.
        origin: The wall time from which milliseconds count; None for that at which what is shown begins.
        present: Returns the wall time that is replayed, in nanoseconds, None if there is none; None for no replay.

    Attributes:
        faults: Returns what faults of the replay hit so far.

    """

    def __init__(
        self,
        paths: Sequence[Path | str],
        start: int | None = None,
        end: int | None = None,
        origin: int | None = None,
        present: Callable[[], int | None] | None = None,
    ) -> None:
        names = [as_text(place_of(path).absolute()) for path in paths]
        self._task = PageTask(names, start, end, origin, is_replay=present is not None)
        self._present = present
        self.faults: Callable[[], Sequence[Hit]] = list
        self._processes: dict[str, PageProcess] = {}
        self._first: asyncio.Future[Answered] | None = None

    def close(self) -> None:
        """End what answers."""
        for process in self._processes.values():
            process.close()

    async def answer(self, request: HttpRequest) -> HttpAnswer | None:
        """Answer a request; None if there is nothing at its path."""
        name = request.path.removeprefix(ROOT)
        if name.startswith("api/"):
            return await self._answer_question(name.removeprefix("api/"), request.query)
        if name.startswith("static/"):
            return static_answer(name.removeprefix("static/"))
        if name:
            return None
        if _LOOKING not in self._processes:  # the page asks this next, as soon as it is loaded
            self._first = asyncio.ensure_future(self._ask(Question("info"), ""))
        return static_answer(INDEX)

    async def ladder(self, product: str) -> Mapping[str, object]:
        """Return the best levels of a product's book as of now."""
        present = None if self._present is None else self._present()
        at = () if present is None else (("time", str(present)),)
        answered = await self._ask(Question("ladder", (("product", product), ("levels", _LEVELS), *at)), "events")
        if answered.status != http.HTTPStatus.OK:
            return {"known": False, "why": answered.body.decode(), "bids": [], "asks": []}
        found: dict[str, Any] = msgspec.json.decode(answered.body)
        return found

    async def _answer_question(self, kind: str, query: Sequence[tuple[str, str]]) -> HttpAnswer | None:
        if kind not in KINDS:
            return None
        view = dict(query).get("view", "")
        parameters = tuple((name, text) for name, text in query if name not in _OWN)
        answered = await self._ask(Question(kind, parameters), view)
        if answered.status != http.HTTPStatus.OK:
            return problem(answered.status, answered.body.decode(errors="replace"))
        body = answered.body
        if kind == "overview" and self._task.origin is not None:
            body = with_faults(body, self.faults(), self._task.origin)
        return HttpAnswer(http.HTTPStatus.OK, body, JSON, _HEADERS)

    async def _ask(self, question: Question, view: str) -> Answered:
        name = _PROCESSES.get(question.kind, _LOOKING)
        process = self._processes.get(name)
        if process is None:
            process = self._processes[name] = PageProcess(self._task)
        return await process.ask(question, view)
