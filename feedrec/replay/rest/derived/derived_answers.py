"""
What the REST half of a feed makes of the recordings, off the event loop.

1. What it makes of the time and the catalogue alone is made at once, unless it was found to be long.
2. All else is made beside the loop, one request of an endpoint after another. Whoever asks what somebody else has asked
   and is still waiting for its turn gets the same answer: it is as of when its making begins, which is after both have
   asked. So a thousand equal requests cost as many answers as can be made meanwhile. What all have left before its turn
   is not made.
3. An answer is used again while nothing more has been played, and no time has passed if it depends on that.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import NoReturn

from ....admission.failure import place_of
from ....feeds.rest import RestHalf
from ....feeds.venue import Catalogue
from ....http_messages import HttpRequest
from ..kept import Kept
from .answer_process import AnswerProcess
from .answering import Made
from .moment import Now

__all__ = ["LONG", "DerivedAnswers"]

LONG = 10_000
"""Bytes above which an answer is not made on the event loop."""

_MOST_KEPT = 256
_MOST_BYTES = 32 << 20
_MOST_LONG = 1000  # paths that are remembered
_MOST_LONG_BYTES = 1 << 20

_Key = tuple[str, str, bytes, str]


class DerivedAnswers:
    """
    Makes the answers of one endpoint.

    Args:
        half: Makes them.
        catalogue: What the recordings hold.
        process: Makes them beside the event loop.
        now: Returns the moment that is now for a request from a host.
        is_alone: Returns whether there is no client of a feed that work in a thread could keep waiting.

    """

    def __init__(
        self,
        half: RestHalf,
        catalogue: Catalogue,
        process: AnswerProcess,
        now: Callable[[str], Now],
        is_alone: Callable[[], bool],
    ) -> None:
        self.half = half
        self._catalogue = catalogue
        self._process = process
        self._now = now
        self._is_alone = is_alone
        self._long: Kept[bool] = Kept(_MOST_LONG, _MOST_LONG_BYTES)
        self._made: Kept[tuple[Now, Made]] = Kept(_MOST_KEPT, _MOST_BYTES)
        self._waiting: dict[_Key, _Waiting] = {}
        self._turn = asyncio.Lock()
        self._stopped = threading.Event()

    async def answer(self, request: HttpRequest, host: str, now: Now) -> Made:
        """
        Answer a request.

        Args:
            request: The request.
            host: Where it came from.
            now: The moment that is now for a request from there.

        Raises:
            RecordingError: If the recordings cannot be read.

        """
        at_once = self._at_once(request, now)
        if at_once is not None:
            return at_once
        key = request.method, request.target, request.body, host
        known = self._known(key, now)
        if known is not None:
            return known
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = _Waiting(asyncio.create_task(self._make(key, request)))
            waiting.task.add_done_callback(_retrieve)
        waiting.count += 1
        try:
            return await asyncio.shield(waiting.task)  # others may wait for it, too
        finally:
            waiting.count -= 1
            if not waiting.count and self._waiting.get(key) is waiting:  # all have left before its turn
                del self._waiting[key]
                waiting.task.cancel()

    def close(self) -> None:
        """End what makes them."""
        self._stopped.set()
        self._process.close()

    def _at_once(self, request: HttpRequest, now: Now) -> Made | None:
        """Make an answer that needs nothing to be read; None if something must be, or it would be long."""
        where = request.method, request.path
        if self._long.get(where):
            return None
        try:
            answer = self.half.answer(request, _Unread(now.time, self._catalogue))
        except _MustReadError:
            return None
        except Exception as error:  # noqa: BLE001  a defect of the half: whoever asks tells
            return Made(None, defect=place_of(error))
        if answer is not None and len(answer.body) > LONG:
            self._long.keep(where, True, len(request.path))
        return Made(answer)

    def _known(self, key: _Key, now: Now) -> Made | None:
        """Return what was made of an equal request, if it still holds."""
        known = self._made.get(key)
        if known is None:
            return None
        then, made = known
        holds = then.place == now.place and (then.time == now.time or not made.tells_time)
        return made if holds else None

    async def _make(self, key: _Key, request: HttpRequest) -> Made:
        async with self._turn:
            del self._waiting[key]  # whoever asks from now on may know more
            now = self._now(key[-1])
            known = self._known(key, now)
            if known is not None:
                return known
            is_alone = self._is_alone()
            made = await asyncio.to_thread(self._process.answer, request, now.moment, self._stopped, is_alone=is_alone)
        if not made.defect:
            size = len(request.target) + len(request.body)
            self._made.keep(key, (now, made), size if made.answer is None else size + len(made.answer.body))
        return made


def _retrieve(task: asyncio.Task[Made]) -> None:
    """Look at how an answer ended that perhaps nobody waits for any more, or asyncio would log an error."""
    if not task.cancelled():
        task.exception()


class _Waiting:
    """An answer that is to be made, and for how many."""

    def __init__(self, task: asyncio.Task[Made]) -> None:
        self.task = task
        self.count = 0


class _MustReadError(Exception):
    """Something must be read."""


class _Unread:
    """A market of which nothing may be read."""

    def __init__(self, time: int, catalogue: Catalogue) -> None:
        self.time = time
        self.catalogue = catalogue

    def snapshot(self, channel: str, product: str) -> NoReturn:  # noqa: ARG002
        raise _MustReadError

    def snapshots(self, keys: object) -> NoReturn:  # noqa: ARG002
        raise _MustReadError

    def frames(self, channel: str, product: str, since: int) -> NoReturn:  # noqa: ARG002
        raise _MustReadError
