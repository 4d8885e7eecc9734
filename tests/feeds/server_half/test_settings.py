"""Settings of a mock venue."""

from __future__ import annotations

import msgspec
import pytest

from feedrec.errors import UsageError
from feedrec.feeds.server_half.settings import read_settings


class Shape(msgspec.Struct, frozen=True):
    code: int = 1008
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


def test_a_setting_of_another_kind_is_refused() -> None:
    with pytest.raises(UsageError, match=r"a setting of venue cannot be read: .*code"):
        read_settings(Shape, {"code": "soon"}, "venue")
