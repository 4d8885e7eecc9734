"""docs/coverage.md has every statement of the documents, and names tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "coverage.md").read_text()
STATEMENTS = 285

WITHOUT_A_TEST = {
    263: "outages as recorded",
    282: "top-level folders",
}
"""Statements that feedrec does not follow: their rows say why, and nothing else may be one of them."""

ROWS = [re.split(r" ?\| ?", line)[1:-1] for line in PAGE.splitlines() if re.match(r"\| \d", line)]


NAMED = re.compile(r"`(\S+?\.py)::(test_\w+)`")


@cache
def names_in(path: str) -> set[str]:
    """Give the names of the tests in a file."""
    module = ast.parse((TESTS / path).read_text())
    functions = (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def test_every_statement_has_its_row_in_order() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, STATEMENTS + 1))
    assert [row for row in ROWS if len(row) != 4] == []


def test_a_statement_is_a_sentence_and_nothing_is_left_open() -> None:
    assert "TODO" not in PAGE
    assert [row for row in ROWS if not row[1].endswith(".")] == []
    assert [row for row in ROWS if row[3] and not row[3].endswith(".")] == []


def test_rows_name_tests_that_exist() -> None:
    for number, _, tests, _ in ROWS:
        named = NAMED.findall(tests)
        assert tests == ", ".join(f"`{path}::{name}`" for path, name in named), number
        assert [f"{path}::{name}" for path, name in named if name not in names_in(path)] == [], number


def test_rows_without_a_test_are_few_and_say_why() -> None:
    without = {int(number): remark for number, _, tests, remark in ROWS if not tests}
    assert set(without) == set(WITHOUT_A_TEST)
    assert all(without.values())


def test_those_rows_are_about_what_is_listed() -> None:
    """By a few words, so that a statement that moves to another number is noticed."""
    said = {int(number): f"{statement} {remark}" for number, statement, _, remark in ROWS}
    for number, words in WITHOUT_A_TEST.items():
        assert all(word in said[number].lower() for word in words.split()), number
