"""
How well the system's clock is kept: what the kernel knows of it from NTP or PTP.

`ntp_adjtime(3)` tells it to anybody who changes nothing. Python has no call for that, so it is asked for through
ctypes, on Linux alone: elsewhere the structure differs. It takes some microseconds.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["ClockQuality", "read_clock_quality"]

# Of linux/timex.h
_STA_UNSYNC, _STA_NANO = 0x0040, 0x2000
_TIME_ERROR = 5  # what ntp_adjtime returns for a clock that is not synchronized
_MICROSECOND = 1_000
_UNKNOWN_ERROR = 16_000_000  # microseconds: NTP_PHASE_LIMIT, which the kernel says once nobody has kept it for long


class ClockQuality(msgspec.Struct, frozen=True):
    """
    What the kernel knows of its clock. Times are in nanoseconds.

    Attributes:
        synchronized: Whether something keeps it right, and has done so lately.
        offset: What is still being slewed away: the clock is behind if it is above zero.
        max_error: By how much it may be wrong, at most.
        estimated_error: By how much it is wrong, as is thought.

    """

    synchronized: bool
    offset: int
    max_error: int
    estimated_error: int

    def as_dict(self) -> dict[str, Any]:
        """Return it as it stands in a `clock` event."""
        return msgspec.structs.asdict(self)


class _Timex(ctypes.Structure):
    """`struct timex`: its first fields, and room for the others."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("others", ctypes.c_byte * 256),
    )


def quality_of(result: int, status: int, offset: int, max_error: int, estimated_error: int) -> ClockQuality | None:
    """
    Return what the fields of `struct timex` say; None if the call failed.

    Args:
        result: What the call returned.
        status: The bits of the status.
        offset: In microseconds, or in nanoseconds if the status says so.
        max_error: In microseconds.
        estimated_error: In microseconds.

    """
    if result < 0:
        return None
    is_synchronized = not status & _STA_UNSYNC and result != _TIME_ERROR
    unit = 1 if status & _STA_NANO else _MICROSECOND
    return ClockQuality(is_synchronized, offset * unit, max_error * _MICROSECOND, estimated_error * _MICROSECOND)


@functools.cache
def _call() -> Callable[[Any], int] | None:
    """Return the call; None where there is none."""
    if sys.platform != "linux":
        return None
    try:
        call = ctypes.CDLL(None, use_errno=True).ntp_adjtime
    except (OSError, AttributeError):  # musl has only adjtimex
        try:
            call = ctypes.CDLL(None, use_errno=True).adjtimex
        except (OSError, AttributeError):
            return None
    call.argtypes, call.restype = (ctypes.c_void_p,), ctypes.c_int
    return call


def read_clock_quality() -> ClockQuality | None:
    """Return how well the clock is kept now; None if the system does not say, or forbids to ask."""
    call = _call()
    if call is None:
        return None
    timex = _Timex()  # modes 0: only ask
    result = call(ctypes.addressof(timex))
    return quality_of(result, timex.status, timex.offset, timex.maxerror, timex.esterror)
