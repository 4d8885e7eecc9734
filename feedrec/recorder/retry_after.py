"""How long a server that refuses wants to be left alone: the header Retry-After (RFC 9110, 10.2.3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["LONGEST_WAIT", "longest_asked_for", "retry_after"]

LONGEST_WAIT = 3600.0
"""Seconds: a recorder that waits longer for a server's mistake loses more than it could be banned for."""


def retry_after(value: str, now: datetime) -> float:
    """
    Return the seconds to wait that a header asks for, from 0 to an hour; 0 if it makes no sense.

    Args:
        value: The header: seconds, or an HTTP date.
        now: The time in UTC.

    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_WAIT)


def longest_asked_for(values: Iterable[str], now: datetime) -> float:
    """Return the longest of the waits that headers ask for, in seconds; 0 if there is none. See `retry_after`."""
    return max((retry_after(value, now) for value in values), default=0.0)
