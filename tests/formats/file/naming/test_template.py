"""What is wrong with a template, before anything is written; and when the files turn that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.errors import UsageError
from feedrec.formats.file.naming.template import Field, has_fields, parse_template
from feedrec.model import NANOSECONDS

MINUTE = 60 * NANOSECONDS
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def test_a_template_is_cut_where_the_first_field_is() -> None:
    template = parse_template("/data/./a/{endpoint}//{date}/{channel}-{time}.jsonl.zst", ".parquet")
    assert template.folder == Path("/data/a")
    assert template.parts == (
        (Field("endpoint"),),
        (Field("date"),),
        (Field("channel"), "-", Field("time"), ".jsonl.zst"),
    )
    assert parse_template("{date}.jsonl", "").folder == Path()
    assert parse_template("/{date}.jsonl", "").folder == Path("/")


def test_braces_are_doubled_to_stand_for_themselves() -> None:
    template = parse_template("a{{}}/b/x{{date}}.jsonl", "")
    assert (template.folder, template.parts, template.fields) == (Path("a{}/b"), (("x{date}.jsonl",),), set())
    assert [text for text in ("a}", "{a", "a.jsonl") if has_fields(text)] == ["a}", "{a"]


def test_a_folder_of_a_template_has_the_names_of_any_folder() -> None:
    template = parse_template("data/{date}/", ".parquet")
    assert template == parse_template("data/{date}/{endpoint}_{channel}_{time}.parquet", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{dat}/x.jsonl", "{dat} stands for nothing; there are {endpoint}, .*; did you mean 'date'"),
        ("{}/x.jsonl", "{} stands for nothing"),
        ("{date:%Y}/x.jsonl", "{date:%Y} stands for nothing"),
        ("{date/x.jsonl", "a brace without its other one"),
        ("date}/x.jsonl", "a brace without its other one"),
        ("{{date}/x.jsonl", "a brace without its other one"),
        ("{date}/../x.jsonl", "leads elsewhere"),
        ("{date}/x", "must end in .jsonl.zst"),
        ("x.{date}", "must end in .jsonl.zst"),
        ("{hour}/x.jsonl", r"{hour} gives the files of each day the same names"),
    ],
)
def test_what_is_wrong_is_told(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_template(text, ".jsonl.zst")


@pytest.mark.parametrize(
    ("text", "span", "size", "expected"),
    [
        ("{date}/{hour}.jsonl", None, None, HOUR),
        ("{date}/{hour}.jsonl", HOUR, None, HOUR),
        ("{date}.jsonl", None, None, DAY),
        ("{time}.jsonl", None, None, None),
        ("{time}.jsonl", 7 * MINUTE, None, 7 * MINUTE),
        ("{time}.jsonl", None, 1000, None),
        ("{hour}/{time}.jsonl", None, 1000, HOUR),
        ("{date}/{hour}/{time}.jsonl", 10 * MINUTE, None, 10 * MINUTE),
        ("{channel}.jsonl", None, None, None),
    ],
)
def test_files_turn_with_the_fields_or_in_parts_of_them(
    text: str, span: int | None, size: int | None, expected: int | None
) -> None:
    assert parse_template(text, "").turning(span, size) == expected


@pytest.mark.parametrize(
    ("text", "span", "size", "reason"),
    [
        ("{date}/{hour}.jsonl", 10 * MINUTE, None, "several files one name: add {time}"),
        ("{date}.jsonl", HOUR, None, "several files one name"),
        ("{date}.jsonl", None, 1000, "several files one name"),
        ("{channel}.jsonl", HOUR, None, "several files one name"),
        ("{date}/{hour}/{time}.jsonl", 45 * MINUTE, None, "begins with each {hour} anyway"),
        ("{date}/{hour}.jsonl", DAY, None, "begins with each {hour} anyway"),
        ("{time}.jsonl", NANOSECONDS // 4, None, "whole seconds"),
    ],
)
def test_a_rotation_that_does_not_fit_is_refused(text: str, span: int | None, size: int | None, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_template(text, "").turning(span, size)
