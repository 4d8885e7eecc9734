"""Candles made of trades: exact, each trade once, buckets without trades left out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedrec.feeds.rest.candles import Candle, Candles, Trade, candles_of, plain_text
from feedrec.model import NANOSECONDS

SECOND = NANOSECONDS

numbers = st.builds(
    lambda digits, places: f"{Decimal(digits).scaleb(-places):f}", st.integers(0, 10**20), st.integers(0, 18)
)


@st.composite
def trades(draw: st.DrawFn) -> list[Trade]:
    """Trades of distinct ids, some of them several times, in any order."""
    times = draw(
        st.lists(st.integers(0, 200 * SECOND) | st.integers(0, 200).map(lambda one: one * SECOND), max_size=25)
    )
    made = [Trade(number, time, draw(numbers), draw(numbers)) for number, time in enumerate(times)]
    again = draw(st.lists(st.sampled_from(made), max_size=8)) if made else []
    return draw(st.permutations(made + again))


def oracle(made: list[Trade], length: int, start: int, end: int) -> list[Candle]:
    """Return the same in the simplest way."""
    buckets: dict[int, dict[int, Trade]] = {}
    for trade in made:
        bucket = trade.time // SECOND // length * length
        if start // length * length <= bucket <= end:
            buckets.setdefault(bucket, {})[trade.id] = trade
    candles = []
    for bucket in sorted(buckets):
        ordered = sorted(buckets[bucket].values(), key=lambda one: (one.time, one.id))
        prices = [Decimal(one.price) for one in ordered]
        with localcontext(prec=100):
            volume = sum((Decimal(one.size) for one in ordered), Decimal(0))
        told = (min(prices), max(prices), prices[0], prices[-1], volume)
        candles.append(Candle(bucket, *map(plain_text, told)))
    return candles


@given(trades(), st.integers(1, 90), st.integers(0, 200), st.integers(0, 200))
@example([Trade(2, SECOND, "2", "1"), Trade(1, SECOND, "1", "1")], 60, 0, 60)
def test_candles_are_those_of_the_simple_way(made: list[Trade], length: int, start: int, end: int) -> None:
    assert candles_of(made, length, start, end) == oracle(made, length, start, end)


def test_a_sum_that_floats_do_not_have_is_exact() -> None:
    """The venue's own volumes show that it adds floats: 14.697630010000001 (coinbase-pro-node #204)."""
    sizes = ["0.1", "0.2", "12345678901234567890.00000001"]
    [candle] = candles_of([Trade(number, 0, "1", size) for number, size in enumerate(sizes)], 60, 0, 0)
    assert candle.volume == "12345678901234567890.30000001"


def test_a_bucket_without_trades_has_no_candle() -> None:
    made = [Trade(1, 0, "10", "1"), Trade(2, 180 * SECOND, "11", "1")]
    assert [one.start for one in candles_of(made, 60, 0, 300)] == [0, 180]


def test_a_trade_that_comes_late_changes_its_bucket_and_no_other() -> None:
    candles = Candles(60, 0, 120)
    candles.add_all([Trade(2, 10 * SECOND, "10.00", "1"), Trade(3, 70 * SECOND, "12.50", "1")])
    candles.add_all([Trade(1, 5 * SECOND, "9", "0.50"), Trade(2, 10 * SECOND, "10.00", "1")])
    assert candles.candles() == [
        Candle(0, low="9", high="10", open="9", close="10", volume="1.5"),
        Candle(60, low="12.5", high="12.5", open="12.5", close="12.5", volume="1"),
    ]


@pytest.mark.parametrize("text", ["", ".", "-1", "1e5", "NaN", "Infinity", "1.2.3", "½", "٣", " 1", "9" * 51])
def test_what_is_not_a_plain_number_counts_nowhere(text: str) -> None:
    made = [Trade(1, 0, text, "1"), Trade(2, 0, "5", text), Trade(3, 0, "7", "1")]
    assert candles_of(made, 60, 0, 0) == [Candle(0, "7", "7", "7", "7", "1")]


def test_what_is_kept_does_not_grow_with_the_trades_of_a_bucket() -> None:
    def many(count: int) -> Iterator[Trade]:
        return (Trade(number, number, "5", "1") for number in range(count))

    candles = Candles(86_400, 0, 86_400)
    candles.add_all(many(20_000))
    assert (len(candles._buckets), len(candles._seen)) == (1, 1)
    assert candles.candles()[0].volume == "20000"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8))
def test_plain_text_has_the_same_value_and_nothing_to_spare(number: Decimal) -> None:
    text = plain_text(number)
    assert Fraction(text) == Fraction(number)
    assert "E" not in text
    assert "." not in text or text[-1] not in "0."
