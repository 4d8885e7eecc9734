"""What clients ask for beyond what is recorded: subscribed by the running session, if the venue lets it."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from ...errors import FeedrecError
from ...feeds import Subscription
from ...feeds.venue import Key
from ...live_messages import Answered, Wish
from ...spelling import few_of
from ...visible import with_escapes
from .live_run import LiveRun, LiveSession

__all__ = ["Wishes"]

MOST_WAITING = 100
"""Wishes that may wait for a session or a venue."""

PATIENCE = 5.0
"""Seconds that the venue gets for its answer; what it has not refused then counts as subscribed."""

MOST_PRODUCTS = 1000
"""Products that a wish may name: more than the venues have on line, and few enough to be taken back in a moment."""

MOST_REFUSED = 10_000
"""Products of a run that the venue may refuse before no more are asked for: a recording keeps each of them in mind."""

_PRODUCT = re.compile(r"[A-Za-z0-9][\w.:/-]{0,63}", re.ASCII)
_SHOWN = 200  # characters of what a client asked for

log = logging.getLogger("feedrec")


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
        self._wished: dict[LiveRun, dict[Key, Subscription]] = {}  # with the one that has named it
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
        refused = {key: wished.pop(key) for key in wished.keys() & run.missing}
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
        if not all(_PRODUCT.fullmatch(product) for one in wanted for product in one.products):
            return "that is no name of a product"
        by_key = {key: one for one in wanted for key in run.keys_of([one])}
        keys = by_key.keys() - (run.keys_of(session.subscriptions) - run.missing)  # what is refused is not there
        if not keys:
            return None
        if len(keys) > MOST_PRODUCTS:
            return f"it names more than {MOST_PRODUCTS:,} products"
        if len(run.missing | keys) > MOST_REFUSED:
            return "the venue has refused so many products already that no more are asked for"
        self._wished.setdefault(run, {}).update((key, by_key[key]) for key in keys)
        await session.subscribe(wanted)
        run.subscribed()
        await self._wait_for_venue(run, session, keys)
        missing = keys & run.missing
        if keys > missing:
            log.info("a client asks for %s, which is recorded from now on", words_of(keys - missing))
        return f"{words_of(missing)}: the venue refuses it" if missing else None

    async def _wait_for_venue(self, run: LiveRun, session: LiveSession, keys: set[Key]) -> None:
        """Wait until the venue has said something to all of it, if it ever says anything."""
        event = self._settled[run] = asyncio.Event()
        try:
            async with asyncio.timeout(PATIENCE):
                while not _is_settled(run, session, keys):
                    event.clear()
                    await event.wait()
        except TimeoutError:
            pass
        finally:
            del self._settled[run]


def words_of(keys: set[Key]) -> str:
    """Return what keys are, for people: the first ones, in a part of a line."""
    return with_escapes(few_of([":".join(filter(None, key)) for key in sorted(keys)]))[:_SHOWN]


def _together(refused: Mapping[Key, Subscription]) -> list[Subscription]:
    """Return what was refused as subscriptions, one for each channel: each is a message to the venue."""
    by_products = sorted(key for key, one in refused.items() if not one.params)
    channels = groupby(by_products, itemgetter(0))
    together = [Subscription(channel, tuple(product for _, product in keys if product)) for channel, keys in channels]
    for one in refused.values():
        if one.params and one not in together:
            together.append(one)
    return together


def _is_settled(run: LiveRun, session: LiveSession, keys: set[Key]) -> bool:
    facts = session.subscribed
    return facts.accepted is None or keys <= run.keys_of([*facts.accepted, *facts.missing])


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
