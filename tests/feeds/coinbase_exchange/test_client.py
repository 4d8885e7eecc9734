"""Coinbase Exchange: the client half."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedrec.errors import UsageError
from feedrec.feeds import Acceptance, Notice, Subscription, subscribe_to
from feedrec.feeds.coinbase_exchange import FEEDS
from feedrec.feeds.coinbase_exchange.client import ACK_GRACE, ACK_TIMEOUT, SILENCE_LIMIT, CoinbaseExchangeClient
from feedrec.feeds.coinbase_exchange.frames import describe
from feedrec.feeds.credentials import CdpKey, ExchangeKey

FEED = FEEDS["coinbase-exchange"]
PAIR = ("BTC-USD", "ETH-USD")
KEY = ExchangeKey("SECRET2", "U0VDUkVU", "SECRET3")
ACCOUNT = "d50ec984-77a8-460a-b958-66f114b0de9b"
BATCH = Subscription("level2_batch", PAIR)
MATCHES = Subscription("matches", ("BTC-USD",))


def ack(*channels: tuple[str, tuple[str, ...]], accounts: tuple[str, ...] | None = None) -> dict[str, Any]:
    listed = [{"name": name, "product_ids": list(products), "account_ids": accounts} for name, products in channels]
    return {"type": "subscriptions", "channels": listed}


def error(message: str, reason: str) -> dict[str, Any]:
    return {"type": "error", "message": message, "reason": reason}


def hear(client: CoinbaseExchangeClient, *messages: dict[str, Any] | bytes) -> list[Notice]:
    notices: list[Notice] = []
    for message in messages:
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        notices += client.on_frame(describe(payload), payload)
    return notices


def test_all_is_asked_for_in_one_message_with_the_products_of_each_channel() -> None:
    client = CoinbaseExchangeClient([BATCH, MATCHES, Subscription("status")])
    (message,) = client.on_open()
    assert message.payload == (
        b'{"type":"subscribe","product_ids":[],"channels":['
        b'{"name":"level2_batch","product_ids":["BTC-USD","ETH-USD"]},'
        b'{"name":"matches","product_ids":["BTC-USD"]},{"name":"status"}]}'
    )
    assert message.redacted is None


def test_heartbeats_are_asked_for_the_products_of_the_other_channels() -> None:
    client = CoinbaseExchangeClient(subscribe_to(FEED, [("ticker", ["ETH-USD"]), ("matches", [])], []))
    channels = json.loads(client.on_open()[0].payload)["channels"]
    assert channels[-1] == {"name": "heartbeat", "product_ids": ["ETH-USD", "BTC-USD"]}
    assert client.silence_limit == SILENCE_LIMIT


def test_without_any_product_there_are_no_heartbeats_and_silence_is_no_sign() -> None:
    client = CoinbaseExchangeClient(subscribe_to(FEED, [("status", [])], []))
    assert json.loads(client.on_open()[0].payload)["channels"] == [{"name": "status"}]
    assert client.silence_limit is None


def test_balance_is_asked_for_accounts() -> None:
    client = CoinbaseExchangeClient([Subscription("balance", (ACCOUNT,))])
    assert json.loads(client.on_open()[0].payload)["channels"] == [{"name": "balance", "account_ids": [ACCOUNT]}]


def test_a_signed_message_is_recorded_without_secrets() -> None:
    (message,) = CoinbaseExchangeClient([BATCH], KEY).on_open(1_700_000_000 * 10**9)
    sent = json.loads(message.payload)
    assert sent["signature"] == KEY.signature("1700000000")
    assert (sent["key"], sent["passphrase"], sent["timestamp"]) == ("SECRET2", "SECRET3", "1700000000")
    assert message.redacted is not None
    assert b"SECRET" not in message.redacted
    assert sent["signature"].encode() not in message.redacted
    assert json.loads(message.redacted)["channels"] == sent["channels"]


def test_acks_may_name_channels_otherwise() -> None:
    client = CoinbaseExchangeClient([BATCH, Subscription("ticker_batch", ("BTC-USD",))])
    (notice,) = hear(client, ack(("level2_50", ("ETH-USD", "BTC-USD")), ("ticker_1000", ("BTC-USD",))))
    assert notice == Notice("subscribed to level2_batch, ticker_batch")
    assert client.on_tick(ACK_TIMEOUT) == ()


def test_an_ack_of_before_2022_has_no_accounts() -> None:
    client = CoinbaseExchangeClient([MATCHES])
    old = b'{"type":"subscriptions","channels":[{"name":"matches","product_ids":["BTC-USD"]}]}'
    assert hear(client, old) == [Notice("subscribed to matches")]


def test_accounts_are_compared_as_products_are() -> None:
    client = CoinbaseExchangeClient([Subscription("balance", (ACCOUNT,))])
    assert hear(client, ack(("balance", ()), accounts=(ACCOUNT,))) == [Notice("subscribed to balance")]


def test_a_product_that_the_ack_lacks_is_missing_and_the_rest_goes_on() -> None:
    client = CoinbaseExchangeClient([BATCH, MATCHES])
    reason = "ETH-USD is not a valid product"
    (bad,) = hear(
        client,
        error("Failed to subscribe", reason),
        ack(("level2_50", ("BTC-USD",)), ("matches", ("BTC-USD",))),
    )
    assert client.on_tick(1.0) == ()
    (missing,) = client.on_tick(1.0 + ACK_GRACE)
    assert (bad.severity, bad.event) == ("warning", "error")
    assert bad.details == {"message": "Failed to subscribe", "reason": reason}
    assert (missing.severity, missing.event) == ("warning", "missing")
    assert missing.details == {"subscriptions": [{"channel": "level2_batch", "products": ["ETH-USD"]}]}
    assert "level2_batch ETH-USD" in missing.text


def test_an_ack_of_heartbeats_alone_leaves_nothing() -> None:
    client = CoinbaseExchangeClient(subscribe_to(FEED, [("auctionfeed", [])], []))
    assert [*hear(client, ack(("heartbeat", ("BTC-USD",)))), *client.on_tick(0.1)] == []
    missing, nothing = client.on_tick(0.1 + ACK_GRACE)
    assert missing.event == "missing"
    assert nothing.severity == "fatal"


def test_acks_that_come_step_by_step_are_waited_for() -> None:
    """Each one is cumulative (2021-04-17), so none of them but the last is a verdict."""
    client = CoinbaseExchangeClient(subscribe_to(FEED, [("ticker", []), ("matches", [])], []))
    steps = [ack(("heartbeat", ("BTC-USD",))), ack(("heartbeat", ("BTC-USD",)), ("ticker", ("BTC-USD",)))]
    for number, step in enumerate(steps):
        at = number * ACK_GRACE * 0.9
        assert [*hear(client, step), *client.on_tick(at), *client.on_tick(at + ACK_GRACE * 0.8)] == []
    last = ack(("heartbeat", ("BTC-USD",)), ("ticker", ("BTC-USD",)), ("matches", ("BTC-USD",)))
    assert hear(client, last) == [Notice("subscribed to ticker, matches, heartbeat")]


def test_an_ack_by_a_name_that_nobody_asked_for_ends_nothing() -> None:
    client = CoinbaseExchangeClient([Subscription("level2_batch", ("BTC-USD",))])
    hear(client, ack(("level2_10", ("BTC-USD",))))
    (missing,) = [*client.on_tick(0.1), *client.on_tick(0.1 + ACK_GRACE)]
    assert missing.severity == "warning"
    assert missing.text.endswith("no such product? It lists level2_10, which was not asked for.")


def test_a_product_in_small_letters_is_asked_for_as_it_is_and_the_right_one_is_named() -> None:
    client = CoinbaseExchangeClient([Subscription("ticker", ("btc-usd",))])
    assert b'"btc-usd"' in client.on_open()[0].payload
    hear(client, error("Failed to subscribe", "btc-usd is not a valid product"), ack())
    missing, nothing = [*client.on_tick(0.1), *client.on_tick(0.1 + ACK_GRACE)]
    assert missing.text == "the venue did not accept ticker btc-usd: did you mean BTC-USD?"
    assert nothing.text == "the venue accepted nothing of what was asked for; did you mean BTC-USD?"


def test_errors_without_an_ack_leave_nothing() -> None:
    client = CoinbaseExchangeClient([MATCHES])
    hear(client, error("Failed to subscribe", "BTC-USD is not a valid product"))
    assert client.on_tick(ACK_TIMEOUT - 0.1) == ()
    (nothing,) = client.on_tick(ACK_TIMEOUT)
    assert nothing.severity == "fatal"
    assert client.on_tick(ACK_TIMEOUT + 1) == client.on_close() == ()


def test_a_venue_that_closes_after_errors_and_no_ack_left_nothing() -> None:
    client = CoinbaseExchangeClient([MATCHES])
    hear(client, error("Failed to subscribe", "BTC-USD is not a valid product"))
    assert client.on_close(1006) == (), "the ack may be lost with the connection"
    (nothing,) = client.on_close(1008)
    assert nothing.severity == "fatal"
    assert client.on_close(1008) == client.on_tick(ACK_TIMEOUT) == ()
    assert CoinbaseExchangeClient([MATCHES]).on_close(1008) == ()


def test_a_connection_that_ends_within_the_grace_is_judged_by_the_ack_that_came() -> None:
    client = CoinbaseExchangeClient([BATCH])
    hear(client, error("Failed to subscribe", "ETH-USD is not a valid product"), ack(("level2_50", ("BTC-USD",))))
    (missing,) = client.on_close(1000)
    assert (missing.severity, missing.event) == ("warning", "missing")
    assert client.acceptance == Acceptance(
        (BATCH,), (Subscription("level2_batch", PAIR[:1]),), (Subscription("level2_batch", PAIR[1:]),)
    )


def test_no_answer_at_all_is_a_warning() -> None:
    (notice,) = CoinbaseExchangeClient([MATCHES]).on_tick(ACK_TIMEOUT)
    assert (notice.severity, notice.event) == ("warning", "missing")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Authentication Failed", '{"message":"Invalid API Key"}'),
        (
            "Failed to subscribe",
            (
                "level2, level3, and full channels now require authentication. "
                "https://docs.cloud.coinbase.com/exchange/docs/websocket-auth"
            ),
        ),
        ("Failed to subscribe", "ticket is not a valid channel"),
    ],
)
def test_what_no_retry_mends_is_fatal(message: str, reason: str) -> None:
    (notice,) = hear(CoinbaseExchangeClient([BATCH]), error(message, reason))
    assert (notice.severity, notice.event) == ("fatal", "error")
    assert reason in notice.text


@pytest.mark.parametrize("broken", [b'{"type":"error","message":7}', b'{"type":"error"}'])
def test_an_error_of_another_shape_is_a_warning(broken: bytes) -> None:
    (notice,) = hear(CoinbaseExchangeClient([BATCH]), broken)
    assert (notice.severity, notice.details) == ("warning", {"message": ""})


def test_an_ack_of_another_shape_says_nothing() -> None:
    assert hear(CoinbaseExchangeClient([BATCH]), b'{"type":"subscriptions","channels":7}') == []


def test_a_gap_names_channel_and_product() -> None:
    client = CoinbaseExchangeClient([Subscription("full", ("BTC-USD",))])
    frames = [{"type": "open", "product_id": "BTC-USD", "sequence": number} for number in (5, 8)]
    (notice,) = hear(client, *frames)
    assert (notice.severity, notice.event) == ("warning", "gap")
    assert notice.details == {"expected": 6, "received": 8, "missing": 2, "channel": "full", "product": "BTC-USD"}
    assert notice.text.startswith("gap: 2 frames of full BTC-USD lost")


def test_a_heartbeat_reveals_a_gap_of_matches() -> None:
    client = CoinbaseExchangeClient([MATCHES, Subscription("heartbeat", ("BTC-USD",))])
    last = {"type": "last_match", "product_id": "BTC-USD", "sequence": 1, "trade_id": 20}
    beat = {"type": "heartbeat", "product_id": "BTC-USD", "sequence": 9, "last_trade_id": 21}
    (notice,) = hear(client, last, beat, beat)
    assert notice.details == {"expected": 21, "received": 22, "missing": 1, "channel": "matches", "product": "BTC-USD"}


def test_own_orders_without_full_reveal_no_gap() -> None:
    client = CoinbaseExchangeClient([Subscription("user", ("BTC-USD",))])
    assert hear(client, *({"type": "open", "product_id": "BTC-USD", "sequence": number} for number in (5, 80))) == []


def test_frames_out_of_order_are_counted() -> None:
    client = CoinbaseExchangeClient([Subscription("full", ("BTC-USD",))])
    hear(client, *({"type": "open", "product_id": "BTC-USD", "sequence": number} for number in (5, 6, 5)))
    assert client.out_of_order == 1


# The endpoints


@pytest.mark.parametrize("name", FEEDS)
def test_an_endpoint_can_be_subscribed_as_it_stands(name: str) -> None:
    feed = FEEDS[name]
    assert feed.name == name
    assert feed.url.startswith("wss://ws-")
    assert ("sandbox" in feed.url) == ("sandbox" in name)
    assert feed.needs_credentials == ("direct" in name)
    assert feed.heartbeat_channel in feed.channels
    for key, channel in feed.channels.items():
        assert channel.name == feed.channel_name(key) == key
    subscriptions = subscribe_to(feed, [], [])
    assert [one.channel for one in subscriptions] == [*feed.default_channels, "heartbeat"]
    needs = {feed.channels[one.channel].needs_credentials for one in subscriptions}
    assert feed.needs_credentials or needs == {False}


def test_credentials_are_needed_where_the_venue_enforces_them() -> None:
    private = {name for name, channel in FEED.channels.items() if channel.needs_credentials}
    assert private == {"full", "user", "level2", "level3", "balance"}


def test_channels_go_by_the_names_of_acks_and_frames_too() -> None:
    names = ["level2_50", "ticker_1000", "last_match", "auction", "l2update"]
    assert [FEED.channel_name(name) for name in names] == [
        "level2_batch",
        "ticker_batch",
        "matches",
        "auctionfeed",
        "level2",
    ]


def test_channels_whose_frames_look_the_same_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="ticker and ticker_batch of BTC-USD send frames that look the same"):
        subscribe_to(FEED, [("ticker", []), ("ticker_batch", [])], [])
    assert subscribe_to(FEED, [("level2", ["A-B"]), ("level2_batch", ["C-D"])], [])


def test_balance_takes_accounts_only() -> None:
    with pytest.raises(UsageError, match="balance takes account ids, not 'BTC-USD'"):
        subscribe_to(FEED, [("balance", [])], [])
    assert subscribe_to(FEED, [("balance", [ACCOUNT])], [])[0] == Subscription("balance", (ACCOUNT,))


def test_a_key_of_another_venue_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CdpKey, "__init__", lambda _: None)
    with pytest.raises(UsageError, match="takes an API key of Coinbase Exchange, not CdpKey"):
        FEED.client([MATCHES], CdpKey())  # type: ignore[call-arg]


def test_each_connection_gets_a_rule_and_a_client_of_its_own() -> None:
    assert FEED.sequence_rule(from_start=True) is not FEED.sequence_rule(from_start=True)
    assert FEED.client([MATCHES], KEY) is not FEED.client([MATCHES], KEY)
    assert FEED.spread([BATCH, MATCHES]) == [[BATCH, MATCHES]]
