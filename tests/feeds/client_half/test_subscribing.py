"""What every client half has that subscribes."""

from __future__ import annotations

import json

from feedrec.feeds import Message, Subscription
from feedrec.feeds.base import ConnectionSequence
from feedrec.feeds.client_half import RequestKind, SubscribingClient, request_message
from feedrec.model import FrameInfo


class Client(SubscribingClient):
    def request_for(self, kind: RequestKind, subscription: Subscription, time: int) -> Message:
        return request_message({"op": kind, "channel": subscription.channel, "at": time})


def test_a_request_is_recorded_as_sent_unless_it_is_signed() -> None:
    assert request_message({"op": "x"}) == Message(b'{"op":"x"}')
    signed = request_message({"op": "x"}, {"signature": "s3cret"})
    assert json.loads(signed.payload) == {"op": "x", "signature": "s3cret"}
    assert signed.redacted == b'{"op":"x","signature":"[redacted]"}'


def test_it_subscribes_each_by_a_message_of_its_own() -> None:
    client = Client([Subscription("a"), Subscription("b")])
    assert [message.payload for message in client.on_open(7)] == [
        b'{"op":"subscribe","channel":"a","at":7}',
        b'{"op":"subscribe","channel":"b","at":7}',
    ]


def test_gaps_are_reported_and_frames_that_come_late_are_counted() -> None:
    client = Client([], sequence=ConnectionSequence(0))
    frames = [FrameInfo("a", (), number, "update") for number in (0, 2, 1)]
    notices = [notice for info in frames for notice in client.on_frame(info, b"")]
    assert [(notice.event, notice.details["missing"]) for notice in notices] == [("gap", 1)]
    assert client.out_of_order == 1
    assert Client([]).out_of_order == 0


def test_a_count_that_begins_anew_is_reported_with_the_frame_that_shows_it_and_so_is_a_gap_after_it() -> None:
    client = Client([], sequence=ConnectionSequence(0))
    said = [[one.event for one in client.on_frame(FrameInfo("a", (), n, "update"), b"")] for n in (0, 1, 2, 0, 1, 3)]
    assert said == [[], [], [], [], ["reset"], ["gap"]]
    assert client.out_of_order == 0


def test_an_error_is_reported_as_it_stands() -> None:
    (notice,) = Client([]).on_frame(FrameInfo(kind="error"), b'{"error":"\xff"}')
    assert notice.text == 'the venue reports an error: {"error":"\N{REPLACEMENT CHARACTER}"}'
    assert (notice.severity, notice.event) == ("warning", "error")


def test_an_error_that_no_retry_mends_ends_the_run_unless_it_may_be_of_something_later() -> None:
    client = Client([])
    assert client.error_notice("no", {}, "check it").severity == "fatal"
    client.subscribe([Subscription("a")])
    later = client.error_notice("no", {"code": 1}, "check it", what=" a")
    assert (later.text, later.severity) == ("the venue refused a: no; check it", "warning")
    assert client.error_notice("no", {}, "check it", may_be_later=False).severity == "fatal"


def test_acks_are_overdue_from_the_tick_after_the_request() -> None:
    client = Client([], 5.0)
    assert not client._is_overdue(4.9)
    assert client._is_overdue(5.0)
    client.subscribe([Subscription("a")])
    assert not client._is_overdue(20.0)
    assert client._is_overdue(25.0)


def test_while_nothing_is_read_acks_are_not_overdue() -> None:
    """They may have come."""
    client = Client([], 5.0)
    client.on_pause(6.0)
    assert not client._is_overdue(10.9)
    client.on_pause(30.0)
    assert not client._is_overdue(40.9)
    assert client._is_overdue(41.0)
