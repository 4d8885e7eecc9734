"""Settings of a mock venue."""

from __future__ import annotations

from typing import Annotated

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
    with pytest.raises(
        UsageError, match=r"no setting 'cods'; did you mean 'code'\? \(it has code, closes, text, more\)$"
    ):
        read_settings(Shape, {"cods": "1"}, "venue", "more")


def test_a_setting_of_another_kind_is_refused() -> None:
    with pytest.raises(UsageError, match=r"a setting of venue cannot be read: .*code"):
        read_settings(Shape, {"code": "soon"}, "venue")
    with pytest.raises(UsageError, match=r"cannot be read: .*>= 1000.*code"):
        read_settings(Shape, {"code": "999"}, "venue")


def test_settings_are_described_for_people() -> None:
    class More(msgspec.Struct, frozen=True):
        seconds: Annotated[float, msgspec.Meta(description="how long")] = 5.0

    assert describe_settings(Shape, More) == (
        Setting("code", "1008", "the close code"),
        Setting("closes", "false", ""),
        Setting("text", "no", ""),
        Setting("seconds", "5", "how long"),
    )
