"""A conversation, played without sockets and without time."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.redaction import Redaction
from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.replay.dialogue.conversation import Act, Conversation, Ends, Heard, Said, Waits
from feedrec.replay.dialogue.exchanges import Answered, Exchanges
from feedrec.replay.dialogue.failure import DialogueFailure
from feedrec.replay.dialogue.matching import parse_match
from feedrec.replay.dialogue.recorded import (
    Asked,
    Ending,
    Message,
    RecordedConversation,
    RecordedExchange,
    Step,
)


def conversation(lines: Sequence[str], match: str = "json", ending: Ending | None = None) -> Conversation:
    """Begin one: `> ...` is what the client said, `< ...` what it heard, one second after the other."""
    steps = [Step(time, Message(line[2:].encode()), line[0] == ">") for time, line in enumerate(lines)]
    return Conversation(RecordedConversation("connection 0 of it", steps, ending), parse_match(match), 1)


def hear(played: Conversation, said: str | bytes) -> DialogueFailure | None:
    return played.hear(Message(said.encode()) if isinstance(said, str) else Message(said, binary=True))


def acts(played: Conversation) -> list[Act]:
    """Give all that comes until the client has to speak, or the end."""
    found = [played.next()]
    while not isinstance(found[-1], Waits | Ends):
        found.append(played.next())
    return found


def texts(found: Sequence[Act]) -> list[str]:
    return [act.message.payload.decode() for act in found if isinstance(act, Said)]


def test_what_was_recorded_before_the_first_message_goes_out_at_once() -> None:
    played = conversation(["< hello", "< again", "> hi", "< there"])
    assert acts(played) == [Said(0, Message(b"hello")), Said(1, Message(b"again")), Waits(1)]
    assert played.waits
    assert hear(played, "hi") is None
    assert not played.waits
    assert acts(played) == [Heard(2), Said(3, Message(b"there")), Ends(None)]
    assert played.is_over
    assert played.leave() is None


def test_the_end_says_how_it_was_closed_and_how_long_that_took() -> None:
    ending = Ending(7, "client", 1000)
    assert acts(conversation(["< a", "< b"], ending=ending))[-1] == Ends(ending, 6)
    assert acts(conversation([], ending=ending)) == [Ends(ending, 0)]


def test_a_client_may_speak_before_it_was_answered() -> None:
    played = conversation(["> a", "< A", "> b", "< B"])
    assert hear(played, "a") is None
    assert hear(played, "b") is None
    assert acts(played) == [Heard(0), Said(1, Message(b"A")), Heard(2), Said(3, Message(b"B")), Ends(None)]


def test_each_answer_names_the_id_of_its_own_question() -> None:
    """Though the client asks again before it was answered, and its ids are those of others in the recording."""
    played = conversation(
        ['> {"id":1}', '> {"id":2}', '< {"id":1,"a":1}', '> {"id":1}', '< {"id":2}', '< {"id":1}'], "ignore:id"
    )
    for number in (2, 1, 3):
        assert hear(played, f'{{"id":{number}}}') is None
    assert texts(acts(played)) == ['{"id":2,"a":1}', '{"id":1}', '{"id":3}']


def test_what_stands_for_an_id_is_expected_later() -> None:
    played = conversation(['> {"id":"order-1234"}', '> {"cancel":"order-1234"}'], "ignore:id")
    assert hear(played, '{"id":"order-xyz"}') is None
    failure = hear(played, '{"cancel":"order-abc"}')
    assert failure is not None
    assert failure.difference[1:3] == ('-   "cancel": "order-1234"', '+   "cancel": "order-abc"')
    assert hear(played, '{"cancel":"order-xyz"}') is None


def test_a_redacted_nonce_that_the_answer_repeats_is_the_clients() -> None:
    lines = ['> {"nonce":"[redacted]"}', '< {"nonce":17000001}', '> {"again":17000001}']
    played = conversation(lines, "ignore:nonce")
    assert hear(played, '{"nonce":4}') is None
    assert texts(acts(played)) == ['{"nonce":4}']
    assert hear(played, '{"again":4}') is None


def test_binary_frames_stay_as_they_are() -> None:
    steps = [Step(0, Message(b'{"id":1}'), is_client=True), Step(1, Message(b'{"id":1}', binary=True), is_client=False)]
    played = Conversation(RecordedConversation("it", steps), parse_match("ignore:id"), 1)
    assert hear(played, '{"id":2}') is None
    assert acts(played)[1] == Said(1, Message(b'{"id":1}', binary=True))


def test_another_message_fails() -> None:
    played = conversation(['> {"a":1}', '> {"a":2}'])
    assert hear(played, '{"a":1}') is None
    failure = hear(played, '{"a":3}')
    assert failure == DialogueFailure(
        1,
        "message",
        "message 2 of 2 is not the recorded one",
        "connection 0 of it",
        2,
        '{"a":2}',
        '{"a": 3}',
        ("  {", '-   "a": 2', '+   "a": 3', "  }"),
    )


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["< a"], "it sent a message, and none was recorded"),
        (["> a"], "it sent more than the one message recorded"),
        (["> a", "< b", "> a"], "it sent more than the 2 messages recorded"),
    ],
)
def test_a_message_too_many_fails(lines: list[str], text: str) -> None:
    played = conversation(lines)
    for _ in range(sum(line[0] == ">" for line in lines)):
        assert hear(played, "a") is None
    failure = hear(played, '{"token":"s3cret"}')
    assert failure is not None
    assert (failure.kind, failure.text, failure.message, failure.expected) == ("surplus message", text, 0, "")
    assert failure.difference == ("+ {", '+   "token": "[redacted]"', "+ }")


def test_silence_and_leaving_fail() -> None:
    played = conversation(["> a", "< A", '> {"b":1}'])
    assert hear(played, "a") is None
    silent, left = played.fall_silent(5.25), played.leave()
    assert left is not None
    assert (silent.kind, silent.text, silent.message) == ("silence", "message 2 of 2 did not come within 5.25 s", 2)
    assert (left.kind, left.text, left.expected) == ("left", "it left before message 2 of 2", '{"b":1}')
    assert silent.difference == left.difference == ("- {", '-   "b": 1', "- }")
    assert played.stay(2).text == "it did not close within 2 s, as it did when recorded"


def test_the_redaction_hides_what_it_knows() -> None:
    recorded = RecordedConversation("it", [Step(0, Message(b"{}"), is_client=True)])
    failure = Conversation(recorded, parse_match("json"), 1, 5.0, Redaction(keys=["mine"])).hear(
        Message(b'{"mine":"s3cret"}')
    )
    assert failure is not None
    assert "s3cret" not in repr(failure)


def with_requests(
    lines: Sequence[str],
    *asked: Asked,
    requests: Sequence[str] = (),
    match: str = "ignore:id",
    ending: Ending | None = None,
) -> Conversation:
    """Begin a conversation that waits for requests, each `METHOD PATH`, whose answers have their number."""
    steps: list[Step | Asked] = [
        Step(time, Message(line[2:].encode()), line[0] == ">") for time, line in enumerate(lines)
    ]
    for place in reversed(asked):
        steps.insert(max(0, place.time), place)
    recorded = []
    for number, one in enumerate(requests):
        method, target, *sent = one.split(" ")
        answer = HttpAnswer(200, b'{"id":"recorded-%d"}' % number)
        recorded.append(
            RecordedExchange(f"request {number + 1}", 0, 0, 0, method, target, answer, "", "".join(sent).encode())
        )
    matching = parse_match(match)
    conversation = RecordedConversation("connection 0 of it", steps, ending)
    return Conversation(conversation, matching, 1, exchanges=Exchanges(recorded, matching))


def ask(played: Conversation, asked: str, sent: str = "") -> str:
    method, target = asked.split(" ")
    found = played.exchanges.hear(HttpRequest(method, target, (), sent.encode()))
    assert isinstance(found, Answered)
    return found.answer.body.decode()


def test_a_frame_waits_for_a_request_that_was_sent_before_it() -> None:
    """What follows is timed from there."""
    played = with_requests(["< a", "< b"], Asked(1, 0), requests=["POST /orders"])
    assert acts(played) == [Said(0, Message(b"a")), Waits(1)]
    assert played.waits
    silent = played.fall_silent(5)
    assert (silent.client, silent.kind, silent.recorded) == (1, "silence", "request 1")
    assert (silent.text, silent.difference) == ("POST /orders did not come within 5 s", ("- POST /orders",))
    assert played.leave() is None
    ask(played, "POST /orders")
    assert not played.waits
    assert acts(played) == [Heard(1), Said(1, Message(b"b")), Ends(None)]
    assert played.is_over


def test_nothing_is_timed_from_a_request_that_was_sent_before_the_connection_was_opened() -> None:
    early = [Asked(-9, 0, is_within=False), Asked(-5, 1, is_within=False)]
    played = with_requests(["< a"], *early, requests=["POST /a", "POST /b"])
    assert acts(played) == [Waits(0)]
    ask(played, "POST /b")
    assert acts(played) == [Waits(0)]
    ask(played, "POST /a")
    assert acts(played) == [Said(0, Message(b"a")), Ends(None)]


def test_the_venues_close_waits_too() -> None:
    played = with_requests(["< a"], Asked(1, 0), requests=["POST /logout"], ending=Ending(4, "venue"))
    assert acts(played)[-1] == Waits(1)
    ask(played, "POST /logout")
    assert acts(played) == [Heard(1), Ends(Ending(4, "venue"), 3)]


def test_an_id_of_a_request_is_in_the_frames_and_expected_of_the_client() -> None:
    lines = ['> {"of":"recorded-id"}', '< {"order":"recorded-id"}']
    played = with_requests(lines, requests=['POST /orders {"id":"recorded-id"}'])
    ask(played, "POST /orders", '{"id":"mine-4567"}')
    assert hear(played, '{"of":"other-4567"}') is not None
    assert hear(played, '{"of":"mine-4567"}') is None
    assert texts(acts(played)) == ['{"order":"mine-4567"}']


def test_an_id_of_a_message_is_in_the_answers_and_expected_in_requests() -> None:
    played = with_requests(['> {"id":"recorded-0"}', '> {"id":"recorded-1"}'], requests=["GET /a/recorded-1"])
    assert hear(played, '{"id":"mine-4567"}') is None
    assert hear(played, '{"id":"mine-8901"}') is None
    assert ask(played, "GET /a/mine-8901") == '{"id":"mine-4567"}'


def test_a_short_id_is_of_one_connection_only() -> None:
    """Each end counts its own calls."""
    played = with_requests(['> {"id":1}', '< {"id":1}'], requests=['POST / {"id":1}'])
    assert hear(played, '{"id":5}') is None
    ask(played, "POST /", '{"id":8}')
    assert texts(acts(played)) == ['{"id":5}']


def test_a_nonce_that_a_frame_makes_known_is_known_in_requests() -> None:
    played = with_requests(['> {"id":"[redacted]"}', '< {"id":"recorded-7"}'], requests=["GET /a/recorded-7"])
    assert hear(played, '{"id":"mine-4567"}') is None
    assert texts(acts(played)) == ['{"id":"mine-4567"}']
    ask(played, "GET /a/mine-4567")


RECORDED = ['{"id":1,"a":["[redacted]",{"n":1.5}]}', "text [redacted]", '"[redacted]"', "[]", "0"]
anything = (
    st.binary() | st.text().map(str.encode) | st.sampled_from([*map(str.encode, RECORDED), b"[" * 5000, b'{"id":'])
)


said = st.lists(st.builds(Message, anything, st.booleans()))


@given(st.sampled_from(RECORDED), st.sampled_from(["json", "exact", "ignore:id,n"]), said)
def test_whatever_a_client_says_is_compared(recorded: str, match: str, messages: list[Message]) -> None:
    """And what is answered stays what it was, or is still JSON."""
    played = conversation([f"> {recorded}", '< {"id":1,"n":1.5}'], match)
    for message in messages:
        failure = played.hear(message)
        assert failure is None or all(line.isprintable() for line in failure.lines)
    for answer in texts(acts(played)):
        assert set(json.loads(answer)) == {"id", "n"}


ids = st.integers(0, 5) | st.text(alphabet="ab1", min_size=1, max_size=3) | st.uuids().map(str)


@given(st.lists(st.tuples(st.sampled_from("<>"), ids)), st.data())
def test_any_conversation_is_had_again_with_other_ids(lines: list[tuple[str, str | int]], data: st.DataObject) -> None:
    """A client that has another id for each of its messages is answered with its own, whenever it speaks."""
    played = conversation([f"{side} {json.dumps({'id': one})}" for side, one in lines], "ignore:id")
    expected: list[object] = []
    stands: dict[str, object] = {}
    heard = 0
    for side, one in lines:
        if side == ">":
            stands[str(one)] = f"client-{heard}"
            heard += 1
        else:
            expected.append(stands.get(str(one), one))
    found: list[Act] = []
    for number in range(heard):
        if data.draw(st.booleans()):
            found += acts(played)
        assert hear(played, json.dumps({"id": f"client-{number}"})) is None
    found += acts(played)
    assert [json.loads(text)["id"] for text in texts(found)] == expected
    assert played.is_over
    assert hear(played, "{}") is not None


@given(st.lists(st.sampled_from("<>")), st.data())
def test_nothing_goes_out_before_what_the_client_had_said(sides: list[str], data: st.DataObject) -> None:
    played = conversation([f"{side} {number}" for number, side in enumerate(sides)])
    heard = 0
    sent: list[str] = []
    while not played.is_over:
        if played.waits or (heard < sides.count(">") and data.draw(st.booleans())):
            said = [number for number, side in enumerate(sides) if side == ">"][heard]
            assert hear(played, str(said)) is None
            heard += 1
        act = played.next()
        sent += texts([act])
        if sent:
            assert sides[: int(sent[-1])].count(">") <= heard
    assert sent == [str(number) for number, side in enumerate(sides) if side == "<"]
