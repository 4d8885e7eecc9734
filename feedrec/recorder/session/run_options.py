"""How a run treats its connections."""

from __future__ import annotations

import msgspec

__all__ = ["RunOptions"]


class RunOptions(msgspec.Struct, frozen=True):
    """
    What a person may choose about a run, besides what it records and where.

    Attributes:
        reconnect: Whether to open a lost connection again; otherwise the run ends with the first that is lost.
        name: What stands before its log lines, to tell runs of one program apart.

    """

    reconnect: bool = True
    name: str = ""
