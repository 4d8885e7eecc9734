"""Facts of a recording against those that are expected."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedrec.errors import UsageError
from feedrec.formats.facts.golden import Difference, differences, parse_golden, unknown_facts
from feedrec.formats.tools.summary import RecordingSummary
from feedrec.model import Header

GOT: dict[str, Any] = {
    "path": "a.jsonl",
    "frames": 3,
    "seconds": 4.0,
    "last_time": None,
    "channels": [
        {"channel": "level2", "product": "A", "frames": 2, "bytes": 20},
        {"channel": "heartbeats", "product": "", "frames": 1, "bytes": 5},
    ],
    "subscriptions": [{"channel": "level2", "products": ["A"]}, {"channel": "heartbeats"}],
    "subscribed": {"asked": [], "accepted": None},
    "ratio": 2.5,
}


def test_facts_are_as_they_were_written() -> None:
    assert differences(parse_golden(json.dumps(GOT).encode()), GOT) == []


def test_what_depends_on_the_file_alone_is_not_compared() -> None:
    other = {**GOT, "path": "b", "ratio": 9, "files": [], "text_size": 7, "software": "x", "notes": ["y"]}
    assert differences(other, GOT) == []


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({"frames": 2}, [Difference("frames", 2, 3)]),
        ({"frames": "3"}, [Difference("frames", "3", 3)]),
        ({"seconds": 4}, []),
        ({"frames": True}, [Difference("frames", expected=True, got=3)]),
        ({"last_time": "x"}, [Difference("last_time", "x", None)]),
        ({"subscribed": {"accepted": []}}, [Difference("subscribed.accepted", [], None)]),
        ({"subscriptions": [{"channel": "heartbeats"}, {"products": ["A"], "channel": "level2"}]}, []),
        (
            {"subscriptions": [{"channel": "x"}, {"channel": "heartbeats"}]},
            [
                Difference("subscriptions", expected={"channel": "x"}),
                Difference("subscriptions", got={"channel": "level2", "products": ["A"]}),
            ],
        ),
        (
            {
                "channels": [
                    {"channel": "level2", "product": "A", "frames": 1},
                    {"channel": "x", "product": "B", "bytes": 1},
                ]
            },
            [
                Difference("level2 A frames", 1, 2),
                Difference("x B bytes", expected=1),
                Difference("heartbeats - frames", got=1),
            ],
        ),
        (
            {"channels": [{"channel": "x", "product": ""}]},
            [
                Difference("x -", expected="some frames"),
                Difference("level2 A frames", got=2),
                Difference("heartbeats - frames", got=1),
            ],
        ),
    ],
)
def test_what_is_named_is_compared(expected: dict[str, Any], found: list[Difference]) -> None:
    """Rows by channel and product, lists in any order, and of an object the keys that are named."""
    assert differences(expected, GOT) == found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not the JSON object"),
        ("[1]", "not the JSON object"),
        ("[" * 100_000, "not the JSON object"),
        ("{}", "no fact to compare"),
        ('{"path":"x","ratio":1}', "no fact to compare"),
        ('{"channels":1}', "'channels' is not an array of objects"),
        ('{"channels":[{"channel":"x"}]}', "'channels' is not an array of objects"),
    ],
)
def test_what_is_no_file_of_facts_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        parse_golden(text.encode())


def test_facts_that_no_recording_has_are_named() -> None:
    got = RecordingSummary(Header("raw")).as_dict()
    assert unknown_facts({**got, "path": "x", "files": []}, got) == []
    rows = [{"channel": "a", "product": "b", "frame": 1}]
    given = {"frame": 1, "subscribed": {"asked": [], "ask": []}, "channels": rows}
    assert unknown_facts(given, got) == ["frame", "subscribed.ask", "channels.frame"]
