"""Conversations of Coinbase Advanced Trade, its market endpoint and its user endpoint, through real sockets."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from feedrec.errors import VenueError
from feedrec.feeds import Subscription
from feedrec.feeds.auth import PublicKey
from feedrec.feeds.credentials import CdpKey
from feedrec.model import NANOSECONDS

from ..recorder.venue import events, payloads, received, run, sent, until
from .recordings import PAIR, account_recording, books_recording, market_recording
from .talk import Parsed, Visitor, clock_off_by, session_with, venue, visit

NAME = "organizations/11111111-2222/apiKeys/33333333-4444"
MARKET, USER = "coinbase-advanced", "coinbase-advanced-user"
REFUSED = {"type": "error", "message": "authentication failure"}
TOO_MANY = {"type": "error", "message": "too many L2 streams requested in a single session"}
NO_ACCOUNT = "00000000-0000-0000-0000-000000000000"


def pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


KEY = CdpKey(NAME, pem(ec.generate_private_key(ec.SECP256R1())))
WRONG_KEY = CdpKey(NAME, pem(ec.generate_private_key(ec.SECP256R1())))
EDWARDS_KEY = CdpKey(NAME, pem(ed25519.Ed25519PrivateKey.generate()))


def strict(key: CdpKey = KEY) -> dict[str, Any]:
    """Have a venue check signatures."""
    return {"auth": "strict", "auth_keys": (PublicKey(key.public_key_text(), NAME),)}


def jwt(seconds: float = 0, key: CdpKey = KEY) -> str:
    """Make a token as of some seconds from now."""
    return key.jwt(time.time_ns() + round(seconds * NANOSECONDS), "0" * 64)


def outline(message: Parsed) -> tuple[str, str, str]:
    """Tell channel, type and product of a frame; of an ack, its channels."""
    event = message["events"][0]
    if message["channel"] == "subscriptions":
        return "subscriptions", "", " ".join(event["subscriptions"])
    items = next((event[name] for name in ("tickers", "trades", "candles", "orders") if event.get(name)), [event])
    return message["channel"], event.get("type", ""), items[0].get("product_id", "")


def acked(message: Parsed) -> dict[str, list[str]]:
    assert message["channel"] == "subscriptions", message
    subscriptions: dict[str, list[str]] = message["events"][0]["subscriptions"]
    return subscriptions


def numbers(messages: list[Parsed]) -> list[int]:
    return [message["sequence_num"] for message in messages if "sequence_num" in message]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return market_recording(tmp_path_factory.mktemp("market") / "market.jsonl.zst")


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return account_recording(tmp_path_factory.mktemp("account") / "account.jsonl.zst", orders=73)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return books_recording(tmp_path_factory.mktemp("books") / "books.jsonl.zst", MANY)


MANY = [f"P{number}-USD" for number in range(61)]


# The server half, to a plain client


def test_a_burst_of_five_messages_is_answered_as_the_capture_of_2026_shows(market: Path) -> None:
    """Data first, each ack behind the snapshots of its own message, with all so far, and one count over all."""

    async def scenario() -> list[Parsed]:
        async with venue(market) as server, visit(server.url) as visitor:
            for channel in ("market_trades", "candles", "ticker", "level2"):
                await visitor.say(product_ids=PAIR, channel=channel)
            await visitor.say(product_ids=[], channel="heartbeats")
            return await visitor.hear_until(channel="heartbeats")

    heard = run(scenario())
    assert [outline(message) for message in heard] == [
        ("subscriptions", "", "heartbeats"),
        ("market_trades", "snapshot", "BTC-USD"),
        ("market_trades", "snapshot", "ETH-USD"),
        ("subscriptions", "", "heartbeats market_trades"),
        ("candles", "snapshot", "ETH-USD"),
        ("candles", "snapshot", "BTC-USD"),
        ("subscriptions", "", "candles heartbeats market_trades"),
        ("ticker", "snapshot", "BTC-USD"),
        ("ticker", "snapshot", "ETH-USD"),
        ("subscriptions", "", "candles heartbeats market_trades ticker"),
        ("market_trades", "update", "BTC-USD"),
        ("l2_data", "snapshot", "BTC-USD"),
        ("l2_data", "update", "BTC-USD"),
        ("ticker", "update", "BTC-USD"),
        ("l2_data", "snapshot", "ETH-USD"),
        ("subscriptions", "", "candles heartbeats level2 market_trades ticker"),
        ("heartbeats", "", ""),
    ]
    assert numbers(heard) == list(range(len(heard)))
    assert {tuple(message) for message in heard} == {("channel", "timestamp", "sequence_num", "events")}
    assert {len(message["events"]) for message in heard} == {1}
    last = acked(heard[-2])
    assert last["heartbeats"] == ["heartbeats"]
    assert sorted(last["level2"]) == list(PAIR)


def test_heartbeats_alone_are_acknowledged_before_the_first_beat(market: Path) -> None:
    """The ack has number 0 and the beat number 1 (capture of 2024-10-04); a beat a second, counted by integers."""

    async def scenario() -> list[Parsed]:
        async with venue(market) as server, visit(server.url) as visitor:
            await visitor.say(channel="heartbeats")
            return await visitor.hear(4)

    ack, *beats = run(scenario())
    assert acked(ack) == {"heartbeats": ["heartbeats"]}
    counters = [beat["events"][0]["heartbeat_counter"] for beat in beats]
    assert counters == list(range(counters[0], counters[0] + 3))
    assert numbers([ack, *beats]) == [0, 1, 2, 3]


def test_products_that_are_unknown_are_missing_from_the_ack_without_an_error(market: Path) -> None:
    """And a -USDC product comes under the name of its -USD book."""

    async def scenario() -> list[Parsed]:
        async with venue(market) as server, visit(server.url) as visitor:
            await visitor.say(product_ids=["NO-SUCH", "ETH-USD"], channel="ticker")
            await visitor.say(product_ids=["BTC-USDC"], channel="candles")
            return await visitor.hear(4)

    heard = run(scenario())
    assert sorted(map(outline, heard)) == [
        ("candles", "snapshot", "BTC-USD"),
        ("subscriptions", "", "candles"),
        ("subscriptions", "", "candles ticker"),
        ("ticker", "snapshot", "ETH-USD"),
    ]
    assert acked(heard[-1]) == {"candles": ["BTC-USD"], "ticker": ["ETH-USD"]}


def test_subscribing_again_is_acknowledged_without_a_snapshot_and_unsubscribing_leaves_what_is_left(
    market: Path,
) -> None:
    """Without products, unsubscribe drops the channel; when nothing is left the ack is empty, and so is the feed."""

    async def scenario() -> None:
        async with venue(market, speed=3) as server, visit(server.url) as visitor:
            await visitor.say(product_ids=PAIR, channel="level2")
            await visitor.say(product_ids=PAIR, channel="ticker")
            first = await visitor.hear_until(channel="l2_data")
            await visitor.say(product_ids=["BTC-USD"], channel="level2")
            again = await hear_ack_of(visitor, {"level2", "ticker"}, behind=3 - count_acks(first))
            await visitor.say("unsubscribe", product_ids=["BTC-USD"], channel="level2")
            left = await visitor.hear_until(channel="subscriptions")
            assert acked(left[-1])["level2"] == ["ETH-USD"]
            await visitor.say("unsubscribe", channel="level2")
            without_book = await visitor.hear_until(channel="subscriptions")
            assert sorted(acked(without_book[-1])["ticker"]) == list(PAIR)
            assert list(acked(without_book[-1])) == ["ticker"]
            await visitor.say("unsubscribe", channel="ticker")
            nothing = await visitor.hear_until(channel="subscriptions")
            assert acked(nothing[-1]) == {}
            assert await visitor.hear_all() == []
            heard = [*first, *again, *left, *without_book, *nothing]
            assert numbers(heard) == list(range(len(heard)))
            snapshots = [outline(message) for message in heard if outline(message)[:2] == ("l2_data", "snapshot")]
            assert len(snapshots) == 2

    run(scenario())


def count_acks(messages: list[Parsed]) -> int:
    return sum(message["channel"] == "subscriptions" for message in messages)


async def hear_ack_of(visitor: Visitor, channels: set[str], behind: int) -> list[Parsed]:
    """Read so many acks, the last of which lists these channels."""
    heard: list[Parsed] = []
    for _ in range(behind):
        heard += await visitor.hear_until(channel="subscriptions")
    assert set(acked(heard[-1])) == channels
    return heard


@pytest.mark.parametrize("channel", ["heartbeat", "full", "user", "futures_balance_summary"])
def test_a_channel_that_is_unknown_or_private_is_an_authentication_failure_and_the_socket_stays_open(
    market: Path, channel: str
) -> None:
    """The error takes no number; what is subscribed next is served."""

    async def scenario() -> None:
        async with venue(market) as server, visit(server.url) as visitor:
            await visitor.say(product_ids=["BTC-USD"], channel=channel)
            assert await visitor.hear_one() == REFUSED
            assert await visitor.is_open()
            await visitor.say(product_ids=["BTC-USD"], channel="ticker")
            heard = await visitor.hear_until(channel="subscriptions")
            assert numbers(heard) == list(range(len(heard)))
            assert server.has_lacked

    run(scenario())


def test_the_31st_book_on_a_connection_is_refused_until_another_is_left(books: Path) -> None:
    """All in one message or one by one; the socket stays open, and a second connection has its own thirty."""

    async def scenario() -> None:
        async with venue(books) as server, visit(server.url) as visitor:
            await visitor.say(product_ids=MANY[:31], channel="level2")
            assert await visitor.hear_one() == TOO_MANY
            await visitor.say(product_ids=MANY[:30], channel="level2")
            heard = await visitor.hear_until(channel="subscriptions")
            assert len(acked(heard[-1])["level2"]) == 30
            await visitor.say(product_ids=[MANY[30]], channel="level2")
            assert (await visitor.hear_until(type="error"))[-1] == TOO_MANY
            await visitor.say("unsubscribe", product_ids=[MANY[0]], channel="level2")
            await visitor.say(product_ids=[MANY[30]], channel="level2")
            acks = [(await visitor.hear_until(channel="subscriptions"))[-1] for _ in range(2)]
            assert [len(acked(ack)["level2"]) for ack in acks] == [29, 30]
            assert MANY[30] in acked(acks[-1])["level2"]
            async with visit(server.url) as other:
                await other.say(product_ids=MANY[30:60], channel="level2")
                assert len(acked((await other.hear_until(channel="subscriptions"))[-1])["level2"]) == 30

    run(scenario())


def test_a_client_that_says_nothing_is_disconnected(account: Path) -> None:
    """After five seconds, here after a fifth of one; a refused subscription is none."""

    async def scenario() -> list[tuple[int | None, str | None]]:
        async with (
            venue(account, settings={"subscribe_within": "0.2"}, **strict()) as server,
            visit(server.url) as silent,
            visit(server.url) as refused,
            visit(server.url) as served,
        ):
            await refused.say(channel="user")
            await served.say(channel="user", jwt=jwt())
            closed = [await silent.closed(), await refused.closed()]
            assert await served.is_open()
            return closed

    assert run(scenario()) == [(1008, "no subscribe message within 0.2 seconds")] * 2


@pytest.mark.parametrize("key", [KEY, EDWARDS_KEY], ids=["ES256", "EdDSA"])
def test_the_user_endpoint_gives_orders_in_batches_and_names_the_account(account: Path, key: CdpKey) -> None:
    """Batches of 50, the last of which is shorter; every frame has an empty `client_id` (captures of 2026-09-30)."""

    async def scenario() -> list[Parsed]:
        async with venue(account, **strict(key)) as server, visit(server.url) as visitor:
            await visitor.say(channel="user", jwt=jwt(key=key))
            await visitor.say(channel="futures_balance_summary", jwt=jwt(key=key))
            await visitor.say(channel="heartbeats", jwt=jwt(key=key))
            return await visitor.hear_until(channel="heartbeats")

    heard = run(scenario())
    beats_ack, first, second, user_ack, futures, *_ = heard
    assert acked(beats_ack) == {"heartbeats": ["heartbeats"]}
    assert [len(one["events"][0]["orders"]) for one in (first, second)] == [50, 23]
    assert acked(user_ack) == {"heartbeats": ["heartbeats"], "user": [NO_ACCOUNT]}
    assert outline(futures)[:2] == ("futures_balance_summary", "snapshot")
    assert [outline(one)[:2] for one in heard[5:]] == [
        ("subscriptions", ""),
        ("user", "update"),
        ("heartbeats", ""),
    ]
    assert numbers(heard) == list(range(len(heard)))
    assert {tuple(one)[:2] for one in heard} == {("channel", "client_id")}
    assert {one["client_id"] for one in heard} == {""}


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(lambda: jwt(-121), id="expired"),
        pytest.param(lambda: jwt(30), id="not valid yet"),
        pytest.param(lambda: jwt(key=WRONG_KEY), id="another key"),
        pytest.param(lambda: jwt(key=EDWARDS_KEY), id="another algorithm"),
        pytest.param(lambda: f"{jwt()[:-6]}AAAAAA", id="changed"),
        pytest.param(lambda: "", id="none"),
    ],
)
def test_a_jwt_that_is_not_accepted_is_an_authentication_failure_and_a_good_one_mends_it(
    account: Path, token: Any
) -> None:
    async def scenario() -> None:
        async with venue(account, **strict()) as server, visit(server.url) as visitor:
            await visitor.say(channel="user", jwt=token())
            assert await visitor.hear_one() == REFUSED
            assert await visitor.is_open()
            await visitor.say(channel="user", jwt=jwt())
            assert numbers(await visitor.hear_until(channel="subscriptions")) == [0, 1, 2]

    run(scenario())


def test_what_was_accepted_goes_on_when_its_jwt_expires(account: Path) -> None:
    """A JWT counts for the message that has it; the next message with the same one is refused."""

    async def scenario() -> None:
        async with venue(account, speed=1, **strict()) as server:
            token = jwt(-118)
            expires = (time.time_ns() // NANOSECONDS - 118 + 120) * NANOSECONDS
            async with visit(server.url) as visitor:
                await visitor.say(channel="user", jwt=token)
                await visitor.hear_until(channel="subscriptions")
                await asyncio.sleep(max(0, expires - time.time_ns()) / NANOSECONDS + 0.05)
                await visitor.say(channel="futures_balance_summary", jwt=token)
                assert (await visitor.hear_until(type="error"))[-1] == REFUSED
                assert outline((await visitor.hear_until(channel="user"))[-1])[1] == "update"

    run(scenario())


@pytest.mark.parametrize("speed", [10, 20])
def test_who_subscribes_late_gets_book_ticker_and_trades_as_of_then(market: Path, speed: float) -> None:
    async def scenario() -> None:
        async with venue(market, speed=speed) as server, visit(server.url) as visitor:
            await visitor.say(channel="heartbeats")
            await visitor.hear(3)  # the ack, and two beats: 1.3 s have passed
            for channel in ("level2", "ticker", "market_trades"):
                await visitor.say(product_ids=["BTC-USD"], channel=channel)
            heard = await visitor.hear(1)
            while '"price_level": "21"' not in json.dumps(heard[-1]) or outline(heard[-1])[1] == "snapshot":
                heard += await visitor.hear(1)  # heartbeats go on after the end
            heard = [one for one in heard if one["channel"] != "heartbeats"]
            kinds = [outline(one)[:2] for one in heard[:6]]
            assert [kind for kind in kinds if kind[1] != "update"] == [
                *[("l2_data", "snapshot"), ("subscriptions", "")],
                *[("ticker", "snapshot"), ("subscriptions", "")],
                *[("market_trades", "snapshot"), ("subscriptions", "")],
            ]
            book = {level["price_level"]: level["new_quantity"] for level in heard[0]["events"][0]["updates"]}
            assert "98" not in book, "removed after the recorded snapshot"
            assert {"99", "101", "46"} <= book.keys()
            updates = [one for one in heard[6:] if one["channel"] == "l2_data"]
            following = [int(one["events"][0]["updates"][0]["price_level"]) for one in updates]
            assert following == list(range(following[0], 50 - 30, -1))
            assert str(following[0] + 1) in book
            assert str(following[0]) not in book

    run(scenario())


def test_who_subscribes_late_to_an_account_gets_the_orders_that_are_open_then(account: Path) -> None:
    """In batches of 50 again: of 73, one was filled and one came, or more where the answer took longer."""

    async def scenario() -> list[Parsed]:
        async with venue(account, **strict()) as server, visit(server.url) as visitor:
            await visitor.say(channel="heartbeats", jwt=jwt())
            await visitor.hear(3)  # the ack, and two beats: 1.5 s have passed
            await visitor.say(channel="user", jwt=jwt())
            heard = await visitor.hear_until(channel="subscriptions")
            return [one for one in heard if one["channel"] == "user"]

    batches = [one["events"][0]["orders"] for one in run(scenario())]
    came = sum(map(len, batches)) - 72
    assert [len(batch) for batch in batches] == [50, 22 + came]
    assert 1 <= came <= 4
    identities = {order["order_id"] for batch in batches for order in batch}
    assert identities == {f"order-{number}" for number in [*range(1, 73), *range(1000, 1000 + came)]}


# The client half, against the server half


@pytest.mark.parametrize("key", [KEY, EDWARDS_KEY], ids=["ES256", "EdDSA"])
def test_an_account_is_recorded_with_the_right_key(account: Path, path: Path, key: CdpKey) -> None:
    async def scenario() -> None:
        async with venue(account, **strict(key)) as server:
            channels = [Subscription("user"), Subscription("futures_balance_summary"), Subscription("heartbeats")]
            await session_with(server.url, path, USER, *channels, key=key, frames=12).run()

    run(scenario())
    channels = [json.loads(payload)["channel"] for payload in payloads(path)]
    assert channels[:7] == [
        *("subscriptions", "user", "user", "subscriptions", "futures_balance_summary", "subscriptions", "user")
    ]
    assert events(path, "missing") == events(path, "gap") == events(path, "error") == []
    assert [json.loads(frame.payload)["jwt"] for frame in sent(path)] == ["[redacted]"] * 3
    assert all(frame.redacted for frame in sent(path))


def test_market_data_is_recorded_with_credentials_and_without(market: Path, tmp_path: Path) -> None:
    """With a key every message is signed; the frames are the same."""

    async def scenario(path: Path, key: CdpKey | None) -> None:
        async with venue(market, **strict()) as server:
            channels = [Subscription("level2", PAIR), Subscription("ticker", PAIR), Subscription("heartbeats")]
            await session_with(server.url, path, MARKET, *channels, key=key, frames=60).run()

    paths = [tmp_path / "open.jsonl", tmp_path / "signed.jsonl"]
    for path, key in zip(paths, (None, KEY), strict=True):
        run(scenario(path, key))
        assert events(path, "missing") == events(path, "gap") == []
        assert all(("jwt" in json.loads(frame.payload)) == (key is not None) for frame in sent(path))
    assert payloads(paths[0]) == payloads(paths[1])


@pytest.mark.parametrize(
    ("key", "off", "said"),
    [
        pytest.param(KEY, -121, "the clock is off", id="expired"),
        pytest.param(KEY, 30, "the clock is off", id="not valid yet"),
        pytest.param(WRONG_KEY, 0, "the key is wrong or was revoked", id="another key"),
        pytest.param(None, 0, "set COINBASE_API_KEY and COINBASE_API_SECRET", id="no key"),
    ],
)
def test_a_key_that_is_not_accepted_ends_the_run_with_advice(
    account: Path, path: Path, key: CdpKey | None, off: float, said: str
) -> None:
    """What came until then is a whole recording."""

    async def scenario() -> None:
        async with venue(account, **strict()) as server:
            session = session_with(server.url, path, USER, Subscription("user"), key=key, clock=clock_off_by(off))
            with pytest.raises(VenueError, match=f"'authentication failure'.*{said}"):
                await session.run()

    run(scenario())
    assert [json.loads(payload) for payload in payloads(path)] == [REFUSED]
    assert len(events(path, "error")) == len(events(path, "close")) == 1


def test_a_channel_that_the_venue_does_not_have_ends_the_run(account: Path, path: Path) -> None:
    """As of market data at the address of the user endpoint."""

    async def scenario() -> None:
        async with venue(account) as server:
            wanted = [Subscription("heartbeats"), Subscription("ticker", PAIR)]
            with pytest.raises(VenueError, match="the channel does not exist there"):
                await session_with(server.url, path, MARKET, *wanted).run()

    run(scenario())


@pytest.mark.usefixtures("impatient")
def test_a_bad_product_among_good_ones_is_an_event_and_the_good_are_recorded(market: Path, path: Path) -> None:
    async def scenario() -> None:
        async with venue(market) as server:
            wanted = [Subscription("ticker", ("BTC-USD", "NO-SUCH")), Subscription("candles", PAIR)]
            await session_with(server.url, path, MARKET, *wanted, frames=20).run()

    run(scenario())
    (missing,) = events(path, "missing")
    assert missing.details["subscriptions"] == [{"channel": "ticker", "products": ["NO-SUCH"]}]
    assert events(path, "gap") == []
    assert len(payloads(path)) == 20


@pytest.mark.usefixtures("impatient")
def test_nothing_but_bad_products_ends_the_run(market: Path, path: Path) -> None:
    """Heartbeats alone are not what was asked for."""

    async def scenario() -> None:
        async with venue(market) as server:
            wanted = [Subscription("ticker", ("NO-SUCH", "NOR-THIS")), Subscription("heartbeats")]
            with pytest.raises(VenueError, match="accepted nothing of what was asked for"):
                await session_with(server.url, path, MARKET, *wanted).run()

    run(scenario())
    assert len(events(path, "missing")) == 1


def test_61_books_are_recorded_over_three_connections_of_one_recording(books: Path, path: Path) -> None:
    """Each has at most 30 of them, heartbeats of its own, and a count of its own without holes."""

    async def scenario() -> None:
        async with venue(books) as server:
            wanted = [Subscription("level2", tuple(MANY)), Subscription("heartbeats")]
            session = session_with(server.url, path, MARKET, *wanted)
            running = asyncio.create_task(session.run())
            await until(lambda: session.progress.counts.frames >= 6 * len(MANY) + 6)
            session.stop()
            await running

    run(scenario())
    products: dict[int, set[str]] = {}
    beating = set()
    for frame in received(path):
        message = json.loads(frame.payload)
        if message["channel"] == "l2_data":
            products.setdefault(frame.conn, set()).add(message["events"][0]["product_id"])
        elif message["channel"] == "subscriptions" and "heartbeats" in acked(message):
            beating.add(frame.conn)
    assert sorted(map(len, products.values())) == [1, 30, 30]
    assert set().union(*products.values()) == set(MANY)
    assert beating == set(products)
    assert events(path, "gap") == events(path, "error") == events(path, "missing") == []


def test_after_each_end_of_the_connection_the_account_is_subscribed_with_a_new_jwt(account: Path, path: Path) -> None:
    """The venue's closes are survived; the count begins at 0 again, which is no gap."""
    tokens: list[str] = []

    class WatchedKey(CdpKey):
        def jwt(self, now: int, nonce: str) -> str:
            tokens.append(super().jwt(now, nonce))
            return tokens[-1]

    key = WatchedKey(NAME, pem(ec.generate_private_key(ec.SECP256R1())))

    async def scenario() -> None:
        async with venue(account, speed=100, at_end="close", **strict(key)) as server:
            await session_with(server.url, path, USER, Subscription("user"), key=key, frames=20).run()

    run(scenario())
    connections = [event.conn for event in events(path, "open")]
    assert len(connections) >= 2
    assert len(set(tokens)) == len(tokens) == len(connections)
    assert {event.details["code"] for event in events(path, "close")} == {1000}
    assert events(path, "gap") == events(path, "error") == []
