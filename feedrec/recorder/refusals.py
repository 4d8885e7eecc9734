"""What a recording tells of an attempt to connect that failed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ..errors import ConnectError
from ..feeds.redaction import Address
from .clock import RecordingClock
from .output.counting_writer import CountingWriter
from .retry_after import longest_asked_for

__all__ = ["LONGEST_ERROR", "refusal_details", "write_refusal"]

LONGEST_ERROR = 300
"""Characters of an error that are recorded: it may quote what a server answered."""


def refusal_details(error: ConnectError, address: Address, now: datetime) -> dict[str, Any]:
    """
    Return the keys of a `refused` event, without secrets: none of what the server sent but its status is in it.

    Args:
        error: Why it failed.
        address: Where it led.
        now: The time in UTC.

    """
    told: dict[str, Any] = {"url": address.shown}
    if error.answer is not None:
        told["status"] = error.answer.status
        values = [value for name, value in error.answer.headers if name.lower() == "retry-after"]
        if seconds := longest_asked_for(values, now):
            told["retry_after"] = round(seconds, 3)
    told["error"] = error.reason[:LONGEST_ERROR]
    details: dict[str, Any] = address.redaction.details(told)
    return details


def write_refusal(
    writer: CountingWriter,
    clock: RecordingClock,
    number: int,
    error: ConnectError,
    address: Address,
    replaces: int | None = None,
) -> None:
    """
    Write that an attempt to connect failed, with the time of now.

    Args:
        writer: The recording.
        clock: Gives the stamp.
        number: The number that the connection would have had.
        error: Why it failed.
        address: Where it led.
        replaces: Number of the connection whose place it was to take; None for none.

    """
    details = refusal_details(error, address, datetime.now(UTC))
    if replaces is not None:
        details["replaces"] = replaces
    now, reading = clock.stamp()
    if reading is not None:
        writer.clock_reading(now, number, reading)
    writer.event(now, number, "refused", details)
