"""The answers to HTTP requests in a dialogue: what was recorded, after as long as it took then."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...http_messages import HttpAnswer, HttpRequest
from ..clock.schedule import LEAD, wait_until_due
from ..clock.time_types import RecordedSteady
from ..clock.timing import Timing
from ..dialogue.exchanges import Exchanges, refusal
from ..dialogue.failure import DialogueFailure
from ..dialogue.recorded import RecordedExchange
from ..observer import Observer

__all__ = ["DialogueRequests"]


class DialogueRequests:
    """
    Answers the requests of all clients.

    Args:
        exchanges: What was recorded.
        timing: How time passes.
        observer: Hears of each request; None if nobody does.
        on_failure: Called with what is wrong with a request.

    """

    def __init__(
        self,
        exchanges: Exchanges,
        timing: Timing,
        observer: Observer | None,
        on_failure: Callable[[DialogueFailure], object],
    ) -> None:
        self._exchanges = exchanges
        self._timing = timing
        self._observer = observer
        self._on_failure = on_failure

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Return the answer that was recorded; a request that was not is refused with 404, and has failed."""
        found = self._exchanges.hear(request)
        if isinstance(found, DialogueFailure):
            answer = refusal(found)
            self._tell(request, answer, None)
            if self._observer is not None:
                self._observer.on_request_failed(found)
            self._on_failure(found)
            return answer
        self._tell(request, found.answer, found.exchange.time)
        await self._wait(found.exchange)
        return found.answer

    def _tell(self, request: HttpRequest, answer: HttpAnswer, time: int | None) -> None:
        if self._observer is not None:
            self._observer.on_request(request, answer, time)

    async def _wait(self, exchange: RecordedExchange) -> None:
        """Wait as long as the answer took, at the speed; while time stands, until it goes on."""
        timing = self._timing
        schedule = timing.tempo.begin(RecordedSteady(exchange.started))
        try:
            due = partial(schedule.deadline, RecordedSteady(exchange.time))
            await wait_until_due(due, clock=timing.clock, sleep=timing.sleep, lead=LEAD)
        finally:
            timing.tempo.end(schedule)
