"""Where the frames of a venue have times, so that they can be moved; see `moved_times.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from ..base import Feed

__all__ = ["TimeFields", "time_fields_of"]


class TimeFields(msgspec.Struct, frozen=True):
    """
    The keys of JSON objects, at any depth, whose values are times of what happened or was sent.

    A key may be in several of these: the value decides. A value of another form is no time.

    Attributes:
        texts: Keys with an RFC 3339 text, or one as Go prints it, `2026-08-09 21:05:48.8 +0000 UTC`.
        numbers: Keys with a count since 1970, as a number or as text, decimals or none; with nanoseconds a unit.
        starts: Keys with a count at which an interval begins, such as that of a candle; with nanoseconds a unit.
        interval: How long those intervals are, in nanoseconds, where no frame says so.
        interval_key: The key of what says so, `1m`; empty if there is none.
        rows: Whether there are frames that are arrays, in which every RFC 3339 text is a time.

    """

    texts: tuple[str, ...] = ()
    numbers: Mapping[str, int] = {}
    starts: Mapping[str, int] = {}
    interval: int = 0
    interval_key: str = ""
    rows: bool = False


def time_fields_of(feed: Feed) -> TimeFields | None:
    """Return where the frames of a feed have times, its attribute `time_fields`; None if it does not say."""
    return cast("TimeFields | None", getattr(feed, "time_fields", None))
