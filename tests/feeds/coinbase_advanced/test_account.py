"""The private channels of Advanced Trade: what of an account is known, and what of it a client gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.coinbase_advanced import FEED, USER_FEED
from feedrec.feeds.coinbase_advanced.account import BATCH, OrderFilter, change_account, is_full_batch
from feedrec.feeds.coinbase_advanced.state import MarketState
from feedrec.feeds.state.keyed_state import Value
from feedrec.feeds.venue import Key
from feedrec.model import FrameInfo, parse_time

from ...shared import SHARED

SAMPLES = SHARED / "samples" / "user_frames"
NOW = parse_time("2026-09-30T02:37:14.5Z")
POSITIONS: dict[str, list[Any]] = {"perpetual_futures_positions": [], "expiring_futures_positions": []}
ENDED = ("FILLED", "CANCELLED", "EXPIRED", "FAILED")
PRODUCTS = ("BTC-USD", "ETH-USD", "SOL-USD")


def order(number: int, status: str = "OPEN", product: str = "BTC-USD", filled: str = "0") -> dict[str, str]:
    return {"order_id": f"order-{number}", "cumulative_quantity": filled, "status": status, "product_id": product}


def user(kind: str, *orders: dict[str, str], sequence: int = 0, **more: Any) -> bytes:
    event = {"type": kind, "orders": list(orders), **more}
    return frame("user", event, sequence)


def frame(channel: str, event: dict[str, Any], sequence: int = 0) -> bytes:
    fields = {"channel": channel, "client_id": "", "timestamp": "2026-09-30T02:37:14.089808906Z"}
    return json.dumps({**fields, "sequence_num": sequence, "events": [event]}, separators=(",", ":")).encode()


def balance(kind: str, power: str) -> bytes:
    return frame("futures_balance_summary", {"type": kind, "fcm_balance_summary": {"futures_buying_power": power}})


def feed(state: MarketState, *payloads: bytes) -> MarketState:
    for payload in payloads:
        state.apply(FEED.describe(payload), payload)
    return state


def render(state: MarketState, channel: str = "user") -> Any:
    payload = state.snapshot(channel, "", NOW)
    assert payload is not None
    return json.loads(payload)


def open_orders(state: MarketState) -> list[dict[str, str]]:
    (event,) = render(state)["events"]
    assert event["type"] == "snapshot"
    orders: list[dict[str, str]] = event["orders"]
    return orders


def orders_of(payload: bytes) -> list[dict[str, str]]:
    orders: list[dict[str, str]] = json.loads(payload)["events"][0]["orders"]
    return orders


# What a frame is.


@pytest.mark.parametrize("kind", ["snapshot", "update"])
def test_a_frame_of_orders_is_told_by_their_products(kind: Any) -> None:
    payload = user(kind, order(1), order(2, product="ETH-USD"), order(3), sequence=4, positions=POSITIONS)
    assert USER_FEED.describe(payload) == FrameInfo("user", ("BTC-USD", "ETH-USD"), 4, kind, parses=True)


def test_a_frame_of_balances_has_no_product() -> None:
    described = USER_FEED.describe(balance("snapshot", "1"))
    assert described == FrameInfo("futures_balance_summary", (), 0, "snapshot", parses=True)


# The state.


def test_a_snapshot_of_orders_is_written_as_the_venue_writes_it() -> None:
    recorded = user("snapshot", order(1), order(2), positions=POSITIONS)
    made = feed(MarketState(), recorded).snapshot("user", "", NOW)
    assert made == recorded.replace(b"14.089808906Z", b"14.5Z")


def test_without_orders_the_snapshot_has_an_empty_list() -> None:
    recorded = user("snapshot", positions=POSITIONS)
    made = feed(MarketState(), recorded).snapshot("user", "", NOW)
    assert made == recorded.replace(b"14.089808906Z", b"14.5Z")


def test_updates_change_orders_in_their_place_and_end_them() -> None:
    state = feed(
        MarketState(),
        user("snapshot", order(1), order(2), order(3)),
        user("update", order(2, filled="0.5"), sequence=1),
        user("update", order(1, "FILLED"), sequence=2),
        user("update", order(4, "PENDING"), sequence=3),
    )
    assert open_orders(state) == [order(2, filled="0.5"), order(3), order(4, "PENDING")]


def test_positions_are_the_last_ones_that_came() -> None:
    later = {"perpetual_futures_positions": [{"product_id": "BTC-PERP-INTX"}]}
    state = feed(MarketState(), user("snapshot", positions=POSITIONS), user("update", order(1), positions=later))
    assert render(feed(state, user("update", order(1))))["events"][0]["positions"] == later


def test_batches_of_fifty_are_one_snapshot() -> None:
    orders = [order(number) for number in range(2 * BATCH + 9)]
    batches = [orders[:BATCH], orders[BATCH : 2 * BATCH], orders[2 * BATCH :]]
    payloads = [user("snapshot", *batch, sequence=number) for number, batch in enumerate(batches)]
    assert open_orders(feed(MarketState(), *payloads)) == orders


@pytest.mark.parametrize("count", [0, 1, BATCH - 1])
def test_a_snapshot_behind_the_last_batch_begins_anew(count: int) -> None:
    state = feed(MarketState(), user("snapshot", *map(order, range(count)), sequence=0))
    assert open_orders(feed(state, user("snapshot", order(99), sequence=1))) == [order(99)]


def test_a_snapshot_of_a_new_connection_begins_anew_though_the_last_batch_never_came() -> None:
    state = feed(MarketState(), user("snapshot", *map(order, range(BATCH)), sequence=3))
    assert open_orders(feed(state, user("snapshot", order(99), sequence=0))) == [order(99)]


def test_updates_alone_do_not_tell_what_is_open() -> None:
    state = feed(MarketState(), user("update", order(1)))
    assert state.snapshot("user", "", NOW) is None
    assert state.keys() == []


def test_of_balances_the_last_frame_tells_all() -> None:
    state = feed(MarketState(), balance("snapshot", "100.00"), balance("update", "200.00"))
    made = state.snapshot("futures_balance_summary", "", NOW)
    assert made == balance("snapshot", "200.00").replace(b"14.089808906Z", b"14.5Z")


def test_only_what_is_wanted_is_kept() -> None:
    frames = (user("snapshot", order(1)), balance("snapshot", "1"))
    assert feed(MarketState([("user", "")]), *frames).keys() == [("user", "")]
    assert feed(MarketState([("ticker", "BTC-USD")]), *frames).keys() == []
    assert feed(MarketState(), *frames).keys() == [("user", ""), ("futures_balance_summary", "")]


def test_an_account_is_no_product() -> None:
    assert feed(MarketState(), user("snapshot", order(1))).snapshot("user", "BTC-USD", NOW) is None


def test_a_copy_goes_its_own_way() -> None:
    state = feed(MarketState(), user("snapshot", order(1)), balance("snapshot", "1"))
    copy = state.copy()
    feed(copy, user("update", order(2)), balance("update", "2"))
    assert open_orders(state) == [order(1)]
    assert render(state, "futures_balance_summary")["events"][0]["fcm_balance_summary"] == {"futures_buying_power": "1"}
    assert open_orders(copy) == [order(1), order(2)]


@pytest.mark.parametrize(
    "payload",
    [
        b'{"channel":"user","events":[{"type":"snapshot","orders":[{"order_id":5}]}]}',
        b'{"channel":"user","events":[{"type":"snapshot","orders":[{"order_id":"\xff","product_id":"A"}]}]}',
        b'{"channel":"user","events":[{"type":"update","orders":5}]}',
        b"",
    ],
)
def test_what_is_not_understood_changes_nothing(payload: bytes) -> None:
    account: dict[Key, Value] = {}
    for one in (user("snapshot", order(1)), payload):
        change_account(account, FrameInfo("user", (), 1, "snapshot"), one)
    assert orders_of(account["user", ""].snapshot(NOW)) == [order(1)]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 8), st.sampled_from(["OPEN", "PENDING", "CANCEL_QUEUED", *ENDED]), st.text(max_size=3)
        ),
        max_size=40,
    )
)
def test_open_is_what_was_last_said_not_to_have_ended(changes: list[tuple[int, str, str]]) -> None:
    state = feed(MarketState(), user("snapshot"))
    last: dict[int, dict[str, str]] = {}
    for sequence, (number, status, filled) in enumerate(changes, 1):
        feed(state, user("update", order(number, status, filled=filled), sequence=sequence))
        last[number] = order(number, status, filled=filled)
    expected = [one for one in last.values() if one["status"] not in ENDED]
    assert sorted(open_orders(state), key=str) == sorted(expected, key=str)


def test_documented_frames_come_back_as_they_are() -> None:
    if not SAMPLES.exists():
        pytest.skip(f"{SAMPLES} is not there")
    for name, channel in (("User", "user"), ("FuturesBalance", "futures_balance_summary")):
        ack, recorded = (SAMPLES / f"{name}.txt").read_text().split("\n", 1)[1].split("=", 1)
        assert FEED.describe(ack.lstrip("< ").encode()).kind == "ack"
        payload = json.dumps(json.loads(recorded)).replace("FILLED", "OPEN").encode()
        made = render(feed(MarketState(), payload), channel)
        assert made == {**json.loads(payload), "timestamp": "2026-09-30T02:37:14.5Z"}


# What a client gets of it.


def test_a_client_that_named_no_products_gets_the_recorded_bytes() -> None:
    for payload in (user("snapshot", order(1)), user("update", order(1, product="ETH-USD")), b"anything"):
        assert OrderFilter().pass_on(payload) == [payload]


def test_a_frame_that_is_only_of_named_products_keeps_its_bytes() -> None:
    for payload in (user("snapshot", order(1)), user("update", order(1)), user("snapshot", positions=POSITIONS)):
        spaced = payload.replace(b",", b", ")
        assert OrderFilter(["BTC-USD"]).pass_on(spaced) == [spaced]


def test_orders_of_other_products_are_left_out() -> None:
    payload = user("snapshot", order(1), order(2, product="ETH-USD"), sequence=8, positions=POSITIONS)
    assert OrderFilter(["BTC-USD"]).pass_on(payload) == [user("snapshot", order(1), sequence=8, positions=POSITIONS)]


def test_an_update_with_nothing_left_is_none_unless_it_tells_of_positions() -> None:
    other = order(2, product="ETH-USD")
    assert OrderFilter(["BTC-USD"]).pass_on(user("update", other)) == []
    telling = user("update", other, positions=POSITIONS)
    assert OrderFilter(["BTC-USD"]).pass_on(telling) == [user("update", positions=POSITIONS)]


def test_an_update_between_batches_comes_behind_what_is_held() -> None:
    choice = OrderFilter(["BTC-USD"])
    mixed = [order(number, product=PRODUCTS[number % 2]) for number in range(BATCH)]
    update = user("update", order(0, "FILLED"), sequence=1)
    assert choice.pass_on(user("snapshot", *mixed)) == []
    first, second = choice.pass_on(update)
    assert orders_of(first) == mixed[::2]
    assert second == update
    assert choice.pass_on(user("snapshot", order(60), sequence=2)) == [user("snapshot", order(60), sequence=2)]


def test_a_full_batch_is_a_snapshot_of_fifty() -> None:
    fifty = [order(number) for number in range(BATCH)]
    assert is_full_batch(user("snapshot", *fifty))
    assert not is_full_batch(user("snapshot", *fifty[1:]))
    assert not is_full_batch(user("update", *fifty))
    assert not is_full_batch(b"anything")


@given(st.lists(st.sampled_from(PRODUCTS), max_size=170), st.sets(st.sampled_from(PRODUCTS)))
def test_batches_of_a_client_hold_its_orders_and_only_the_last_is_short(chosen: list[str], named: set[str]) -> None:
    """Whether they are recorded or made of one snapshot with all orders."""
    orders = [order(number, product=product) for number, product in enumerate(chosen)]
    recorded = [
        user("snapshot", *orders[start : start + BATCH], sequence=number)
        for number, start in enumerate(range(0, len(orders) + 1, BATCH))
    ]
    choice = OrderFilter(named)
    for payloads in (
        [payload for one in recorded for payload in choice.pass_on(one)],
        choice.snapshots(user("snapshot", *orders)),
    ):
        batches = [orders_of(payload) for payload in payloads]
        kept = [one for one in orders if not named or one["product_id"] in named]
        assert [one for batch in batches for one in batch] == kept
        assert [len(batch) == BATCH for batch in batches] == [True] * (len(batches) - 1) + [False]
