"""A command line is split once; a value is one argument, or a part of one, whatever is in it."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.recorder.commands.command import Command

NAMES = ("path", "name")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true {path}", ["true", "/a b.jsonl"]),
        ("true --file={path}:{name}", ["true", '--file=/a b.jsonl:it\'s "x"\n; rm -rf $HOME']),
        ("true 'two words' \"{name}\"", ["true", "two words", 'it\'s "x"\n; rm -rf $HOME']),
        ("true {{path}} {} { {1} {PATH} {a:1}", ["true", "{path}", "{}", "{", "{1}", "{PATH}", "{a:1}"]),
        ("true $HOME * | cat > x", ["true", "$HOME", "*", "|", "cat", ">", "x"]),
    ],
)
def test_words_and_quotes_are_those_of_a_shell_and_nothing_else_is(text: str, expected: list[str]) -> None:
    values = {"path": "/a b.jsonl", "name": 'it\'s "x"\n; rm -rf $HOME'}
    assert Command.parse(text, NAMES).arguments(values) == expected


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_value_is_one_argument_as_it_is(value: str) -> None:
    """Placeholders within a value are none."""
    command = Command.parse("true {path} x{name}", NAMES)
    assert command.arguments({"path": value, "name": value}) == ["true", value, f"x{value}"]


@given(st.text())
def test_no_value_is_refused_by_the_operating_system(value: str) -> None:
    (_, argument) = Command.parse("true {path}", NAMES).arguments({"path": value})
    assert b"\0" not in os.fsencode(argument)


def test_a_file_name_that_is_no_text_stays_what_it_is() -> None:
    name = os.fsdecode(b"/x/\xff.jsonl")
    assert os.fsencode(Command.parse("true {path}", NAMES).arguments({"path": name})[1]) == b"/x/\xff.jsonl"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true 'x", "cannot be split: no closing quotation"),
        ("", "the command is empty"),
        ("true {pth}", "unknown placeholder {pth}: there are {path}, {name}; did you mean 'path'?"),
        ("awk '{print}'", "write {{print}} for the text {print} itself"),
        ("{path} x", "begins with a placeholder"),
        ("no-such-program-anywhere {path}", "there is no program 'no-such-program-anywhere'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(text: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        Command.parse(text, NAMES)
    assert expected in str(caught.value)


def test_the_error_does_not_repeat_what_may_be_secret() -> None:
    with pytest.raises(UsageError) as caught:
        Command.parse("true --token hunter2 {pth}", NAMES)
    assert "hunter2" not in str(caught.value)
