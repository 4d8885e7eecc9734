"""Several recordings as one: which of them go together."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import UsageError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.several.inputs import inspect_recording, refuse_doubles, runs_of
from feedrec.model import NANOSECONDS, Frame, Header

START = 1_795_280_400 * NANOSECONDS
HEADER = Header("raw", url="wss://example.test", created=START)


def write(path: Path, times: list[int], *, created: int = START, **extra: Any) -> Path:
    header = Header("raw", url="wss://example.test", created=created, extra=extra)
    with create_recording(path, header) as recording:
        for time in times:
            recording.write(Frame(START + time, 0, b"[1]"))
    return path


def check(*paths: Path) -> None:
    refuse_doubles([inspect_recording(partial(open_recording, path)) for path in paths])


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.zst", "jsonl.gz", "parquet"])
def test_a_recording_and_its_copy_in_any_format_are_refused(tmp_path: Path, suffix: str) -> None:
    one, other = write(tmp_path / "a.jsonl.zst", [1, 2, 3]), write(tmp_path / f"b.{suffix}", [1, 2, 3])
    with pytest.raises(UsageError, match=r"a\.jsonl\.zst and .*b\..* are the same recording: pass only one of them"):
        check(one, other)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"part": 1}),
        ({"part": 2}, {"part": 2}),
        ({}, {"filtered": {"channels": ["ticker"]}}),
        ({"filtered": {"channels": ["ticker"]}}, {"filtered": {"channels": ["ticker"]}}),
    ],
)
def test_the_whole_and_its_part_or_choice_are_refused(tmp_path: Path, first: Any, second: Any) -> None:
    one, other = write(tmp_path / "a.jsonl", [1, 5, 9], **first), write(tmp_path / "b.jsonl", [5, 6], **second)
    for paths in ((one, other), (other, one)):
        with pytest.raises(UsageError, match="same recording"):
            check(*paths)


@pytest.mark.parametrize(
    ("times", "first", "second"),
    [
        ([5, 9], {"part": 1}, {"part": 2}),
        ([9, 10], {}, {}),
        ([5, 9], {}, {"created": START + 1}),
        ([5, 9], {"created": 0}, {"created": 0}),
        ([], {}, {}),
        ([5, 9], {"filtered": {"channels": ["a"]}}, {"filtered": {"channels": ["b"]}}),
    ],
    ids=["parts", "cuts", "runs", "unknown runs", "empty", "choices"],
)
def test_what_belongs_together_is_taken(tmp_path: Path, times: list[int], first: Any, second: Any) -> None:
    check(write(tmp_path / "a.jsonl", [1, 5, 8], **first), write(tmp_path / "b.jsonl", times, **second))


def test_parts_are_of_one_run_and_what_does_not_say_when_it_began_is_one_by_itself() -> None:
    one, other = Header("coinbase-advanced", "wss://x", 5, "test"), Header("coinbase-advanced", "wss://x", 6, "test")
    unknown = Header("coinbase-advanced", "wss://x", 0, "test")
    assert runs_of([one, other, unknown, one, unknown]) == [0, 1, 2, 0, 3]
