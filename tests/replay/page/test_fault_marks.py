"""Faults are marks among the others, and as many as there is room for."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from feedrec.replay.page.fault_marks import with_faults

ORIGIN = 1_000_000_000


class Hit(NamedTuple):
    time: int | None

    def __str__(self) -> str:
        return f"drop=1% hits at {self.time}"


def overview(**changed: Any) -> bytes:
    mark = {"ms": 500.0, "kind": "gap", "text": "a gap"}
    told = {"from": 100.0, "to": 900.0, "frames": [1, 2], "exact": True, "marks": [mark], "marks_left_out": 3}
    return json.dumps({**told, **changed}).encode()


def test_they_stand_among_the_marks_of_their_time() -> None:
    hits = [Hit(ORIGIN + ms * 1_000_000) for ms in (50, 100, 600, 899, 900)] + [Hit(None)]
    told = json.loads(with_faults(overview(), hits, ORIGIN))
    assert [(mark["ms"], mark["kind"]) for mark in told["marks"]] == [
        (100.0, "fault"),
        (500.0, "gap"),
        (600.0, "fault"),
        (899.0, "fault"),
    ]
    assert told["marks"][2]["text"] == f"drop=1% hits at {ORIGIN + 600_000_000}"
    assert (told["frames"], told["exact"], told["marks_left_out"]) == ([1, 2], True, 3)


def test_of_too_many_some_are_left_out() -> None:
    hits = [Hit(ORIGIN + 200_000_000 + number) for number in range(10_000)]
    told = json.loads(with_faults(overview(), hits, ORIGIN))
    assert (len(told["marks"]), told["marks_left_out"]) == (201, 9803)


def test_without_any_nothing_is_looked_at() -> None:
    assert with_faults(b"anything", [], ORIGIN) == b"anything"
    assert json.loads(with_faults(overview(), [Hit(None)], ORIGIN)) == json.loads(overview())
