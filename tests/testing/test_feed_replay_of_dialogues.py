"""A dialogue as a fixture of tests: a client that does not say what was recorded fails the test."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from feedrec.errors import DialogueFailedError, UsageError
from feedrec.formats.line.codec import encode_event
from feedrec.testing import FeedReplay

from ..replay.dialogues import Asked, Line, closed, record_dialogue
from ..replay.recordings import START
from ..timing import HANG_TIMEOUT, MS
from .feeds import client

TALK: list[Line] = ['> {"op":"add","id":1}', '< {"id":1,"sum":3}', '> {"op":"end"}', closed("venue")]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return record_dialogue(tmp_path / "talk.jsonl", TALK)


def test_a_client_that_says_what_was_recorded(recording: Path) -> None:
    with FeedReplay(recording, mode="dialogue", match="ignore:id", match_timeout=HANG_TIMEOUT) as feed:
        with client(feed.url) as websocket:
            websocket.send('{"id":"mine","op":"add"}')
            assert websocket.recv() == '{"id":"mine","sum":3}'
            websocket.send('{"op":"end"}')
            with pytest.raises(ConnectionClosed):
                websocket.recv()
        feed.wait_done(HANG_TIMEOUT)
        assert [(message.payload, message.kind) for message in feed.sent] == [(b'{"id":"mine","sum":3}', "recorded")]
        assert [message.payload for message in feed.received] == [b'{"id":"mine","op":"add"}', b'{"op":"end"}']
        assert [one.outcome for one in feed.clients] == ["finished"]
        assert feed.failures == []


def test_another_message_fails_the_wait_and_the_block(recording: Path) -> None:
    """With the difference in the error, and as an object."""
    feed = FeedReplay(recording, mode="dialogue", match_timeout=HANG_TIMEOUT)
    expected = "client 1: message 1 of 2 is not the recorded one (connection 0 of talk.jsonl)\n--- recorded\n"
    feed.start()
    with client(feed.url) as websocket:
        websocket.send('{"op":"sub","id":1}')
        with pytest.raises(ConnectionClosed, match="message 1 of 2 is not the recorded one"):
            websocket.recv()
    with pytest.raises(DialogueFailedError, match=re.escape('+   "op": "sub"')):
        feed.wait_done(HANG_TIMEOUT)
    with pytest.raises(DialogueFailedError, match=re.escape(expected)):
        feed.close()
    assert [failure.kind for failure in feed.failures] == ["message"]


def test_what_was_said_right_before_the_end_is_compared(recording: Path) -> None:
    """Though nothing waits for it."""
    feed = FeedReplay(recording, mode="dialogue", match_timeout=HANG_TIMEOUT)
    feed.start()
    with client(feed.url) as websocket:
        websocket.send("nonsense")
        with pytest.raises(DialogueFailedError):
            feed.close()


def test_an_error_of_the_test_itself_is_raised_with_a_note(recording: Path) -> None:
    with pytest.raises(ZeroDivisionError) as raised:  # noqa: PT012, SIM117
        with FeedReplay(recording, mode="dialogue", match_timeout=HANG_TIMEOUT) as feed, client(feed.url) as websocket:
            websocket.send("nonsense")
            raise ZeroDivisionError
    assert "message 1 of 2 is not the recorded one" in raised.value.__notes__[0]


def test_silence_fails_what_waits(recording: Path) -> None:
    with pytest.raises(DialogueFailedError, match="message 1 of 2 did not come"):  # noqa: SIM117
        with FeedReplay(recording, mode="dialogue", match_timeout="50ms") as feed, client(feed.url):
            feed.wait_until(lambda: False, HANG_TIMEOUT)


def test_it_can_be_paused_but_not_stepped(recording: Path) -> None:
    """Each client has its own time, which stands still meanwhile."""
    with FeedReplay(recording, mode="dialogue", match_timeout=HANG_TIMEOUT) as feed, client(feed.url) as websocket:
        feed.pause()
        websocket.send('{"op":"add","id":1}')
        feed.wait_until(lambda: feed.received, HANG_TIMEOUT)
        with pytest.raises(TimeoutError):
            websocket.recv(50 * MS)
        with pytest.raises(UsageError, match="step is not for dialogues"):
            feed.step()
        with pytest.raises(UsageError, match="the clients of a dialogue are steered together: name no client"):
            feed.pause(client=1)
        feed.resume()
        assert websocket.recv(HANG_TIMEOUT) == '{"id":1,"sum":3}'
        websocket.send('{"op":"end"}')
        with pytest.raises(ConnectionClosed):
            websocket.recv(HANG_TIMEOUT)


def test_options_that_make_no_sense_are_refused(recording: Path) -> None:
    with pytest.raises(UsageError, match="leave out --loop"):
        FeedReplay(recording, mode="dialogue", loop=True)


ORDERS: list[Line] = [
    Asked("GET", "/token", '{"token":"b7-4411"}'),
    '> {"watch":"b7-4411"}',
    "< watching",
    Asked("POST", "/orders?dry=no", '{"id":"recorded-1","order":"A-17"}', '{"id":"recorded-1","size":2}', 201),
    '< {"filled":"recorded-1"}',
    Asked("DELETE", "/orders/recorded-1", '{"cancelled":"recorded-1"}'),
    closed("venue"),
]


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    return record_dialogue(tmp_path / "orders.jsonl", ORDERS)


def ask(feed: FeedReplay, method: str, target: str, body: Any = None) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=HANG_TIMEOUT) as asking:
        return asking.request(method, f"{feed.rest_url}{target}", json=body)


def test_requests_and_messages_are_one_dialogue(orders: Path) -> None:
    """What an answer gives is used in a message, and ids pass from requests to frames and back; all of it is seen."""
    with FeedReplay(orders, mode="dialogue", match="ignore:id", match_timeout=HANG_TIMEOUT) as feed:
        token = ask(feed, "GET", "/token").json()["token"]
        with client(feed.url) as websocket:
            websocket.send(json.dumps({"watch": token}))
            assert websocket.recv(HANG_TIMEOUT) == "watching"
            placed = ask(feed, "POST", "/orders?dry=no", {"size": 2, "id": "mine-4567"})
            assert (placed.status_code, placed.json()) == (201, {"id": "mine-4567", "order": "A-17"})
            assert websocket.recv(HANG_TIMEOUT) == '{"filled":"mine-4567"}'
            assert ask(feed, "DELETE", "/orders/mine-4567").text == '{"cancelled":"mine-4567"}'
            with pytest.raises(ConnectionClosed):
                websocket.recv(HANG_TIMEOUT)
        feed.wait_done(HANG_TIMEOUT)
        assert [str(one) if one.kind == "request" else one.text for one in feed.received] == [
            "GET /token: 200",
            '{"watch": "b7-4411"}',
            "POST /orders?dry=no: 201",
            "DELETE /orders/mine-4567: 200",
        ]
        assert feed.received[2].json() == {"size": 2, "id": "mine-4567"}
        assert feed.received[0].time is not None


def test_what_an_order_causes_does_not_come_before_it(orders: Path) -> None:
    options: dict[str, Any] = {"mode": "dialogue", "match": "ignore:id", "match_timeout": HANG_TIMEOUT}
    with FeedReplay(orders, **options) as feed, client(feed.url) as websocket:
        websocket.send('{"watch":"b7-4411"}')
        assert websocket.recv(HANG_TIMEOUT) == "watching"
        with pytest.raises(TimeoutError):
            websocket.recv(50 * MS)
        ask(feed, "GET", "/token")  # which changes nothing
        with pytest.raises(TimeoutError):
            websocket.recv(50 * MS)
        ask(feed, "POST", "/orders?dry=no", {"size": 2, "id": "x"})
        assert "filled" in str(websocket.recv(HANG_TIMEOUT))


def test_another_request_fails_what_waits_and_the_block(orders: Path) -> None:
    """Whoever sent it is told the difference, too; the others go on."""
    feed = FeedReplay(orders, mode="dialogue", match="ignore:id", match_timeout=HANG_TIMEOUT)
    feed.start()
    answer = ask(feed, "POST", "/orders?dry=no", {"size": 3, "id": "mine-4567", "secret": "s3cret"})
    expected = "POST /orders is not the recorded one (request 2 of orders.jsonl)\n--- recorded\n+++ from the client\n"
    assert answer.status_code == 404
    assert answer.text.startswith(expected)
    assert '-   "size": 2\n+   "size": 3\n' in answer.text
    assert "s3cret" not in answer.text
    assert all(len(line) <= 78 for line in answer.text.splitlines()[1:])
    with pytest.raises(DialogueFailedError, match=re.escape(expected)):
        feed.wait_until(lambda: False, HANG_TIMEOUT)
    assert ask(feed, "GET", "/token").status_code == 200
    with pytest.raises(DialogueFailedError, match=re.escape(expected)):
        feed.close()
    assert [(failure.kind, failure.client) for failure in feed.failures] == [("request", 0)]
    assert [(one.kind, getattr(one, "status", 0)) for one in feed.received] == [("request", 404), ("request", 200)]


def test_a_request_that_is_waited_for_in_vain_fails(tmp_path: Path) -> None:
    path = record_dialogue(tmp_path / "a.jsonl", ["< hello", Asked("POST", "/orders"), "< thanks"])
    expected = r"client 1: POST /orders did not come within .* s \(request 1 of a.jsonl\)"
    feed = FeedReplay(path, mode="dialogue", match_timeout="50ms")
    feed.start()
    with client(feed.url), pytest.raises(DialogueFailedError, match=expected):
        feed.wait_until(lambda: False, HANG_TIMEOUT)
    with pytest.raises(DialogueFailedError, match=expected):
        feed.close()


def test_requests_alone_are_a_dialogue(tmp_path: Path) -> None:
    """In which there is no connection for anybody."""
    header = record_dialogue(tmp_path / "talk.jsonl").read_bytes().splitlines(keepends=True)[0]
    path = tmp_path / "a.jsonl"
    path.write_bytes(header + encode_event(Asked("GET", "/a", "[1]").event(START)) + b"\n")
    with FeedReplay(path, mode="dialogue", match_timeout=HANG_TIMEOUT) as feed:
        assert [ask(feed, "GET", "/a").json() for _ in range(2)] == [[1], [1]]
        assert not feed.failures
    feed = FeedReplay(path, mode="dialogue", match_timeout=HANG_TIMEOUT)
    feed.start()
    with client(feed.url) as websocket, pytest.raises(ConnectionClosed):
        websocket.recv(HANG_TIMEOUT)
    with pytest.raises(DialogueFailedError, match="there is no connection left for it: none was recorded"):
        feed.close()
