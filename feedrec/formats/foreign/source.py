"""What files of other tools are read with: each form of file has a source of its own, which gives records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec

from ...errors import DamagedRecordingError
from ...http_messages import HttpAnswer, HttpExchange, HttpRequest
from ...model import Direction, Frame, Record
from ..file.recording_file import RecordingFile

__all__ = [
    "SKIP_HINT",
    "Importing",
    "MakeSource",
    "OnDamage",
    "OnSkipped",
    "Secrecy",
    "Skipped",
    "Source",
    "imported_frame",
    "lost",
]

SKIP_HINT = "--skip-bad passes over it"
"""What to say of something that cannot be read amid what can."""

_FIRST_NUMBERS = 5


class Secrecy(Protocol):
    """What is secret, and how anything is recorded without it."""

    def message(self, payload: bytes) -> bytes:
        """Return a message that was sent as it may be recorded."""

    def address(self, url: str) -> str:
        """Return an address as it may be recorded."""

    def exchange(
        self, request: HttpRequest, url: str, answer: HttpAnswer, started: int, time: int
    ) -> HttpExchange | None:
        """Return a request and its answer as they may be recorded, between these times; None if they may not."""


class Skipped(msgspec.Struct):
    """
    What was passed over.

    Attributes:
        count: How many lines, or whatever the file consists of.
        first: What to call the first of them, e.g. `line 3`.
        reason: What is wrong with the very first.

    """

    count: int = 0
    first: list[str] = []
    reason: str = ""

    def add(self, name: str, reason: str) -> None:
        """Count one."""
        self.count += 1
        self.reason = self.reason or reason
        if len(self.first) < _FIRST_NUMBERS:
            self.first.append(name)

    def __str__(self) -> str:
        """Say which they are, and what is wrong with the first, in a line; there must be some."""
        if self.count == 1:
            return f"passed over {self.first[0]}: {self.reason}"
        names = ", ".join(self.first)
        more = f" and {self.count - len(self.first):,} more" if self.count > len(self.first) else ""
        return f"passed over {names}{more}; {self.first[0]} because {self.reason}"


OnDamage = Callable[[DamagedRecordingError], object]
"""Takes note of damage."""

OnSkipped = Callable[[Path, Skipped], object]
"""Takes note of what was passed over in a file, each time it was read to its end."""


class Importing(NamedTuple):
    """
    How files of other tools are read.

    Attributes:
        secrecy: What must not be recorded of what was sent.
        skips_bad: Whether what cannot be read amid what can is passed over; otherwise it is an error.
        on_damage: Called when a file cannot be read further, or its end is cut off; what is whole then ends with a
            `damage` event. None to have the damage raised.
        on_skipped: Called with what was passed over, if anything was.
        endpoint_at: Returns the name of the endpoint that has an address; None if it is not known.

    """

    secrecy: Secrecy
    skips_bad: bool = False
    on_damage: OnDamage | None = None
    on_skipped: OnSkipped | None = None
    endpoint_at: Callable[[str], str | None] = lambda _url: None


class Source(Protocol):
    """
    The records of a file of another tool, read once, from its beginning.

    Attributes:
        damage: Why the file cannot be read further, or lacks something, without the time of the last record; None if it
            does not. Known at the end.
        skipped: What was passed over so far.
        endpoint: Name of the endpoint that it says it came from, once anything was read; empty if it does not.
        url: The address that it says was recorded, likewise.

    """

    damage: DamagedRecordingError | None
    skipped: Skipped
    endpoint: str
    url: str

    def batches(self) -> Iterator[Sequence[Record]]:
        """
        Yield the records, some at a time, up to the end or the first damage.

        Raises:
            RecordingError: If the file cannot be read, or has something that is not of its form.

        """


MakeSource = Callable[[RecordingFile, Importing], Source]
"""Makes the source of an open file."""


def lost(**more: Any) -> dict[str, Any]:
    """Return the details of the `close` event of a connection without a close frame (RFC 6455, 7.4.1)."""
    return {"code": 1006, "reason": "", **more}


def imported_frame(
    time: int, conn: int, payload: bytes, secrecy: Secrecy, *, direction: Direction = "in", binary: bool = False
) -> Frame:
    """Return a frame of another tool's file; what was sent is without its secrets, as a recorder writes it."""
    shown = secrecy.message(payload) if direction == "out" and not binary else payload
    return Frame(time, conn, shown, direction, binary, redacted=shown != payload)
