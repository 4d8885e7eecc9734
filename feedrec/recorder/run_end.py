"""How a run of the recorder ends: what ended it, and the error to raise for it."""

from __future__ import annotations

import asyncio
import enum

__all__ = ["Outcome", "RunEnd"]

# Rule 1: everything that ends a run calls `RunEnd.end`, and nothing else ends one. The first call has the connections
# closed and the recording finished; what arrives until they are closed is still recorded.
#
# Rule 2: closing may bring bad news, such as a disk that refuses the last frames or a venue that turns out to have
# accepted nothing. So an outcome with an error replaces one without, and DISK_FAILED replaces any other: the recording
# is incomplete then, whatever else went wrong.
#
# Rule 3: otherwise the first outcome stays, for what follows is mostly its consequence.


class Outcome(enum.Enum):
    """What ended a run; the value is its rank, see rule 2."""

    STOPPED = "stopped", 0
    """It was asked to stop: by a signal, or by the program."""

    LIMIT_REACHED = "limit reached", 0
    """It lasted as long as it was to last, or recorded as many frames as it was to record."""

    CONNECTION_LOST = "connection lost", 0
    """A connection ended, and was not to be opened again."""

    CANCELLED = "cancelled", 0
    """The task that ran it was cancelled."""

    UNREACHABLE = "unreachable", 1
    """The first connection failed: ConnectError."""

    REFUSED = "refused", 1
    """The venue refused for good: VenueError."""

    CRASHED = "crashed", 1
    """A defect of the recorder: whatever was raised."""

    DISK_FAILED = "disk failed", 2
    """The recording cannot be written: RecordingError."""

    @property
    def rank(self) -> int:
        """Which outcomes it replaces: those of a lower rank."""
        return self.value[1]


class RunEnd:
    """
    The end of a run, from what causes it to what comes of it.

    Attributes:
        outcome: What ended the run; None while it goes on.
        error: What `RecordingSession.run` raises for it; None for nothing.

    """

    def __init__(self) -> None:
        self.outcome: Outcome | None = None
        self.error: Exception | None = None
        self._begun = asyncio.Event()

    @property
    def has_begun(self) -> bool:
        """Whether the run is ending, or over."""
        return self.outcome is not None

    def end(self, outcome: Outcome, error: Exception | None = None) -> None:
        """
        End the run; a run that is ending already may get another outcome by it.

        Args:
            outcome: What ends it.
            error: What to raise, for an outcome that has an error.

        """
        if self.outcome is None or outcome.rank > self.outcome.rank:
            self.outcome, self.error = outcome, error
        self._begun.set()

    async def wait(self) -> None:
        """Wait until something ends the run."""
        await self._begun.wait()
