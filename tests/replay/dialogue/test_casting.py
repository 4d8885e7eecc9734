"""Which client plays which connection."""

from __future__ import annotations

from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.replay.dialogue.casting import Casting, Expected
from feedrec.replay.dialogue.conversation import Conversation
from feedrec.replay.dialogue.exchanges import Answered
from feedrec.replay.dialogue.failure import DialogueFailure
from feedrec.replay.dialogue.matching import Matching
from feedrec.replay.dialogue.recorded import (
    Message,
    RecordedConversation,
    RecordedDialogue,
    RecordedExchange,
    Step,
)


def casting(*said: bytes, subprotocol: str = "") -> Casting:
    """Have a conversation for each message, which is all that is said in it."""
    recorded = [
        RecordedConversation(f"connection {number}", [Step(0, Message(one), is_client=True)], None, subprotocol)
        for number, one in enumerate(said)
    ]
    return Casting(RecordedDialogue(recorded), Matching())


def played(found: Conversation | DialogueFailure) -> str:
    """Tell which one it is."""
    assert isinstance(found, Conversation)
    return found.fall_silent(1).recorded


def test_the_nth_client_plays_the_nth_connection() -> None:
    """In the order in which they were let in, not that in which they begin."""
    cast = casting(b"a", b"b")
    cast.let_in("first")
    cast.let_in("second")
    assert played(cast.begin("second", 1)) == "connection 1"
    assert played(cast.begin("first", 2)) == "connection 0"


def test_a_client_plays_a_connection_at_its_own_path_if_there_is_one() -> None:
    recorded = [
        RecordedConversation(f"connection {number}", [Step(0, Message(b"a"), is_client=True)], path=path)
        for number, path in enumerate(["/public", "/private", "/public", ""])
    ]
    cast = Casting(RecordedDialogue(recorded), Matching())
    found = []
    for number, target in enumerate(["/private?token=x", "/public", "/public?x=1", "/other", "/public"]):
        cast.let_in(number, target)
        found.append(cast.begin(number, number))
    assert list(map(played, found[:4])) == ["connection 1", "connection 0", "connection 2", "connection 3"]
    assert isinstance(found[4], DialogueFailure)


def test_a_path_with_a_key_is_known_by_the_rest_of_it() -> None:
    recorded = [
        RecordedConversation(f"connection {number}", [Step(0, Message(b"a"), is_client=True)], path=path)
        for number, path in enumerate(["/public", "/user/[redacted]", "/user/me"])
    ]
    cast = Casting(RecordedDialogue(recorded))
    for number, target in enumerate(["/user/me", "/user/abc?x", "/user"]):
        cast.let_in(number, target)
    assert [played(cast.begin(number, number + 1)) for number in range(3)] == [
        "connection 2",
        "connection 1",
        "connection 0",
    ]


def test_a_client_too_many_has_none() -> None:
    cast = casting(b"a")
    for client in ("first", "second"):
        cast.let_in(client)
    assert played(cast.begin("first", 1)) == "connection 0"
    failure = cast.begin("second", 2)
    assert isinstance(failure, DialogueFailure)
    assert str(failure) == "client 2: there is no connection left for it: 1 connection was recorded"
    assert "2 connections were recorded" in str(casting(b"a", b"b").begin("unknown", 3))


def test_a_client_that_is_gone_before_it_began_leaves_its_connection() -> None:
    cast = casting(b"a", b"b")
    for client in ("first", "second"):
        cast.let_in(client)
    cast.lose("first")
    cast.let_in("third")
    assert played(cast.begin("third", 1)) == "connection 0"
    cast.lose("third")
    cast.lose("unknown")
    cast.let_in("fourth")
    assert isinstance(cast.begin("fourth", 2), DialogueFailure)


def test_it_is_over_when_all_were_played() -> None:
    cast = casting(b"a", b"b")
    assert cast.unplayed == "no client came for 2 of 2 recorded connections"
    cast.let_in(1)
    cast.begin(1, 1)
    cast.end(1)
    assert cast.unplayed == "no client came for 1 of 2 recorded connections"
    cast.begin(7, 7)
    cast.end(7)
    assert not cast.is_over
    cast.let_in(2)
    cast.begin(2, 2)
    assert not cast.is_over
    cast.end(2)
    assert cast.is_over
    assert not cast.unplayed
    assert casting(b"a").unplayed == "no client came"


def test_requests_that_were_not_sent_are_told() -> None:
    """But they hold nothing up: what a client reads or not may depend on the time."""
    steps = [Step(0, Message(b"a"), is_client=True)]
    exchange = RecordedExchange("request 1", 0, 0, 0, "GET", "/a", HttpAnswer(200))
    cast = Casting(RecordedDialogue([RecordedConversation("it", steps)], [exchange]))
    assert cast.unplayed == "no client came; the recorded request was not sent: GET /a"
    cast.let_in(1)
    cast.begin(1, 1)
    cast.end(1)
    assert cast.is_over
    assert cast.unplayed == "the recorded request was not sent: GET /a"


def test_where_only_requests_were_recorded_it_is_over_when_all_were_sent() -> None:
    exchange = RecordedExchange("request 1", 0, 0, 0, "GET", "/a", HttpAnswer(200))
    cast = Casting(RecordedDialogue([], [exchange]))
    assert cast.is_dialogue
    assert not cast.is_over
    assert isinstance(cast.exchanges.hear(HttpRequest("GET", "/a")), Answered)
    assert cast.is_over
    assert "none was recorded" in str(cast.begin("client", 1))


def test_without_conversations_there_is_nothing_to_do() -> None:
    cast = Casting()
    assert not cast.is_dialogue
    assert cast.is_over
    assert not cast.unplayed
    assert cast.longest_message == 0
    assert cast.let_in("client") == Expected()


def test_a_client_may_send_what_it_must() -> None:
    """Of a message that was redacted as a whole, nobody knows how long it is."""
    cast = casting(b"a" * 4096, b'"[redacted]"')
    assert cast.longest_message == 64 << 20
    assert cast.let_in("first") == Expected(4)
    assert cast.let_in("second") == Expected(64 << 10)
    assert casting(b"a", subprotocol="chat").let_in("only") == Expected(1, "chat")
