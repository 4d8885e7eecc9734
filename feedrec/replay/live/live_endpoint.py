"""An endpoint that is served live: what is recorded of it, its frames as they come, and its clients."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Mapping, Sequence

from ...feeds.auth import Auth
from ...feeds.catalogue import venue_of
from ...feeds.venue import Key, Sample
from ...live_messages import Catalogue
from ...model import NANOSECONDS
from ..client.venue_time import VenueTime
from ..venue.answering.served_venue import ServedVenue
from .live_client import LiveClient
from .live_clock import LiveClock
from .live_frames import LiveFrames
from .states.asking import Ask, AsOf
from .wishes import Wishes

__all__ = ["LiveEndpoint", "Numbers"]

_SNAPSHOTS_COME = 5 * NANOSECONDS
"""How long after a connection was opened, or more was subscribed, snapshots may come; live, all came within 0.4 s."""

_ALL = frozenset([""])


class Numbers:
    """How far the count of LINES is whose frames were given to clients."""

    def __init__(self) -> None:
        self.last = 0
        self._ties = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    def reach(self, number: int) -> None:
        """Note that it is there."""
        self.last = number
        while self._waiting and self._waiting[0][0] <= number:
            _, _, waiting = heapq.heappop(self._waiting)
            if not waiting.done():
                waiting.set_result(None)

    async def reached(self, number: int) -> None:
        """Wait until it is there."""
        if number > self.last:
            waiting = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (number, next(self._ties), waiting))
            await waiting


class LiveEndpoint:
    """
    An endpoint; several feeds of it are one.

    Args:
        name: Its name in the catalogue of feeds.
        place: The place of the first feed of it in the plan.
        settings: What is not known about the venue, by name.
        auth: How credentials are checked.
        numbers: How far the count of LINES is.
        ask: Asks for states.
        clock: Returns the monotonic time in nanoseconds.

    Attributes:
        name: See above.
        place: See above.
        venue: What answers its clients; None for an endpoint that is not known: they are sent every frame.
        is_recorded: Whether anything of it is, or was.
        clients: Those who are connected.
        wishes: Asks for what is not recorded; None if nobody may.

    Raises:
        UsageError: If a setting is unknown, or of another kind.

    """

    def __init__(
        self,
        name: str,
        place: int,
        settings: Mapping[str, str],
        auth: Auth,
        numbers: Numbers,
        ask: Ask,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.name = name
        self.place = place
        self.is_recorded = False
        self.clients: set[LiveClient] = set()
        self.wishes: Wishes | None = None
        self._feed = feed = venue_of(name)
        self._held: dict[str, frozenset[str]] = {}  # what all feeds together record; server halves look into it
        self._catalogues: dict[int, dict[str, frozenset[str]]] = {}
        self.venue: ServedVenue | None = None
        if feed is not None:
            may_refuse = any(one.name == "lacking" for one in getattr(feed, "settings", ()))
            own = {"lacking": "refused", **settings} if may_refuse else settings
            self.venue = ServedVenue(feed, self._held, own, auth)
        self._frames = LiveFrames(feed, clock)
        self._own_clock = LiveClock(feed.own_time if feed is not None else lambda payload: None)  # noqa: ARG005
        self._numbers = numbers
        self._ask = ask
        self._clock = clock
        self._grown = clock()  # when more was subscribed last

    @property
    def path(self) -> str:
        """The path at which it is served if there are several."""
        return f"/{self.name}"

    @property
    def time(self) -> VenueTime:
        """The venue's clock."""
        return self._own_clock.time

    @property
    def number(self) -> int:
        """The number of the last LINES whose frames were given to its clients."""
        return self._numbers.last

    @property
    def is_fresh(self) -> bool:
        """Whether snapshots of what was subscribed lately may still come."""
        return self._clock() - max(self._grown, self._frames.opened or 0) < _SNAPSHOTS_COME

    @property
    def waits_for_states(self) -> bool:
        """Whether any client does: then frames of different numbers must not be given as one."""
        return any(client.waits_for_state for client in self.clients)

    @property
    def lost(self) -> int:
        """How many lines could not be read."""
        return self._frames.lost

    async def reached(self, number: int) -> None:
        """Wait until the frames of all LINES up to a number were given."""
        await self._numbers.reached(number)

    async def states(self, keys: frozenset[Key], time: int) -> AsOf:
        """Return snapshots as of now, stamped with a time."""
        return await self._ask(self.place, keys, time, self._numbers.last)

    def begin_run(self, place: int) -> None:
        """Begin with another run of one of its feeds."""
        self._frames.begin_run(place)

    def take_catalogue(self, place: int, catalogue: Catalogue) -> None:
        """Take what one of its feeds records now."""
        before = {(channel, one) for channel, products in self._held.items() for one in products}
        self._catalogues[place] = {
            channel: frozenset(products) or _ALL for channel, products in catalogue.products.items()
        }
        held: dict[str, frozenset[str]] = {}
        for one in self._catalogues.values():
            for channel, products in one.items():
                held[channel] = held.get(channel, frozenset()) | products
        self._held.clear()
        self._held.update(held)
        self.is_recorded = True
        if not before.issuperset((channel, one) for channel, products in held.items() for one in products):
            self._grown = self._clock()
        if self.venue is not None and self._feed is not None:
            self.venue.feed = self._feed.as_recorded(Sample((), held))

    def take_lines(self, place: int, contents: Sequence[bytes], number: int) -> None:
        """Give the frames among lines of one of its feeds, of which `number` is the last number, to all clients."""
        content = contents[0] if len(contents) == 1 else b"".join(contents)
        for batch in self._frames.take(place, content, number):
            self._own_clock.take(batch.frames.frames[-1])
            for client in self.clients:
                client.take(batch)
