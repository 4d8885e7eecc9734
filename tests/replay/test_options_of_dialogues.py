"""What a dialogue may be combined with."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from feedrec.errors import UsageError
from feedrec.replay import ReplayOptions
from feedrec.replay.dialogue.matching import Matching


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loop": True}, "leave out --loop"),
        ({"clock": "shared"}, "leave out --clock shared"),
        ({"start": 1}, "leave out --from and --to"),
        ({"end": 1}, "leave out --from and --to"),
        ({"settings": {"close_after": "5"}}, "leave out --set"),
        ({"auth": "strict"}, "leave out --auth strict"),
        ({"paused": True}, "leave out paused"),
        ({"start_after": ("ticker",)}, "leave out start_after"),
        ({"match": "nothing"}, "use exact, json, or ignore:"),
        ({"match_timeout": 0}, "must be positive and finite"),
        ({"match_timeout": math.inf}, "must be positive and finite"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        ReplayOptions(mode="dialogue", **options)


def test_messages_are_compared_in_a_dialogue_only() -> None:
    with pytest.raises(UsageError, match="leave out --match, or add --mode dialogue"):
        ReplayOptions(mode="verbatim", match="json")


def test_messages_are_compared_as_json_unless_told_otherwise() -> None:
    assert ReplayOptions(mode="dialogue").matching == Matching()
    assert ReplayOptions(mode="dialogue", match="ignore:id").matching == Matching(ignored=frozenset({"id"}))
    assert ReplayOptions(mode="dialogue", match="exact", at_end="hold", speed=math.inf).matching.is_exact
