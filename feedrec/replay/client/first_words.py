"""What a client says before its replay begins, and when it has said enough."""

from __future__ import annotations

import asyncio

from ...model import NANOSECONDS
from ..clock.timing import Timing
from ..venue.start_rule import StartRule
from .venue_session import VenueSession

__all__ = ["AFTER_THE_LAST", "VERBATIM_PATIENCE", "FirstWords"]

VERBATIM_PATIENCE = 0.5
"""Seconds without a message after which a client is taken for a listen-only client."""

AFTER_THE_LAST = 5_000_000
"""Nanoseconds for a client that has subscribed all there is to say what it says in the same breath."""


class FirstWords:
    """
    Waits for what begins a replay, and until that is all.

    Args:
        session: Answers the client; None to send it every frame.
        timing: Says how long to wait.
        rule: When it has subscribed enough to begin at once; None if it is sent every frame.

    """

    def __init__(self, session: VenueSession | None, timing: Timing, rule: StartRule | None) -> None:
        self._session = session
        self._timing = timing
        self._rule = rule
        self._begun = asyncio.Event()
        self._has_enough = asyncio.Event()
        self._last_heard = 0

    @property
    def has_begun(self) -> bool:
        """Whether something was said that begins the replay."""
        return self._begun.is_set()

    def hear(self) -> None:
        """Note that the client has said something."""
        self._last_heard = self._timing.clock()

    def begin(self) -> None:
        """Begin the replay, once the client has said it all."""
        self._begun.set()

    def note_enough(self, *, may_begin: bool) -> None:
        """Note if nothing more is waited for; a replay that may not begin so early begins only if that is chosen."""
        session, rule = self._session, self._rule
        if session is None or rule is None or self._has_enough.is_set():
            return
        if (rule.is_chosen or may_begin) and session.meets(rule):
            self._has_enough.set()

    async def begun(self) -> bool:
        """Wait for what begins the replay; return whether it was said in time."""
        session = self._session
        try:
            async with asyncio.timeout(VERBATIM_PATIENCE if session is None else session.subscribe_within):
                await self._begun.wait()
        except TimeoutError:
            return False
        return True

    async def settle(self) -> None:
        """Wait until the client has sent nothing for a moment, a shorter one if it needs no more."""
        if self._session is None:
            return
        timing, has_enough = self._timing, asyncio.create_task(self._has_enough.wait())
        try:
            while (left := self._last_heard + self._quiet_time - timing.clock()) > 0:
                settling = asyncio.ensure_future(timing.sleep(left / NANOSECONDS))
                waiting = {settling} if has_enough.done() else {settling, has_enough}
                try:
                    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    settling.cancel()
        finally:
            has_enough.cancel()

    @property
    def _quiet_time(self) -> int:
        """Nanoseconds without a message of the client that are waited for."""
        settle = self._timing.settle
        return min(settle, AFTER_THE_LAST) if self._has_enough.is_set() else settle
