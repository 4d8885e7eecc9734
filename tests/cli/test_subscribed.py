"""What is missing, in a line for each channel."""

from __future__ import annotations

from typing import Any

from feedrec.cli.subscribed import missing_lines, name_subscription
from feedrec.formats.line.subscribed import SubscribedFacts


def test_a_line_says_what_is_missing_and_how_much_was_accepted() -> None:
    asked: list[dict[str, Any]] = [
        {"channel": "level2", "products": ["A", "B", "C"]},
        {"channel": "status"},
        {"channel": "ticker"},
    ]
    missing: list[dict[str, Any]] = [{"channel": "level2", "products": ["B", "C"]}, {"channel": "status"}]
    accepted: list[dict[str, Any]] = [{"channel": "level2", "products": ["A"]}, {"channel": "ticker"}]
    facts = SubscribedFacts(asked, accepted, missing, [{"channel": "ticker"}])
    assert missing_lines(facts) == ["level2 B, C (1 of 3 accepted)", "status", "ticker (accepted later)"]


def test_when_all_is_well_there_is_no_line() -> None:
    assert missing_lines(SubscribedFacts([{"channel": "a"}], [{"channel": "a"}])) == []


def test_long_lists_are_cut() -> None:
    assert name_subscription({"channel": "a", "products": list("ABCDEFGHIJ")}) == "a A, B, C, D, E, F, G, H and 2 more"


def test_parameters_are_written_as_a_person_writes_them() -> None:
    one = {"channel": "onchain@kline", "params": {"platform_id": 14, "address": ["a", "b", "c", "d"]}}
    assert name_subscription(one) == "onchain@kline?platform_id=14&address=a,b,c and 1 more"
