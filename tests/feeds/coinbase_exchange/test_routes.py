"""Coinbase Exchange: which of a client's channels get the recorded frames."""

from __future__ import annotations

from typing import Any

import pytest

from feedrec.feeds.auth import Auth
from feedrec.feeds.coinbase_exchange import FEEDS
from feedrec.feeds.coinbase_exchange.frames import describe
from feedrec.feeds.coinbase_exchange.routes import DESCRIBED, Routes
from feedrec.feeds.venue import Catalogue, FeedServer, Sample

from .test_server import START, ask, begin, data, play, request

FEED = FEEDS["coinbase-exchange"]
OWN = [data("received", sequence=1), data("open", sequence=2), data("match", sequence=3, trade_id=7), data("done")]
"""Frames of `user` without a user_id, "the same as full"."""


def server(catalogue: Catalogue, *requested: str) -> FeedServer:
    sample = Sample((), {channel: ["BTC-USD"] for channel in requested})
    return FEED.as_recorded(sample).server(catalogue, {}, Auth("none", now=lambda: START))


def seen(*payloads: bytes) -> dict[str, set[str]]:
    """Give the catalogue of recorded frames."""
    found: dict[str, set[str]] = {}
    for info in map(describe, payloads):
        found.setdefault(info.channel, set()).update(info.products)
    return found


@pytest.mark.parametrize("products", [(), ("BTC-USD",)])
def test_frames_of_user_that_name_no_user_are_served_as_user(products: tuple[str, ...]) -> None:
    venue = server(seen(*OWN), "user", "heartbeat")
    (ack,) = ask(venue, "user", products=products)
    assert ack["channels"] == [{"name": "user", "product_ids": list(products), "account_ids": None}]
    begin(venue)
    assert play(venue, *OWN, data("open", "ETH-USD")) == OWN + ([] if products else [data("open", "ETH-USD")])


@pytest.mark.parametrize("channel", ["full", "matches"])
def test_and_not_as_what_they_look_like(channel: str) -> None:
    venue = server(seen(*OWN), "user")
    replies = venue.on_message(request("subscribe", channel, products=("BTC-USD",)), START)
    assert any("which the recording lacks" in getattr(reply, "text", "") for reply in replies)
    begin(venue)
    assert play(venue, *OWN) == []


@pytest.mark.parametrize("requested", [(), ("full",), ("user", "full")])
def test_where_full_was_recorded_or_it_is_not_known_they_are_of_full(requested: tuple[str, ...]) -> None:
    venue = server(seen(*OWN), *requested)
    ask(venue, "full", products=("BTC-USD",))
    begin(venue)
    assert play(venue, *OWN) == OWN


def test_a_channel_that_is_not_known_is_served_with_whatever_no_other_accounts_for() -> None:
    news = b'{"type":"margin_call","product_id":"BTC-USD"}'
    book, ticker = data("l2update", changes=[]), data("ticker")
    venue = server(seen(book, ticker) | {"level2_fast": {"BTC-USD"}}, "ticker", "level2_fast")
    (ack,) = ask(venue, "level2_fast", products=("BTC-USD",))
    assert ack["channels"][0]["name"] == "level2_fast"
    assert play(venue, book, ticker, news) == [book, news]
    assert play(venue, data("last_match")) == [data("last_match")]
    ask(venue, "ticker", products=("BTC-USD",))
    begin(venue)
    assert play(venue, ticker) == [ticker]


@pytest.mark.parametrize(("recorded", "asked"), [({""}, ("BTC-USD",)), ({"BTC-USD"}, ()), ({""}, ())])
def test_products_of_a_channel_that_is_not_known_may_be_named_or_not(
    recorded: set[str], asked: tuple[str, ...]
) -> None:
    venue = server({"new": recorded}, "new")
    replies = venue.on_message(request("subscribe", "new", products=asked), START)
    assert [type(reply).__name__ for reply in replies] == ["Send"]


def test_a_channel_that_was_not_requested_is_refused() -> None:
    fields: dict[str, Any] = ask(server({"ticker": ["BTC-USD"]}, "ticker"), "new", products=("BTC-USD",))[0]
    assert fields["reason"] == "new is not a valid channel"


@pytest.mark.parametrize("requested", [("user",), ("new",), ("user", "new", "ticker_batch")])
def test_a_channel_is_served_with_what_only_it_accounts_for(requested: tuple[str, ...]) -> None:
    routes = Routes(requested)
    assert routes.takers.keys() == DESCRIBED
    strays = [name for name, takers in routes.takers.items() if takers != Routes().takers[name]]
    assert strays
    for name in strays:
        assert set(routes.takers[name]) <= {"user", "new"}
        assert all(name in routes.sources(taker) for taker in routes.takers[name])
        assert name not in routes.sources(name)
