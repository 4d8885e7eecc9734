"""Conversations of Coinbase Exchange through real sockets."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import VenueError
from feedrec.feeds import Subscription
from feedrec.feeds.auth import PublicKey
from feedrec.feeds.credentials import ExchangeKey
from feedrec.model import NANOSECONDS

from ..cli.command import background, feedrec, first_line
from ..recorder.venue import events, payloads, received, run, sent
from .recordings import ACCOUNT, PAIR, START, Market, account_recording, exchange_recording, write
from .talk import Parsed, Visitor, clock_off_by, session_with, venue, visit
from .test_advanced import KEY as CDP_KEY
from .test_advanced import NAME, outline
from .test_advanced import jwt as make_jwt

EXCHANGE, DIRECT = "coinbase-exchange", "coinbase-exchange-direct"
KEY = ExchangeKey("a-key", base64.b64encode(b"a secret").decode(), "a-passphrase")
STRICT: dict[str, Any] = {"auth": "strict", "auth_keys": (KEY,)}
NEEDS_AUTHENTICATION = (
    "level2, level3, and full channels now require authentication. "
    "https://docs.cloud.coinbase.com/exchange/docs/websocket-auth"
)
REFUSED = {"type": "error", "message": "Authentication Failed", "reason": '{"message":"Invalid API Key"}'}
ENVIRONMENT = {
    "COINBASE_EXCHANGE_API_KEY": "a-key",
    "COINBASE_EXCHANGE_API_SECRET": base64.b64encode(b"a secret").decode(),
    "COINBASE_EXCHANGE_API_PASSPHRASE": "a-passphrase",
}


def wrong_keys() -> dict[str, ExchangeKey]:
    """Give keys of which one part is wrong."""
    secret, other = (base64.b64encode(text).decode() for text in (b"a secret", b"another"))
    return {
        "key": ExchangeKey("another", secret, "a-passphrase"),
        "secret": ExchangeKey("a-key", other, "a-passphrase"),
        "passphrase": ExchangeKey("a-key", secret, "another"),
    }


WRONG_KEYS = wrong_keys()


def signed(seconds: float = 0, key: ExchangeKey = KEY) -> dict[str, str]:
    """Sign as of some seconds from now."""
    return key.sign(time.time_ns() + round(seconds * NANOSECONDS))


def failed(reason: str) -> Parsed:
    return {"type": "error", "message": "Failed to subscribe", "reason": reason}


def acked(message: Parsed) -> list[tuple[str, list[str]]]:
    """Give the channels of an ack, with their products."""
    assert message["type"] == "subscriptions", message
    assert all(list(channel) == ["name", "product_ids", "account_ids"] for channel in message["channels"])
    return [(channel["name"], channel["product_ids"]) for channel in message["channels"]]


def kinds(messages: list[Any]) -> list[tuple[str, str]]:
    return [(one["type"], one.get("product_id", "")) for one in messages]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exchange_recording(tmp_path_factory.mktemp("exchange") / "exchange.jsonl.zst")


# The server half, to a plain client


def test_the_ack_comes_first_then_book_ticker_and_last_match_of_each_product(recording: Path) -> None:
    """Acks name two channels otherwise, list no accounts, and the first beat is on the next whole second."""

    async def scenario() -> list[Parsed]:
        async with venue(recording) as server, visit(server.url) as visitor:
            channels = ["level2_batch", {"name": "ticker_batch", "product_ids": ["ETH-USD"]}, "matches", "heartbeat"]
            await visitor.say(product_ids=["BTC-USD"], channels=channels)
            return await visitor.hear_until(type="heartbeat")

    ack, *heard = run(scenario())
    assert ack == {
        "type": "subscriptions",
        "channels": [
            {"name": "level2_50", "product_ids": ["BTC-USD"], "account_ids": None},
            {"name": "ticker_1000", "product_ids": ["ETH-USD", "BTC-USD"], "account_ids": None},
            {"name": "matches", "product_ids": ["BTC-USD"], "account_ids": None},
            {"name": "heartbeat", "product_ids": ["BTC-USD"], "account_ids": None},
        ],
    }
    assert kinds(heard[:4]) == [
        ("snapshot", "BTC-USD"),
        ("ticker", "BTC-USD"),
        ("last_match", "BTC-USD"),
        ("ticker", "ETH-USD"),
    ]
    assert list(heard[0]) == ["type", "product_id", "asks", "bids", "time"]
    assert {kind for kind, _ in kinds(heard[4:-1])} == {"match", "ticker", "l2update"}
    assert heard[-1]["time"] == "2026-09-30T02:03:13.000000Z"
    trades = [one for one in heard if one["type"] == "match"]
    assert heard[-1]["last_trade_id"] == trades[-1]["trade_id"]
    assert heard[-1]["sequence"] >= trades[-1]["sequence"]


def test_ticker_and_match_of_a_trade_have_the_same_number_and_gaps_are_normal_but_in_full(recording: Path) -> None:
    async def scenario() -> list[Parsed]:
        async with venue(recording, **STRICT) as server, visit(server.url) as visitor:
            await visitor.say(product_ids=list(PAIR), channels=["full", "ticker"], **signed())
            return await visitor.hear_all()

    ack, *heard = run(scenario())
    assert [name for name, _ in acked(ack)] == ["full", "ticker"]
    for product in PAIR:
        full = [one["sequence"] for one in heard if one["product_id"] == product and one["type"] != "ticker"]
        assert full == list(range(full[0], full[0] + 4 * 29))
        tickers = {one["trade_id"]: one["sequence"] for one in heard if one["type"] == "ticker"}
        for one in heard:
            if one["type"] == "match":
                assert tickers[one["trade_id"]] == one["sequence"]
    assert {kind for kind, _ in kinds(heard)} == {"received", "open", "match", "done", "ticker"}
    assert sum("user_id" in one for one in heard) == 2 * 3


def test_a_bad_product_gets_an_error_before_the_ack_of_the_good_ones(recording: Path) -> None:
    """And no ack where nothing is good (sandbox, 2022)."""

    async def scenario() -> None:
        async with venue(recording) as server, visit(server.url) as visitor:
            await visitor.say(product_ids=["BTC-USD", "NO-SUCH"], channels=["ticker"])
            error, ack, ticker = await visitor.hear(3)
            assert error == failed("NO-SUCH is not a valid product")
            assert acked(ack) == [("ticker", ["BTC-USD"])]
            assert ticker["type"] == "ticker"
            await visitor.say(product_ids=["NO-SUCH", "NOR-THIS"], channels=["matches"])
            errors = [one for one in await visitor.hear_all() if one["type"] != "ticker"]
            assert errors == [failed(f"{product} is not a valid product") for product in ("NO-SUCH", "NOR-THIS")]
            assert await visitor.is_open()

    run(scenario())


def test_a_channel_that_is_unknown_or_wants_credentials_is_refused_and_the_others_are_not(recording: Path) -> None:
    async def scenario() -> None:
        async with venue(recording) as server, visit(server.url) as visitor:
            await visitor.say(product_ids=["BTC-USD"], channels=["ticket", "level2", "full", "matches"])
            unknown, private, ack, last = await visitor.hear(4)
            assert unknown == failed("ticket is not a valid channel")
            assert private == failed(NEEDS_AUTHENTICATION)
            assert acked(ack) == [("matches", ["BTC-USD"])]
            assert last["type"] == "last_match"
            assert not {kind for kind, _ in kinds(await visitor.hear_all())} - {"match"}

    run(scenario())


def test_malformed_messages_are_errors_and_the_socket_stays_open(recording: Path) -> None:
    async def scenario() -> None:
        async with venue(recording) as server, visit(server.url) as visitor:
            for text in ("{", "[]"):
                await visitor.connection.send(text)
                assert await visitor.hear_one() == {"type": "error", "message": "Malformed JSON"}
            await visitor.connection.send('{"type":"subscribe"}')
            assert await visitor.hear_one() == failed("No channels provided")
            await visitor.say(product_ids=["BTC-USD"], channels=["ticker"])
            assert acked(await visitor.hear_one()) == [("ticker", ["BTC-USD"])]

    run(scenario())


def test_unsubscribing_products_leaves_the_others_and_a_channel_alone_drops_all_of_it(recording: Path) -> None:
    async def scenario() -> None:
        async with venue(recording, speed=3) as server, visit(server.url) as visitor:
            await visitor.say(product_ids=list(PAIR), channels=["ticker", "matches"])
            assert len(acked(await visitor.hear_one())) == 2
            await visitor.say("unsubscribe", channels=[{"name": "ticker", "product_ids": ["BTC-USD"]}])
            ack = (await visitor.hear_until(type="subscriptions"))[-1]
            assert acked(ack) == [("ticker", ["ETH-USD"]), ("matches", list(PAIR))]
            assert ("ticker", "BTC-USD") not in kinds(await visitor.hear(6))
            await visitor.say("unsubscribe", channels=["matches"])
            ack = (await visitor.hear_until(type="subscriptions"))[-1]
            assert acked(ack) == [("ticker", ["ETH-USD"])]
            assert set(kinds(await visitor.hear(3))) == {("ticker", "ETH-USD")}
            await visitor.say("unsubscribe", product_ids=["ETH-USD"], channels=["ticker"])
            assert acked((await visitor.hear_until(type="subscriptions"))[-1]) == []
            assert await visitor.hear_all() == []

    run(scenario())


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(lambda: signed(-31), id="31 s old"),
        pytest.param(lambda: signed(32), id="32 s ahead"),
        *(pytest.param(lambda key=key: signed(key=key), id=f"another {name}") for name, key in WRONG_KEYS.items()),
        pytest.param(lambda: {**signed(), "signature": "AAAA"}, id="changed"),
        pytest.param(lambda: {"key": "a-key"}, id="not signed"),
    ],
)
def test_credentials_that_are_not_accepted_fail_the_message_and_good_ones_mend_it(recording: Path, fields: Any) -> None:
    """Whatever it asks for; the socket stays open."""

    async def scenario() -> None:
        async with venue(recording, **STRICT) as server, visit(server.url) as visitor:
            await visitor.say(product_ids=["BTC-USD"], channels=["level2", "ticker"], **fields())
            assert await visitor.hear_one() == REFUSED
            await visitor.say(product_ids=["BTC-USD"], channels=["level2"], **signed())
            ack, snapshot = await visitor.hear(2)
            assert acked(ack) == [("level2", ["BTC-USD"])]
            assert snapshot["type"] == "snapshot"

    run(scenario())


@pytest.mark.parametrize("timestamp", [lambda: f"{time.time():.6f}", lambda: str(int(time.time() - 28)), time.time])
def test_a_signature_of_within_30_seconds_may_have_decimals_or_be_a_number(recording: Path, timestamp: Any) -> None:
    """As `str(time.time())` of the documentation's example, whole seconds of ccxt, a number of some."""

    async def scenario() -> None:
        async with venue(recording, **STRICT) as server, visit(server.url) as visitor:
            stamp = timestamp()
            fields = {**signed(), "timestamp": stamp, "signature": KEY.signature(str(stamp))}
            await visitor.say(product_ids=["BTC-USD"], channels=["full"], **fields)
            assert acked(await visitor.hear_one()) == [("full", ["BTC-USD"])]

    run(scenario())


def test_a_client_that_asked_the_venue_for_its_time_signs_by_that(recording: Path) -> None:
    """As coinbase-pro-node 9.1.0 does; in a replay that is the recorded time."""

    async def scenario() -> None:
        async with venue(recording, **STRICT) as server, visit(server.url) as visitor:
            await visitor.say(product_ids=["BTC-USD"], channels=["full"], **KEY.sign(START))
            assert acked(await visitor.hear_one()) == [("full", ["BTC-USD"])]

    run(scenario())


def test_channels_without_products_and_with_accounts(recording: Path) -> None:
    """No product is needed for status and rfq_matches, balance takes accounts, user is own orders only."""

    async def scenario() -> tuple[Parsed, list[Parsed]]:
        async with venue(recording, **STRICT) as server, visit(server.url) as visitor:
            channels = ["status", "rfq_matches", "user", {"name": "balance", "account_ids": [ACCOUNT]}]
            await visitor.say(channels=channels, **signed())
            ack, *heard = await visitor.hear_all()
            return ack, heard

    ack, heard = run(scenario())
    assert [(one["name"], one["product_ids"], one["account_ids"]) for one in ack["channels"]] == [
        *[("status", [], None), ("rfq_matches", [], None), ("user", [], None)],
        ("balance", [], [ACCOUNT]),
    ]
    assert [kind for kind, _ in kinds(heard[:3])] == ["status", "balance", "rfq_match"]
    assert len(heard) == 3 + 2 * 3
    assert all("user_id" in one for one in heard[3:])


def test_level3_begins_with_its_schema_and_goes_on_as_arrays_without_holes(recording: Path) -> None:
    async def scenario() -> list[Any]:
        async with venue(recording, **STRICT) as server, visit(server.url) as visitor:
            await visitor.say(product_ids=["ETH-USD"], channels=["level3"], **signed())
            return await visitor.hear_all()

    ack, schema, *rows = run(scenario())
    assert acked(ack) == [("level3", ["ETH-USD"])]
    assert list(schema) == ["type", "schema"]
    assert {row[1] for row in rows} == {"ETH-USD"}
    sequences = [int(row[2]) for row in rows]
    assert sequences == list(range(sequences[0], sequences[0] + 4 * 29))


def test_the_direct_endpoint_serves_nobody_without_credentials(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = exchange_recording(tmp_path / "direct.jsonl", endpoint=DIRECT)
        async with venue(path) as server, visit(server.url) as visitor:
            await visitor.say(product_ids=["BTC-USD"], channels=["ticker"])
            assert (await visitor.hear_one())["message"] == "Failed to subscribe"
            await visitor.say(product_ids=["BTC-USD"], channels=["ticker"], **signed())
            assert acked(await visitor.hear_one()) == [("ticker", ["BTC-USD"])]

    run(scenario())


def test_a_client_that_says_nothing_or_nothing_good_is_disconnected(recording: Path) -> None:
    """After five seconds, here after a fifth of one."""

    async def scenario() -> list[tuple[int | None, str | None]]:
        async with (
            venue(recording, settings={"subscribe_within": "0.2"}) as server,
            visit(server.url) as silent,
            visit(server.url) as refused,
            visit(server.url) as served,
        ):
            await refused.say(product_ids=["NO-SUCH"], channels=["ticker"])
            await served.say(product_ids=["BTC-USD"], channels=["ticker"])
            closed = [await silent.closed(), await refused.closed()]
            assert await served.is_open()
            return closed

    assert run(scenario()) == [(1008, "no subscribe message within 0.2 seconds")] * 2


async def two_beats(visitor: Visitor) -> None:
    """Subscribe heartbeats, and let 1.3 recorded seconds pass."""
    await visitor.say(channels=[{"name": "heartbeat", "product_ids": ["ETH-USD"]}])
    ack, *beats = await visitor.hear(3)
    assert acked(ack) == [("heartbeat", ["ETH-USD"])]
    assert [beat["time"][-10:] for beat in beats] == ["13.000000Z", "14.000000Z"]


@pytest.mark.parametrize("heartbeats", [True, False], ids=["recorded beats", "made beats"])
def test_who_subscribes_late_gets_book_last_ticker_and_last_match_as_of_then(
    tmp_path: Path, *, heartbeats: bool
) -> None:
    """Whether the recording has the heartbeats that the client had until then, or not."""

    async def scenario() -> None:
        path = exchange_recording(tmp_path / "exchange.jsonl.zst", heartbeats=heartbeats)
        async with venue(path) as server, visit(server.url) as visitor:
            await two_beats(visitor)
            await visitor.say(product_ids=["BTC-USD"], channels=["level2_batch", "ticker", "matches"])
            heard = [one for one in await visitor.hear_all() if one["type"] != "heartbeat"]
            assert kinds(heard[:4]) == [
                *[("subscriptions", ""), ("snapshot", "BTC-USD"), ("ticker", "BTC-USD"), ("last_match", "BTC-USD")]
            ]
            _, snapshot, ticker, last_match = heard[:4]
            bids = {price for price, _ in snapshot["bids"]}
            assert "99.00" in bids
            assert "98.00" not in bids, "removed by the first update"
            changed = [one["changes"][0][1] for one in heard if one["type"] == "l2update"]
            assert changed == [f"{price}.00" for price in range(int(float(changed[0])), 60, -1)]
            assert f"{int(float(changed[0])) + 1}.00" in bids
            assert changed[0] not in bids
            matches = [one["trade_id"] for one in heard if one["type"] == "match"]
            assert matches == list(range(last_match["trade_id"] + 1, matches[-1] + 1))
            assert (ticker["trade_id"], ticker["sequence"]) == (last_match["trade_id"], last_match["sequence"])

    run(scenario())


def test_both_venues_of_one_server_check_their_own_credentials(recording: Path, tmp_path: Path) -> None:
    """Each endpoint at its path, in one time."""

    async def scenario() -> None:
        account = account_recording(tmp_path / "account.jsonl", orders=1)
        keys = (KEY, PublicKey(CDP_KEY.public_key_text(), NAME))
        async with venue([recording, account], auth="strict", auth_keys=keys) as server:
            user_url = server.urls["coinbase-advanced-user"]
            async with visit(server.url) as exchange, visit(user_url) as user:
                await exchange.say(product_ids=["BTC-USD"], channels=["level2"], **signed())
                await user.say(channel="user", jwt=make_jwt())
                assert acked(await exchange.hear_one()) == [("level2", ["BTC-USD"])]
                heard = await user.hear_until(channel="subscriptions")
                assert outline(heard[0]) == ("user", "snapshot", "BTC-USD")
                await user.say(channel="user", **signed())
                assert (await user.hear_until(type="error"))[-1]["message"] == "authentication failure"

    run(scenario())


# The client half, against the server half

EVERYTHING = [Subscription(channel, PAIR) for channel in ("level2", "ticker", "matches", "full", "level3", "heartbeat")]


def test_everything_is_recorded_with_the_right_key_without_a_gap(recording: Path, path: Path) -> None:
    """Signed once, in one message; nothing of what was asked for is missing."""

    async def scenario() -> None:
        async with venue(recording, **STRICT) as server:
            extra = [Subscription("status"), Subscription("user"), Subscription("balance", (ACCOUNT,))]
            await session_with(server.url, path, EXCHANGE, *EVERYTHING, *extra, key=KEY, frames=400).run()

    run(scenario())
    ack, *_ = payloads(path)
    assert b'"subscriptions"' in ack
    assert events(path, "missing") == events(path, "gap") == events(path, "error") == []
    kinds_of_all = {"heartbeat", "ticker", "snapshot", "l2update", "received", "open", "match", "done", "last_match"}
    recorded = [json.loads(payload) for payload in payloads(path)]
    assert kinds_of_all | {"status", "balance"} <= {one["type"] for one in recorded if isinstance(one, dict)}
    assert any("user_id" in one for one in recorded)
    (message,) = sent(path)
    assert message.redacted
    fields = json.loads(message.payload)
    assert {fields[name] for name in ("signature", "key", "passphrase")} == {"[redacted]"}


@pytest.mark.parametrize("channel", ["level2_batch", "ticker_batch"])
def test_a_channel_that_the_ack_names_otherwise_is_not_missing(recording: Path, path: Path, channel: str) -> None:
    async def scenario() -> None:
        async with venue(recording) as server:
            wanted = [Subscription(channel, PAIR), Subscription("heartbeat")]
            await session_with(server.url, path, EXCHANGE, *wanted, frames=30).run()

    run(scenario())
    assert channel.encode() not in payloads(path)[0]
    assert events(path, "missing") == []


@pytest.mark.parametrize(
    ("key", "off", "said"),
    [
        pytest.param(KEY, -31, "that the clock is right", id="31 s old"),
        pytest.param(KEY, 32, "that the clock is right", id="32 s ahead"),
        *(pytest.param(key, 0, "check key, secret and passphrase", id=name) for name, key in WRONG_KEYS.items()),
        pytest.param(None, 0, "give credentials that the venue accepts", id="no key"),
    ],
)
def test_credentials_that_are_not_accepted_end_the_run_with_advice(
    recording: Path, path: Path, key: ExchangeKey | None, off: float, said: str
) -> None:
    async def scenario() -> None:
        async with venue(recording, **STRICT) as server:
            wanted = Subscription("level2", PAIR)
            session = session_with(server.url, path, EXCHANGE, wanted, key=key, clock=clock_off_by(off))
            with pytest.raises(VenueError, match=said):
                await session.run()

    run(scenario())
    assert len(payloads(path)) == len(events(path, "error")) == len(events(path, "close")) == 1


def test_a_channel_that_the_venue_does_not_have_ends_the_run(path: Path, tmp_path: Path) -> None:
    async def scenario() -> None:
        recording = write(tmp_path / "venue.jsonl", EXCHANGE, Market("BTC-USD", 1, 1).begin(1))
        async with venue(recording) as server:
            wanted = [Subscription("statuses"), Subscription("ticker", ("BTC-USD",))]
            with pytest.raises(VenueError, match="statuses is not a valid channel; check the names"):
                await session_with(server.url, path, EXCHANGE, *wanted).run()

    run(scenario())


def test_a_bad_product_among_good_ones_is_told_and_the_good_are_recorded(recording: Path, tmp_path: Path) -> None:
    """As a person runs it: exit code 0, a warning, an error and what is missing as events."""
    path = tmp_path / "recorded.jsonl"
    with background("replay", recording, "--port", 0, "--at-end", "hold", "--speed", 10) as server:
        done = feedrec(
            *("record", "-e", EXCHANGE, "--url", first_line(server.stdout), "-o", path, "--max-frames", 20),
            *("-c", "ticker", "-c", "level2", "-p", "BTC-USD,NO-SUCH"),
            env=ENVIRONMENT,
        )
    assert done.returncode == 0, done.stderr.decode()
    assert b"NO-SUCH is not a valid product" in done.stderr
    (missing,) = events(path, "missing")
    channels = [one["channel"] for one in missing.details["subscriptions"]]
    assert channels == ["ticker", "level2", "heartbeat"]
    assert len(events(path, "error")) == 1
    first, second, *rest = [json.loads(payload) for payload in payloads(path)]
    assert first["type"] == "error"
    assert [products for _, products in acked(second)] == [["BTC-USD"]] * 3
    assert {one["product_id"] for one in rest} == {"BTC-USD"}


@pytest.mark.usefixtures("impatient")
def test_nothing_but_bad_products_ends_the_run(recording: Path, path: Path) -> None:
    async def scenario() -> None:
        async with venue(recording) as server:
            wanted = [Subscription("ticker", ("NO-SUCH", "NOR-THIS")), Subscription("heartbeat")]
            with pytest.raises(VenueError, match="accepted nothing of what was asked for"):
                await session_with(server.url, path, EXCHANGE, *wanted).run()

    run(scenario())
    assert len(events(path, "error")) == 2


def test_a_venue_that_closes_after_it_refused_everything_ends_the_run(recording: Path, path: Path) -> None:
    """It closes after five seconds without a subscription, before a missing ack is judged: that is no outage."""

    async def scenario() -> None:
        async with venue(recording, settings={"subscribe_within": "0.2"}) as server:
            with pytest.raises(VenueError, match="accepted nothing of what was asked for"):
                await session_with(server.url, path, EXCHANGE, Subscription("ticker", ("NO-SUCH",))).run()

    run(scenario())
    assert len(events(path, "open")) == 1


def test_after_each_end_of_the_connection_the_message_is_signed_anew_and_numbers_go_on(
    recording: Path, path: Path
) -> None:
    """They belong to the venue, so a new connection is no gap."""

    async def scenario() -> None:
        async with venue(recording, speed=100, at_end="close", **STRICT) as server:
            wanted = [Subscription("full", PAIR), Subscription("matches", PAIR)]
            session = session_with(server.url, path, EXCHANGE, *wanted, key=KEY, frames=500)
            await asyncio.create_task(session.run())

    run(scenario())
    assert len({frame.conn for frame in received(path)}) == len(sent(path)) >= 2
    assert {event.details["code"] for event in events(path, "close")} == {1000}
    assert events(path, "gap") == events(path, "error") == events(path, "missing") == []
