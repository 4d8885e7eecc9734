"""Parameters of CoinMarketCap's channels, as a person writes them and as products are told apart by them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.feeds.coinmarketcap.channels import PARAMS, Param, identity, products_of
from feedrec.feeds.coinmarketcap.params import check_params, parse_params

PRICES = "market@crypto_latest_price"
KLINE = "onchain@kline"
ADDRESS = "0x8ac76a51cc950d9822d68b83fe1ad97b32cd580d"
ON_CHAIN = {"platform_id": 14, "address": [ADDRESS]}

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "number": st.integers(1, 2**53),
    "numbers": st.lists(st.integers(1, 2**53), min_size=1, max_size=4, unique=True),
    "addresses": st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters=",", exclude_categories=("Z", "C")), min_size=1),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    "interval": st.builds("{}{}".format, st.integers(1, 9999), st.sampled_from("smhdwM")),
    "text": st.sampled_from(["full", "a&b=c", "50%"]),
}


def values_of(param: Param) -> st.SearchStrategy[Any]:
    return st.sampled_from(["1s", "90m", "24h", "1d"]) if param.is_at_most_a_day else VALUES[param.kind]


def params_of(channel: str) -> st.SearchStrategy[dict[str, Any]]:
    """Give any parameters that a channel takes, with and without those that it does not need."""
    params = PARAMS[channel]
    needed = {param.name: values_of(param) for param in params if param.is_required}
    return st.fixed_dictionaries(
        needed, optional={param.name: values_of(param) for param in params if not param.is_required}
    )


def written(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


@given(st.data())
def test_what_is_written_as_a_query_is_read_again(data: st.DataObject) -> None:
    channel = data.draw(st.sampled_from(sorted(PARAMS)))
    params = data.draw(params_of(channel))
    assert parse_params(channel, urlencode({name: written(value) for name, value in params.items()})) == params


@given(st.sampled_from(sorted(PARAMS)), st.text())
def test_any_other_query_is_an_error_of_one_line(channel: str, query: str) -> None:
    said = f"{channel} "
    try:
        check_params(channel, parse_params(channel, query))
    except UsageError as error:
        said = str(error)
    assert f"{channel} " in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("channel", "query", "params"),
    [
        (PRICES, "crypto_ids=1,1027", {"crypto_ids": [1, 1027]}),
        (PRICES, "crypto_ids=1&crypto_ids=1027,1", {"crypto_ids": [1, 1027]}),
        (PRICES, "crypto_ids=1&mode=full", {"crypto_ids": [1], "mode": "full"}),
        ("onchain@token_agg_event", f"platform_id=14&address={ADDRESS}", ON_CHAIN),
        ("onchain@transaction", f"platform_id=14&address={ADDRESS}", ON_CHAIN),
        ("onchain@liquidity_event", f"platform_id=14&address={ADDRESS}", ON_CHAIN),
        (KLINE, f"platform_id=14&address={ADDRESS}&interval=1m", ON_CHAIN | {"interval": "1m"}),
        ("onchain@token_metric", f"platform_id=14&address={ADDRESS}", ON_CHAIN),
        ("onchain@pool_metric", "platform_id=16&pool_address=DJp,6p6", {"platform_id": 16}
         | {"pool_address": ["DJp", "6p6"]}),
        ("onchain@unique_trader", f"platform_id=14&address={ADDRESS}&interval=1d", ON_CHAIN | {"interval": "1d"}),
        ("onchain@holders_metrics", f"platform_id=14&address={ADDRESS}", ON_CHAIN),
        ("onchain@holder_wallet_update", "platform_id=16&wallet_address=6p6", {"platform_id": 16}
         | {"wallet_address": ["6p6"]}),
    ],
)  # fmt: skip
def test_each_channel_of_the_index_takes_its_parameters(channel: str, query: str, params: dict[str, Any]) -> None:
    assert parse_params(channel, query) == params


USAGE = (
    "it takes platform_id (a number), address (comma-separated addresses), interval (a time such as 1m): "
    f"-c 'onchain@kline?platform_id=14&address={ADDRESS}&interval=1m'"
)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", f"onchain@kline needs platform_id and address and interval; {USAGE}"),
        ("platform_id=14&interval=1m", f"onchain@kline needs address; {USAGE}"),
        ("platform=14", f"onchain@kline has no parameter 'platform'; did you mean 'platform_id'?; {USAGE}"),
        ("platform_id=bsc&address=0x1&interval=1m", f"platform_id of onchain@kline must be a number from 1; {USAGE}"),
        ("platform_id=0&address=0x1&interval=1m", f"platform_id of onchain@kline must be a number from 1; {USAGE}"),
        ("platform_id=14&address=&interval=1m", f"address of onchain@kline must be addresses; {USAGE}"),
        (
            "platform_id=14&address=0x1&interval=soon",
            f"interval of onchain@kline must be a time such as 1s, 5m, 1h or 1d; {USAGE}",
        ),
        ("interval=1m&interval=5m", f"interval of onchain@kline is given twice, but takes only one value; {USAGE}"),
        ("platform_id", f"the parameters of onchain@kline are written NAME=VALUE&NAME=VALUE; {USAGE}"),
    ],
)
def test_what_a_channel_does_not_take_is_refused_with_what_it_takes(query: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_params(KLINE, query)
    assert str(caught.value) == message


@pytest.mark.parametrize("interval", ["1d", "24h", "1440m", "9999s", "1s"])
def test_unique_traders_are_counted_over_a_day_at_most(interval: str) -> None:
    """The document says so of this channel alone."""
    query = f"platform_id=14&address={ADDRESS}&interval={interval}"
    assert parse_params("onchain@unique_trader", query)["interval"] == interval


@pytest.mark.parametrize("interval", ["2d", "25h", "1441m", "1w", "1M"])
def test_unique_traders_over_more_than_a_day_are_refused(interval: str) -> None:
    query = f"platform_id=14&address={ADDRESS}&interval={interval}"
    assert parse_params(KLINE, query)["interval"] == interval
    with pytest.raises(UsageError, match=r"interval of onchain@unique_trader must be a time of at most 1d; it takes"):
        parse_params("onchain@unique_trader", query)


def test_an_unknown_channel_has_no_parameters() -> None:
    with pytest.raises(UsageError, match=r"no channel 'onchain@klines'; did you mean 'onchain@kline'\?"):
        parse_params("onchain@klines", "")


# Products


@pytest.mark.parametrize(
    ("channel", "params", "products"),
    [
        (PRICES, {"crypto_ids": 1}, ("1",)),
        (PRICES, {"crypto_ids": [1, 1027, 1], "mode": "full"}, ("1", "1027")),
        (KLINE, {"platform_id": 14, "address": "0xAb", "interval": "1m"}, ("14:0xab:1m",)),
        (KLINE, {"platform_id": 14, "address": ["0xa", "0xb"], "interval": "1m"}, ("14:0xa:1m", "14:0xb:1m")),
        (KLINE, {"platform_id": 14, "address": "0xa"}, ()),
        ("onchain@pool_metric", {"platform_id": 16, "pool_address": "DJpd"}, ("16:DJpd",)),
        (PRICES, {"crypto_ids": True}, ()),
        (PRICES, {"crypto_ids": {"a": 1}}, ()),
        ("onchain@new", {"platform_id": 16}, ()),
    ],
)
def test_products_are_told_by_the_parameters(channel: str, params: dict[str, Any], products: tuple[str, ...]) -> None:
    assert products_of(channel, params) == products


@pytest.mark.parametrize(
    ("one", "other", "distinct"),
    [
        ({"crypto_ids": [1, 1027]}, {"crypto_ids": [1027, 1, 1]}, 1),
        ({"crypto_ids": 1}, {"crypto_ids": [1]}, 1),
        ({"crypto_ids": [1]}, {"crypto_ids": [1, 1027]}, 2),
        ({"crypto_ids": [1]}, {"crypto_ids": [1], "mode": "full"}, 2),
    ],
)
def test_duplicates_are_told_by_normalized_parameters(one: dict[str, Any], other: Any, distinct: int) -> None:
    assert len({identity(PRICES, one), identity(PRICES, other)}) == distinct


def test_a_hexadecimal_address_counts_the_same_in_capitals_but_no_other_does() -> None:
    def same(one: str, other: str) -> bool:
        return identity(KLINE, {"address": one}) == identity(KLINE, {"address": other})

    assert same("0xABC", "0xabc")
    assert not same("DJpd", "djpd")


def test_what_must_be_there_comes_in_the_documented_order() -> None:
    assert [param.name for param in PARAMS[KLINE]] == ["platform_id", "address", "interval"]
    assert PARAMS[PRICES] == (
        Param("crypto_ids", "numbers", "1,1027"),
        Param("mode", "text", "full", is_required=False),
    )
