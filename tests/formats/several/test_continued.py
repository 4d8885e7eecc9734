"""A file goes on from another one if that is the part before, of the same run."""

from __future__ import annotations

from typing import Any

from feedrec.formats.several.continued import continued_files
from feedrec.model import Header


def header(part: Any = None, created: int = 1, url: str = "ws://x") -> Header:
    return Header("raw", url, created, "feedrec", [], extra={} if part is None else {"part": part})


def test_the_part_before_must_be_there() -> None:
    assert continued_files([header(2), header(1), header(3), header(5)]) == {0, 2}


def test_a_single_file_that_had_to_go_on_has_no_number_and_counts_as_the_first() -> None:
    assert continued_files([header(), header(2)]) == {1}


def test_other_runs_do_not_count() -> None:
    assert continued_files([header(1), header(2, created=2), header(2, url="ws://y")]) == set()


def test_numbers_that_are_none_do_not_count() -> None:
    assert continued_files([header("1"), header("2"), header(True), header(None), header(0), header([1])]) == set()
