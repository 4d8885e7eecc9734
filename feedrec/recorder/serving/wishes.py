"""What clients ask for beyond what is recorded: subscribed by the running session, if the venue lets it."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from ...errors import FeedrecError
from ...feeds import Subscription
from ...live_messages import Answered, Wish
from ...spelling import few_of
from ...visible import with_escapes
from .live_run import LiveRun, LiveSession, keys_of

__all__ = ["Wishes"]

MOST_WAITING = 100
"""Wishes that may wait for a session or a venue."""

PATIENCE = 5.0
"""Seconds that the venue gets for its answer; what it has not refused then counts as subscribed."""

MOST_PRODUCTS = 1000
"""Products that a wish may name: more than the venues have on line, and few enough to be taken back in a moment."""

_PRODUCT = re.compile(r"[A-Za-z0-9][\w.:/-]{0,63}", re.ASCII)
_SHOWN = 200  # characters of what a client asked for

log = logging.getLogger("feedrec")

Key = tuple[str, str]


class Wishes:
    """
    Has wishes carried out, one after another for each run.

    What the venue refuses is taken back: it would be asked for again on each connection that follows.

    Args:
        run_of: Returns the run whose feed has a place in the plan; None if there is none.

    Attributes:
        granted, refused: How many were.

    """

    def __init__(self, run_of: Callable[[int], LiveRun | None]) -> None:
        self._run_of = run_of
        self.granted = self.refused = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._locks: dict[int, asyncio.Lock] = {}
        self._wished: dict[LiveRun, set[Key]] = {}
        self._settled: dict[LiveRun, asyncio.Event] = {}

    def take(self, wish: Wish, answer: Callable[[Answered], object]) -> None:
        """Carry out a wish, in a while; `answer` is called with what became of it."""
        if len(self._tasks) >= MOST_WAITING:
            self.refused += 1
            answer(Answered(wish.number, "too much is asked for at once"))
            return
        self._begin(self._carry_out(wish, answer))

    def settled(self, run: LiveRun) -> None:
        """Take note that the venue has accepted or refused something, or that a run is over."""
        event = self._settled.get(run)
        if event is not None:
            event.set()
        session, wished = run.session, self._wished.get(run)
        if session is None:
            self._wished.pop(run, None)
        if session is None or not wished:
            return
        refused = wished & keys_of(session.subscribed.missing)
        wished -= refused
        if refused:
            self._begin(_take_back(run, session, _together(refused)))

    async def end(self) -> None:
        """Carry out no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, wish: Wish, answer: Callable[[Answered], object]) -> None:
        async with self._locks.setdefault(wish.feed, asyncio.Lock()):
            try:
                refused = await self._subscribe(wish)
            except FeedrecError as error:
                refused = str(error)
            except Exception as error:  # noqa: BLE001  a wish ends nothing
                log.error("what a client asks for cannot be subscribed (%r)", error)  # noqa: TRY400  one line
                refused = "it cannot be subscribed"
        if refused is None:
            self.granted += 1
        else:
            self.refused += 1
        answer(Answered(wish.number, refused))

    async def _subscribe(self, wish: Wish) -> str | None:
        """Subscribe to what is wished; return why not, if it is not."""
        run = self._run_of(wish.feed)
        session = None if run is None else run.session
        if run is None or session is None:
            return "the feed is not being recorded at this moment"
        wanted = [Subscription(**_fields_of(one)) for one in wish.subscriptions]
        if sum(len(one.products) for one in wanted) > MOST_PRODUCTS:
            return f"it names more than {MOST_PRODUCTS:,} products"
        if not all(_PRODUCT.fullmatch(product) for one in wanted for product in one.products):
            return "that is no name of a product"
        before = keys_of([one.as_dict() for one in session.subscriptions])
        keys = keys_of([one.as_dict() for one in wanted]) - before
        if not keys:
            return None
        self._wished.setdefault(run, set()).update(keys)
        await session.subscribe(wanted)
        run.subscribed()
        await self._wait_for_venue(run, session, keys)
        missing = keys & keys_of(session.subscribed.missing)
        if keys > missing:
            log.info("a client asks for %s, which is recorded from now on", words_of(keys - missing))
        return f"{words_of(missing)}: the venue refuses it" if missing else None

    async def _wait_for_venue(self, run: LiveRun, session: LiveSession, keys: set[Key]) -> None:
        """Wait until the venue has said something to all of it, if it ever says anything."""
        event = self._settled[run] = asyncio.Event()
        try:
            async with asyncio.timeout(PATIENCE):
                while not _is_settled(session, keys):
                    event.clear()
                    await event.wait()
        except TimeoutError:
            pass
        finally:
            del self._settled[run]


def words_of(keys: set[Key]) -> str:
    """Return what keys are, for people: the first ones, in a part of a line."""
    return with_escapes(few_of([":".join(filter(None, key)) for key in sorted(keys)]))[:_SHOWN]


def _together(keys: set[Key]) -> list[Subscription]:
    """Return keys as subscriptions, one for each channel: each is a message to the venue."""
    channels = groupby(sorted(keys), itemgetter(0))
    return [Subscription(channel, tuple(product for _, product in those if product)) for channel, those in channels]


def _is_settled(session: LiveSession, keys: set[Key]) -> bool:
    facts = session.subscribed
    return facts.accepted is None or keys <= keys_of(facts.accepted) | keys_of(facts.missing)


def _fields_of(subscription: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a subscription as in a header."""
    products: Sequence[str] = subscription.get("products") or ()
    return {**subscription, "products": tuple(products)}


async def _take_back(run: LiveRun, session: LiveSession, subscriptions: Sequence[Subscription]) -> None:
    """Want what the venue has refused no more."""
    for one in subscriptions:
        try:
            await session.unsubscribe([one])
        except FeedrecError as error:
            log.debug("%s", error)
    run.subscribed()
