"""Advanced Trade with credentials: both endpoints, each half against plain messages and against the other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.feeds.auth import Auth, PublicKey
from feedrec.feeds.base import FeedClient, Message, Notice, Subscription
from feedrec.feeds.coinbase_advanced import FEED, USER_FEED, CoinbaseAdvanced
from feedrec.feeds.coinbase_advanced.client import ACK_GRACE, CoinbaseAdvancedClient
from feedrec.feeds.credentials import JWT_LIFE, CdpKey, ExchangeKey
from feedrec.feeds.venue import Close, FeedServer, Remark, Reply, Send
from feedrec.model import NANOSECONDS, Frame

from ...shared import SHARED

SINGLE_FRAMES = SHARED / "samples" / "single_frames.jsonl"
NAME = "organizations/11111111-2222/apiKeys/33333333-4444"
START = 1_790_735_834 * NANOSECONDS
"""Recorded time."""

NOW = 1_800_000_000 * NANOSECONDS
"""Wall time: a replay lives in the past."""

ACCOUNT = "00000000-0000-0000-0000-000000000000"
USER = Subscription("user")
FUTURES = Subscription("futures_balance_summary")
HEARTBEATS = Subscription("heartbeats")
LEVEL2 = Subscription("level2", ("BTC-USD",))
TICKER = Subscription("ticker", ("BTC-USD", "ETH-USD"))
PAIR = ("BTC-USD", "ETH-USD")
CATALOGUE = {
    "user": ("", "BTC-USD"),
    "futures_balance_summary": ("",),
    "heartbeats": ("",),
    "level2": PAIR,
    "ticker": PAIR,
}
REFUSED = Send(b'{"type":"error","message":"authentication failure"}')


def pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


KEY = CdpKey(NAME, pem(ed25519.Ed25519PrivateKey.generate()))
OTHER_KEY = CdpKey(NAME, pem(ed25519.Ed25519PrivateKey.generate()))
EC_KEY = CdpKey(NAME, pem(ec.generate_private_key(ec.SECP256R1())))


class Clock:
    """The wall clock of the venue."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def strict(clock: Clock | None = None, key: CdpKey = KEY) -> Auth:
    return Auth("strict", now=clock or Clock(), keys=[PublicKey(key.public_key_text(), NAME)])


def server(endpoint: CoinbaseAdvanced = USER_FEED, auth: Auth | None = None, **settings: str) -> FeedServer:
    return endpoint.server(CATALOGUE, settings, auth or strict())


def request(kind: str, channel: str, *products: str, **more: object) -> bytes:
    return json.dumps({"type": kind, "channel": channel, "product_ids": list(products), **more}).encode()


def token(now: int = NOW, key: CdpKey = KEY) -> str:
    return key.jwt(now, "0" * 64)


def frame(channel: str, sequence: int, **event: Any) -> bytes:
    fields = {"channel": channel, "client_id": "", "timestamp": "2026-09-30T02:37:14.089808906Z"}
    return json.dumps({**fields, "sequence_num": sequence, "events": [event]}, separators=(",", ":")).encode()


def order(number: int, product: str = "BTC-USD", status: str = "OPEN") -> dict[str, str]:
    return {"order_id": f"order-{number}", "status": status, "product_id": product}


def user(kind: str, sequence: int, *orders: dict[str, str]) -> bytes:
    return frame("user", sequence, type=kind, orders=list(orders))


def payloads(replies: list[Reply]) -> list[bytes]:
    return [bytes(reply.payload) for reply in replies if isinstance(reply, Send)]


def remarks(replies: list[Reply]) -> list[str]:
    return [reply.text for reply in replies if isinstance(reply, Remark)]


def play(venue: FeedServer, *recorded: bytes) -> list[bytes]:
    return [bytes(message) for one in recorded for message in venue.on_frame(Frame(START, 0, one), FEED.describe(one))]


def begin(venue: FeedServer, snapshots: Mapping[str, bytes] | None = None) -> list[bytes]:
    """Give the state of what is wanted, by channel; where there is none, a recorded snapshot comes soon."""
    venue.on_coming(venue.awaited)
    return payloads(venue.on_state({key: (snapshots or {}).get(key[0]) for key in venue.wanted}, START))


def numbers(messages: list[bytes]) -> list[int]:
    return [json.loads(message)["sequence_num"] for message in messages]


def channels(messages: list[bytes]) -> list[str]:
    return [json.loads(message)["channel"] for message in messages]


def acks(messages: list[bytes]) -> list[dict[str, list[str]]]:
    events = [json.loads(message)["events"][0] for message in messages if b'"subscriptions"' in message]
    return [event["subscriptions"] for event in events]


def nonces() -> Iterator[str]:
    return (f"{number:064x}" for number in range(1000))


def signing(*subscriptions: Subscription, key: CdpKey = KEY) -> CoinbaseAdvancedClient:
    return CoinbaseAdvancedClient(subscriptions, key, nonce=nonces().__next__)


def hear(client: FeedClient, messages: list[bytes]) -> list[Notice]:
    return [notice for one in messages for notice in client.on_frame(FEED.describe(one), one)]


def speak(venue: FeedServer, messages: list[Message]) -> list[Reply]:
    return [reply for message in messages for reply in venue.on_message(message.payload, START)]


# The client half: what it sends.


def test_every_message_has_a_jwt_of_its_own() -> None:
    client = signing(LEVEL2, USER, HEARTBEATS)
    sent = [*client.on_open(NOW), *client.unsubscribe([LEVEL2, USER], NOW + NANOSECONDS)]
    bodies = [json.loads(message.payload) for message in sent]
    tokens = [body.pop("jwt") for body in bodies]
    assert len(set(tokens)) == len(bodies)
    assert all(strict(Clock(NOW + NANOSECONDS)).check_jwt(one) is None for one in tokens)
    assert bodies == [
        {"type": "subscribe", "product_ids": ["BTC-USD"], "channel": "level2"},
        {"type": "subscribe", "channel": "user"},
        {"type": "subscribe", "channel": "heartbeats"},
        {"type": "unsubscribe", "product_ids": ["BTC-USD"], "channel": "level2"},
        {"type": "unsubscribe", "channel": "user"},
    ]


def test_a_jwt_is_valid_from_the_moment_of_its_message() -> None:
    (first,) = signing(USER).on_open(NOW)
    (second,) = signing(USER).on_open(NOW + 100 * NANOSECONDS)
    after = strict(Clock(NOW + JWT_LIFE * NANOSECONDS))
    assert "expired" in str(after.check_jwt(json.loads(first.payload)["jwt"]))
    assert after.check_jwt(json.loads(second.payload)["jwt"]) is None


def test_without_a_nonce_given_each_is_random() -> None:
    def one() -> bytes:
        (message,) = CoinbaseAdvancedClient([USER], KEY).on_open(NOW)
        return message.payload

    assert one() != one()  # Ed25519 signs the same twice alike


@pytest.mark.parametrize("key", [KEY, EC_KEY], ids=["EdDSA", "ES256"])
def test_no_jwt_is_in_what_is_recorded(key: CdpKey) -> None:
    client = signing(LEVEL2, USER, key=key)
    for message in [*client.on_open(NOW), *client.unsubscribe([USER], NOW)]:
        body = json.loads(message.payload)
        assert message.redacted is not None
        assert json.loads(message.redacted) == body | {"jwt": "[redacted]"}
        assert not any(part.encode() in message.redacted for part in body["jwt"].split("."))


def test_without_credentials_messages_have_no_jwt_and_are_recorded_as_they_are() -> None:
    client = CoinbaseAdvancedClient([LEVEL2])
    for message in [*client.on_open(NOW), *client.unsubscribe([LEVEL2], NOW)]:
        assert b"jwt" not in message.payload
        assert message.redacted is None


def test_a_key_of_another_kind_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(UsageError, match=r"coinbase-advanced-user takes an API key of the .*, not ExchangeKey"):
        USER_FEED.client([USER], ExchangeKey("a", "YQ==", "b"))


# The client half: what it makes of the answers.


def ack(sequence: int, **accepted: list[str]) -> bytes:
    return frame("subscriptions", sequence, subscriptions=accepted)


def test_an_account_in_the_ack_stands_for_any_products() -> None:
    client = signing(Subscription("user", PAIR), FUTURES)
    assert hear(client, [ack(0, user=["3e625b74"])]) == []
    text = "subscribed to user, futures_balance_summary"
    assert hear(client, [ack(1, user=["3e625b74"], futures_balance_summary=["123"])]) == [Notice(text)]


@pytest.mark.parametrize("accepted", [{}, {"user": []}])
def test_a_private_channel_that_is_not_in_the_ack_is_missing(accepted: dict[str, list[str]]) -> None:
    client = signing(Subscription("user", PAIR))
    hear(client, [ack(0, **accepted)])
    assert client.on_tick(1.0) == ()
    missing, fatal = client.on_tick(1.0 + ACK_GRACE)
    assert missing.details == {"subscriptions": [{"channel": "user", "products": list(PAIR)}]}
    assert fatal.severity == "fatal"


def test_a_refusal_says_what_to_do() -> None:
    error = b'{"type":"error","message":"authentication failure"}'
    (unsigned,) = hear(CoinbaseAdvancedClient([USER]), [error])
    (signed,) = hear(signing(USER), [error])
    assert unsigned.severity == signed.severity == "fatal"
    assert "set COINBASE_API_KEY and COINBASE_API_SECRET, or give a key file" in unsigned.text
    assert "check the key and the clock" in signed.text
    assert "COINBASE_API_KEY" not in signed.text


def test_what_was_unsubscribed_is_not_missed() -> None:
    client = signing(TICKER, LEVEL2)
    hear(client, [ack(0, ticker=list(PAIR))])
    client.unsubscribe([LEVEL2, Subscription("ticker", ("ETH-USD",))], NOW)
    assert client.on_tick(1.0) == ()
    assert hear(client, [ack(1, ticker=["BTC-USD"])]) == [Notice("subscribed to ticker")]


def test_acks_of_unsubscribing_are_waited_for_before_anything_is_judged() -> None:
    client = signing(TICKER)
    client.unsubscribe([Subscription("ticker", ("ETH-USD",))], NOW)
    hear(client, [ack(0)])
    assert client.on_tick(1.0) == client.on_tick(1.0 + ACK_GRACE) == ()
    hear(client, [ack(1)])
    assert client.on_tick(3.0) == ()
    assert [notice.event for notice in client.on_tick(3.0 + ACK_GRACE)] == ["missing", None]


def test_a_client_that_unsubscribed_all_has_nothing_to_judge() -> None:
    client = signing(USER, LEVEL2)
    client.unsubscribe([Subscription("user", ("BTC-USD",))], NOW)
    hear(client, [ack(0), ack(1), ack(2)])
    client.on_tick(1.0)
    assert client.on_tick(1.0 + ACK_GRACE)  # user was for all products, and is still
    client = signing(USER, LEVEL2)
    client.unsubscribe([USER, LEVEL2], NOW)
    assert hear(client, [ack(0), ack(1), ack(2), ack(3)]) == []
    assert [*client.on_tick(9.0), *client.on_tick(19.0), *client.on_close()] == []


# The server half, against plain messages.


@pytest.mark.parametrize("endpoint", [FEED, USER_FEED], ids=["market", "user"])
@pytest.mark.parametrize("channel", ["user", "futures_balance_summary"])
@pytest.mark.parametrize("kind", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize(
    ("jwt", "reason"),
    [
        (None, "it has no jwt"),
        ("", "it has no jwt"),
        (5, "its jwt is not a string"),
        ("hello", "its jwt is malformed"),
        (token(key=OTHER_KEY), "its jwt is signed with another key, or was altered"),
        (token(NOW - JWT_LIFE * NANOSECONDS), "its jwt expired 0 s ago (exp)"),
        (token(NOW + 9 * NANOSECONDS), "its jwt is not valid before 9 s from now (nbf)"),
    ],
)
def test_a_private_channel_without_a_good_jwt_is_refused_and_the_socket_stays_open(
    endpoint: CoinbaseAdvanced, channel: str, kind: str, jwt: object, reason: str
) -> None:
    venue = server(endpoint)
    assert venue.on_message(request(kind, channel, jwt=jwt), START) == [
        REFUSED,
        Remark(f"asks to {kind} {channel}, refused: {reason}"),
    ]
    assert not venue.has_subscribed
    assert venue.on_message(request("subscribe", channel, jwt=token()), START) == []
    assert venue.wanted == {(channel, "")}


def test_a_jwt_that_expires_leaves_the_subscription_as_it_is() -> None:
    clock = Clock()
    venue = server(auth=strict(clock))
    venue.on_message(request("subscribe", "user", jwt=token()), START)
    begin(venue, {"user": user("snapshot", 0)})
    clock.now += JWT_LIFE * NANOSECONDS
    assert channels(play(venue, user("update", 9, order(1)))) == ["user"]
    assert venue.on_message(request("subscribe", "futures_balance_summary", jwt=token()), START)[0] == REFUSED


@pytest.mark.parametrize("mode", ["any", "none"])
def test_less_strict_venues_want_a_jwt_or_nothing(mode: Any) -> None:
    venue = server(auth=Auth(mode, now=Clock()))
    assert (venue.on_message(request("subscribe", "user"), START) == []) == (mode == "none")
    assert venue.on_message(request("subscribe", "user", jwt="present"), START) == []


@pytest.mark.parametrize(
    ("channel", "named"),
    [(name, f"channel '{name}'") for name in ("level2", "ticker", "heartbeat", "full")] + [("", "no channel")],
)
def test_the_user_endpoint_has_no_market_channels(channel: str, named: str) -> None:
    venue = server()
    refusal, remark = venue.on_message(request("subscribe", channel, "BTC-USD", jwt=token()), START)
    assert refusal == REFUSED
    assert remark == Remark(f"asks for {named}; there is heartbeats, user, futures_balance_summary")


@pytest.mark.parametrize("jwt", [None, "", token()])
def test_market_channels_need_no_jwt(jwt: str | None) -> None:
    venue = server(FEED)
    assert venue.on_message(request("subscribe", "ticker", "BTC-USD", jwt=jwt), START) == []
    assert venue.wanted == {("ticker", "BTC-USD")}


def test_a_bad_jwt_makes_a_request_for_market_data_one_without() -> None:
    venue = server(FEED)
    replies = venue.on_message(request("subscribe", "ticker", "BTC-USD", jwt=token(key=OTHER_KEY)), START)
    text = "subscribes ticker without valid proof: its jwt is signed with another key, or was altered"
    assert replies == [Remark(text)]
    assert venue.wanted == {("ticker", "BTC-USD")}


def test_what_the_user_endpoint_makes_has_a_client_id_and_the_market_endpoint_none() -> None:
    made = {}
    for endpoint in (FEED, USER_FEED):
        venue = server(endpoint, account_id="3e625b74")
        venue.on_message(request("subscribe", "user", jwt=token()), START)
        begin(venue)
        (made[endpoint],) = play(venue, user("update", 0, order(1)))[:1]
    tail = b'"timestamp":"2026-09-30T02:37:14Z","sequence_num":0,"events":[{"subscriptions":{"user":["3e625b74"]}}]}'
    assert made[USER_FEED] == b'{"channel":"subscriptions","client_id":"",' + tail
    assert made[FEED] == b'{"channel":"subscriptions",' + tail


def test_made_heartbeats_of_the_user_endpoint_have_a_client_id() -> None:
    venue = USER_FEED.server({"user": ("",)}, {}, strict())
    venue.on_message(request("subscribe", "heartbeats"), START)
    begin(venue)
    assert venue.next_due is not None
    (beat,) = venue.on_due(venue.next_due)
    assert list(json.loads(beat)) == ["channel", "client_id", "timestamp", "sequence_num", "events"]


def test_the_conversation_of_the_live_user_endpoint() -> None:
    """As captured on 2026-09-30: the snapshot with number 0, the ack behind it, heartbeats, subscribed after that."""
    if not SINGLE_FRAMES.exists():
        pytest.skip(f"{SINGLE_FRAMES} is not there")
    rows = [json.loads(line) for line in SINGLE_FRAMES.read_text().splitlines()]
    snapshot, acknowledged, beat = (row["frame"].encode() for row in rows if row["endpoint"] == "advanced-user")
    venue = server()
    venue.on_message(request("subscribe", "user", jwt=token()), START)
    begin(venue)
    second_ack = ack(2, user=[ACCOUNT], heartbeats=["heartbeats"])
    first, second = play(venue, snapshot, acknowledged, second_ack)
    assert first == snapshot
    assert second == acknowledged.replace(b"14.08981798Z", b"14Z")
    venue.on_message(request("subscribe", "heartbeats", jwt=token()), START)
    assert acks(begin(venue)) == [{"heartbeats": ["heartbeats"], "user": [ACCOUNT]}]
    assert play(venue, beat) == [beat]


def test_a_late_client_gets_orders_in_batches_and_then_the_ack() -> None:
    orders = [order(number) for number in range(109)]
    venue = server()
    venue.on_message(request("subscribe", "user", jwt=token()), START)
    messages = begin(venue, {"user": user("snapshot", 0, *orders)})
    assert channels(messages) == ["user", "user", "user", "subscriptions"]
    assert numbers(messages) == [0, 1, 2, 3]
    batches = [json.loads(message)["events"][0]["orders"] for message in messages[:3]]
    assert [len(batch) for batch in batches] == [50, 50, 9]
    assert [one for batch in batches for one in batch] == orders


def test_the_ack_waits_for_the_last_recorded_batch() -> None:
    venue = server()
    venue.on_message(request("subscribe", "user", jwt=token()), START)
    begin(venue)
    assert channels(play(venue, user("snapshot", 0, *map(order, range(50))))) == ["user"]
    assert channels(play(venue, user("snapshot", 1))) == ["user", "subscriptions"]


def test_a_client_gets_orders_of_the_products_that_it_named() -> None:
    venue = server()
    venue.on_message(request("subscribe", "user", "ETH-USD", "XRP-USD", jwt=token()), START)
    assert venue.wanted == {("user", "")}
    both = [order(1), order(2, "ETH-USD")]
    messages = begin(venue, {"user": user("snapshot", 0, *both)})
    messages += play(venue, user("update", 7, both[0]), user("update", 8, *both), user("update", 10, both[1]))
    assert [json.loads(message)["events"][0].get("orders") for message in messages] == [
        [both[1]],
        None,
        [both[1]],
        [both[1]],
    ]
    assert acks(messages) == [{"user": [ACCOUNT]}]
    assert numbers(messages) == [0, 1, 2, 4]  # 9 is missing in the recording


def test_other_products_take_a_new_subscription() -> None:
    venue = server()
    venue.on_message(request("subscribe", "user", "BTC-USD", jwt=token()), START)
    begin(venue, {"user": user("snapshot", 0)})
    for products in (["ETH-USD"], []):
        replies = venue.on_message(request("subscribe", "user", *products, jwt=token()), START)
        assert remarks(replies) == ["asks for user again with other products: to change them, unsubscribe first"]
        assert acks(payloads(replies)) == [{"user": [ACCOUNT]}]
    assert remarks(venue.on_message(request("subscribe", "user", "BTC-USD", jwt=token()), START)) == []
    assert play(venue, user("update", 1, order(1, "ETH-USD"))) == []
    assert acks(payloads(venue.on_message(request("unsubscribe", "user", jwt=token()), START))) == [{}]
    venue.on_message(request("subscribe", "user", "ETH-USD", jwt=token()), START)
    begin(venue, {"user": user("snapshot", 0)})
    assert channels(play(venue, user("update", 2, order(1, "ETH-USD")))) == ["user"]


def test_unsubscribing_products_of_user_leaves_the_others() -> None:
    venue = server()
    venue.on_message(request("subscribe", "user", *PAIR, jwt=token()), START)
    begin(venue, {"user": user("snapshot", 0)})
    replies = venue.on_message(request("unsubscribe", "user", "ETH-USD", jwt=token()), START)
    assert acks(payloads(replies)) == [{"user": [ACCOUNT]}]
    assert play(venue, user("update", 1, order(1, "ETH-USD"))) == []
    assert channels(play(venue, user("update", 2, order(1)))) == ["user"]
    assert acks(payloads(venue.on_message(request("unsubscribe", "user", "BTC-USD", jwt=token()), START))) == [{}]
    assert play(venue, user("update", 3, order(1))) == []


def test_unsubscribing_one_product_of_all_changes_nothing() -> None:
    venue = server()
    venue.on_message(request("subscribe", "user", jwt=token()), START)
    begin(venue, {"user": user("snapshot", 0)})
    replies = venue.on_message(request("unsubscribe", "user", "BTC-USD", jwt=token()), START)
    assert acks(payloads(replies)) == [{"user": [ACCOUNT]}]
    assert channels(play(venue, user("update", 1, order(1)))) == ["user"]


def test_when_the_recording_begins_again_so_do_the_orders() -> None:
    venue = server()
    venue.on_message(request("subscribe", "user", "BTC-USD", jwt=token()), START)
    begin(venue)
    mixed = [order(number, PAIR[number % 2]) for number in range(50)]
    assert play(venue, user("snapshot", 0, *mixed)) == []
    venue.on_restart()
    begin(venue)
    assert json.loads(play(venue, user("snapshot", 0, order(99)))[0])["events"][0]["orders"] == [order(99)]


def test_what_is_not_recorded_is_acknowledged_and_remarked() -> None:
    venue = USER_FEED.server({"heartbeats": ("",)}, {}, strict())
    replies = venue.on_message(request("subscribe", "user", jwt=token()), START)
    assert remarks(replies) == ["asks for user, which the recording lacks; it has heartbeats"]
    assert acks(payloads(replies)) == [{"user": [ACCOUNT]}]


def test_a_setting_that_is_unknown_is_refused_by_the_name_of_the_endpoint() -> None:
    with pytest.raises(UsageError, match="coinbase-advanced-user has no setting 'account'"):
        server(account="5")


# The client half against the server half.


@pytest.mark.parametrize("endpoint", [FEED, USER_FEED], ids=["market", "user"])
@pytest.mark.parametrize("key", [KEY, EC_KEY], ids=["EdDSA", "ES256"])
def test_a_client_with_the_right_key_is_served(endpoint: CoinbaseAdvanced, key: CdpKey) -> None:
    venue = server(endpoint, strict(key=key))
    client = signing(USER, FUTURES, HEARTBEATS, key=key)
    assert speak(venue, client.on_open(NOW)) == []
    summary = frame("futures_balance_summary", 0, type="snapshot", fcm_balance_summary={"futures_buying_power": "1"})
    messages = begin(venue, {"user": user("snapshot", 0, order(1)), "futures_balance_summary": summary})
    assert channels(messages) == ["user", "subscriptions", "futures_balance_summary", "subscriptions", "subscriptions"]
    assert hear(client, messages) == [Notice("subscribed to user, futures_balance_summary, heartbeats")]
    assert hear(client, play(venue, user("update", 5, order(1)))) == []
    answers = payloads(speak(venue, client.unsubscribe([USER], NOW)))
    assert acks(answers) == [{"futures_balance_summary": [ACCOUNT], "heartbeats": ["heartbeats"]}]
    assert hear(client, answers) == []
    assert play(venue, user("update", 6, order(1))) == []


@pytest.mark.parametrize(
    ("key", "clock", "reason"),
    [
        (OTHER_KEY, NOW, "signed with another key"),
        (KEY, NOW + JWT_LIFE * NANOSECONDS, "expired"),
        (KEY, NOW - NANOSECONDS, "not valid before"),
        (None, NOW, "it has no jwt"),
    ],
    ids=["wrong", "expired", "early", "missing"],
)
def test_a_client_that_is_refused_ends_with_advice(key: CdpKey | None, clock: int, reason: str) -> None:
    venue = server(auth=strict(Clock(clock)))
    client = USER_FEED.client([USER], key)
    replies = speak(venue, client.on_open(NOW))
    assert reason in remarks(replies)[0]
    assert not any(isinstance(reply, Close) for reply in replies)
    (notice,) = hear(client, payloads(replies))
    assert notice.severity == "fatal"
    assert ("check the key and the clock" if key else "set COINBASE_API_KEY") in notice.text


def test_a_client_is_told_of_an_unknown_channel_a_bad_product_and_too_many() -> None:
    many = tuple(f"A{number}-USD" for number in range(31))
    (unknown,) = hear(client := signing(Subscription("full")), payloads(speak(server(FEED), client.on_open(NOW))))
    (too_many,) = hear(
        client := signing(Subscription("level2", many)), payloads(speak(server(FEED), client.on_open(NOW)))
    )
    assert unknown.severity == too_many.severity == "fatal"
    assert "at most 30 products" in too_many.text
    venue, client = server(FEED), signing(Subscription("ticker", ("BTC-USD", "NO-SUCH")))
    assert remarks(speak(venue, client.on_open(NOW))) == [
        "asks for ticker NO-SUCH, which the venue does not have; the recording has BTC-USD, ETH-USD"
    ]
    snapshot = frame("ticker", 0, type="snapshot", tickers=[{"product_id": "BTC-USD"}])
    assert hear(client, [*begin(venue), *play(venue, snapshot)]) == []
    client.on_tick(1.0)
    (missing,) = client.on_tick(1.0 + ACK_GRACE)
    assert missing.details == {"subscriptions": [{"channel": "ticker", "products": ["NO-SUCH"]}]}


@given(
    asked=st.lists(st.sampled_from([USER, FUTURES, HEARTBEATS, LEVEL2, TICKER]), min_size=1, unique=True),
    signs=st.booleans(),
    endpoint=st.sampled_from([FEED, USER_FEED]),
    late=st.booleans(),
)
def test_a_client_gets_what_it_may_without_a_hole_and_is_refused_the_rest(
    *, asked: list[Subscription], signs: bool, endpoint: CoinbaseAdvanced, late: bool
) -> None:
    venue = server(endpoint, Auth("any", now=Clock()))
    client = CoinbaseAdvancedClient(asked, KEY if signs else None)
    replies = speak(venue, client.on_open(NOW))
    private = {"user", "futures_balance_summary"}
    allowed = [one for one in asked if one.channel in endpoint.channels and (signs or one.channel not in private)]
    assert payloads(replies).count(bytes(REFUSED.payload)) == len(asked) - len(allowed)
    snapshots = {"user": user("snapshot", 0)} if late else {}
    messages = [*(one for one in payloads(replies) if one != REFUSED.payload), *begin(venue, snapshots)]
    messages += play(
        venue,
        user("update", 4, order(1)),
        frame("ticker", 5, type="update", tickers=[{"product_id": "BTC-USD"}]),
        frame("ticker", 6, type="update", tickers=[{"product_id": "ETH-USD"}]),
        frame("l2_data", 7, type="update", product_id="BTC-USD", updates=[]),
        frame("futures_balance_summary", 8, type="update", fcm_balance_summary={}),
        frame("heartbeats", 9, heartbeat_counter=5),
    )
    assert numbers(messages) == list(range(len(messages)))
    assert set(acks(messages)[-1]) == {one.channel for one in allowed} if allowed else messages == []
    assert {FEED.channel_name(one) for one in channels(messages)} - {"subscriptions"} == {
        one.channel for one in allowed
    }
    refusals = [one for one in hear(client, messages) if one.severity == "fatal"]
    assert refusals == []
