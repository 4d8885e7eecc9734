"""
A process beside the event loop that answers questions of a page, one after another.

1. Of one page and kind, the latest question counts: one that waits is not asked any more when another comes, and one
   that is being answered is stopped; if it does not stop, the process is ended, and another one begins. Equal questions
   get the same answer.
2. There are only so many that wait; another one is refused.
3. What is asked again and again as time passes, such as a ladder, is answered ten times a second at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import http
import threading
from typing import TYPE_CHECKING

from ...admission.failure import place_of
from ..worker.worker_process import WorkerProcess
from .page_messages import Answered, PageTask, Question, read_answered

if TYPE_CHECKING:
    from .answering import Answering

__all__ = ["PageProcess"]

_MODULE = "feedrec.replay.page.page_worker"
_MOST_WAITING = 32
_PATIENCE = 3.0  # seconds in which an answer that nobody wants any more is to end
_BETWEEN = {"ladder": 0.1}  # seconds from one answer to the next at least

_SUPERSEDED = Answered(http.HTTPStatus.CONFLICT, b"another question of this kind came after this one")
_TOO_MANY = Answered(http.HTTPStatus.SERVICE_UNAVAILABLE, b"too many questions: ask again later")
_FAILED = Answered(http.HTTPStatus.INTERNAL_SERVER_ERROR, b"this could not be found out")


class PageProcess:
    """
    A process, which begins with the first question; in a thread where there can be none.

    Args:
        task: What it is for.

    """

    def __init__(self, task: PageTask) -> None:
        self._task = task
        self._worker: WorkerProcess | None = None
        self._here: Answering | None = None
        self._turn = asyncio.Lock()
        self._latest: dict[tuple[str, str], _Asked] = {}
        self._running: _Asked | None = None
        self._next: dict[str, float] = {}
        self._is_over = False

    async def ask(self, question: Question, view: str) -> Answered:
        """
        Have a question answered.

        Args:
            question: The question.
            view: Which page it is from: of each, the latest question of a kind counts.

        """
        key = view, question.kind
        before = self._latest.get(key)
        if before is not None and before.question == question:
            return await asyncio.shield(before.answer)
        if len(self._latest) >= _MOST_WAITING:
            return _TOO_MANY
        if before is not None:
            before.stopped.set()
            asyncio.get_running_loop().call_later(_PATIENCE, self._give_up, before)
        asked = self._latest[key] = _Asked(question)
        asked.answer = asyncio.ensure_future(self._answer(key, asked))
        return await asyncio.shield(asked.answer)

    def close(self) -> None:
        """End the process; what it was asked is not answered."""
        self._is_over = True
        for asked in self._latest.values():
            asked.stopped.set()
        if self._worker is not None:
            self._worker.close()
        if self._here is not None:
            self._here.close()

    async def _answer(self, key: tuple[str, str], asked: _Asked) -> Answered:
        try:
            await self._rest(asked)
            async with self._turn:
                if asked.stopped.is_set() or self._is_over:
                    return _SUPERSEDED
                self._running = asked
                answered = await asyncio.to_thread(self._ask, asked)
            return _SUPERSEDED if asked.stopped.is_set() else answered
        finally:
            if self._latest.get(key) is asked:
                del self._latest[key]

    async def _rest(self, asked: _Asked) -> None:
        """Wait until another question of this kind may be answered, or this one is not to be any more."""
        kind, now = asked.question.kind, asyncio.get_running_loop().time
        if kind in _BETWEEN:
            while (wait := self._next.get(kind, 0.0) - now()) > 0 and not asked.stopped.is_set():  # noqa: ASYNC110  time
                await asyncio.sleep(wait)
            self._next[kind] = now() + _BETWEEN[kind]

    def _give_up(self, asked: _Asked) -> None:
        """End the process if it still answers a question that nobody wants any more."""
        if self._running is asked and not asked.answer.done() and self._worker is not None:
            self._worker.close()

    def _ask(self, asked: _Asked) -> Answered:
        """Ask, in a thread; once more if the process is gone, as after a fault of a plug-in."""
        for _ in range(2):
            with contextlib.suppress(OSError, EOFError, ValueError):
                worker = self._started()
                if isinstance(worker, WorkerProcess):
                    return worker.ask(asked.question, asked.stopped, read_answered)
                return _answered_by(worker, asked)
            if self._worker is not None:
                self._worker.close()
                self._worker = None
            if self._is_over or asked.stopped.is_set():
                break
        return _FAILED

    def _started(self) -> WorkerProcess | Answering:
        """Return the process; or what does the same here, if there can be none."""
        if self._here is not None:
            return self._here
        if self._worker is None:
            try:
                self._worker = WorkerProcess(_MODULE, self._task)
            except (OSError, ValueError):  # or a name of a file that is no text
                from .answering import Answering  # noqa: PLC0415  a process loads what it needs itself

                self._here = Answering(self._task)
                return self._here
            if self._is_over:  # closed while it was started
                self._worker.close()
        return self._worker


def _answered_by(here: Answering, asked: _Asked) -> Answered:
    try:
        return here.answer(asked.question, asked.stopped)
    except Exception as error:  # noqa: BLE001  a defect, of a plug-in perhaps
        return Answered(http.HTTPStatus.INTERNAL_SERVER_ERROR, place_of(error).encode())


class _Asked:
    """A question that waits, or is being answered."""

    answer: asyncio.Future[Answered]

    def __init__(self, question: Question) -> None:
        self.question = question
        self.stopped = threading.Event()
