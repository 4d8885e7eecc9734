"""Telling a connection that is dead from one that has nothing to say."""

from __future__ import annotations

from typing import Literal

__all__ = ["PING_AFTER", "SILENT_AFTER", "Verdict", "judge_silence"]

PING_AFTER = 10.0
"""Seconds without a byte after which the peer is asked for a sign of life."""

SILENT_AFTER = 20.0
"""Seconds without a byte, the answer to the ping included, after which the connection is dead."""

Verdict = Literal["alive", "ask", "dead"]


def judge_silence(since_bytes: float, since_frame: float, *, asked: bool, frame_limit: float | None) -> Verdict:
    """
    Judge a connection whose reading is not paused.

    Args:
        since_bytes: Seconds since anything arrived, control frames included.
        since_frame: Seconds since a data frame arrived.
        asked: Whether a ping went out since the last byte.
        frame_limit: Seconds without a data frame that the feed calls impossible; None if frames may be rare.

    """
    if since_bytes >= SILENT_AFTER:
        return "dead"
    if frame_limit is not None and since_frame >= frame_limit:
        return "dead"
    if since_bytes >= PING_AFTER and not asked:
        return "ask"
    return "alive"
