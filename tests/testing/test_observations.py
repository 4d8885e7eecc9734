"""What was seen: how much of it is kept, and who waits for it."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.replay import ClientResult, DialogueFailure, SentMessage
from feedrec.testing import observations
from feedrec.testing.observations import Observations

from ..timing import HANG_TIMEOUT, MS


def seen(*payloads: bytes) -> Observations:
    """Return what was seen of one client that was sent some messages."""
    observed = Observations()
    observed.on_connected(1, "127.0.0.1:1", "raw")
    for payload in payloads:
        observed.on_sent([SentMessage(1, payload, time=5)])
        observed.on_received(1, payload, 0)
    return observed


def test_the_last_messages_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observations, "KEPT_MESSAGES", 2)
    observed = seen(b"1", b"2", b"3")
    assert [message.payload for message in observed.sent] == [b"2", b"3"]
    assert [message.payload for message in observed.received] == [b"2", b"3"]
    (client,) = observed.clients
    assert (client.sent, client.received) == (3, 3)


def test_as_many_bytes_are_kept_as_may_be_but_always_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observations, "KEPT_BYTES", 5)
    assert [message.payload for message in seen(b"123", b"45", b"6").sent] == [b"45", b"6"]
    assert [message.payload for message in seen(b"1", b"x" * 100).sent] == [b"x" * 100]


def test_requests_stand_among_the_messages_in_the_order_of_arrival() -> None:
    """Both have a payload, which of a request is its body, so that a test may look at all of them alike."""
    observed = seen(b"1")
    observed.on_request(HttpRequest("POST", "/orders?id=7", body=b"{}"), HttpAnswer(201), 9)
    observed.on_received(1, b"2", 10)
    assert [(one.kind, one.client, one.payload, one.time) for one in observed.received] == [
        ("message", 1, b"1", None),
        ("request", None, b"{}", 9),
        ("message", 1, b"2", 10),
    ]
    assert observed.clients[0].received == 2


def test_the_answer_to_a_request_counts_among_the_bytes_that_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observations, "KEPT_BYTES", 5)
    observed = seen(b"12")
    observed.on_request(HttpRequest("GET", "/"), HttpAnswer(200, b"1234"), None)
    assert [one.kind for one in observed.received] == ["request"]
    observed.on_received(1, b"1", 0)
    observed.on_received(1, b"2", 0)
    assert [one.payload for one in observed.received] == [b"1", b"2"]


def test_who_waits_is_woken_by_a_request() -> None:
    observed = seen()
    timer = threading.Timer(MS, observed.on_request, (HttpRequest("GET", "/"), HttpAnswer(200), None))
    timer.start()
    assert observed.wait(lambda: bool(observed.received), HANG_TIMEOUT)
    timer.join()


def test_what_was_wrong_with_a_request_ends_what_waits() -> None:
    observed = Observations()
    failure = DialogueFailure(0, "request", "GET / was not recorded")
    timer = threading.Timer(MS, observed.on_request_failed, (failure,))
    timer.start()
    assert observed.wait(lambda: observed.dialogue_failures == [failure], HANG_TIMEOUT)
    timer.join()


def test_the_first_failures_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observations, "KEPT_FAILURES", 2)
    observed = Observations()
    for number in range(3):
        observed.on_request_failed(DialogueFailure(0, "request", f"{number}"))
    assert [failure.text for failure in observed.dialogue_failures] == ["0", "1"]


def test_a_time_that_is_not_known_is_none() -> None:
    observed = seen(b"1")
    assert (observed.sent[0].time, observed.received[0].time) == (5, None)


def test_who_waits_is_woken_by_a_change() -> None:
    observed = seen()
    timer = threading.Timer(MS, observed.on_ended, (1, None))
    timer.start()
    assert observed.wait(lambda: not observed.clients[0].is_connected, HANG_TIMEOUT)
    timer.join()


def test_who_waits_may_look_at_it_from_another_thread_meanwhile() -> None:
    """What is waited for may depend on the server's thread, which then must be able to tell."""
    observed = seen()

    def is_told() -> bool:
        thread = threading.Thread(target=observed.on_received, args=(1, b"", 0))
        thread.start()
        thread.join(HANG_TIMEOUT)
        return len(observed.received) == 2

    assert observed.wait(is_told, HANG_TIMEOUT)


def test_what_does_not_happen_is_not_waited_for_longer_than_that() -> None:
    assert not seen().wait(lambda: False, 0)


def test_messages_in_order_of_all_clients() -> None:
    observed = seen()
    observed.on_connected(2, "127.0.0.1:2", "raw")
    for number in range(10):
        observed.on_sent([SentMessage(1 + number % 2, b"%d" % number)])
    assert [message.client for message in observed.sent] == [1, 2] * 5
    assert all(one.payload < other.payload for one, other in pairwise(observed.sent))
    assert [client.sent for client in observed.clients] == [5, 5]


def test_it_says_how_many_requests_were_answered() -> None:
    observed = Observations()
    observed.on_request(HttpRequest("GET", "/"), HttpAnswer(200), None)
    assert str(observed) == "no client has connected; 1 request was answered"
    observed.on_request(HttpRequest("GET", "/"), HttpAnswer(200), None)
    observed.on_connected(1, "127.0.0.1:1", "raw")
    assert str(observed).endswith("was sent 0 messages; 2 requests were answered")


def test_it_says_who_came_in_one_line() -> None:
    assert str(Observations()) == "no client has connected"
    observed = seen(b"1")
    observed.on_subscribed(1, {"ticker": {"BTC-USD": None}, "status": {"": None}})
    result = ClientResult(1, "127.0.0.1:1", "finished", 1, 1, 0, 0, None)
    observed.on_ended(1, result)
    said = "said 1 message, was sent 1 message"
    assert str(observed) == f"client 1 (127.0.0.1:1): finished, subscribed ticker:BTC-USD, status, {said}"
    observed.on_connected(2, "127.0.0.1:2", "raw")
    observed.on_ended(2, None)
    assert "client 2 (127.0.0.1:2): failed, subscribed nothing" in str(observed)
