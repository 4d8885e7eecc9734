"""Asks for what the clients of a venue ask first, at the start of a run and then again and again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from ... import __version__
from ...admission.log_limit import LogLimit, shortened
from ...errors import ConnectError
from ...feeds import Subscription
from ...feeds.redaction import Address, Redaction
from ...http_messages import RECORDER, HttpAnswer, HttpRequest, first_value, target_of
from ..backoff import Backoff
from ..clock import RecordingClock
from ..output.counting_writer import CountingWriter
from ..retry_after import retry_after
from .decompression import CODINGS
from .exchange_log import ExchangeLog
from .exchanges import learn_from
from .loading import open_client
from .plan import RestPlan

if TYPE_CHECKING:
    from .client import RestClient

__all__ = ["Rounds", "ask_in_rounds"]

_HEADERS = (
    ("user-agent", f"feedrec/{__version__}"),
    ("accept", "application/json"),
    ("accept-encoding", ", ".join(CODINGS)),
)

_OVERLOADED = (429, 503)
_MOST_TRIES = 3  # of one request, by a venue that has too much to do
_MOST_REDIRECTS = 3
_MOST_UNANSWERED = 3  # requests in a row after which a round is given up
_FIRST_RETRY = 60.0  # seconds after a round that was given up

_USUAL_PORTS = {"http": 80, "https": 443}

log = logging.getLogger("feedrec")


class Rounds:
    """
    Asks a venue's public REST, one request after the other; see `run`.

    Whatever goes wrong is a warning: neither the connections nor the run notice.

    Args:
        plan: What is asked, where and how often.
        subscriptions: Returns what is subscribed at the moment.
        exchanges: Where the answers are recorded.
        redaction: What must not be recorded or shown.
        client: Asks.
        wall: Returns the wall-clock time in nanoseconds.

    """

    def __init__(
        self,
        plan: RestPlan,
        subscriptions: Callable[[], Sequence[Subscription]],
        exchanges: ExchangeLog,
        redaction: Redaction,
        client: RestClient,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        self._plan = plan
        self._subscriptions = subscriptions
        self._exchanges = exchanges
        self._redaction = redaction
        self._client = client
        self._wall = wall
        self._next_request = 0.0  # seconds of the monotonic clock, as all times here
        self._warnings = LogLimit(log, "REST", at_once=20, per_second=0.1)

    async def run(self) -> None:
        """Ask round after round; never ends, unless it is cancelled."""
        start, number = time.monotonic(), 0
        delays = Backoff(min(_FIRST_RETRY, self._plan.every), self._plan.every)
        try:
            while True:
                if await self._ask_all():
                    delays.reset()
                    number = max(number + 1, int((time.monotonic() - start) // self._plan.every))
                    await _sleep_until(start + number * self._plan.every)
                else:
                    await asyncio.sleep(delays.next_delay())
        finally:
            self._warnings.tell_left_out()
            await self._client.close()

    async def _ask_all(self) -> bool:
        """Ask for everything once; return whether the venue answers."""
        try:
            addresses = self._plan.addresses(self._subscriptions())
        except Exception as error:  # noqa: BLE001  a plug-in's half is no reason to lose frames
            self._warn("REST: there is no telling what to ask: %r", error)
            return True
        if not addresses:
            self._warn("REST: clients of this venue ask it for nothing that is public")
        answered = unanswered = 0
        try:
            for address in addresses:
                is_answered = await self._ask_safely(Address(address, self._redaction))
                answered, unanswered = answered + is_answered, 0 if is_answered else unanswered + 1
                if unanswered == _MOST_UNANSWERED:
                    self._warn("REST: no answer to %d requests in a row: asking again later", unanswered)
                    return False
        except asyncio.CancelledError:
            self._warn("REST: the run ended when %d of %d requests were answered", answered, len(addresses))
            raise
        if answered:
            log.info("REST: %d of %d requests were answered", answered, len(addresses))
        return answered > 0 or not addresses

    async def _ask_safely(self, url: Address) -> bool:
        """Ask for one thing and record the answer; return whether there was any."""
        try:
            return await self._ask(url)
        except ConnectError as error:
            self._warn("REST: %s", error)
        except Exception as error:  # noqa: BLE001  as above
            self._warn("REST: %s could not be recorded: %r", url.shown, error)
        return False

    async def _ask(self, url: Address) -> bool:
        redirects = tries = 0
        while True:
            answer = await self._ask_once(url)
            wait, tries = _seconds_asked_for(answer), tries + 1
            target = _redirect_of(url, answer)
            if answer.status != 200:
                self._warn("REST: %s was answered with HTTP status %d%s", url.shown, answer.status, _told(wait, target))
            self._next_request = max(self._next_request, time.monotonic() + wait)
            if answer.status in _OVERLOADED and tries < _MOST_TRIES:
                continue
            if target is not None and _server_of(target) == _server_of(url) and redirects < _MOST_REDIRECTS:
                url, redirects = target, redirects + 1
                continue
            return True

    async def _ask_once(self, url: Address) -> HttpAnswer:
        await _sleep_until(self._next_request)
        self._next_request = time.monotonic() + 1 / self._plan.half.per_second
        request = HttpRequest("GET", target_of(url), _HEADERS)
        learn_from(request, url)
        started = self._wall()
        answer = await self._client.ask(request, url)
        await self._exchanges.record(request, url, answer, started)
        return answer

    def _warn(self, text: str, *details: object) -> None:
        shown = (shortened(str(one)) if isinstance(one, Exception) else one for one in details)
        self._warnings.log(logging.WARNING, text, *shown)


async def ask_in_rounds(
    plan: RestPlan,
    subscriptions: Callable[[], Sequence[Subscription]],
    writer: CountingWriter,
    clock: RecordingClock,
    redaction: Redaction,
) -> None:
    """Ask beside a run until that is cancelled; what fails is logged, and nothing is raised. See `Rounds`."""
    try:
        client = await open_client(1)
        exchanges = ExchangeLog(writer, clock, RECORDER)
        await Rounds(plan, subscriptions, exchanges, redaction, client).run()
    except Exception:
        log.exception("REST: nothing more is asked")


async def _sleep_until(moment: float) -> None:
    if (seconds := moment - time.monotonic()) > 0:
        await asyncio.sleep(seconds)


def _seconds_asked_for(answer: HttpAnswer) -> float:
    """Return for how long a venue that has too much to do wants to be left alone; 10 seconds if it does not say."""
    if answer.status not in _OVERLOADED:
        return 0.0
    return retry_after(first_value(answer.headers, "retry-after") or "10", datetime.now(UTC))


def _redirect_of(url: Address, answer: HttpAnswer) -> Address | None:
    """Return where an answer leads; None if it is no redirect."""
    location = first_value(answer.headers, "location")
    if answer.status not in {301, 302, 303, 307, 308} or location is None:
        return None
    try:
        target = urljoin(url, location)
        _server_of(target)
    except ValueError:
        return None
    return Address(target, url.redaction)


def _told(wait: float, target: Address | None) -> str:
    if target is not None:
        return f", a redirect to {target.shown}"
    return f": it is left alone for {wait:.0f} s" if wait else ""


def _server_of(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _USUAL_PORTS.get(parts.scheme)
