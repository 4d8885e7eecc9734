"""Which recorded answer a request gets, without sockets and without time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.replay.dialogue.exchanges import Answered, Exchanges, refusal
from feedrec.replay.dialogue.failure import DialogueFailure
from feedrec.replay.dialogue.matching import parse_match
from feedrec.replay.dialogue.recorded import RecordedExchange
from feedrec.replay.dialogue.stand_ins import Pair

Line = tuple[str, str] | tuple[str, str, str]


def exchanges(*lines: Line, match: str = "json", runs: Sequence[int] = ()) -> Exchanges:
    """Have these: what was asked, such as `GET /a?b=c`, the answer, and the body that was sent."""
    recorded = []
    for number, (asked, answered, *sent) in enumerate(lines):
        method, target = asked.split(" ")
        run = runs[number] if runs else 0
        answer = HttpAnswer(200, answered.encode())
        body = "".join(sent).encode()
        recorded.append(
            RecordedExchange(f"request {number + 1}", run, number, number, method, target, answer, "", body)
        )
    return Exchanges(recorded, parse_match(match))


def ask(having: Exchanges, asked: str, sent: str = "", **headers: str) -> str:
    """Send a request; give the body of the answer, or the kind of the failure."""
    found = hear(having, asked, sent, **headers)
    return found.answer.body.decode() if isinstance(found, Answered) else found.kind


def hear(having: Exchanges, asked: str, sent: str = "", **headers: str) -> Answered | DialogueFailure:
    method, target = asked.split(" ")
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return having.hear(HttpRequest(method, target, named, sent.encode()))


def failure_of(having: Exchanges, asked: str, sent: str = "") -> DialogueFailure:
    found = hear(having, asked, sent)
    assert isinstance(found, DialogueFailure)
    return found


def test_each_request_gets_its_own_answer_in_whatever_order_they_come() -> None:
    having = exchanges(("GET /a", "1"), ("GET /b?c=1", "2"), ("GET /b?c=2", "3"))
    assert [ask(having, "GET /b?c=2"), ask(having, "GET /a"), ask(having, "GET /b?c=1")] == ["3", "1", "2"]
    assert having.is_over
    assert having.unplayed == ""


def test_requests_that_are_alike_are_answered_in_the_recorded_order() -> None:
    having = exchanges(("POST /a", "1"), ("POST /a", "2"))
    assert [ask(having, "POST /a"), ask(having, "POST /a")] == ["1", "2"]


def test_a_read_that_is_repeated_gets_the_last_answer_again() -> None:
    having = exchanges(("GET /a", "1"), ("GET /a", "2"), ("GET /a?b=1", "3"))
    assert [ask(having, "GET /a") for _ in range(4)] == ["1", "2", "2", "2"]


def test_what_changes_something_is_not_repeated() -> None:
    having = exchanges(("POST /a", "1", '{"b":1}'))
    assert ask(having, "POST /a", '{"b":1}') == "1"
    failure = failure_of(having, "POST /a", '{"b":1}')
    assert (failure.kind, failure.text) == ("surplus request", "POST /a came more often than it was recorded")
    assert failure.difference == ("+ POST /a", "+ body {", '+   "b": 1', "+ }")


def test_what_comes_after_a_change_is_not_read_before_it() -> None:
    """As a client that polls would, faster than it did; but what was read once after it only is read then."""
    having = exchanges(("GET /orders", "none"), ("POST /orders", "7"), ("GET /orders", "one"), ("GET /order/7", "it"))
    assert [ask(having, "GET /orders") for _ in range(2)] == ["none", "none"]
    assert ask(having, "GET /order/7") == "it"
    assert ask(having, "POST /orders") == "7"
    assert [ask(having, "GET /orders") for _ in range(2)] == ["one", "one"]


def test_a_change_in_another_recording_is_not_waited_for() -> None:
    having = exchanges(("GET /a", "1"), ("POST /a", "2"), ("GET /a", "3"), runs=[0, 0, 1])
    assert [ask(having, "GET /a"), ask(having, "GET /a")] == ["1", "3"]


@pytest.mark.parametrize(
    ("asked", "text", "lines"),
    [
        ("GET /b", "GET /b was not recorded", ("- GET /a?", "+ GET /b")),
        ("POST /a?c=1", "POST /a was not recorded", ("- GET /a", "+ POST /a")),
        ("GET /a?c=2", "GET /a is not the recorded one", ("  GET /a", '-   "c": "1"', '+   "c": "2"')),
        ("GET /a", "GET /a is not the recorded one", ("  GET /a", "- query {")),
    ],
)
def test_a_request_that_was_not_recorded_fails(asked: str, text: str, lines: Sequence[str]) -> None:
    """With what was to come next, or with what asks the same in another way."""
    failure = failure_of(exchanges(("GET /a?c=1", "1")), asked)
    assert (failure.client, failure.kind, failure.text, failure.recorded) == (0, "request", text, "request 1")
    assert str(failure) == f"{text} (request 1)"
    for line in lines:
        assert line.rstrip("?") in failure.difference


def test_a_failure_changes_nothing() -> None:
    having = exchanges(("GET /a", "1"))
    failure_of(having, "GET /b")
    assert not having.is_over
    assert ask(having, "GET /a") == "1"


def test_where_nothing_is_left_there_is_nothing_to_compare_with() -> None:
    having = exchanges(("POST /a", "1"))
    assert ask(having, "POST /a") == "1"
    failure = failure_of(having, "POST /b?token=s3cret")
    assert (failure.recorded, failure.expected, failure.difference[0]) == ("", "", "+ POST /b")
    assert "s3cret" not in repr(failure)


def test_the_refusal_says_what_was_recorded() -> None:
    failure = failure_of(exchanges(("GET /a", "1")), "GET /b")
    answer = refusal(failure)
    assert answer.status == 404
    assert answer.body.decode().splitlines() == [
        "GET /b was not recorded (request 1)",
        "--- recorded",
        "+++ from the client",
        "- GET /a",
        "+ GET /b",
    ]


def test_an_id_of_the_client_is_in_the_answer_and_in_what_follows() -> None:
    having = exchanges(
        ("POST /orders", '{"id":1,"cid":"recorded-0001"}', '{"id":1,"cid":"recorded-0001"}'),
        ("GET /orders/recorded-0001", '{"known_as":"recorded-0001"}'),
        ("DELETE /orders", "gone", '{"which":"recorded-0001"}'),
        match="ignore:id,cid",
    )
    assert ask(having, "POST /orders", '{"id":9,"cid":"mine-4567"}') == '{"id":9,"cid":"mine-4567"}'
    assert ask(having, "DELETE /orders", '{"which":"other-789"}') == "request"
    assert ask(having, "GET /orders/mine-4567") == '{"known_as":"mine-4567"}'
    assert ask(having, "DELETE /orders", '{"which":"mine-4567"}') == "gone"
    assert having.told == [Pair("cid", "recorded-0001", "mine-4567")]


def test_each_answer_names_the_id_of_its_own_request() -> None:
    """Though all of them have the same one in the recording, as JSON-RPC over HTTP may."""
    having = exchanges(*[("POST /", '{"id":1}', '{"id":1}')] * 3, match="ignore:id")
    assert [ask(having, "POST /", f'{{"id":{number}}}') for number in (4, 1, 7)] == ['{"id":4}', '{"id":1}', '{"id":7}']
    assert having.told == []


def test_a_parameter_may_be_an_id() -> None:
    having = exchanges(("GET /a?nonce=[redacted]&b=1", '{"nonce":"17000001"}'), match="ignore:nonce")
    assert ask(having, "GET /a?b=1&nonce=44") == '{"nonce":"44"}'
    assert having.told == [Pair("nonce", "17000001", "44")]


def test_ids_of_conversations_are_known_as_far_as_they_are_telling() -> None:
    having = exchanges(("GET /a/recorded-0001", '{"id":1}'))
    having.learn([Pair("id", 1, 9), Pair("id", "recorded-0001", "mine-4567"), Pair("nonce", None, "x")])
    assert ask(having, "GET /a/mine-4567") == '{"id":1}'


def test_what_was_not_sent_is_told() -> None:
    having = exchanges(("GET /a", "1"), ("GET /b", "2"))
    assert having.unplayed == "2 of 2 recorded requests were not sent: GET /a, GET /b"
    ask(having, "GET /a")
    assert having.unplayed == "1 of 2 recorded requests were not sent: GET /b"
    assert exchanges(("GET /a?b=1", "1")).unplayed == "the recorded request was not sent: GET /a"
    many = exchanges(*[(f"GET /{number}", "") for number in range(9)])
    assert many.unplayed.endswith("not sent: GET /0, GET /1, GET /2 and 6 more")
    assert (exchanges().unplayed, exchanges().is_over) == ("", True)


def test_who_waits_for_a_request_is_told_of_each_that_was_as_expected() -> None:
    having = exchanges(("POST /a", "1"), ("GET /b", "2"))
    heard: list[bool] = []
    having.on_heard.add(lambda: heard.append(having.is_used(0)))
    ask(having, "POST /b")
    ask(having, "GET /b")
    ask(having, "POST /a")
    assert heard == [False, True]


requests = st.tuples(st.sampled_from(["GET", "POST"]), st.sampled_from(["/a", "/b"]), st.sampled_from(["", "?c=1"]))


@given(st.lists(requests), st.randoms())
def test_whatever_was_recorded_is_answered_each_once_in_any_order(recorded: list[Any], random: Any) -> None:
    """Changes in the recorded order; reads too, but for those that are repeated because a change has not come yet."""
    lines = [(f"{method} {path}{query}", str(number)) for number, (method, path, query) in enumerate(recorded)]
    having = exchanges(*lines)
    asked = [line[0] for line in lines]
    random.shuffle(asked)
    answers: dict[str, list[str]] = {}
    for one in asked:
        answers.setdefault(one, []).append(ask(having, one))
    for one, found in answers.items():
        expected = [answer for line, answer in lines if line == one]
        if one.startswith("POST"):
            assert found == expected
        else:
            assert set(found) <= set(expected)
            assert found == sorted(found, key=int)
    if not any(line[0].startswith("POST") for line in lines):
        assert having.is_over


def test_of_very_many_failures_the_last_ones_are_told_in_short() -> None:
    """A client may go on for ever, and a long body takes long to be searched for secrets."""
    having = exchanges(("GET /a", "1"))
    failures = [failure_of(having, "GET /b") for _ in range(102)]
    assert [bool(failure.difference) for failure in failures] == [True] * 100 + [False] * 2
    assert str(failures[-1]) == "a request is none of those recorded, as many before it"
    assert ask(having, "GET /a") == "1"


@given(
    st.sampled_from(["GET", "POST", "\u20ac"]), st.text(), st.binary(), st.text(), st.sampled_from(["json", "exact"])
)
def test_whatever_is_asked_is_answered(method: str, target: str, body: bytes, body_type: str, match: str) -> None:
    """Once it was recorded; before that, with a difference that can be seen."""
    request = HttpRequest(method, target, (("content-type", body_type),), body)
    for recorded in ("/", target):
        exchange = RecordedExchange("it", 0, 0, 0, method, recorded, HttpAnswer(200), body_type, body)
        found = Exchanges([exchange], parse_match(match)).hear(request)
        if recorded == target:
            assert isinstance(found, Answered)
        elif isinstance(found, DialogueFailure):
            assert all(line.isprintable() for line in found.lines)
