"""A client half whose acks list what is subscribed, for a venue that says little else."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import Acceptance, Message, Notice, Subscription
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


# What is accepted


def test_what_is_accepted_is_settled_by_the_verdict() -> None:
    client = Client(A, B, grace=1.0)
    acked(client, b'{"a": ["X"]}', b'{"a": ["X"]}')
    assert client.acceptance is None
    assert [*client.on_tick(1.0), *client.on_tick(1.9)] == []
    assert client.acceptance is None
    client.on_tick(2.0)
    half = Subscription("a", ("X",)), Subscription("a", ("Y",))
    assert client.acceptance == Acceptance((A, B), half[:1], (half[1], B))


def test_nothing_in_time_is_missing_and_what_comes_late_is_not() -> None:
    client = Client(A, B)
    client.on_tick(5.0)
    assert client.acceptance == Acceptance((A, B), (), (A, B))
    assert texts(acked(client, b'{"a": ["X", "Y"]}')) == ["the venue accepted a X Y after all"]
    assert texts(acked(client, b'{"a": ["X", "Y"], "b": ["X"]}')) == ["the venue accepted b X after all"]
    assert client.acceptance == Acceptance((A, B), (A, B))


def test_an_ack_of_less_after_the_verdict_is_of_another_time() -> None:
    """A replay that loops sends those of the beginning again."""
    client = Client(A, B)
    acked(client, b'{"a": ["X", "Y"], "b": ["X"]}')
    assert acked(client, b'{"a": ["X", "Y"]}') == []
    assert client.acceptance == Acceptance((A, B), (A, B))


def test_at_the_end_of_the_connection_what_was_not_answered_is_neither() -> None:
    client = Client(A, B)
    acked(client, b'{"a": ["X"]}')
    assert client.on_close(1000, "") == ()
    assert client.acceptance == Acceptance((A, B), (Subscription("a", ("X",)),))


def test_what_is_asked_for_later_is_unsettled_until_it_is_answered() -> None:
    client = Client(A)
    acked(client, b'{"a": ["X", "Y"]}')
    client.subscribe([B])
    assert client.acceptance is None
    acked(client, b'{"a": ["X", "Y"], "b": ["X"]}')
    assert client.acceptance == Acceptance((A, B), (A, B))
    client.unsubscribe([A])
    assert client.acceptance == Acceptance((B,), (B,))


@given(
    wanted=st.dictionaries(st.sampled_from("abc"), st.lists(st.sampled_from("XYZ"), unique=True), min_size=1),
    acks=st.lists(st.dictionaries(st.sampled_from("abcd"), st.lists(st.sampled_from("WXYZ"), unique=True)), max_size=4),
    seconds=st.lists(st.floats(0, 2), max_size=4),
)
def test_what_is_asked_for_is_accepted_or_missing_once_it_is_settled(
    wanted: dict[str, list[str]], acks: list[dict[str, list[str]]], seconds: list[float]
) -> None:
    """Whatever the venue lists and whenever: nothing is both, nothing else is either, and nothing is left over."""
    client = Client(*(Subscription(channel, tuple(products)) for channel, products in wanted.items()), grace=1.0)
    now = 0.0
    for number in range(4):
        acked(client, *(json.dumps(ack).encode() for ack in acks[number : number + 1]))
        now += sum(seconds[number : number + 1])
        client.on_tick(now)
    client.on_tick(now + 5.0)
    client.on_tick(now + 6.0)
    settled = client.acceptance
    assert settled is not None

    def parts(subscriptions: Sequence[Subscription]) -> list[tuple[str, str]]:
        return [(one.channel, product) for one in subscriptions for product in one.products or [""]]

    assert sorted(parts(settled.accepted) + parts(settled.missing)) == sorted(parts(settled.asked))


# Acks that come step by step, or by another name


def test_each_ack_that_lists_more_begins_the_grace_anew() -> None:
    client = Client(A, grace=1.0)
    assert [*acked(client, b"{}"), *client.on_tick(1.0), *client.on_tick(1.9)] == []
    assert [*acked(client, b'{"a": ["X"]}'), *client.on_tick(2.0), *client.on_tick(2.9)] == []
    assert texts(acked(client, b'{"a": ["X", "Y"]}')) == ["subscribed to a"]


def test_that_nothing_was_accepted_is_no_verdict_on_a_connection_that_was_lost() -> None:
    """The next ack may have been under way; a venue that hangs up by itself has said what it had to say."""
    for code, severities in ((1006, ["warning"]), (1000, ["warning", "fatal"])):
        client = Client(A, grace=1.0)
        acked(client, b"{}")
        assert [notice.severity for notice in client.on_close(code, "")] == severities


@pytest.mark.parametrize(
    ("ack", "others"), [(b'{"a": ["XAU-SPOT"]}', "a XAU-SPOT"), (b'{"level2_10": ["XAU"]}', "level2_10")]
)
def test_what_is_listed_by_a_name_like_that_is_not_nothing(ack: bytes, others: str) -> None:
    channel = "a" if b"a" in ack[:4] else "level2_50"
    client = Client(Subscription(channel, ("XAU-PERP",)))
    (missing,) = acked(client, ack)
    assert missing.severity == "warning"
    assert missing.text.endswith(f" It lists {others}, which was not asked for.")


# What was meant


def test_a_product_that_is_accepted_elsewhere_in_other_capitals_is_named() -> None:
    client = Client(Subscription("a", ("gold", "TIN")), Subscription("b", ("GOLD",)))
    (missing,) = acked(client, b"{}", b'{"b": ["GOLD"]}')
    assert missing.text == "the venue did not accept a gold TIN: did you mean GOLD for gold?"
