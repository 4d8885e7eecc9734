"""A client half whose acks list what is subscribed, for a venue that says little else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from feedrec.feeds import Message, Notice, Subscription
from feedrec.feeds.client_half import ListedAcksClient, RequestKind
from feedrec.feeds.decoding import decoder_of
from feedrec.model import FrameInfo

A, B = Subscription("a", ("X", "Y")), Subscription("b", ("X",))
_decode = decoder_of(dict[str, list[str]])


class Client(ListedAcksClient):
    def __init__(self, *subscriptions: Subscription, grace: float = 0.0) -> None:
        super().__init__(subscriptions, 5.0, grace, heartbeats="beat", silence_limit=9.0)

    def request_for(self, kind: RequestKind, subscription: Subscription, time: int) -> Message:
        return Message(f"{kind} {subscription.channel} at {time}".encode())

    def listed_in(self, payload: bytes) -> Mapping[str, Collection[str]] | None:
        return _decode(payload)


def acked(client: Client, *acks: bytes) -> list[Notice]:
    return [notice for ack in acks for notice in client.on_frame(FrameInfo(kind="ack"), ack)]


def texts(notices: Sequence[Notice]) -> list[str]:
    return [notice.text for notice in notices]


def test_each_subscription_is_a_request() -> None:
    client = Client(A, B)
    assert [message.payload for message in client.on_open(1)] == [b"subscribe a at 1", b"subscribe b at 1"]
    assert [message.payload for message in client.unsubscribe([B], 2)] == [b"unsubscribe b at 2"]
    assert client.subscribe([], 3) == []


def test_what_is_accepted_is_reported_as_soon_as_nothing_is_missing() -> None:
    client = Client(A, B)
    assert acked(client, b'{"a": ["X", "Y"]}') == []
    assert texts(acked(client, b'{"a": ["X", "Y"], "b": ["X"]}')) == ["subscribed to a, b"]
    assert client.on_tick(100) == ()


def test_what_the_last_ack_lacks_is_missing_at_once_or_after_the_grace() -> None:
    acks = b'{"a": ["X"]}', b'{"a": ["X"], "b": ["X"]}'
    missing = ["the venue did not accept a Y: no such product?"]
    assert texts(acked(Client(A, B), *acks)) == missing
    client = Client(A, B, grace=1.0)
    assert [*acked(client, *acks), *client.on_tick(3.0), *client.on_tick(3.9)] == []
    assert [notice.text for notice in client.on_tick(4.0)] == missing
    assert client.on_tick(5.0) == ()


def test_what_is_not_understood_is_no_ack() -> None:
    client = Client(A)
    assert acked(client, b"?", b"[]") == []
    assert [notice.event for notice in client.on_tick(5.0)] == ["missing"]


def test_acks_that_do_not_come_in_time_are_judged_by_the_last() -> None:
    client = Client(A, B)
    acked(client, b'{"a": ["X", "Y"]}')
    assert client.on_tick(4.9) == ()
    (notice,) = client.on_tick(5.0)
    assert notice.details == {"subscriptions": [{"channel": "b", "products": ["X"]}]}


def test_a_venue_that_never_acknowledges_is_reported_once() -> None:
    client = Client(A)
    assert texts(client.on_tick(5.0)) == ["the venue did not acknowledge any subscription within 5 seconds"]
    assert client.on_tick(10.0) == ()


def test_a_run_without_anything_but_heartbeats_ends_unless_more_was_asked_for() -> None:
    beat = Subscription("beat")
    ends = [notice.severity for notice in acked(Client(A, beat), b'{"beat": []}', b'{"beat": []}')]
    assert ends == ["warning", "fatal"]
    client = Client(beat)
    acked(client, b'{"beat": []}')
    client.subscribe([A])
    assert [notice.severity for notice in acked(client, b'{"beat": []}')] == ["warning"]


def test_the_acks_of_a_change_are_waited_for_from_the_next_tick_on() -> None:
    client = Client(A)
    acked(client, b'{"a": ["X", "Y"]}')
    client.subscribe([B])
    assert [*client.on_tick(100.0), *client.on_tick(104.9)] == []
    assert [notice.event for notice in client.on_tick(105.0)] == ["missing"]


def test_when_everything_is_unsubscribed_nothing_is_missing() -> None:
    client = Client(A)
    client.unsubscribe([A])
    assert [*acked(client, b"{}", b"{}"), *client.on_tick(50.0), *client.on_close(1000, "")] == []


def test_the_end_of_the_connection_brings_the_judgement_forward_if_every_ack_came() -> None:
    client = Client(A, grace=1.0)
    acked(client, b'{"a": ["X"]}')
    assert [notice.event for notice in client.on_close(1006, "")] == ["missing"]
    assert Client(A).on_close(1006, "") == ()


def test_silence_is_suspicious_while_heartbeats_are_wanted() -> None:
    client = Client(A)
    assert client.silence_limit is None
    client.subscribe([Subscription("beat")])
    assert client.silence_limit == 9.0
    client.unsubscribe([Subscription("beat")])
    assert client.silence_limit is None
