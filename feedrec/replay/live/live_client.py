"""
One client of a feed that is served live, from its first message to its end.

Frames are given to it as they come (`take`), in the call that brings them, as long as nothing speaks against it. They
are held back for it

1. while it waits for the state of something that it has subscribed. When that is there, it is as of some number: the
   frames up to it are given first, since other subscriptions want them, and those after it when the state was given;
2. while it has not read what it was given before. If that is too much, or takes too long, it is told so in the venue's
   words, and disconnected: what it was given before is whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from ...admission.failure import place_of
from ...admission.log_limit import Log, shortened
from ...feeds.venue import Close, Handshake, Key, Remark
from ...model import NANOSECONDS
from ..client.connection import ReplayConnection, address_of, host_of
from ..client.crowd import Crowd
from ..client.sending.outlet import ClientEnded, Outlet
from ..client.venue_session import VenueSession
from ..client.venue_time import VenueTime
from ..clock.time_types import RecordedWall
from ..results import Outcome
from ..venue.answering.served_venue import ServedVenue
from .delivery import Delivery
from .live_frames import LiveBatch
from .states.asking import AsOf
from .wishes import Wishes

__all__ = ["PATIENCE_WITH_SLOW", "LiveClient", "Source"]

PATIENCE_WITH_SLOW = 5.0
"""Seconds that a client that was too slow has to read what it was given, and to close."""

_BEHIND = 1 << 20  # bytes that wait for the client to read, above which frames are held back
_CAUGHT_UP = 1 << 17  # and to which it must come down then
_REST = 10.0  # seconds after which a client that waits for nothing looks around all the same


class Source(Protocol):
    """What the client has connected to."""

    @property
    def venue(self) -> ServedVenue | None:
        """What answers it; None if nothing does: then it is sent every frame as it is."""

    @property
    def time(self) -> VenueTime:
        """The venue's clock."""

    @property
    def place(self) -> int:
        """The place of its feed in the plan."""

    @property
    def number(self) -> int:
        """The number of the last LINES whose frames were given to its clients."""

    @property
    def is_fresh(self) -> bool:
        """Whether snapshots of what was subscribed lately may still come."""

    @property
    def wishes(self) -> Wishes | None:
        """Asks for what is not recorded; None if nobody may."""

    async def reached(self, number: int) -> None:
        """Wait until the frames of all LINES up to a number were given."""

    async def states(self, keys: frozenset[Key], time: int) -> AsOf:
        """Return snapshots as of now, stamped with a time."""


class LiveClient:
    """
    Serves one client.

    Args:
        number: Its number.
        connection: Its connection, open.
        source: What it has connected to.
        crowd: All clients.
        remark: Called with what the person who runs the recorder should know.
        clock: Returns the wall clock, in nanoseconds.
        steady: Returns the monotonic time, in nanoseconds.

    Attributes:
        name: Its number and address.
        was_slow: Whether it was disconnected because it read too slowly.

    """

    def __init__(
        self,
        number: int,
        connection: ReplayConnection,
        source: Source,
        crowd: Crowd,
        remark: Callable[[Remark], object],
        clock: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.name = f"client {number} ({address_of(connection)})"
        self.was_slow = False
        self._connection = connection
        self._source = source
        self._crowd = crowd
        self._log: Log = crowd.log
        self._clock, self._steady = clock, steady
        self._ahead = clock() - steady()
        self._outlet = Outlet(connection, deflate=False, crowd=crowd)
        self._session = None
        if source.venue is not None:
            server = source.venue.server()
            self._session = VenueSession(server, None, None, self._outlet, remark, lambda: False, source.time)
        self._delivery = Delivery(self._outlet, self._session, crowd.runs)
        self._delivery.number = source.number
        self._awake = asyncio.Event()
        self._silence: asyncio.TimerHandle | None = None  # ends it if it says nothing
        self._wishes = False  # what it asks for waits for the recorder
        self._ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    async def run(self, stopping: asyncio.Future[None]) -> Outcome:
        """Serve it until it is gone, or `stopping` is done; return why it is over. Its connection is closed then."""
        tasks = {asyncio.create_task(self._guarded(work)) for work in (self._listen, self._attend)}
        self._limit_silence()
        try:
            waits: set[asyncio.Future[Any]] = {*tasks, self._ended, stopping}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            self._end("server stopped" if stopping.done() else "client left")
        finally:
            if self._silence is not None:
                self._silence.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            if self._session is not None:
                self._session.stop()
            await self._close()
        return self._ended.result()

    def take(self, batch: LiveBatch) -> None:
        """Take frames that came just now."""
        if self._ended.done():
            return
        try:
            if self.waits_for_state or self._delivery.held or self._is_behind:
                self._hold(batch)
            else:
                self._delivery.give(batch)
        except ClientEnded as end:
            self._end(end.outcome)
        except Exception as error:  # noqa: BLE001  a bug: the others go on
            self._fail(error)

    @property
    def waits_for_state(self) -> bool:
        """Whether it waits for the state of something that it has subscribed."""
        return self._session is not None and self._session.waits_for_state

    @property
    def _is_behind(self) -> bool:
        return self._connection.waiting > _BEHIND

    def _hold(self, batch: LiveBatch) -> None:
        """Have frames wait; raises `ClientEnded` if it is too slow for that."""
        delivery = self._delivery
        delivery.hold(batch)
        self._awake.set()
        if self.waits_for_state and not self._is_behind:
            while delivery.is_overfull:  # the state that it waits for will be as of a later number
                delivery.give(delivery.next_held())
        elif delivery.is_overfull or delivery.is_overdue:
            if self._session is not None:
                self._session.refuse_slowness()
            raise ClientEnded("stopped reading")

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do some work until the client is gone."""
        try:
            await work()
        except ConnectionClosed:
            self._end("client left")
        except ClientEnded as end:
            self._end(end.outcome)
        except Exception as error:  # noqa: BLE001  a bug: the others go on
            self._fail(error)

    async def _listen(self) -> None:
        """Take its messages."""
        session = self._session
        if session is not None:
            session.open(self._handshake(), self._now())
            self._end_if_dismissed(session)
        async for message in self._connection:
            if session is None:
                continue
            await self._wish(session, message)
            session.hear(message, self._now())
            self._end_if_dismissed(session)
            self._awake.set()
            await self._outlet.drain()  # no answers to a client that does not read them

    async def _wish(self, session: VenueSession, message: str | bytes) -> None:
        """Have recorded what a message asks for, if that may be."""
        wishes = self._source.wishes
        if wishes is None or not (lacking := session.lacking(message)):
            return
        self._wishes = True
        try:
            refused = await wishes.ask(self._source.place, lacking)
        finally:
            self._wishes = False
        if refused is not None:
            text = "%s asks for what is not recorded, and cannot be: %s"
            self._log.log(logging.INFO, text, self.name, shortened(refused))

    async def _attend(self) -> None:
        """Give it what it waits for: states, frames that were held back, and what is due."""
        session, delivery = self._session, self._delivery
        while True:
            self._awake.clear()
            self._follow_clock()
            if session is not None and session.waits_for_state:
                await self._give_states(session)
            await self._catch_up()
            delivery.make_due(self._now())
            self._end_if_dismissed(session)
            due = None if session is None else session.next_due
            seconds = _REST if due is None else min(_REST, max(0, due - self._now()) / NANOSECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._awake.wait()

    async def _give_states(self, session: VenueSession) -> None:
        """Give it all states that it waits for, each where it stands among the frames."""
        source, delivery = self._source, self._delivery
        while wanted := session.wanted:
            as_of = await source.states(wanted, session.time.clock.at(self._now()))
            await source.reached(as_of.number)
            if as_of.number < delivery.number:
                continue  # so much was held back meanwhile that some was given
            await self._catch_up(as_of.number)
            if source.is_fresh and (lacking := session.lacking_in(as_of.snapshots)):
                session.expect(lacking)
            session.take_state(as_of.snapshots, self._now())
            await self._outlet.drain()
        session.end_waiting()

    async def _catch_up(self, number: int | None = None) -> None:
        """Give it what was held back, as fast as it reads; only up to a number, if there is one."""
        held = self._delivery.held
        while held and (number is None or held[0].number <= number):
            if self._is_behind:
                await self._connection.written_down_to(_CAUGHT_UP)
            else:
                await asyncio.sleep(0)
            if held and (number is None or held[0].number <= number):
                self._delivery.give(self._delivery.next_held())

    def _follow_clock(self) -> None:
        """Have what is due go on as before if the wall clock was set."""
        ahead = self._clock() - self._steady()
        by, self._ahead = ahead - self._ahead, ahead
        if self._session is not None and abs(by) >= NANOSECONDS:
            self._session.clock_set(by)
            self._session.jump(self._now())

    def _limit_silence(self) -> None:
        """Have it subscribe in time, if it must."""
        session = self._session
        if session is not None and (within := session.subscribe_within) is not None:
            self._silence = asyncio.get_running_loop().call_later(within, self._end_silence, session)

    def _end_silence(self, session: VenueSession) -> None:
        if session.has_subscribed or self._ended.done():
            return
        if self._wishes:  # it has spoken, and it is the recorder who has not
            self._limit_silence()
            return
        with contextlib.suppress(ClientEnded):
            session.hear_nothing()
        if session.dismissal is not None:
            self._end("turned away")

    def _end_if_dismissed(self, session: VenueSession | None) -> None:
        if session is not None and session.dismissal is not None:
            raise ClientEnded("disconnected")

    def _end(self, outcome: Outcome) -> None:
        if self._ended.done():
            return
        if self._connection.has_stopped_reading:
            outcome = "stopped reading"
        if outcome == "stopped reading":
            self.was_slow = True
            self._log.log(logging.WARNING, "%s reads too slowly, and is disconnected", self.name)
        self._ended.set_result(outcome)

    def _fail(self, error: Exception) -> None:
        self._log.log(logging.ERROR, "%s: serving it failed: %s", self.name, place_of(error))
        self._end("disconnected")

    async def _close(self) -> None:
        """Close its connection: as the venue does if that has decided so, else as one that goes away."""
        dismissal = None if self._session is None else self._session.dismissal
        if dismissal is None:
            dismissal = Close(CloseCode.POLICY_VIOLATION, "too slow") if self.was_slow else Close(CloseCode.GOING_AWAY)
        patience = PATIENCE_WITH_SLOW if self.was_slow else self._crowd.patience_at_stop
        if dismissal.code == CloseCode.ABNORMAL_CLOSURE:
            with contextlib.suppress(TimeoutError, ClientEnded):
                async with asyncio.timeout(patience):
                    await self._outlet.drain_all()
            self._connection.drop()
        else:
            await self._connection.close_within(patience, dismissal.code, dismissal.reason)

    def _handshake(self) -> Handshake:
        request, venue = self._connection.request, self._source.venue
        if request is None or venue is None:
            return Handshake("/", {})
        return venue.handshake(request.path, request.headers.raw_items(), host_of(self._connection))

    def _now(self) -> RecordedWall:
        return RecordedWall(self._clock())
