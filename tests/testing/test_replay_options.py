"""Recordings and options as a test writes them; `test_feed_replay.py` has what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from feedrec.errors import UsageError
from feedrec.model import NANOSECONDS
from feedrec.testing.replay_options import as_recordings, as_replay_options, as_seconds, as_speed

from ..replay.recordings import START, numbered, record


def test_a_folder_stands_for_its_recordings(tmp_path: Path) -> None:
    paths = [record(tmp_path / name, numbered(1)) for name in ("a.jsonl", "b.jsonl")]
    assert as_recordings([str(tmp_path)]) == paths


def test_texts_become_what_the_options_are(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl", numbered(1))
    options = as_replay_options(
        path,
        {"speed": "max", "start": "+2s", "end": START, "settle": "20ms", "settings": {"a": 1, "b": True, "c": "d"}},
    )
    assert (options.speed, options.start, options.end) == (math.inf, START + 2 * NANOSECONDS, START)
    assert (options.settle, options.port) == (0.02, 0)
    assert options.settings == {"a": "1", "b": "true", "c": "d"}


def test_clients_that_are_waited_for_are_counted(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl", numbered(1))
    assert as_replay_options(path, {"wait_for": 2}).wait_for == 2
    with pytest.raises(UsageError, match="wait_for is a whole number, 1 or more, not '2'"):
        as_replay_options(path, {"wait_for": "2"})


def test_durations_and_speeds_are_numbers_or_texts() -> None:
    assert [as_seconds("x", value) for value in (1, 0.5, "250ms", "2")] == [1.0, 0.5, 0.25, 2.0]
    assert [as_speed(value) for value in (10, "0.5", "max", math.inf)] == [10.0, 0.5, math.inf, math.inf]


@pytest.mark.parametrize("value", [True, None, "", "-1s", -1, math.nan, []])
def test_what_is_neither_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="timeout is seconds, or a text"):
        as_seconds("timeout", value)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="the speed is a positive number"):
        as_speed(value)  # type: ignore[arg-type]
