"""When a test records instead of replaying, and what is to be said of recordings; pure."""

from __future__ import annotations

from enum import StrEnum

from ...errors import UsageError
from ...model import NANOSECONDS, format_time, parse_duration

__all__ = ["RecordMode", "age_warning", "how_to_make", "is_to_be_recorded", "parse_age"]

_DAY = 86_400 * NANOSECONDS


class RecordMode(StrEnum):
    """What `--feed-record` says."""

    NONE = "none"
    ONCE = "once"
    ALL = "all"


def is_to_be_recorded(mode: RecordMode, *, exists: bool, is_of_this_run: bool, has_source: bool) -> bool:
    """
    Return whether a test records, instead of replaying.

    Args:
        mode: As chosen.
        exists: Whether there is a file of the name of the recording, of whatever kind: `once` leaves it alone.
        is_of_this_run: Whether a test of this run has recorded it: others use it then.
        has_source: Whether the test says where to record it from; without, what is there stays as it is.

    """
    if not exists:
        return mode is not RecordMode.NONE
    return mode is RecordMode.ALL and has_source and not is_of_this_run


def how_to_make(to: str | None) -> str:
    """
    Return what is wrong with a recording that is missing, and how it is made.

    Args:
        to: Where the test would record it from; None if it does not say.

    """
    if to is not None:
        return f"no such recording: `pytest --feed-record=once` makes it, through a connection to {to}"
    return (
        "no such recording: make it with `feedrec record` or `feedrec proxy`, or say where it is to be recorded from "
        "(to=ENDPOINT or URL) and run `pytest --feed-record=once`"
    )


def parse_age(text: str) -> int | None:
    """
    Return what `--feed-max-age` says, in nanoseconds; None if it says nothing.

    Raises:
        UsageError: If it is no time.

    """
    if not text:  # as pytest gives what is not set
        return None
    seconds = parse_duration(text)
    if seconds is None:
        raise UsageError(f"--feed-max-age: {text!r} is no time, such as 30d or 12h")
    return round(seconds * NANOSECONDS)


def age_warning(name: str, created: int, now: int, max_age: int | None) -> str | None:
    """
    Return what to warn of if a recording is too old.

    Args:
        name: Its name.
        created: When it was begun, in nanoseconds; 0 if it does not say.
        now: The time.
        max_age: How old it may be, in nanoseconds; None for as old as it likes.

    """
    if max_age is None or created == 0 or now - created <= max_age:
        return None
    days = (now - created) // _DAY
    age = f"{days:,} days ago" if days > 1 else "longer ago than --feed-max-age allows"
    return f"{name} was recorded {age}, on {format_time(created)[:10]}: `pytest --feed-record=all` records it anew"
