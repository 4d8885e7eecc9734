"""Choosing records by channel, product and time."""

from __future__ import annotations

import pytest

from feedrec.formats.selection import Selection
from feedrec.model import Event, Frame, FrameInfo, Record


def describe(payload: bytes) -> FrameInfo:
    channel, *products = payload.decode().split()
    return FrameInfo(channel, tuple(products))


def frame(time: int, payload: bytes = b"ticker A B") -> Frame:
    return Frame(time, 0, payload)


@pytest.mark.parametrize(
    ("selection", "record", "taken"),
    [
        (Selection(), Event(0, 0, "open"), True),
        (Selection(start=5), frame(4), False),
        (Selection(start=5), frame(5), True),
        (Selection(end=5), frame(4), True),
        (Selection(end=5), frame(5), False),
        (Selection(start=5), Event(9, 0, "gap"), True),
        (Selection(channels=frozenset({"ticker"})), frame(0), True),
        (Selection(channels=frozenset({"trades"})), frame(0), False),
        (Selection(channels=frozenset({"ticker"})), Event(0, 0, "open"), False),
        (Selection(products=frozenset({"B", "C"})), frame(0), True),
        (Selection(products=frozenset({"C"})), frame(0), False),
        (Selection(channels=frozenset({"ticker"})), Frame(0, 0, b"ticker A", binary=True), False),
    ],
)
def test_what_is_taken(selection: Selection, record: Record, *, taken: bool) -> None:
    assert selection.takes(record, describe) is taken


def test_everything_is_everything() -> None:
    assert Selection().is_everything
    assert not Selection(start=0).is_everything
