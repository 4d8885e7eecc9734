"""All connections of a run: what each carries, and what they do together."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence

from ...errors import UsageError
from ...feeds import Subscription
from ...feeds.client_half.subscriptions import add_subscriptions, named
from ...feeds.connections.by_limits import Groups
from ...feeds.connections.spreading import find_room, fits, spread_over
from ..backoff import Backoff
from .reconnect import ReconnectLoop
from .run_context import RunContext
from .summary import RunState

__all__ = ["Connections"]

log = logging.getLogger("feedrec")


class Connections:
    """
    The connections that a run keeps open, each by a loop of its own.

    Args:
        context: What they share.
        subscriptions: What they subscribe to together.
        backoff: Gives the delays between connections; each loop has its own.

    Attributes:
        loops: What keeps each of them open.

    Raises:
        UsageError: If the venue does not allow it, or the failover cannot stand in for one of them.

    """

    def __init__(self, context: RunContext, subscriptions: Sequence[Subscription], backoff: Backoff) -> None:
        selector, wanted = context.selector, context.options.connections
        groups = spread_over(selector.primary.feed, subscriptions, wanted)
        selector.check(groups)
        if wanted is not None and len(groups) < wanted:
            log.warning("%d connections were asked for, but there is something for %d only", wanted, len(groups))
        self.loops = [ReconnectLoop(context, group, copy.copy(backoff)) for group in groups]
        self._selector = selector

    @property
    def state(self) -> RunState:
        """What they are doing: recording, unless one of them is doing something else."""
        states = (loop.state for loop in self.loops)
        return next((state for state in states if state is not RunState.RECORDING), RunState.RECORDING)

    @property
    def wanted(self) -> int:
        """How many are to be open."""
        return sum(loop.state is not RunState.IDLE for loop in self.loops)

    @property
    def subscriptions(self) -> list[Subscription]:
        """What is subscribed, or will be on the connections that follow."""
        together: list[Subscription] = []
        for loop in self.loops:
            together, _ = add_subscriptions(together, loop.subscriptions)
        return together

    def room_for(self, new: Sequence[Subscription]) -> Groups:
        """
        Return what each connection can carry of this as well.

        Raises:
            UsageError: If they cannot carry all of it.

        """
        groups = [loop.subscriptions for loop in self.loops]
        added = find_room(groups, new, lambda _, group: fits(self._selector.primary.feed, group))
        if added is None:
            raise UsageError(
                f"{named(new)}: no connection of the session can carry so much more; ask for it at the start "
                "or open another session"
            )
        both = zip(groups, added, strict=True)
        self._selector.check([add_subscriptions(group, more)[0] for group, more in both if more])
        return added

    async def subscribe(self, added: Groups) -> None:
        """Ask for more, as `room_for` says."""
        for loop, more in zip(self.loops, added, strict=True):
            if more:
                await loop.subscribe(more)

    async def unsubscribe(self, gone: Sequence[Subscription]) -> None:
        """Ask for no more of some of it."""
        for loop in self.loops:
            await loop.unsubscribe(gone)

    def interrupt(self) -> None:
        """Close all of them, or wait no longer for the next ones."""
        for loop in self.loops:
            loop.interrupt()

    def drop(self) -> None:
        """Close them without waiting for the venue's goodbye."""
        for loop in self.loops:
            loop.drop()

    def resume_reading(self) -> None:
        """Read on, where reading is paused."""
        for loop in self.loops:
            loop.resume_reading()
