"""Recordings whose frames are numbers in the venue's sequence, and what verifying them finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from feedrec.feeds.base import ConnectionSequence
from feedrec.formats import create_recording
from feedrec.formats.facts.sequence_check import Rules
from feedrec.formats.tools.verify import Verification, verify_recording
from feedrec.model import Event, Frame, FrameInfo, Header, Record

from .damage import HEADER, START


def describe(payload: bytes) -> FrameInfo:
    return FrameInfo("numbers", sequence=int(payload))


RULES = Rules(describe, lambda from_start: ConnectionSequence(0 if from_start else None))


def frame(number: int, time: int = 0, conn: int = 0) -> Frame:
    return Frame(START + time, conn, b"%d" % number)


def event(name: str, time: int = 0, **details: object) -> Event:
    return Event(START + time, 0, name, details)


def verified(path: Path, records: Sequence[Record], header: Header = HEADER) -> Verification:
    writer = create_recording(path / "a.jsonl.zst", header, overwrite=True)
    for one in records:
        writer.write(one, describe(one.payload) if isinstance(one, Frame) else None)
    return verify_recording(writer.finish(), lambda _: RULES)


def kinds(result: Verification) -> list[str]:
    return [problem.kind for problem in result.problems]
