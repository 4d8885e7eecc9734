"""The kinds of faults, as data."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from ...model import FrameInfo
from ...times import Moment

__all__ = [
    "CERTAIN",
    "AuthFailure",
    "Chosen",
    "Delay",
    "Disconnect",
    "Fault",
    "FrameFault",
    "Gap",
    "Refuse",
    "Scope",
    "Slow",
    "Stall",
]

CERTAIN = 1 << 64
"""The chance of what happens to every frame: chances are whole numbers out of this one."""


class Scope(NamedTuple):
    """Which frames may be hit: those of a channel, and of it those of some products; an empty channel for all."""

    channel: str = ""
    products: tuple[str, ...] = ()

    def has(self, info: FrameInfo) -> bool:
        """Tell whether a frame may be hit."""
        if not self.channel:
            return True
        return info.channel == self.channel and (not self.products or not set(self.products).isdisjoint(info.products))


class _Fault(msgspec.Struct, frozen=True):
    """
    A fault.

    Attributes:
        text: As it was written.

    """

    text: str


class Chosen(_Fault, frozen=True):
    """Frames that are chosen by chance: left out, sent twice, sent after the next one, or cut."""

    kind: Literal["drop", "dup", "reorder", "truncate"]
    chance: int
    scope: Scope = Scope()


class Delay(_Fault, frozen=True):
    """Every frame comes later: by so many nanoseconds of recorded time, more or less."""

    delay: int
    spread: int = 0
    scope: Scope = Scope()


class Stall(_Fault, frozen=True):
    """From a moment on nothing comes for so many nanoseconds of recorded time, and then all of it."""

    duration: int
    moment: Moment
    scope: Scope = Scope()


class Gap(_Fault, frozen=True):
    """So many frames in a row from a moment on are left out."""

    count: int
    moment: Moment
    scope: Scope = Scope()


class Disconnect(_Fault, frozen=True):
    """At a moment all connections are closed with a code; with 1006 they are dropped."""

    code: int
    moment: Moment


class Slow(_Fault, frozen=True):
    """Each client gets at most so many bytes in a second of real time."""

    rate: int


class Refuse(_Fault, frozen=True):
    """The first handshakes, so many, are refused with an HTTP status."""

    count: int
    status: int = 503


class AuthFailure(_Fault, frozen=True):
    """The first authentications, so many, fail as the venue has it."""

    count: int


FrameFault = Chosen | Delay | Stall | Gap
"""What hits frames."""

Fault = FrameFault | Disconnect | Slow | Refuse | AuthFailure
"""What can be asked for."""
