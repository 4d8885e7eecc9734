"""Recordings of a made-up venue, whose state shows if a frame is left out, or taken twice: it adds numbers up."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from feedrec.formats import create_recording
from feedrec.model import NANOSECONDS, Event, Frame, FrameInfo, Header, Record

BEGIN = 1_795_280_400 * NANOSECONDS
CHANNEL = "sums"
A, B = (CHANNEL, "A"), (CHANNEL, "B")

Step = tuple[str, str, int]
"""Kind (`snapshot`, `update`, `event` or `other`), product, number."""


class Sums:
    """What numbers came since the last snapshot of each product, and their sum."""

    def __init__(self, wanted: Collection[tuple[str, str]]) -> None:
        self.wanted = wanted
        self.values: dict[tuple[str, str], list[int]] = {}

    def apply(self, info: FrameInfo, payload: bytes) -> None:
        key = (info.channel, info.products[0])
        number = json.loads(payload)["n"]
        if key not in self.wanted:
            return
        if info.kind == "snapshot":
            self.values[key] = [1, number]
        elif key in self.values:
            count, total = self.values[key]
            self.values[key] = [count + 1, total * 31 % 1_000_003 + number]

    def dump(self, channel: str, product: str) -> bytes | None:
        value = self.values.get((channel, product))
        return None if value is None else json.dumps(value).encode()

    def load(self, channel: str, product: str, dumped: bytes) -> None:
        count, total = json.loads(dumped)
        self.values[channel, product] = [count, total]


def describe(payload: bytes) -> FrameInfo:
    try:
        found = json.loads(payload)
        return FrameInfo(found["c"], (found["p"],), kind=found["k"], parses=True)
    except (ValueError, KeyError, TypeError):
        return FrameInfo()


class SumsRules(NamedTuple):
    """How sums are written down."""

    kind: str = "sums 1"
    channels: Collection[str] = (CHANNEL,)
    describe: Callable[[bytes], FrameInfo] = describe
    looks: Callable[[Collection[tuple[str, str]]], Collection[tuple[bytes, ...]]] = lambda _: [(b'"sums"',)]
    make: Callable[[Collection[tuple[str, str]]], Sums] = Sums


RULES = SumsRules()


def record_of(number: int, step: Step, pad: int = 0) -> Record:
    """Return a line; with padding, so that a few of them are a block."""
    kind, product, value = step
    time = BEGIN + number * 1_000_000
    if kind == "event":
        return Event(time, 0, "note")
    channel = "noise" if kind == "other" else CHANNEL
    payload = {"c": channel, "p": product, "k": "update" if kind == "other" else kind, "n": value, "pad": "x" * pad}
    return Frame(time, 0, json.dumps(payload).encode())


def write(path: Path, steps: Iterable[Step], *, first: int = 0, pad: int = 400_000, part: int | None = None) -> Path:
    """Write a recording whose lines are a millisecond apart; those with padding are two or three to a block."""
    header = Header("sums", "wss://sums.test", BEGIN, "feedrec", extra={} if part is None else {"part": part})
    writer = create_recording(path, header)
    for number, step in enumerate(steps, first):
        record = record_of(number, step, pad)
        if isinstance(record, Frame):
            writer.write(record, describe(record.payload))
        else:
            writer.write(record)
    writer.finish()
    return path


def state_after(steps: Iterable[Step]) -> Sums:
    """Return the state after some lines, taken one by one."""
    state = Sums([A, B])
    for number, step in enumerate(steps):
        record = record_of(number, step)
        if isinstance(record, Frame) and (info := describe(record.payload)).channel == CHANNEL:
            state.apply(info, record.payload)
    return state
