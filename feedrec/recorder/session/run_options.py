"""How a run treats its connections, and when it stops by itself."""

from __future__ import annotations

import msgspec

__all__ = ["Limits", "RunOptions"]


class Limits(msgspec.Struct, frozen=True):
    """
    When a run stops by itself.

    Attributes:
        duration: Seconds after which to stop; None for never.
        max_frames: Received frames after which to stop; None for never.

    """

    duration: float | None = None
    max_frames: int | None = None


class RunOptions(msgspec.Struct, frozen=True):
    """
    What a person may choose about a run, besides what it records and where.

    Attributes:
        reconnect: Whether to open a lost connection again; otherwise the run ends with the first that is lost.
        connections: How many share what is subscribed; None for as few as the venue allows.
        resync: Whether to subscribe books again after missed frames, so that the venue sends their snapshots.
        stale_after: Seconds without a frame after which whoever watches the run is told; None for what the feed says.
        max_age: Seconds after which a connection is replaced by another one; None for never, or as the venue says.
        verify_books: Whether to check what the venue sends, in a process beside this one.
        name: What stands before its log lines, to tell runs of one program apart.

    """

    reconnect: bool = True
    connections: int | None = None
    resync: bool = True
    stale_after: float | None = None
    max_age: float | None = None
    verify_books: bool = False
    name: str = ""
