"""Pages of trades: the newest first, each once, with the venue's cursors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.rest import GUESSED
from feedrec.http_messages import HttpRequest
from feedrec.model import NANOSECONDS

from .asking import NOW, REST, ago, ask, frame, market, match, ticker, told

MANY = [match(number, seconds_ago=500 - number) for number in range(1, 401)]


def numbers(answer: Any) -> list[int]:
    return [trade["trade_id"] for trade in answer]


def test_trades_are_answered_key_for_key_as_the_venue_writes_them() -> None:
    frames = (match(1, kind="last_match"), match(2, side="buy", price="70000.12345678901", size="0.00000001"))
    assert ask("/products/BTC-USD/trades", market(*frames)).body == (
        b'[{"trade_id":2,"side":"buy","size":"0.00000001","price":"70000.12345678901","time":"%b"},'
        b'{"trade_id":1,"side":"sell","size":"1","price":"100.00000000","time":"%b"}]'
    ) % (ago(1).encode(), ago(1).encode())


@given(
    limit=st.none() | st.integers(1, 450),
    before=st.none() | st.integers(0, 420),
    after=st.none() | st.integers(0, 420),
)
def test_a_page_is_the_newest_trades_between_the_cursors(
    *, limit: int | None, before: int | None, after: int | None
) -> None:
    given_ones = {"limit": limit, "before": before, "after": after}
    query = "&".join(f"{name}={value}" for name, value in given_ones.items() if value is not None)
    answer = ask(f"/products/BTC-USD/trades?{query}", market(*MANY, *MANY[::7]))
    newest_first = range(400, 0, -1)
    chosen = [one for one in newest_first if one > (before or 0) and (after is None or one < after)][: limit or 1000]
    assert numbers(json.loads(answer.body)) == chosen
    ends = {"cb-before": str(chosen[0]), "cb-after": str(chosen[-1])} if chosen else {}
    assert dict(answer.headers) == ends


def test_going_on_after_each_page_shows_all_of_them_once() -> None:
    seen: list[int] = []
    query = ""
    while True:
        answer = ask(f"/products/BTC-USD/trades?limit=150{query}", market(*MANY))
        seen += numbers(json.loads(answer.body))
        if "cb-after" not in dict(answer.headers):
            break
        query = f"&after={dict(answer.headers)['cb-after']}"
    assert seen == list(range(400, 0, -1))


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=-1", "before=x", "after=1.5"])
def test_what_is_no_number_is_refused(query: str) -> None:
    assert ask(f"/products/BTC-USD/trades?{query}", market(*MANY)).status == 400


def test_a_page_has_at_most_a_thousand() -> None:
    recorded = market(*[match(number) for number in range(1, 1102)])
    assert numbers(told("/products/BTC-USD/trades?limit=5000", recorded)) == list(range(1101, 101, -1))


def test_the_last_trades_are_looked_for_from_the_present_back() -> None:
    """Of a recording of a day, a page takes a look at its last minute, if that has enough."""
    day = [match(number, seconds_ago=86_400 - 60 * number) for number in range(1440)]
    recorded = market(*day)
    assert numbers(told("/products/BTC-USD/trades?limit=2", recorded)) == [1439, 1438]
    assert [since for _, _, since in recorded.asked] == [NOW - 120 * NANOSECONDS]
    assert len(told("/products/BTC-USD/trades", recorded)) == 1000


def test_what_came_after_a_known_trade_is_looked_for_no_further_back_than_that_trade() -> None:
    recorded = market(*[match(number, seconds_ago=2 * (1000 - number)) for number in range(1000)])
    assert numbers(told("/products/BTC-USD/trades?before=990", recorded)) == list(range(999, 990, -1))
    assert len(recorded.asked) == 1


def test_where_no_match_is_recorded_tickers_tell_trades_with_the_side_of_the_maker() -> None:
    recorded = market(ticker(trade_id=5, side="buy", last_size="2", price="10"))
    assert told("/products/BTC-USD/trades", recorded) == [
        {"trade_id": 5, "side": "sell", "size": "2", "price": "10.00000000", "time": ago(2)}
    ]
    assert dict(ask("/products/BTC-USD/trades", recorded).headers) == {
        "cb-before": "5",
        "cb-after": "5",
        GUESSED: "trades by tickers, which may lack some",
    }


def test_matches_of_full_are_trades_and_its_other_frames_are_not() -> None:
    done = frame("done", order_id="a", price="1", side="sell", reason="filled", sequence=3, time=ago(1))
    assert numbers(told("/products/BTC-USD/trades", market(match(4), done))) == [4]


def test_before_any_trade_is_played_there_is_the_one_that_comes_first() -> None:
    beginning = market(coming=[match(8), match(9)])
    assert numbers(told("/products/BTC-USD/trades", beginning)) == [8]
    assert told("/products/BTC-USD/trades?after=8", beginning) == []


def test_of_a_product_without_trades_nothing_is_told() -> None:
    assert REST.answer(HttpRequest("GET", "/products/ETH-USD/trades"), market(*MANY)) is None


@pytest.mark.parametrize("odd", [{"time": "yesterday"}, {"trade_id": None}, {"price": ""}])
def test_a_frame_that_is_no_trade_is_none(odd: dict[str, Any]) -> None:
    assert numbers(told("/products/BTC-USD/trades", market(match(3), match(4, **odd)))) == [3]
