"""What clients ask for is subscribed once, and taken back where the venue refuses it, however late."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from feedrec.feeds import Subscription
from feedrec.live_messages import Answered, FeedPlan, Wish
from feedrec.recorder.serving import wishes as wishes_module
from feedrec.recorder.serving.live_run import LiveRun
from feedrec.recorder.serving.relay import Relay
from feedrec.recorder.serving.wishes import Wishes

from ...timing import until
from ..venue import run
from .served import FEED, FakeSession, FakeWritten


class Asking:
    """A run that is served, and what became of wishes."""

    def __init__(self, feed: FeedPlan = FEED) -> None:
        relay = Relay()
        relay.plan([feed])
        self.wishes = Wishes(lambda place: self.live if place == 0 else None)
        self.live = LiveRun(relay, feed, b"{}", self.wishes.settled)
        self.session = FakeSession("A-USD")
        self.session.on_answer = self.live.subscribed
        self.live.begin(self.session, FakeWritten())
        self.answers: list[Answered] = []

    def wish(self, *products: str, number: int = 1, feed: int = 0) -> None:
        wish = Wish(number, feed, [{"channel": "ticker", "products": list(products)}])
        self.wishes.take(wish, self.answers.append)

    async def answered(self, *answers: Answered) -> None:
        await until(lambda: self.answers == list(answers))

    @property
    def products(self) -> list[str]:
        return [product for one in self.session.subscriptions for product in one.products]


def test_what_the_venue_refuses_later_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be asked for again on each connection; what the recorder asked for itself stays."""
    monkeypatch.setattr(wishes_module, "PATIENCE", 0.001)

    async def check() -> None:
        asking = Asking()
        asking.session.accepts = lambda _: None
        asking.wish("B-USD")
        await asking.answered(Answered(1))
        assert asking.products == ["A-USD", "B-USD"]
        for product in ("A-USD", "B-USD"):
            refused = {"missing": [{"channel": "ticker", "products": [product]}]}
            asking.session.told("subscribed", refused)
        asking.live.subscribed()
        await until(lambda: asking.products == ["A-USD"])
        assert asking.live.catalogue.products == {}

    run(check())


def test_what_two_clients_ask_for_is_subscribed_once() -> None:
    async def check() -> None:
        asking = Asking()
        asking.wish("B-USD", number=1)
        asking.wish("B-USD", number=2)
        await asking.answered(Answered(1), Answered(2))
        assert asking.session.subscriptions == [Subscription("ticker", ("A-USD",)), Subscription("ticker", ("B-USD",))]

    run(check())


def test_more_wishes_than_are_carried_out_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wishes_module, "MOST_WAITING", 2)

    async def check() -> None:
        asking = Asking()
        for number in range(3):
            asking.wish(f"{number}-USD", number=number)
        assert asking.answers == [Answered(2, "too much is asked for at once")]
        await asking.answered(Answered(2, "too much is asked for at once"), Answered(0), Answered(1))

    run(check())


def test_what_is_not_being_recorded_is_refused() -> None:
    async def check() -> None:
        asking = Asking()
        asking.wish("B-USD", feed=1)
        asking.live.end()
        asking.wish("B-USD", number=2)
        refused = "the feed is not being recorded at this moment"
        await asking.answered(Answered(1, refused), Answered(2, refused))

    run(check())


def test_a_defect_is_a_refusal_and_ends_nothing() -> None:
    async def check() -> None:
        asking = Asking()
        asking.wishes.take(Wish(1, 0, [{"unknown": 1}]), asking.answers.append)
        await asking.answered(Answered(1, "it cannot be subscribed"))
        asking.wish("B-USD", number=2)
        await until(lambda: asking.answers[1:] == [Answered(2)])

    run(check())


def test_what_waits_at_the_end_is_carried_out_no_more() -> None:
    async def check() -> None:
        asking = Asking()
        asking.session.accepts = lambda _: None
        asking.wish("B-USD")
        await asyncio.sleep(0)
        await asking.wishes.end()
        assert asking.answers == []

    run(check())


def test_what_is_refused_together_is_taken_back_together_and_said_to_be_recorded_of_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One by one, thousands of names that a client made up kept the recorder busy for a minute."""
    caplog.set_level("INFO", "feedrec")

    async def check() -> None:
        asking = Asking()
        asking.session.accepts = lambda product: product == "B-USD"
        gone: list[Subscription] = []
        unsubscribe = asking.session.unsubscribe

        async def noted(channels: Sequence[Subscription]) -> None:
            gone.extend(channels)
            await unsubscribe(channels)

        asking.session.unsubscribe = noted  # type: ignore[method-assign]
        asking.wish("X-USD", "B-USD", "Y-USD")
        await asking.answered(Answered(1, "ticker:X-USD, ticker:Y-USD: the venue refuses it"))
        await until(lambda: gone == [Subscription("ticker", ("X-USD", "Y-USD"))])
        asking.wish("Z-USD", number=2)
        await until(lambda: len(asking.answers) == 2)

    run(check())
    said = [record.getMessage() for record in caplog.records if "from now on" in record.getMessage()]
    assert said == ["a client asks for ticker:B-USD, which is recorded from now on"]


def test_a_wish_for_more_products_than_venues_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wishes_module, "MOST_PRODUCTS", 2)

    async def check() -> None:
        asking = Asking()
        asking.wish("B-USD", "C-USD", "D-USD")
        await asking.answered(Answered(1, "it names more than 2 products"))
        assert asking.products == ["A-USD"]

    run(check())


def test_who_invents_names_of_products_is_refused_after_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recording keeps in mind what was refused; what the venue has not refused is asked for all the same."""
    monkeypatch.setattr(wishes_module, "MOST_REFUSED", 2)

    async def check() -> None:
        asking = Asking()
        asking.session.accepts = lambda product: product == "B-USD"
        for number, name in enumerate(("NO-USD", "NONE-USD", "NEVER-USD", "NO-USD"), 1):
            asking.wish(name, number=number)
        await until(lambda: len(asking.answers) == 4)
        refusals = [answer.refused for answer in asking.answers]
        assert refusals[2] == "the venue has refused so many products already that no more are asked for"
        assert refusals[0] == refusals[3] == "ticker:NO-USD: the venue refuses it"

    run(check())


def test_where_parameters_name_products_only_what_is_not_recorded_is_subscribed_and_taken_back_as_it_was() -> None:
    """CoinMarketCap: a second subscription of a channel counted as there already, and was never asked for."""
    prices = "market@crypto_latest_price"
    subscriptions = [Subscription(prices, (), {"crypto_ids": [one]}) for one in (1, 1027, 99)]
    bitcoin, ether, none = (one.as_dict() for one in subscriptions)

    async def check() -> None:
        asking = Asking(FeedPlan("coinmarketcap"))
        session = asking.session
        session.subscriptions = subscriptions[:1]
        session.told("subscribed", {"accepted": [bitcoin]})
        assert asking.live.catalogue.products == {prices: ["1"]}
        asking.wishes.take(Wish(1, 0, [bitcoin]), asking.answers.append)
        await asking.answered(Answered(1))
        assert session.subscriptions == subscriptions[:1]
        session.says = {"accepted": [ether]}
        asking.wishes.take(Wish(2, 0, [ether]), asking.answers.append)
        await asking.answered(Answered(1), Answered(2))
        assert asking.live.catalogue.products == {prices: ["1", "1027"]}
        session.says = {"missing": [none]}
        asking.wishes.take(Wish(3, 0, [none]), asking.answers.append)
        await asking.answered(Answered(1), Answered(2), Answered(3, f"{prices}:99: the venue refuses it"))
        await until(lambda: session.subscriptions == subscriptions[:2])

    run(check())
