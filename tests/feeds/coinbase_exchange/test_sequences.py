"""Coinbase Exchange: which frames are missing, by the numbers of those that came."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import Gap, Reset
from feedrec.feeds.coinbase_exchange.frames import TradeInfo
from feedrec.feeds.coinbase_exchange.sequences import ExchangeSequence
from feedrec.model import FrameInfo, Kind


def full(number: int, product: str = "BTC-USD") -> FrameInfo:
    return FrameInfo("full", (product,), number, "update")


def own(number: int) -> FrameInfo:
    return FrameInfo("user", ("BTC-USD",), number, "update")


def level3(number: int, product: str = "BTC-USD") -> FrameInfo:
    return FrameInfo("level3", (product,), number, "update")


def match(trade: int, product: str = "BTC-USD", *, number: int = 1, kind: Kind = "update") -> FrameInfo:
    return TradeInfo("matches", (product,), number, kind, trade_id=trade)


def last_match(trade: int, product: str = "BTC-USD") -> FrameInfo:
    return match(trade, product, kind="snapshot")


def beat(trade: int, product: str = "BTC-USD") -> FrameInfo:
    return TradeInfo("heartbeat", (product,), 1, "heartbeat", trade_id=trade)


def gaps(*infos: FrameInfo, rule: ExchangeSequence | None = None) -> list[Gap | Reset]:
    rule = rule or ExchangeSequence()
    return [gap for info in infos if (gap := rule.observe(info)) is not None]


def test_full_is_contiguous_for_each_product_and_begins_anywhere() -> None:
    assert gaps(full(7), full(100, "ETH-USD"), full(8), full(101, "ETH-USD"), full(9)) == []
    assert gaps(full(7), full(100, "ETH-USD"), full(10), full(101, "ETH-USD")) == [Gap(8, 10)]


def test_rows_of_level3_are_contiguous_apart_from_full() -> None:
    assert gaps(level3(5), full(9), level3(6), full(10), level3(8)) == [Gap(7, 8)]


def test_ticker_numbers_and_those_of_heartbeats_reveal_nothing() -> None:
    ticker = [TradeInfo("ticker", ("BTC-USD",), number, "update", trade_id=number) for number in (3, 90, 1000)]
    assert gaps(*ticker, FrameInfo("heartbeat", ("BTC-USD",), 5000, "heartbeat")) == []


def test_a_match_is_no_hole_in_full() -> None:
    assert gaps(full(1), match(1, number=2), full(3), own(4), full(5)) == []


def test_a_match_that_comes_by_matches_and_by_full_is_none_either() -> None:
    assert gaps(full(1), match(1, number=4), full(2), full(3), full(5)) == []


def test_a_hole_beside_a_match_is_as_long_as_it_is() -> None:
    assert gaps(full(5), match(1, number=8), full(9)) == [Gap(6, 8)]


def test_trades_are_contiguous_from_the_last_match_on() -> None:
    assert gaps(last_match(10), match(11), match(12)) == []
    assert gaps(last_match(10), match(12)) == [Gap(11, 12)]


def test_trades_without_a_last_match_begin_with_the_first() -> None:
    assert gaps(match(40), match(41), match(43)) == [Gap(42, 43)]


def test_an_own_match_that_full_describes_apart_is_no_missing_trade() -> None:
    assert gaps(match(40), TradeInfo("user", ("BTC-USD",), 9, "update", trade_id=41), match(42)) == []


def test_what_a_heartbeat_promised_is_missing_if_it_is_not_there_at_the_next() -> None:
    assert gaps(last_match(10), beat(12)) == []
    assert gaps(last_match(10), beat(12), beat(12)) == [Gap(11, 13)]
    assert gaps(last_match(10), match(11), beat(12), beat(13), beat(13), match(14)) == [Gap(12, 13), Gap(13, 14)]


def test_a_match_a_little_behind_its_heartbeat_is_not_missing() -> None:
    assert gaps(last_match(10), beat(11), match(11), beat(11), beat(12), match(12), beat(12)) == []


def test_heartbeats_reveal_nothing_without_matches() -> None:
    assert gaps(beat(5), beat(9), beat(9)) == []


def test_what_is_not_subscribed_is_not_followed() -> None:
    rule = ExchangeSequence(follows_full=False, follows_matches=False)
    assert gaps(full(1), full(9), match(1), match(9), rule=rule) == []


def test_a_lower_number_is_out_of_order_and_no_gap() -> None:
    rule = ExchangeSequence()
    assert gaps(full(5), full(6), full(4), full(7), rule=rule) == []
    assert rule.out_of_order == 1


def test_matches_that_go_on_when_full_was_left_are_forgotten() -> None:
    rule = ExchangeSequence()
    rule.observe(full(1))
    assert gaps(*(match(number, number=2 * number + 10) for number in range(10_001)), rule=rule) == []
    assert gaps(full(1_000_000), full(1_000_001), rule=rule) == []


PRODUCTS = ("BTC-USD", "ETH-USD")


@given(st.data())
def test_the_gaps_of_full_are_what_was_dropped(data: st.DataObject) -> None:
    """The model: runs of dropped numbers between two that came, where the later one is no match."""
    frames = [
        (product, number, data.draw(st.sampled_from(["full", "full", "match", "own"])))
        for product in PRODUCTS
        for number in range(1, data.draw(st.integers(1, 25)))
    ]
    order = data.draw(st.permutations(PRODUCTS))
    frames.sort(key=lambda frame: (frame[1], order.index(frame[0])))
    kept = [frame for frame in frames if data.draw(st.integers(0, 3))]
    found: dict[str, set[int]] = {product: set() for product in PRODUCTS}
    rule = ExchangeSequence(follows_matches=False)
    for product, number, kind in kept:
        info = {
            "full": FrameInfo("full", (product,), number, "update"),
            "match": TradeInfo("matches", (product,), number, "update", trade_id=number),
            "own": FrameInfo("user", (product,), number, "update"),
        }[kind]
        gap = rule.observe(info)
        if gap is not None:
            found[product] |= set(range(gap.expected, gap.received))
    for product in PRODUCTS:
        came = {number: kind for one, number, kind in kept if one == product}
        fulls = [number for number, kind in came.items() if kind == "full"]
        missing = {number for number in range(min(fulls), max(fulls)) if number not in came} if fulls else set()
        # Two holes with a match between them are told as one gap.
        assert missing <= found[product]
        assert found[product] <= missing | {number for number, kind in came.items() if kind != "full"}


@given(st.lists(st.booleans(), min_size=1), st.integers(0, 3))
def test_every_trade_that_did_not_come_is_told_once(came: list[bool], seconds: int) -> None:
    """The model: trades 1, 2, ... after a last_match of 0; a heartbeat after every few; two heartbeats at the end."""
    rule = ExchangeSequence()
    missing: list[int] = []
    infos = [last_match(0)]
    for trade, has_come in enumerate(came, 1):
        infos += [match(trade)] if has_come else []
        infos += [beat(trade)] if seconds and not trade % seconds else []
    infos += [beat(len(came))] * 2
    for info in infos:
        gap = rule.observe(info)
        missing += range(gap.expected, gap.received) if gap is not None else ()
    assert missing == [trade for trade, has_come in enumerate(came, 1) if not has_come]
    assert rule.out_of_order == 0


def test_each_count_of_a_product_may_begin_anew() -> None:
    """The gaps after it are told, of this product and of no other one."""
    assert gaps(full(7), full(8), full(50, "ETH-USD"), full(1), full(2), full(51, "ETH-USD"), full(4)) == [
        Reset(9, 1),
        Gap(3, 4),
    ]
    assert gaps(level3(7), level3(1), level3(2), level3(4)) == [Reset(8, 1), Gap(3, 4)]
    assert gaps(match(90), match(1), match(2), match(4)) == [Reset(91, 1), Gap(3, 4)]


def test_an_odd_number_blinds_no_count() -> None:
    odd = 2**64 - 1
    assert gaps(full(1), full(odd), full(2), full(4)) == [Gap(3, 4)]
    assert gaps(last_match(odd), match(5), match(6), match(8)) == [Reset(odd + 1, 5), Gap(7, 8)]
    assert gaps(match(4), beat(odd), beat(odd), match(5), beat(6), beat(6)) == [Gap(6, 7)]


def test_what_a_heartbeat_promised_of_the_count_before_is_not_missing_in_the_new_one() -> None:
    assert gaps(match(1000), beat(1001), match(1), match(2), beat(2), match(3), beat(3), beat(3)) == [Reset(1001, 1)]


def test_own_frames_count_in_a_count_that_begins_anew() -> None:
    """One of them stands between the first two frames of the new count, and others further on."""
    assert gaps(full(70), full(1), own(2), full(3), own(4), full(5), full(7)) == [Reset(71, 1), Gap(6, 7)]


def test_frames_out_of_order_stay_counted_after_an_ack() -> None:
    rule = ExchangeSequence()
    ack = FrameInfo("subscriptions", (), None, "ack")
    assert (
        gaps(full(7), full(3), full(8), match(5), match(5), match(6), ack, full(1), full(1), full(2), rule=rule) == []
    )
    assert rule.out_of_order == 3
