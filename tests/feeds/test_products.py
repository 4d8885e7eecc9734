"""Products as venues spell them, as venues list them, and as patterns select them."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.feeds import ProductList, Subscription, endpoint_names, find_feed, subscribe_to
from feedrec.feeds.channel_requests import misspelled, read_channel
from feedrec.feeds.products import choose_products, patterns_in, refuse_patterns, upper_case_product

ADVANCED = find_feed("coinbase-advanced")
LISTED = ProductList(("ETH-USD", "BTC-USD", "BTC-EUR", "SOL-USD"), ("BTC-GBP", "LUNA-USD"))


def ticker(*products: str) -> Subscription:
    return Subscription("ticker", products)


@pytest.mark.parametrize(
    ("product", "name"),
    [
        ("btc-usd", "BTC-USD"),
        ("BTC/USD", "BTC-USD"),
        ("btc_usd", "BTC-USD"),
        ("bit-28jul23-cde", "BIT-28JUL23-CDE"),
        ("BTC-USD", "BTC-USD"),
        ("00-USD", "00-USD"),
    ],
)
def test_products_are_in_capitals_with_dashes(product: str, name: str) -> None:
    assert upper_case_product(product) == name


@pytest.mark.parametrize("product", ["btc", "", "-", "btc-", "btc usd", "bt\u0107-usd", "BTC-*"])
def test_what_is_of_another_form_stays(product: str) -> None:
    assert upper_case_product(product) == product


def test_accounts_are_no_products() -> None:
    account = "d50ec984-77a8-460a-b958-66f114b0de9b"
    wanted = [Subscription("balance", (account,)), Subscription("ticker", ("btc-usd", "ETH-USD"))]
    assert misspelled(find_feed("coinbase-exchange"), wanted) == {"btc-usd": "BTC-USD"}


def test_a_venue_that_does_not_say_how_it_spells_them_has_no_opinion() -> None:
    assert misspelled(find_feed("raw"), [Subscription("a", ("btc-usd",))]) == {}


# Patterns


def test_a_pattern_stands_for_all_that_are_online_in_order_and_each_counts_once() -> None:
    choice = choose_products(ADVANCED, [ticker("BTC-USD", "BTC-*", "*-USD"), Subscription("heartbeats")], LISTED)
    assert choice.subscriptions == [
        ticker("BTC-USD", "BTC-EUR", "ETH-USD", "SOL-USD"),
        Subscription("heartbeats"),
    ]
    assert choice.by_pattern == {"BTC-*": ("BTC-EUR", "BTC-USD"), "*-USD": ("BTC-USD", "ETH-USD", "SOL-USD")}
    assert choice.offline == {"BTC-*": ("BTC-GBP",), "*-USD": ("LUNA-USD",)}
    assert choice.count == 4


@pytest.mark.parametrize(
    ("pattern", "products"),
    [("?TH-USD", ("ETH-USD",)), ("[BS]*-USD", ("BTC-USD", "SOL-USD")), ("[!B]*", ("ETH-USD", "SOL-USD"))],
)
def test_patterns_are_those_of_a_shell(pattern: str, products: tuple[str, ...]) -> None:
    assert choose_products(ADVANCED, [ticker(pattern)], LISTED).by_pattern == {pattern: products}


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("XRP-*", "none of the 4 products of coinbase-advanced that are online matches 'XRP-*'"),
        ("btc-*", "none of the 4 products of coinbase-advanced that are online matches 'btc-*'; did you mean 'BTC-*'?"),
        (
            "LUNA-*",
            "none of the 4 products of coinbase-advanced that are online matches 'LUNA-*': 1 that do are not online",
        ),
    ],
)
def test_a_pattern_that_selects_nothing_is_refused(pattern: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose_products(ADVANCED, [ticker("BTC-*", pattern)], LISTED)
    assert str(caught.value) == text


def test_a_venue_that_lists_nothing_is_named_as_such() -> None:
    with pytest.raises(UsageError, match=r"^coinbase-advanced lists no product that is online, so nothing tells what"):
        choose_products(ADVANCED, [ticker("BTC-*")], ProductList(()))


def test_what_is_named_beside_a_pattern_and_not_listed_is_told() -> None:
    choice = choose_products(ADVANCED, [ticker("*-EUR", "ETH-UDS", "QQQ-XYZ", "LUNA-USD", "sol-usd")], LISTED)
    assert choice.unlisted == {"ETH-UDS": "ETH-USD", "QQQ-XYZ": "", "sol-usd": "SOL-USD"}


@given(
    st.lists(st.text("AB-*?[]!", min_size=1, max_size=5), max_size=4), st.lists(st.text("AB-", min_size=1), unique=True)
)
def test_every_product_was_named_or_matches_a_pattern(asked: list[str], online: list[str]) -> None:
    subscriptions = [ticker(*asked)]
    patterns = patterns_in(subscriptions)
    if not all(any(fnmatch.fnmatchcase(product, pattern) for product in online) for pattern in patterns):
        with pytest.raises(UsageError):
            choose_products(ADVANCED, subscriptions, ProductList(tuple(online)))
        return
    (chosen,) = choose_products(ADVANCED, subscriptions, ProductList(tuple(online))).subscriptions
    matching = {product for product in online for pattern in patterns if fnmatch.fnmatchcase(product, pattern)}
    assert set(chosen.products) == matching | ({*asked} - {*patterns})
    assert len(set(chosen.products)) == len(chosen.products)


def test_endpoints_that_do_not_list_their_products_refuse_patterns() -> None:
    with_list = {name for name in endpoint_names() if find_feed(name).product_channel}
    assert {name for name in with_list if not name.startswith("coinbase-exchange")} == {"coinbase-advanced"}
    user = find_feed("coinbase-advanced-user")
    with pytest.raises(UsageError, match="has no channel that lists its products, so nothing tells what 'BTC-\\*'"):
        refuse_patterns(user, [Subscription("user", ("BTC-*",))])
    refuse_patterns(user, [Subscription("user", ("BTC-USD",))])
    refuse_patterns(ADVANCED, [ticker("BTC-*")])


def test_the_channel_that_lists_products_is_one_of_the_endpoint() -> None:
    for name in endpoint_names():
        feed = find_feed(name)
        assert feed.product_channel is None or feed.product_channel in feed.channels


def test_a_channel_may_have_patterns_of_its_own() -> None:
    assert read_channel("ticker:BT?-USD,E*") == ("ticker", ("BT?-USD", "E*"), "")
    assert read_channel("kline?address=0x:1&interval=1m") == ("kline", (), "address=0x:1&interval=1m")
    assert read_channel("book:A?depth=5") == ("book", ("A",), "depth=5")
    assert subscribe_to(ADVANCED, [read_channel("ticker:B?C-*")], (), heartbeats=False) == [ticker("B?C-*")]


# Lists


ADVANCED_STATUS = (
    b'{"channel":"status","client_id":"","timestamp":"2023-02-09T20:29:49.753424311Z","sequence_num":0,"events":[{'
    b'"type":"%s","products":[{"product_type":"SPOT","id":"BTC-USD","base_currency":"BTC","quote_currency":"USD",'
    b'"base_increment":"0.00000001","quote_increment":"0.01","display_name":"BTC/USD","status":"online",'
    b'"status_message":"","min_market_funds":"1"},{"id":"OLD-USD","status":"delisted"},{"id":"NEW-USD"},{}]}]}'
)
"""As "Advanced Trade WebSocket Channels" has it."""


def test_advanced_trade_lists_its_products_in_the_snapshot_of_status() -> None:
    assert ADVANCED.listed_products(ADVANCED_STATUS % b"snapshot") == ProductList(("BTC-USD", "NEW-USD"), ("OLD-USD",))
    assert ADVANCED.listed_products(ADVANCED_STATUS % b"update") is None


def test_exchange_lists_its_products_in_each_frame_of_status() -> None:
    products = b'[{"id":"BTC-USD","status":"online"},{"id":"X","status":"internal"}]'
    frame = b'{"type":"status","currencies":[],"products":%s}' % products
    feed = find_feed("coinbase-exchange")
    assert feed.listed_products(frame) == ProductList(("BTC-USD",), ("X",))


@pytest.mark.parametrize("name", ["coinbase-advanced", "coinbase-exchange"])
@pytest.mark.parametrize("frame", [b"", b"[]", b'{"events":7}', b'{"products":{}}', b'{"type":"error"}', b"\xff"])
def test_other_frames_list_nothing(name: str, frame: bytes) -> None:
    assert find_feed(name).listed_products(frame) is None
