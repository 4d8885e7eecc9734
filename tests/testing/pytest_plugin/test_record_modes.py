from __future__ import annotations

import itertools

import pytest

from feedrec.errors import UsageError
from feedrec.model import NANOSECONDS, parse_time
from feedrec.testing.pytest_plugin.record_modes import (
    RecordMode,
    age_warning,
    how_to_make,
    is_to_be_recorded,
    parse_age,
)

DAY = 86_400 * NANOSECONDS
NOW = parse_time("2026-11-26T07:00:00Z")
assert NOW is not None


def recorded_in(mode: RecordMode) -> set[tuple[bool, bool, bool]]:
    """Give the cases in which is recorded: whether there is one, it is of this run, and it is known where from."""
    cases = itertools.product([False, True], repeat=3)
    return {
        (exists, is_new, has_source)
        for exists, is_new, has_source in cases
        if (exists or not is_new)
        and is_to_be_recorded(mode, exists=exists, is_of_this_run=is_new, has_source=has_source)
    }


def test_nothing_is_recorded_unless_it_is_asked_for() -> None:
    assert recorded_in(RecordMode.NONE) == set()


def test_once_is_where_there_is_none() -> None:
    """Whether it is known where from or not: then that is an error."""
    assert recorded_in(RecordMode.ONCE) == {(False, False, False), (False, False, True)}


def test_all_is_each_that_can_be_and_was_not_yet_in_this_run() -> None:
    assert recorded_in(RecordMode.ALL) == {*recorded_in(RecordMode.ONCE), (True, False, True)}


def test_what_is_missing_comes_with_how_it_is_made() -> None:
    assert "to=ENDPOINT" in how_to_make(None)
    assert "a connection to coinbase-advanced" in how_to_make("coinbase-advanced")


@pytest.mark.parametrize(
    ("text", "age"), [("", None), ("30d", 30 * DAY), ("90", 90 * NANOSECONDS), ("1.5d", 1.5 * DAY)]
)
def test_an_age_is_a_duration_or_nothing(text: str, age: float | None) -> None:
    assert parse_age(text) == age


def test_what_is_no_age_is_an_error() -> None:
    with pytest.raises(UsageError, match="--feed-max-age: 'month' is no time, such as 30d or 12h"):
        parse_age("month")


def test_only_what_is_older_than_allowed_is_warned_of() -> None:
    """And nothing of a recording that does not say when it was made, or that comes from the future."""
    assert NOW is not None
    assert age_warning("a.jsonl", NOW - 30 * DAY, NOW, 30 * DAY) is None
    assert age_warning("a.jsonl", NOW - 300 * DAY, NOW, None) is None
    assert age_warning("a.jsonl", 0, NOW, DAY) is None
    assert age_warning("a.jsonl", NOW + DAY, NOW, DAY) is None
    warning = age_warning("a.jsonl", NOW - 31 * DAY, NOW, 30 * DAY)
    assert warning == "a.jsonl was recorded 31 days ago, on 2026-10-26: `pytest --feed-record=all` records it anew"
    assert "longer ago than --feed-max-age allows, on 2026-11-26" in str(age_warning("a", NOW - 9, NOW, 8))
