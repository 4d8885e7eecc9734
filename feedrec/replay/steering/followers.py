"""The clients that follow the timeline of all, and how far they may go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ..clock.time_types import RecordedSteady
from ..timeline.batch_window import Place
from ..timeline.frame_batches import FrameBatch
from .limit import Limit, Ties
from .playhead import Entrance

__all__ = ["Follower", "Followers", "Moved"]


class Moved(Exception):  # noqa: N818  not an error: somebody wants it
    """The timeline goes on elsewhere."""


class Followers:
    """
    All clients that follow the timeline, and what they may play.

    Args:
        entrance: Returns where a client of an endpoint begins now; None for where it likes.
        goes_by_position: See below.
        is_own: See below.

    Attributes:
        limits: Up to where the frames of each endpoint may be played, in their order; None for as far as they are due.
        may_end: Whether the end of the recordings may be passed.
        moves: How often the timeline went on elsewhere.
        goes_by_position: Whether the present of a client is what was played to it, whatever a clock says.
        is_own: Whether the timeline is that of a single client.

    """

    def __init__(
        self, entrance: Callable[[int], Entrance | None], *, goes_by_position: bool, is_own: bool = False
    ) -> None:
        self.entrance = entrance
        self.limits: list[Limit] | None = None
        self.may_end = True
        self.moves = 0
        self.goes_by_position = goes_by_position
        self.is_own = is_own
        self._changes = 0
        self._followers: set[Follower] = set()
        self._watcher: asyncio.Event = asyncio.Event()

    def __len__(self) -> int:
        return len(self._followers)

    def change(self, limits: list[Limit] | None, *, may_end: bool) -> None:
        """Change how far they may go; whoever waits is to be woken after that."""
        self.limits = limits
        self.may_end = may_end
        self._changes += 1

    def move(self, entrances: list[Entrance], time: RecordedSteady) -> None:
        """Have them go on elsewhere: at the entrance of their endpoint, which is at a steady time."""
        self.moves += 1
        for follower in self._followers:
            follower.entrance, follower.heading_for = entrances[follower.endpoint], time

    def join(self, endpoint: int) -> Follower:
        """Add a client of an endpoint, which begins where the timeline is now, if that is known."""
        follower = Follower(self, endpoint)
        self._followers.add(follower)
        self._watcher.set()
        return follower

    def leave(self, follower: Follower) -> None:
        """Follow a client no longer."""
        self._followers.discard(follower)
        self._watcher.set()

    def note_entry(self, follower: Follower) -> None:
        """Note that a client goes on where the timeline does."""
        follower.moves = self.moves
        self._watcher.set()

    def arrive(self, follower: Follower) -> None:
        """Note that a client can go no further."""
        if follower.arrived < self._changes:
            follower.arrived = self._changes
            self._watcher.set()

    async def arrived(self) -> None:
        """Wait until nobody can go further, or has left."""
        while any(follower.arrived < self._changes for follower in self._followers):
            self._watcher.clear()
            await self._watcher.wait()

    async def moved(self) -> None:
        """Wait until everybody goes on where the timeline does, or has left."""
        while any(follower.moves < self.moves for follower in self._followers):
            self._watcher.clear()
            await self._watcher.wait()

    async def somebody(self) -> None:
        """Wait until there is anyone."""
        while not self._followers:
            self._watcher.clear()
            await self._watcher.wait()

    async def written(self) -> None:
        """Wait until the system has what was sent to each of them: at most for their write deadline."""
        await asyncio.gather(*(follower.flush() for follower in list(self._followers)))


class Follower:
    """
    How far one client may play its endpoint.

    Attributes:
        endpoint: The number of the endpoint.
        entrance: Where it begins; None for where it likes.
        heading_for: The steady time at which it goes on, though what follows is not read yet; None once it is there.
        arrived: At which change of the limits it could go no further.
        moves: How many moves of the timeline it went along with.
        flush: Waits until the system has what was sent to it; nothing by itself.

    """

    def __init__(self, followers: Followers, endpoint: int) -> None:
        self.endpoint = endpoint
        self.entrance = followers.entrance(endpoint)
        self.heading_for: RecordedSteady | None = None
        self.arrived = -1
        self.moves = followers.moves
        self.flush: Callable[[], Awaitable[None]] = _nothing_to_flush
        self._followers = followers
        self._ties = Ties()

    @property
    def goes_by_position(self) -> bool:
        """Whether the present is what was played, whatever a clock says."""
        return self._followers.goes_by_position

    @property
    def is_own(self) -> bool:
        """Whether the timeline is its own: then time stands still while something is made for it."""
        return self._followers.is_own

    @property
    def is_held(self) -> bool:
        """Whether there is a limit."""
        return self._followers.limits is not None

    def enter(self) -> Place | None:
        """Begin at the entrance, also after a move; return the place there, None for where the client likes."""
        self._followers.note_entry(self)
        entrance = self.entrance = self.entrance or self._followers.entrance(self.endpoint)
        self._ties = Ties(None if entrance is None else entrance.last)
        return None if entrance is None else entrance.place

    def go_on(self) -> None:
        """Note that it is there, unless it is to go on elsewhere again."""
        if self.moves == self._followers.moves:
            self.heading_for = None

    def begin(self, batch: FrameBatch) -> None:
        """Go on to the next batch."""
        self._ties.begin(batch.times)

    def admitted(self) -> int | None:
        """
        Return how many of the first frames of the batch may be played; None for as many as are due.

        Raises:
            Moved: If the timeline goes on elsewhere.

        """
        limits = self._limits()
        return None if limits is None else self._ties.admitted(limits[self.endpoint])

    def holds_frame(self, number: int) -> bool:
        """Tell whether a frame of the batch may not be played yet; raises as `admitted` does."""
        admitted = self.admitted()
        if admitted is None or number < admitted:
            return False
        self._followers.arrive(self)
        return True

    def holds_time(self, time: RecordedSteady) -> bool:
        """Tell whether what is made for a steady time may not be sent yet; raises as `admitted` does."""
        limits = self._limits()
        if limits is None or time <= limits[self.endpoint].time:
            return False
        self._followers.arrive(self)
        return True

    def holds_end(self) -> bool:
        """Tell whether the end of the recordings may not be passed yet; raises as `admitted` does."""
        if self._limits() is None or self._followers.may_end:
            return False
        self._followers.arrive(self)
        return True

    def rest(self) -> None:
        """Note that nothing is to be sent, whatever the limit is; raises as `admitted` does."""
        self.check()
        self._followers.arrive(self)

    def check(self) -> None:
        """Raise `Moved` if the timeline goes on elsewhere."""
        if self.moves != self._followers.moves:
            raise Moved

    def _limits(self) -> list[Limit] | None:
        self.check()
        return self._followers.limits


async def _nothing_to_flush() -> None:
    return
