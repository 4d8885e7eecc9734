"""When a connection may be closed because another one has taken its place. Pure: it is told what there is to see."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["OVERLAP", "PATIENCE", "UNTOLD_AFTER", "Handover", "Sight", "Verdict"]

OVERLAP = 1.0
"""
Seconds that both are kept once the new one brings data.

What the venue had sent before the new one was subscribed may still be on its way on the old one, and venues collect
updates for up to 250 ms (market_trades of Coinbase Advanced Trade).
"""

PATIENCE = 30.0
"""Seconds from its opening within which the new one must have taken over; a feed may wait 10 of them for its acks."""

UNTOLD_AFTER = 12.0
"""Seconds after which a venue that acknowledges nothing is taken to have subscribed what was asked for."""

Verdict = Literal["wait", "replace", "give up"]

# Rule 1: the new connection must have its acks, and no less accepted than the old one. Of a feed that does not tell,
# nothing is known for a while, and then believed.
#
# Rule 2: after that, a frame must arrive on it. What arrives before the acks may be the acks, a welcome, or a snapshot;
# one that arrives after them shows that the subscriptions bring something.
#
# Rule 3: then both are kept for OVERLAP, and the old one is closed.
#
# Rule 4: after PATIENCE, the new one is given up. Only if nothing at all arrives on the old one either, it replaces it:
# there is nothing to say then, on any connection.


class Sight(NamedTuple):
    """
    What there is to see of both connections.

    Attributes:
        seconds: Since the new one is open.
        frames: Received on the new one.
        old_frames: Received on the old one.
        is_accepted: Whether the venue accepted on the new one what it has accepted on the old one; None if it has not
            said so.

    """

    seconds: float
    frames: int
    old_frames: int
    is_accepted: bool | None


class Handover:
    """
    Judges whether the old connection may be closed; the rules stand above.

    Args:
        old_frames: Received on the old one when the new one was opened.

    """

    def __init__(self, old_frames: int) -> None:
        self._old_frames = old_frames
        self._frames_at_acks: int | None = None
        self._flows_since: float | None = None

    def judge(self, sight: Sight) -> Verdict:
        """Judge by what there is to see now."""
        is_settled = sight.is_accepted or (sight.is_accepted is None and sight.seconds >= UNTOLD_AFTER)
        if not is_settled:
            self._frames_at_acks = self._flows_since = None
        elif self._frames_at_acks is None:
            self._frames_at_acks = sight.frames
        elif self._flows_since is None and sight.frames > self._frames_at_acks:
            self._flows_since = sight.seconds
        if self._flows_since is not None and sight.seconds >= self._flows_since + OVERLAP:
            return "replace"
        if sight.seconds < PATIENCE or self._flows_since is not None:
            return "wait"
        return "replace" if is_settled and sight.old_frames == self._old_frames else "give up"
