"""
Clients who ask for more than is recorded, or read less than they are sent: settings of venues.

Where a recording is replayed, a client hears what the venue would say of what it has, recorded or not, and may read as
slowly as it likes. Where a feed is served live, it can have what is recorded, and must keep up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import Meta

from ..venue import Close, Reply, Send

__all__ = ["Lacking", "SlowCode", "SlowError", "slow_replies"]

Lacking = Annotated[
    Literal["silent", "refused"],
    Meta(description="what is not recorded is `silent`, or `refused` as what the venue does not have"),
]
SlowError = Annotated[str, Meta(description="text of the error for a client served live that reads too slowly")]
SlowCode = Annotated[int, Meta(ge=1000, description="close code after that error")]


def slow_replies(text: str, code: int, error: Callable[[str], Send]) -> list[Reply]:
    """Return what becomes of a client that reads too slowly: the venue's error with some text, and the close."""
    return [error(text), Close(code, text)]
