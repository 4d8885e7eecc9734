"""What the process finds is told by a line each, and of one product once a minute."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

from feedrec.feeds.checking import Finding
from feedrec.model import NANOSECONDS, FrameInfo
from feedrec.recorder.checking.check_frames import CheckFrame
from feedrec.recorder.checking.check_process import SPACING, check_frames


class Doubtful:
    """A check that doubts everything but the first frame of a product."""

    channels = frozenset(["book"])

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def take(self, time: int, info: FrameInfo, payload: bytes) -> Sequence[Finding]:
        product = info.products[0]
        is_known = product in self._seen
        self._seen.add(product)
        return [Finding("crossed", payload.decode(), {"product": product, "time": time})] if is_known else []


class Feed:
    """A feed of books, `PRODUCT: what`, and of news."""

    def describe(self, payload: bytes) -> FrameInfo:
        product, colon, _ = payload.decode().partition(":")
        return FrameInfo("book", (product,)) if colon else FrameInfo("news")

    def checks(self) -> list[Any]:
        return [Doubtful()]


def found(*frames: tuple[int, float, bytes | None]) -> list[tuple[int, str]]:
    """Return the connection and the text of each finding, of frames given by connection and second."""
    tell = io.BytesIO()
    check_frames(Feed(), [CheckFrame(conn, round(time * NANOSECONDS), payload) for conn, time, payload in frames], tell)
    told = map(json.loads, tell.getvalue().splitlines())
    return [(one["conn"], one["finding"]["text"]) for one in told]


def test_each_connection_is_checked_by_itself_and_what_is_checked_only() -> None:
    frames = ((0, 1, b"A: 1"), (1, 1, b"A: 2"), (0, 1, b"news"), (1, 2, b"A: 3"), (0, 2, b"A: 4"), (0, 2, b"B: 5"))
    assert found(*frames) == [(1, "A: 3"), (0, "A: 4")]


def test_what_is_forgotten_begins_anew() -> None:
    assert found((0, 1, b"A: 1"), (0, 0, None), (0, 2, b"A: 2"), (0, 3, b"A: 3")) == [(0, "A: 3")]


def test_the_same_is_told_once_a_minute() -> None:
    frames = [(0, time, b"A: %d" % time) for time in (0, 1, 2, SPACING, SPACING + 1, SPACING + 2, 2 * SPACING + 1, 5)]
    assert [text for _, text in found(*frames)] == ["A: 1", f"A: {SPACING + 1}", f"A: {2 * SPACING + 1}", "A: 5"]
