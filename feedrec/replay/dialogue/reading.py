"""Recordings to conversations: the connections of which both sides were recorded."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from ...errors import UsageError
from ...feeds.redaction import REDACTED, Redaction
from ...feeds.redaction.secret_keys import is_secret_key
from ...formats import open_recording
from ...formats.file.opening import under_current_name
from ...formats.line.steady_clock import SteadyClock, reading_of
from ...formats.several.clocks import starting_clocks
from ...formats.several.inputs import Input, inspect_recording
from ...model import Event, Record
from .json_values import parse_json
from .recorded import Ending, Message, RecordedConversation, Step

__all__ = ["MOST_BYTES", "read_conversations", "redaction_for"]

MOST_BYTES = 256 << 20
"""Bytes of all messages: they are held in memory."""

_NO_STATUS, _LOST = 1005, 1006
_FROM_RECORDER = {1000, 1001}  # codes with which a recorder may have closed by itself
_INCOMPLETE = ("lost", "damage")  # events that say that frames are missing

_log = logging.getLogger("feedrec.replay")


class _Reading:
    """What has been read of a connection."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.steps: list[Step] = []
        self.ending: Ending | None = None
        self.subprotocol = ""
        self.path = ""

    def take(self, record: Record, time: int) -> int:
        """Take a line with its steady time; return the bytes of its message."""
        if isinstance(record, Event):
            if record.name == "open":
                self.subprotocol = str(record.details.get("subprotocol") or "")
                self.path = _path_of(str(record.details.get("url") or ""))
            elif record.name == "close":
                self.ending = _ending_of(record.details, time)
            return 0
        if record.synthetic:
            return 0
        message = Message(record.payload, record.binary)
        self.steps.append(Step(time, message, record.direction == "out"))
        return len(record.payload)

    def result(self) -> RecordedConversation:
        return RecordedConversation(self.name, self.steps, self.ending, self.subprotocol, self.path)


def read_conversations(paths: Sequence[Path | str], most_bytes: int = MOST_BYTES) -> list[RecordedConversation]:
    """
    Read the connections of recordings, in the order in which they were opened; those of one recording before the next.

    Args:
        paths: The recordings; files of one recording are one.
        most_bytes: Bytes of all messages above which they are not held in memory.

    Raises:
        UsageError: If nothing that a client said was recorded, or the recordings are too large.
        RecordingError: If one cannot be read, or is damaged.

    """
    files = [inspect_recording(partial(under_current_name, Path(path), open_recording)) for path in paths]
    found: dict[tuple[int, int], _Reading] = {}
    size = 0
    for number, (file, clock) in enumerate(zip(files, starting_clocks(files), strict=True)):
        run = _run_of(files, number)
        for record, time in _timed(file, clock):
            if record.conn is None:
                continue
            key = (run, record.conn)
            if key not in found and not (isinstance(record, Event) and record.name != "open"):
                found[key] = _Reading(f"connection {record.conn} of {files[run].path.name}")
            if key in found:
                size += found[key].take(record, time)
            if size > most_bytes:
                raise UsageError(
                    f"{file.path}: a dialogue is held in memory, and these recordings hold more than "
                    f"{most_bytes >> 20} MiB: take a part of them (feedrec convert --from, --to, --max-size)"
                )
    conversations = [found[key].result() for key in sorted(found)]
    if not any(one.client_messages for one in conversations):
        raise UsageError(
            f"{files[0].path}: nothing that a client said is recorded there, so there is nothing to wait for: leave "
            "out --mode dialogue, or record with feedrec proxy"
        )
    return conversations


def redaction_for(conversations: Sequence[RecordedConversation]) -> Redaction:
    """Return what hides in a client's messages what was hidden in the recorded ones, and shows what was shown there."""
    hidden, kept = set(), set()
    for one in conversations:
        for message in one.client_messages:
            parsed = None if message.binary else parse_json(message.payload)
            for key, value in _named(None if parsed is None else parsed.value):
                if isinstance(value, str) and REDACTED in value:
                    hidden.add(key.lower())
                elif isinstance(value, str | int) and not isinstance(value, bool) and is_secret_key(key):
                    kept.add(key.lower())
    return Redaction(keys=hidden, kept_keys=kept - hidden)


def _named(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield all values that have a key, at any depth, with it."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from value.items()
        if isinstance(value, (dict, list)):
            waiting += value.values() if isinstance(value, dict) else value


def _run_of(files: Sequence[Input], number: int) -> int:
    """Return the number of the first file of the recording of which a file is a part."""
    header = files[number].header
    if not (header.url and header.created):  # else files that have nothing in common look like parts
        return number
    return next(other for other, file in enumerate(files) if file.run == files[number].run)


def _timed(file: Input, clock: SteadyClock) -> Iterator[tuple[Record, int]]:
    """Yield the records of a file with their steady times."""
    is_told = False
    with file.open() as recording:
        for record in recording:
            if isinstance(record, Event) and record.name in _INCOMPLETE and not is_told:
                is_told = True
                _log.warning("%s: frames are missing in it, and perhaps what a client must say", file.path)
            yield record, clock.take(record.time, reading_of(record))


def _path_of(url: str) -> str:
    try:
        return urlsplit(url).path or "/" if url else ""
    except ValueError:
        return ""


def _ending_of(details: dict[str, Any], time: int) -> Ending | None:
    """Return how a connection was closed; None if the recorder ended it, or may have."""
    by, code = details.get("by"), details.get("code")
    code = code if isinstance(code, int) else _LOST
    who: Literal["venue", "client"] = "client" if by == "client" else "venue"
    if by == "proxy" or (by is None and code in _FROM_RECORDER):
        return None
    return Ending(time, who, code, str(details.get("reason") or ""))
