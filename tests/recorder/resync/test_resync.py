"""What is asked of a venue for a wrong book, by a real client half, and what counts as accepted meanwhile."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from feedrec.feeds import FeedClient, Notice, Subscription, find_feed
from feedrec.feeds.credentials import Credentials
from feedrec.feeds.defaults import ClientDefaults, FeedDefaults
from feedrec.recorder.resync.resync import Asking, Resync
from feedrec.recorder.resync.wrong_books import ACK_TIMEOUT

BOTH = Subscription("level2", ("A-USD", "B-USD"))
BEATS = Subscription("heartbeats")


class Conversation:
    """A connection to Advanced Trade, which acknowledges as it is told."""

    def __init__(self, *subscriptions: Subscription) -> None:
        self.feed: Any = find_feed("coinbase-advanced")
        self.client = self.feed.client(subscriptions)
        self.client.on_open(0)
        self.resync = Resync(self.feed, self.client)
        self.resync.turn_on(subscriptions)
        self.now = 0.0

    def hear(self, **frame: Any) -> list[str]:
        payload = json.dumps(frame).encode()
        info = self.feed.describe(payload)
        notices = self.client.on_frame(info, payload)
        self.resync.wrong.saw(info)
        return [notice.text for notice in notices if notice.severity != "info"]

    def ack(self, **channels: Sequence[str]) -> list[str]:
        return self.hear(channel="subscriptions", events=[{"subscriptions": channels}])

    def snapshot(self, product: str) -> None:
        event = {"type": "snapshot", "product_id": product, "updates": []}
        assert self.hear(channel="l2_data", events=[event]) == []

    def ask(self) -> list[tuple[str, Any]]:
        """Ask what is due; return the events and messages."""
        found = []
        while (asking := self.resync.next(self.now, 0)) is not None:
            self.resync.sent(asking, self.now)
            found.append((asking.event, *[json.loads(message.payload) for message in asking.messages]))
        return found

    def after(self, seconds: float) -> list[tuple[str, Any]]:
        self.now += seconds
        return self.ask()


def message(kind: str, *products: str) -> dict[str, Any]:
    return {"type": kind, "product_ids": list(products), "channel": "level2"}


def accepted() -> Conversation:
    one = Conversation(BOTH, BEATS)
    assert one.ack(level2=["A-USD", "B-USD"]) == []
    assert one.ack(level2=["A-USD", "B-USD"], heartbeats=["heartbeats"]) == []
    return one


def test_a_book_is_unsubscribed_and_subscribed_by_messages_for_it_alone_and_what_is_accepted_stays_so() -> None:
    one = accepted()
    before = one.client.acceptance
    one.resync.lost("gap")
    assert one.ask() == [("resync", message("unsubscribe", "A-USD"))]
    assert one.resync.is_amid
    assert one.ack(level2=["B-USD"], heartbeats=["heartbeats"]) == []
    assert one.ask() == [("resubscribe", message("subscribe", "A-USD"))]
    one.snapshot("A-USD")
    assert one.ack(level2=["B-USD", "A-USD"], heartbeats=["heartbeats"]) == []
    assert [event for event, _ in one.ask()] == ["resync"]
    one.ack(level2=["A-USD"], heartbeats=["heartbeats"])
    one.ask()
    one.snapshot("B-USD")
    assert one.ack(level2=["A-USD", "B-USD"], heartbeats=["heartbeats"]) == []
    assert one.ask() == []
    assert not one.resync.is_amid
    assert before is not None
    assert {one.channel: set(one.products) for one in one.client.acceptance.accepted} == {
        one.channel: set(one.products) for one in before.accepted
    }


def test_nothing_begins_before_the_first_acks() -> None:
    one = Conversation(BOTH)
    one.resync.lost("gap")
    assert one.ask() == []
    one.ack(level2=["A-USD", "B-USD"])
    assert [event for event, _ in one.ask()] == ["resync"]


def test_a_venue_that_never_tells_what_it_accepted_is_not_waited_for() -> None:
    one = Conversation(BOTH)
    one.resync.lost("gap")
    assert one.ask() == []
    assert [event for event, _ in one.after(15)] == ["resync"]


def test_what_the_venue_did_not_accept_is_not_subscribed_again() -> None:
    one = Conversation(BOTH)
    one.ack(level2=["A-USD"])
    one.client.on_tick(1.0)
    one.client.on_tick(20.0)
    one.resync.lost("gap")
    assert one.ask() == [("resync", message("unsubscribe", "A-USD"))]
    one.ack()
    one.ask()
    one.snapshot("A-USD")
    one.ack(level2=["A-USD"])
    one.client.on_tick(60.0)
    assert one.after(100) == []


def test_an_unsubscription_by_the_program_wins() -> None:
    one = accepted()
    one.resync.lost("gap")
    assert one.ask() == [("resync", message("unsubscribe", "A-USD"))]
    one.resync.unsubscribed([Subscription("level2", ("A-USD",))])
    one.client.unsubscribe([Subscription("level2", ("A-USD",))], 0)
    one.ack(level2=["B-USD"], heartbeats=["heartbeats"])
    one.ack(level2=["B-USD"], heartbeats=["heartbeats"])
    assert one.ask() == [("resync", message("unsubscribe", "B-USD"))]
    one.resync.unsubscribed([Subscription("level2")])
    assert one.after(1000) == []


def test_what_is_subscribed_later_is_subscribed_again_too() -> None:
    one = accepted()
    one.resync.unsubscribed([BOTH])
    one.resync.subscribed([Subscription("level2", ("C-USD",)), Subscription("ticker", ("C-USD",))])
    one.resync.lost("gap")
    assert one.ask() == [("resync", message("unsubscribe", "C-USD"))]


def test_a_count_of_one_product_tells_of_its_book_alone() -> None:
    one = accepted()
    one.resync.lost("gap", "B-USD")
    assert one.ask() == [("resync", message("unsubscribe", "B-USD"))]


def test_a_refusal_is_reported_once_and_what_is_missing_is_missing() -> None:
    one = Conversation(Subscription("level2", ("A-USD",)), BEATS)
    one.ack(level2=["A-USD"])
    one.ack(level2=["A-USD"], heartbeats=["heartbeats"])
    one.resync.lost("gap")
    one.ask()
    one.ack(heartbeats=["heartbeats"])
    one.ask()
    said = one.hear(type="error", message="too many L2 streams requested in a single session")
    assert len(said) == 1
    one.client.on_tick(1.0)
    (missing,) = one.client.on_tick(1.0 + 2 * ACK_TIMEOUT)
    assert isinstance(missing, Notice)
    assert missing.event == "missing"
    assert one.after(ACK_TIMEOUT) == []
    assert not one.resync.is_amid
    assert [event for event, _ in one.after(120)] == ["resync"]


def test_before_it_is_turned_on_it_does_nothing() -> None:
    one = accepted()
    resync = Resync(one.feed, one.client)
    resync.lost("gap")
    assert not resync.wrong.is_watching


class Bare:
    """A feed of a plug-in that is not built on anything, and its client half, which asks for nothing."""

    def client(self) -> FeedClient:
        return ClientDefaults()


class Booked(FeedDefaults):
    book_channels: Mapping[str, str] = {"book": "book"}

    def client(self, subscriptions: Sequence[Subscription], credentials: Credentials | None = None) -> FeedClient:  # noqa: ARG002
        return ClientDefaults()


@pytest.mark.parametrize("feed", [Bare(), Booked()])
def test_a_feed_without_books_or_a_client_half_without_messages_takes_no_part(feed: Any) -> None:
    resync = Resync(feed, ClientDefaults())
    resync.turn_on([Subscription("book", ("A",))])
    resync.lost("gap")
    assert resync.next(0.0, 0) is None
    assert resync.next(20.0, 0) is None
    assert not resync.wrong.is_watching


def test_a_lost_answer_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    one = accepted()
    one.resync.lost("gap", "A-USD")
    one.ask()
    assert [event for event, _ in one.after(ACK_TIMEOUT)] == ["resubscribe"]
    assert one.after(70) == []
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "level2 A-USD: the end was not acknowledged; it is subscribed again",
        "level2 A-USD: no snapshot came; it is subscribed again in 40 s",
    ]


def test_asking_says_how_many_messages_belong_to_it() -> None:
    one = accepted()
    one.resync.lost("reset", "A-USD")
    asking = one.resync.next(0.0, 0)
    assert isinstance(asking, Asking)
    assert asking.details == {"channel": "level2", "product": "A-USD", "reason": "reset", "messages": 1}
