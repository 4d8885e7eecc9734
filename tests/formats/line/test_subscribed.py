"""What was asked for and what came of it, from headers and events."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.line.subscribed import Subscribed, SubscribedFacts, SubscribedState


def level2(*products: str) -> dict[str, Any]:
    return {"channel": "level2", "products": list(products)} if products else {"channel": "level2"}


def told(accepted: list[Any], missing: list[Any], asked: list[Any] | None = None) -> tuple[str, dict[str, Any]]:
    asked = [*accepted, *missing] if asked is None else asked
    return "subscribed", {"asked": asked, "accepted": accepted, "missing": missing}


def facts_of(header: list[Any], *events: tuple[str, dict[str, Any]]) -> SubscribedFacts:
    subscribed = Subscribed(header)
    for name, details in events:
        subscribed.add(name, details)
    return subscribed.facts()


def test_without_events_only_what_was_asked_is_known() -> None:
    facts = facts_of([level2("A"), {"channel": "status"}])
    assert facts == SubscribedFacts([level2("A"), {"channel": "status"}], None)
    assert facts.is_complete


def test_an_older_recording_tells_what_is_missing_alone() -> None:
    facts = facts_of([level2("A", "B")], ("missing", {"subscriptions": [level2("B")]}), ("missing", {}))
    assert (facts.accepted, facts.missing) == (None, [level2("B")])
    assert not facts.is_complete


def test_connections_add_up() -> None:
    beats = {"channel": "heartbeats"}
    facts = facts_of([level2("A", "B"), beats], told([level2("A"), beats], []), told([beats], [level2("B")]))
    assert facts == SubscribedFacts([level2("A", "B"), beats], [level2("A"), beats], [level2("B")])


def test_the_last_answer_counts_and_what_was_missing_is_not_forgotten() -> None:
    facts = facts_of([level2("A", "B")], told([], [level2("A", "B")]), told([level2("A")], [level2("B")]))
    assert facts.missing == [level2("B")]
    assert facts.was_missing == [level2("A")]
    facts = facts_of([], told([level2("A")], []), told([], [level2("A")]))
    assert (facts.accepted, facts.missing, facts.was_missing) == ([], [level2("A")], [])


def test_a_connection_that_ended_before_the_answer_changes_nothing() -> None:
    facts = facts_of([level2("A")], told([level2("A")], []), told([], [], asked=[level2("A")]))
    assert (facts.accepted, facts.unanswered, facts.is_complete) == ([level2("A")], [], True)


def test_what_is_neither_is_unanswered_and_not_complete() -> None:
    facts = facts_of([level2("A", "B")], told([level2("A")], [], asked=[level2("A", "B")]))
    assert (facts.unanswered, facts.is_complete) == ([level2("B")], False)


def test_a_channel_whose_products_the_venue_was_told_is_not_counted_twice() -> None:
    """Heartbeats of Coinbase Exchange are asked for without products, and sent with those of the others."""
    facts = facts_of([level2()], told([level2("A")], []))
    assert facts == SubscribedFacts([level2("A")], [level2("A")])


def test_subscriptions_differ_by_their_parameters() -> None:
    one, two = ({"channel": "kline", "params": {"interval": interval, "ids": [1]}} for interval in ("1m", "5m"))
    facts = facts_of([one, two], told([one], [two]))
    assert (facts.accepted, facts.missing) == ([one], [two])
    same = {"channel": "kline", "params": {"ids": [1], "interval": "5m"}}
    assert facts_of([], told([], [two]), told([same], [])).missing == []


def test_later_files_go_on_where_the_first_ended() -> None:
    first, second = Subscribed([level2("A", "B")]), Subscribed([level2("A", "B")])
    first.add(*told([level2("A")], [level2("B")]))
    first.join(second)
    assert first.facts().missing == [level2("B")], "a later file without events says nothing"
    second.add(*told([level2("A", "B")], []))
    first.join(second)
    assert (first.facts().missing, first.facts().was_missing) == ([], [level2("B")])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["channel", "products", "params", "asked", "missing"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(["subscribed", "missing"]), st.dictionaries(st.text(max_size=9), json_values), json_values)
def test_whatever_stands_in_a_recording_there_are_facts(name: str, details: dict[str, Any], value: Any) -> None:
    """A file is never trusted: other shapes say nothing, and nothing is raised."""
    facts = facts_of([value], (name, details | {"asked": value, "accepted": [value], "subscriptions": value}))
    assert facts.unanswered is not None


@pytest.mark.parametrize("name", ["open", "gap", "clock"])
def test_other_events_say_nothing(name: str) -> None:
    assert facts_of([], (name, told([level2("A")], [])[1])) == SubscribedFacts()


some = st.lists(st.builds(level2, st.sampled_from("AB")) | st.just({"channel": "c", "params": {"b": 1, "a": [2]}}))


@given(st.lists(st.builds(told, some, some, some) | st.just(("x", {})), max_size=4))
def test_what_is_written_down_is_what_was_gathered(events: list[tuple[str, dict[str, Any]]]) -> None:
    gathered = Subscribed([{"channel": "a"}])
    for name, said in events:
        gathered.add(name, said)
    state = msgspec.json.decode(msgspec.json.encode(gathered.written()), type=SubscribedState)
    assert Subscribed.of(state).facts() == gathered.facts()
