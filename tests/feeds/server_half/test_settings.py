"""Settings of a mock venue."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest

from feedrec.errors import UsageError
from feedrec.feeds.server_half.settings import describe_settings, read_settings
from feedrec.feeds.venue import Setting


class Shape(msgspec.Struct, frozen=True):
    code: Annotated[int, msgspec.Meta(ge=1000, description="the close code")] = 1008
    closes: bool = False
    text: str = "no"


def test_texts_become_what_the_shape_says() -> None:
    assert read_settings(Shape, {}, "venue") == Shape()
    assert read_settings(Shape, {"code": "1000", "closes": "true", "text": "7"}, "venue") == Shape(
        1000, closes=True, text="7"
    )


def test_a_setting_that_is_unknown_gets_the_list() -> None:
    with pytest.raises(UsageError, match=r"^venue has no setting 'x' \(it has code, closes, text\)$"):
        read_settings(Shape, {"x": "1"}, "venue")
    with pytest.raises(UsageError, match=r"\(it has code, closes, text, more\)$"):
        read_settings(Shape, {"x": "1"}, "venue", "more")


def test_a_setting_that_is_misspelt_gets_a_suggestion() -> None:
    for name, meant in (("cods", "code"), ("mores", "more")):
        with pytest.raises(UsageError, match=f"no setting '{name}'; did you mean '{meant}'\\?$"):
            read_settings(Shape, {name: "1"}, "venue", "more")


class Kinds(msgspec.Struct, frozen=True):
    closes: bool = False
    pong: Literal["documented", "observed"] = "documented"
    refused: Literal[0, 4004, 4100] = 0
    limit: Annotated[int, msgspec.Meta(ge=0, description="of anything")] = 1
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 429
    bare: int = 1
    within: Annotated[float, msgspec.Meta(ge=0)] = 5.0
    some_code: Annotated[int, msgspec.Meta(ge=1000)] = 1008


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("closes", "maybe", "true or false"),
        ("pong", "loud", "documented or observed"),
        ("refused", "5", "0, 4004 or 4100"),
        ("limit", "-1", "a whole number, 0 or more"),
        ("limit", "2.5", "a whole number, 0 or more"),
        ("status", "200", "a whole number from 400 to 599"),
        ("bare", "", "a whole number"),
        ("within", "soon", "a number, 0 or more"),
        ("some_code", "soon", "a close code: 1000 to 1014, or 3000 to 4999"),
        ("some_code", "999", "a close code: 1000 to 1014, or 3000 to 4999"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_what_is_expected(name: str, text: str, expected: str) -> None:
    """Also beside values that are right."""
    with pytest.raises(UsageError) as caught:
        read_settings(Kinds, {"bare": "2", name: text}, "venue")
    assert str(caught.value) == f"the setting {name} of venue cannot be {text!r}: use {expected}"


def test_settings_are_described_for_people() -> None:
    class More(msgspec.Struct, frozen=True):
        seconds: Annotated[float, msgspec.Meta(description="how long")] = 5.0

    assert describe_settings(Shape, More) == (
        Setting("code", "1008", "the close code"),
        Setting("closes", "false", ""),
        Setting("text", "no", ""),
        Setting("seconds", "5", "how long"),
    )


def test_what_a_venue_shares_with_others_comes_last_and_in_the_same_order() -> None:
    """Also where the venue has another default, so that `at once` never stands before the rate that it belongs to."""

    class Own(Shape, frozen=True, kw_only=True):
        text: str = "yes"
        first: int = 1

    assert [(one.name, one.default) for one in describe_settings(Own)] == [
        ("first", "1"),
        ("code", "1008"),
        ("closes", "false"),
        ("text", "yes"),
    ]


class Closes(msgspec.Struct, frozen=True):
    some_code: int = 0


@pytest.mark.parametrize("code", ["0", "1000", "1006", "1014", "3000", "4004"])
def test_a_close_code_is_one_that_can_be_sent_or_stands_for_none(code: str) -> None:
    assert read_settings(Closes, {"some_code": code}, "venue").some_code == int(code)


@pytest.mark.parametrize("code", ["-1", "999", "1004", "1005", "1015", "2999", "5000"])
def test_any_other_number_is_no_close_code(code: str) -> None:
    with pytest.raises(UsageError, match=f"cannot be '{code}': use a close code: 0, 1000 to 1014, or 3000 to 4999"):
        read_settings(Closes, {"some_code": code}, "venue")
