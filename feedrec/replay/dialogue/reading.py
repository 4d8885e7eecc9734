"""Recordings to dialogues: the connections of which both sides were recorded, and requests with their answers."""

from __future__ import annotations

import heapq
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from ...errors import UsageError
from ...feeds.redaction import REDACTED, Redaction
from ...feeds.redaction.secret_keys import is_secret_key
from ...formats import open_recording
from ...formats.file.opening import under_current_name
from ...formats.line.http_events import exchange_of
from ...formats.line.steady_clock import SteadyClock, reading_of
from ...formats.places.url_path import place_of
from ...formats.several.clocks import starting_clocks
from ...formats.several.inputs import Input, inspect_recording
from ...http_messages import RECORDER, HttpExchange
from ...model import Event, Record
from .json_values import parse_json
from .recorded import Asked, Ending, Message, RecordedConversation, RecordedDialogue, RecordedExchange, Step
from .request_parts import parts_of_exchange

__all__ = ["MOST_BYTES", "read_dialogue", "redaction_for"]

MOST_BYTES = 256 << 20
"""Bytes of all messages, requests and answers: they are held in memory."""

_NO_STATUS, _LOST = 1005, 1006
_FROM_RECORDER = {1000, 1001}  # codes with which a recorder may have closed by itself
_INCOMPLETE = ("lost", "damage")  # events that say that frames are missing

_RECORDERS_OWN = ("resync", "resubscribe")  # events before messages that no client must repeat

_log = logging.getLogger("feedrec.replay")


class _Exchanged(NamedTuple):
    """A request and its answer, and the steady times of both."""

    run: int
    started: int
    time: int
    exchange: HttpExchange

    def named(self, name: str) -> RecordedExchange:
        one = self.exchange
        times = self.started, self.time
        return RecordedExchange(
            name, self.run, *times, one.method, one.target, one.answer_to_send, one.sent_type, one.sent
        )


class _Reading:
    """What has been read of a connection."""

    def __init__(self, name: str, began: int) -> None:
        self.name = name
        self.began = began  # its steady time
        self.steps: list[Step] = []
        self.ending: Ending | None = None
        self.subprotocol = ""
        self.path = ""
        self._own = 0  # sent messages to come that are the recorder's own

    def take(self, record: Record, time: int) -> int:
        """Take a line with its steady time; return the bytes of its message."""
        if isinstance(record, Event):
            if record.name == "open":
                self.subprotocol = str(record.details.get("subprotocol") or "")
                self.path = _path_of(str(record.details.get("url") or ""))
            elif record.name == "close":
                self.ending = _ending_of(record.details, time)
            elif record.name in _RECORDERS_OWN:
                own = record.details.get("messages")
                self._own = own if isinstance(own, int) else 0
            return 0
        if record.synthetic:
            return 0
        if record.direction == "out" and self._own > 0:
            self._own -= 1
            return 0
        message = Message(record.payload, record.binary)
        self.steps.append(Step(time, message, record.direction == "out"))
        return len(record.payload)

    def result(self, asked: Sequence[tuple[int, int]]) -> RecordedConversation:
        """Return it with what it waits for of the requests that change something, given by time and number."""
        ending = self.ending
        end = self.steps[-1].time if self.steps else 0
        if ending is not None and ending.by == "venue":
            end = ending.time
        waits = (Asked(time, number, time >= self.began) for time, number in asked if time < end)
        both: list[Iterable[Step | Asked]] = [self.steps, waits]
        steps = list(heapq.merge(*both, key=_time_of))  # of two at one time, the frame is first
        return RecordedConversation(self.name, steps, ending, self.subprotocol, self.path)


def _time_of(step: Step | Asked) -> int:
    return step.time


def read_dialogue(paths: Sequence[Path | str], most_bytes: int = MOST_BYTES) -> RecordedDialogue:
    """
    Read recordings: their connections in the order in which they were opened, and their requests in that of sending.

    What is of one recording comes before the next. Requests of the recorder itself are left out.

    Args:
        paths: The recordings; files of one recording are one.
        most_bytes: Bytes of all messages, requests and answers above which they are not held in memory.

    Raises:
        UsageError: If nothing that a client said was recorded, or the recordings are too large.
        RecordingError: If one cannot be read, or is damaged.

    """
    files = [inspect_recording(partial(under_current_name, place_of(path), open_recording)) for path in paths]
    found: dict[tuple[int, int], _Reading] = {}
    asked: list[_Exchanged] = []
    size = 0
    for number, (file, clock) in enumerate(zip(files, starting_clocks(files), strict=True)):
        run = _run_of(files, number)
        for record, time in _timed(file, clock):
            if record.conn is None:
                exchange = exchange_of(record)
                if exchange is not None and exchange.by != RECORDER:  # which no client must repeat
                    asked.append(_Exchanged(run, time - max(0, exchange.time - exchange.started), time, exchange))
                    size += len(exchange.sent) + len(exchange.answer.body)
            else:
                size += _take(found, (run, record.conn), files[run], record, time)
            if size > most_bytes:
                raise UsageError(
                    f"{file.path}: a dialogue is held in memory, and these recordings hold more than "
                    f"{most_bytes >> 20} MiB: take a part of them (feedrec convert --from, --to, --max-size)"
                )
    exchanges = _in_order(asked, files)
    conversations = [found[key].result(_changing(exchanges, key[0])) for key in sorted(found)]
    if not exchanges and not any(one.client_messages for one in conversations):
        raise UsageError(
            f"{files[0].path}: nothing that a client said is recorded there, so there is nothing to wait for: leave "
            "out --mode dialogue, or record with feedrec proxy"
        )
    return RecordedDialogue(conversations, exchanges)


def _take(found: dict[tuple[int, int], _Reading], key: tuple[int, int], file: Input, record: Record, time: int) -> int:
    """Have the reading of a connection take a line; return the bytes of its message."""
    if key not in found:
        if isinstance(record, Event) and record.name != "open":
            return 0
        found[key] = _Reading(f"connection {record.conn} of {file.path.name}", time)
    return found[key].take(record, time)


def _in_order(asked: Sequence[_Exchanged], files: Sequence[Input]) -> list[RecordedExchange]:
    """Return the exchanges in the order in which their requests were sent."""
    counts: Counter[int] = Counter()
    found = []
    for one in sorted(asked, key=lambda one: (one.run, one.started)):
        counts[one.run] += 1
        found.append(one.named(f"request {counts[one.run]} of {files[one.run].path.name}"))
    return found


def _changing(exchanges: Sequence[RecordedExchange], run: int) -> list[tuple[int, int]]:
    """Return time and number of the requests of a recording that change something."""
    return [(one.started, number) for number, one in enumerate(exchanges) if one.run == run and not one.is_safe]


def redaction_for(dialogue: RecordedDialogue) -> Redaction:
    """Return what hides in what clients say what was hidden in the recorded, and shows what was shown there."""
    hidden, kept = set(), set()
    for key, value in _all_named(dialogue):
        if isinstance(value, str) and REDACTED in value:
            hidden.add(key.lower())
        elif isinstance(value, str | int) and not isinstance(value, bool) and is_secret_key(key):
            kept.add(key.lower())
    return Redaction(keys=hidden, kept_keys=kept - hidden)


def _all_named(dialogue: RecordedDialogue) -> Iterator[tuple[str, Any]]:
    """Yield all values that clients said under a key, with it."""
    for one in dialogue.conversations:
        for message in one.client_messages:
            parsed = None if message.binary else parse_json(message.payload)
            yield from _named(None if parsed is None else parsed.value)
    for exchange in dialogue.exchanges:
        for part in parts_of_exchange(exchange, as_written=False).said.values():
            yield from _named(part)


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
