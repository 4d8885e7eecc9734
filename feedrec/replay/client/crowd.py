"""What the clients of a server share: the more there are, the less each of them may take."""

from __future__ import annotations

from ...admission.log_limit import Log
from ..clock.schedule import LEAD
from ..clock.shared_timer import SharedTimer
from ..clock.start_gate import StartGate
from .sending.message_runs import SharedRuns

__all__ = ["PACED_WRITE_LIMIT", "WRITE_LIMIT", "Crowd"]

WRITE_LIMIT = 1 << 19
"""Bytes that may wait for a client to read before it is waited for: enough for full speed."""

PACED_WRITE_LIMIT = 8 << 20
"""The same for frames with deadlines: a snapshot of 5 MB on its way must not delay the frames behind it."""

_ALL_CLIENTS = 128 << 20  # bytes that may wait for all clients together, if that leaves each of them enough
_LEAST = 1 << 18  # bytes: enough for each
_FEW = 4  # clients that may all yield for as long as one


class Crowd:
    """
    The clients that are served now.

    Args:
        log: Takes lines about them.
        paced: Whether frames have deadlines.
        timer: Sends what is due to those who wait for nothing else; None to have each client wait by itself.
        gate: Holds them until they are enough; None if nobody waits for another.

    Attributes:
        log: See above.
        clients: How many there are.
        timer: See above.
        gate: See above.
        runs: The messages that several of them are sent.
        patience_at_stop: Seconds that each of them has to answer a close.

    """

    patience_at_stop = 1.0

    def __init__(
        self, log: Log, *, paced: bool, timer: SharedTimer | None = None, gate: StartGate | None = None
    ) -> None:
        self.log = log
        self.clients = 0
        self.timer = timer
        self.gate = gate or StartGate()
        self.runs = SharedRuns()
        self._most = PACED_WRITE_LIMIT if paced else WRITE_LIMIT

    @property
    def write_limit(self) -> int:
        """Bytes that may wait for each client to read before it is waited for."""
        return max(_LEAST, min(self._most, _ALL_CLIENTS // max(1, self.clients)))

    @property
    def lead(self) -> int:
        """
        Nanoseconds before a deadline at which sleeping ends and yielding begins.

        Who yields keeps the event loop busy, and that is what makes timers fine: one does it for all.
        """
        return LEAD // max(1, self.clients // _FEW)
