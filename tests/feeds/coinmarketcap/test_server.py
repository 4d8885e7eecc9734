"""The server half of CoinMarketCap, and the client half against it: no socket, no clock."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.feeds import Message, Notice, Subscription, subscribe_to
from feedrec.feeds.api_key import ApiKey
from feedrec.feeds.auth import Auth
from feedrec.feeds.channel_requests import ChannelRequest
from feedrec.feeds.coinmarketcap import FEEDS
from feedrec.feeds.coinmarketcap.channels import PARAMS
from feedrec.feeds.coinmarketcap.codes import CLOSE_CODES, ERROR_CODES
from feedrec.feeds.coinmarketcap.frames import describe
from feedrec.feeds.coinmarketcap.server import CoinMarketCapServer
from feedrec.feeds.coinmarketcap.settings import Settings
from feedrec.feeds.venue import Catalogue, Close, FeedServer, Handshake, Key, Remark, Reply, Sample, Send, VenueClock
from feedrec.model import Frame, parse_time
from feedrec.replay.venue.answering.visitors import RealVisitors

from ...shared import SHARED

FEED = FEEDS["coinmarketcap"]
SAMPLES = SHARED / "samples" / "cmc_frames.jsonl"
START = parse_time("2026-05-21T01:57:09.125Z")
START_MS = 1_779_328_629_125
TARGET = "/v1"
KEY = "b54bcf4d-1bca-4e8e-9a24-22ff2c3d462c"
PRICES = "market@crypto_latest_price"
KLINE = "onchain@kline"
TOKEN: dict[str, Any] = {"platform_id": 14, "address": "0xa"}
NEEDS: dict[str, dict[str, Any]] = {
    PRICES: {"crypto_ids": 1},
    "onchain@token_agg_event": TOKEN,
    "onchain@transaction": TOKEN,
    "onchain@liquidity_event": TOKEN,
    KLINE: TOKEN | {"interval": "1m"},
    "onchain@token_metric": TOKEN,
    "onchain@pool_metric": {"platform_id": 16, "pool_address": "DJp"},
    "onchain@unique_trader": TOKEN | {"interval": "1m"},
    "onchain@holders_metrics": TOKEN,
    "onchain@holder_wallet_update": {"platform_id": 16, "wallet_address": "6p6"},
}
CATALOGUE: Catalogue = {PRICES: ("1", "1027"), KLINE: ("14:0xa:1m",), "onchain@transaction": ("14:0xa",)}


def server(catalogue: Catalogue = CATALOGUE, auth: Auth | None = None, **given: str) -> FeedServer:
    return FEED.server(catalogue, given, auth)


def ask(venue: FeedServer, method: str | None = None, number: Any = 1, **fields: Any) -> list[Reply]:
    named = {"id": number, "method": method, **fields}
    return venue.on_message(json.dumps({key: one for key, one in named.items() if one is not None}).encode(), START)


def sent(replies: list[Reply]) -> list[dict[str, Any]]:
    return [json.loads(bytes(reply.payload)) for reply in replies if isinstance(reply, Send)]


def remarks(replies: list[Reply]) -> list[str]:
    return [reply.text for reply in replies if isinstance(reply, Remark)]


def subscribe(venue: FeedServer, channel: str = PRICES, **params: Any) -> dict[str, Any]:
    (answer,) = sent(ask(venue, "subscribe", channel=channel, params=params))
    return answer


def push(channel: str, data: dict[str, Any] | None = None, **params: Any) -> bytes:
    return json.dumps({"type": "data", "channel": channel, "params": params, "data": data or {}, "ts": 1}).encode()


def play(venue: FeedServer, *payloads: bytes) -> list[bytes]:
    return [bytes(message) for one in payloads for message in venue.on_frame(Frame(START, 0, one), describe(one))]


def status_of(replies: list[Reply]) -> dict[str, Any]:
    (answer,) = sent(replies)
    assert answer["type"] == "error"
    status: dict[str, Any] = answer["status"]
    return status


class Talk:
    """A client half and a server half, wire to wire; what the client says of it is in `notices`."""

    def __init__(self, venue: FeedServer, *subscriptions: Subscription, key: str | None = KEY) -> None:
        self.notices: list[Notice] = []
        self.heard: list[bytes] = []
        self.dismissal: Close | None = None
        self.venue = venue
        self.client = FEED.client(subscriptions)
        headers = FEED.headers(ApiKey(key) if key else None)
        self._take(venue.on_open(Handshake(TARGET, {name.lower(): one for name, one in headers.items()}), START))
        if self.dismissal is None:
            self.say(self.client.on_open(START))

    def tick(self, seconds: float) -> None:
        due = self.client.on_tick(seconds)
        self.notices += [one for one in due if isinstance(one, Notice)]
        self.say([one for one in due if isinstance(one, Message)])

    def play(self, *payloads: bytes) -> None:
        self._hear(play(self.venue, *payloads))

    def say(self, messages: list[Message]) -> None:
        for message in messages:
            self._take(self.venue.on_message(message.payload, START))

    def _take(self, replies: list[Reply]) -> None:
        self._hear([bytes(reply.payload) for reply in replies if isinstance(reply, Send)])
        for reply in replies:
            if isinstance(reply, Close):
                self.dismissal = reply
                self.notices += self.client.on_close(reply.code, reply.reason)

    def _hear(self, payloads: list[bytes]) -> None:
        self.heard += payloads
        for payload in payloads:
            self.notices += self.client.on_frame(describe(payload), payload)


def wanted(channel: str, **params: Any) -> Subscription:
    return Subscription(channel, params=params)


# The handshake

WELCOME = Send(f'{{"type":"welcome","ts":{START_MS},"ping_interval_ms":10000}}'.encode())
CLOSED = Close(4100, "API key invalid")


def opening(venue: FeedServer, target: str = TARGET, key: str | None = None) -> list[Reply]:
    return venue.on_open(Handshake(target, {} if key is None else {"x-cmc_pro_api_key": key}), START)


def test_one_connection_too_many_of_a_key_is_closed_and_does_not_count() -> None:
    """However the key is given; a connection that is over makes room."""
    visitors = RealVisitors()

    def come(venue: FeedServer, key: str, *, in_header: bool = True) -> list[Reply]:
        target, headers = (TARGET, {"x-cmc_pro_api_key": key}) if in_header else (f"/v1?CMC_PRO_API_KEY={key}", {})
        return venue.on_open(Handshake(target, headers, "127.0.0.1", visitors), START)

    first, second = server(connection_limit="2"), server(connection_limit="2")
    assert come(first, "k") == come(second, "k", in_header=False) == [WELCOME]
    for _ in range(2):
        remark, close = come(third := server(connection_limit="2"), "k")
        assert remark == Remark("is refused: its API key has 2 connections")
        assert close == Close(4004, "Connection limit")
        third.on_close()
    assert come(server(connection_limit="2"), "other") == [WELCOME]
    first.on_close()
    first.on_close()
    assert come(server(connection_limit="2"), "k") == [WELCOME]
    assert come(server(connection_limit="2"), "k") != [WELCOME]
    assert come(server(), "k") == [WELCOME]


def test_a_client_is_welcomed_with_the_interval_of_its_pings() -> None:
    assert opening(server()) == [WELCOME]
    assert sent(opening(server(ping_interval_ms="2500")))[0]["ping_interval_ms"] == 2500


@pytest.mark.parametrize(
    ("mode", "target", "key", "answer"),
    [
        ("any", TARGET, None, CLOSED),
        ("any", TARGET, "", CLOSED),
        ("any", TARGET, "whatever", WELCOME),
        ("any", f"{TARGET}?CMC_PRO_API_KEY=whatever", None, WELCOME),
        ("none", TARGET, None, WELCOME),
        ("strict", TARGET, None, CLOSED),
        ("strict", TARGET, "whatever", CLOSED),
        ("strict", TARGET, KEY, WELCOME),
        ("strict", f"{TARGET}?a=b&CMC_PRO_API_KEY={KEY}", None, WELCOME),
        ("strict", f"{TARGET}?CMC_PRO_API_KEY={KEY}", "whatever", CLOSED),
    ],
)
def test_the_key_is_in_the_header_or_the_query(mode: Any, target: str, key: str | None, answer: Reply) -> None:
    auth = Auth(mode, now=lambda: START, keys=[ApiKey(KEY)] if mode == "strict" else [])
    *told, last = opening(server(auth=auth), target, key)
    assert last == answer
    assert [one.startswith("is refused: it") for one in remarks(told)] == [True] * (answer == CLOSED)
    assert "whatever" not in str(told)


@pytest.mark.parametrize("code", [4004, 4100, 4101, 4102])
def test_each_handshake_failure_closes_without_a_message_and_ends_the_run(code: int) -> None:
    talk = Talk(server(close_handshake=str(code)), wanted(PRICES, crypto_ids=[1]))
    assert talk.dismissal == Close(code, CLOSE_CODES[code].reason)
    assert talk.heard == []
    (notice,) = talk.notices
    assert notice.severity == "fatal"
    assert CLOSE_CODES[code].reason in notice.text
    assert ERROR_CODES[CLOSE_CODES[code].error or ""].advice in notice.text


def test_a_client_without_a_key_ends_with_what_to_do() -> None:
    talk = Talk(server(auth=Auth("any", now=lambda: START)), wanted(PRICES, crypto_ids=[1]), key=None)
    assert [one.severity for one in talk.notices] == ["fatal"]
    assert "CMC_PRO_API_KEY" in talk.notices[0].text


def test_an_idle_client_is_closed_on_if_so_set() -> None:
    assert server().subscribe_within is None
    venue = server(idle_timeout="90")
    assert venue.subscribe_within == 90.0
    assert venue.on_silence() == [Close(1001, "Write idle timeout")]


# Subscribing: acks


@pytest.mark.parametrize("channel", sorted(PARAMS))
def test_every_channel_of_the_index_is_subscribed_acknowledged_and_pushed(channel: str) -> None:
    """The client half subscribes with lists, as documented, and gets pushes that have scalars."""
    scalars = NEEDS[channel]
    query = "&".join(f"{name}={value}" for name, value in scalars.items())
    talk = Talk(server(), *subscribe_to(FEED, [ChannelRequest(channel, (), query)], ()))
    assert [one.text for one in talk.notices] == [f"subscribed to {channel} (1 of 100 on this connection)"]
    others: dict[str, Any] = dict.fromkeys(scalars, "other")
    mine, foreign = push(channel, **scalars), push(channel, **others)
    talk.play(foreign, mine)
    assert talk.heard[2:] == [mine]
    assert len(talk.notices) == 1


def test_a_message_of_an_unknown_type_or_channel_goes_to_every_client_that_has_subscribed_anything() -> None:
    prices = subscribe_to(FEED, [ChannelRequest("market@crypto_latest_price", (), "crypto_ids=1")], ())
    news = [push("onchain@new", platform_id=14), b'{"type":"notice","msg":"maintenance"}', b"no JSON"]
    answers = [
        b'{"type":"welcome","ts":1,"ping_interval_ms":10000}',
        b'{"type":"ack","id":1,"code":0}',
        b'{"type":"error","status":{}}',
        b'{"id":2,"code":0,"ts":5,"msg":"PONG"}',
    ]
    talk = Talk(server(), *prices)
    talk.play(*answers, *news)
    assert talk.heard[2:] == news
    nobody = Talk(server())
    nobody.play(*news)
    assert nobody.heard[1:] == []


def test_what_the_venue_says_itself_is_stamped_by_its_clock() -> None:
    venue = server()
    venue.clock = VenueClock(3_600_000_000_000)
    welcome, pong, error = sent([*venue.on_open(Handshake(TARGET, {}), START), *ask(venue, "ping"), *ask(venue, "x")])
    assert welcome["ts"] == pong["ts"] == START_MS + 3_600_000
    assert error["status"]["timestamp"] == "2026-05-21T02:57:09.125Z"


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (push(PRICES, crypto_ids=1), 1_000_000),
        (b'{"type":"pong","ts":1778663880111}', 1_778_663_880_111_000_000),
        (b'{"type":"pong","ts":"soon"}', None),
        (b'{"ts":999999999999999}', None),
        (b"{}", None),
        (b"[", None),
    ],
)
def test_the_time_that_a_frame_names_is_its_ts(payload: bytes, expected: int | None) -> None:
    assert FEED.own_time(payload) == expected


def test_a_new_channel_is_subscribed_too_if_only_its_frames_tell_that_it_was_recorded() -> None:
    venue = server({"market@new": ()})
    assert [type(one) for one in ask(venue, "subscribe", channel="market@new", params={"ids": 1})] == [Send]
    assert play(venue, push("market@new", ids=1)) == [push("market@new", ids=1)]


def test_a_channel_that_the_overview_lacks_is_subscribed_with_any_parameters_if_it_was_recorded() -> None:
    new = "market@new"
    wider = FEED.with_channels([new])
    (asked,) = subscribe_to(wider, [ChannelRequest(new, (), "ids=1,2&x=abc&n=5&n=6")], ())
    assert asked == Subscription(new, params={"ids": [1, 2], "x": "abc", "n": [5, 6]})
    recorded = FEED.as_recorded(Sample((), {new: ()}))
    talk = Talk(recorded.server({new: [""], PRICES: ["1"]}, {}, None), asked)
    assert [one.text for one in talk.notices] == [f"subscribed to {new} (1 of 100 on this connection)"]
    pushes = [push(new, ids=1), push(new, other="x")]
    talk.play(*pushes, push(PRICES, crypto_ids=1))
    assert talk.heard[2:] == pushes
    venue = recorded.server({new: [""]}, {}, None)
    assert subscribe(venue, new, ids=[1, 2], x="abc")["sub_count"] == 1
    assert subscribe(venue, new, x="abc", ids=[2, 1])["duplicate"]
    assert subscribe(venue, new)["sub_count"] == 2
    assert subscribe(server(), new, ids=1)["status"]["error_code"] == "2301"
    with pytest.raises(UsageError, match="no channel 'market@new'"):
        FEED.spread([asked])
    assert wider.spread([asked]) == [[asked]]
    with pytest.raises(UsageError, match="are written NAME=VALUE"):
        wider.parse_params(new, "x")


def test_an_ack_is_shaped_as_documented_with_the_parameters_echoed() -> None:
    message = b'{"id":1,"method":"subscribe","channel":"market@crypto_latest_price","params":{"crypto_ids":[1, 1027]}}'
    assert server().on_message(message, START) == [
        Send(
            b'{"type":"ack","id":1,"code":0,"msg":"ok","channel":"market@crypto_latest_price",'
            b'"params":{"crypto_ids":[1, 1027]},"sub_count":1,"sub_limit":100}'
        )
    ]


@pytest.mark.parametrize("written", ["1", '"a"', "18446744073709551616123", "[1,{}]", "1.50"])
def test_an_id_is_echoed_as_it_is_written_and_left_out_if_there_is_none(written: str) -> None:
    def answer(fields: str) -> bytes:
        reply, *_ = server().on_message(b"{%s}" % fields.encode(), START)
        assert isinstance(reply, Send)
        return bytes(reply.payload)

    assert answer(f'"id":{written},"method":"ping"').startswith(f'{{"type":"pong","id":{written},"code":0'.encode())
    assert answer(f'"id":{written},"method":"no"').startswith(f'{{"type":"error","id":{written},'.encode())
    assert b'"id"' not in answer('"method":"ping"') + answer('"id":null,"method":"unsubscribe_all"')


def test_a_duplicate_is_acknowledged_as_one_and_not_counted() -> None:
    venue = server()
    assert "duplicate" not in subscribe(venue, crypto_ids=[1, 1027])
    again = subscribe(venue, crypto_ids=[1027, 1])
    assert (again["code"], again["duplicate"], again["sub_count"]) == (0, True, 1)
    assert subscribe(venue, crypto_ids=[1])["sub_count"] == 2


def test_unsubscribing_names_the_same_channel_and_parameters() -> None:
    venue = server()
    subscribe(venue, crypto_ids=[1, 1027])
    subscribe(venue, crypto_ids=5)

    def left(**params: Any) -> int:
        (answer,) = sent(ask(venue, "unsubscribe", channel=PRICES, params=params))
        assert answer["type"] == "ack"
        count: int = answer["sub_count"]
        return count

    assert left(crypto_ids=[1]) == 2
    assert left(crypto_ids=[1027, 1]) == 1
    mine = push(PRICES, crypto_ids=5)
    assert play(venue, push(PRICES, crypto_ids=1), mine) == [mine]
    assert left(crypto_ids=5) == 0
    assert play(venue, mine) == []


def test_unsubscribing_a_channel_or_all_leaves_the_rest_or_nothing() -> None:
    venue = server()
    subscribe(venue, crypto_ids=1)
    subscribe(venue, KLINE, **NEEDS[KLINE])
    subscribe(venue, KLINE, **NEEDS[KLINE] | {"interval": "5m"})
    (answer,) = sent(ask(venue, "unsubscribe", 3, channel=KLINE))
    assert answer == {"type": "ack", "id": 3, "code": 0, "msg": "ok", "channel": KLINE} | {
        "sub_count": 1,
        "sub_limit": 100,
    }
    (answer,) = sent(ask(venue, "unsubscribe_all", 4))
    assert answer == {"type": "ack", "id": 4, "code": 0, "msg": "ok", "sub_count": 0, "sub_limit": 100}


def test_what_a_client_leaves_while_it_runs_is_pushed_no_more() -> None:
    talk = Talk(server(), wanted(PRICES, crypto_ids=[1]))
    more = wanted(KLINE, platform_id=14, address=["0xa"], interval="1m")
    talk.say(talk.client.subscribe([more], START))
    assert talk.notices[-1] == Notice(f"subscribed to {KLINE} (2 of 100 on this connection)")
    talk.say(talk.client.unsubscribe([more, Subscription(PRICES)], START))
    assert json.loads(talk.heard[-1])["sub_count"] == 0
    answers = len(talk.heard)
    talk.play(push(PRICES, crypto_ids=1), push(KLINE, **NEEDS[KLINE]))
    assert len(talk.heard) == answers
    assert len(talk.notices) == 2


# Errors


REFUSED: list[tuple[str, bytes, str | None]] = [
    ("2201", b"no json", "A message is a JSON object."),
    ("2201", b"[1]", "A message is a JSON object."),
    ("2201", b'{"method":"subscribe","channel":"onchain@kline","params":[1]}', "Field 'params' must be an object."),
    ("2202", b'{"method":"SUBSCRIBE"}', "Allowed methods: subscribe, unsubscribe, unsubscribe_all, ping."),
    ("2203", b"", "The message is empty."),
    ("2204", b"{}", "Field 'method' is required."),
    ("2204", b'{"method":"subscribe"}', "Field 'channel' is required."),
    ("2204", b'{"method":"unsubscribe"}', "Field 'channel' is required."),
    ("2301", b'{"method":"subscribe","channel":"market@new"}', "Channel 'market@new' does not exist."),
    ("2301", b'{"method":"unsubscribe","channel":"market@new"}', "Channel 'market@new' does not exist."),
    ("2301", b'{"method":"subscribe","channel":{}}', "Channel {} does not exist."),
    (
        "2401",
        b'{"method":"subscribe","channel":"market@crypto_latest_price"}',
        "Param 'crypto_ids' is required for channel 'market@crypto_latest_price'.",
    ),
    (
        "2401",
        b'{"method":"subscribe","channel":"onchain@unique_trader","params":{"platform_id":14,"address":["0xa"]}}',
        "Param 'interval' is required for channel 'onchain@unique_trader'.",
    ),
    (
        "2402",
        b'{"method":"subscribe","channel":"onchain@transaction","params":{"platform_id":"14","address":["0xa"]}}',
        "Param 'platform_id' must be a number from 1 for channel 'onchain@transaction'.",
    ),
    (
        "2402",
        b'{"method":"subscribe","channel":"market@crypto_latest_price","params":{"crypto_ids":[]}}',
        "Param 'crypto_ids' must be numbers from 1 for channel 'market@crypto_latest_price'.",
    ),
]


@pytest.mark.parametrize(("code", "message", "detail"), REFUSED)
def test_what_is_wrong_with_a_message_is_told_by_the_documented_code(code: str, message: bytes, detail: str) -> None:
    venue = server()
    replies = venue.on_message(message, START)
    assert remarks(replies) == [f"is refused with {code}: {detail}"]
    assert status_of(replies) == {
        "timestamp": "2026-05-21T01:57:09.125Z",
        "error_code": code,
        "category": "PROTOCOL",
        "error_message": ERROR_CODES[code].message,
        "error_detail": detail,
    }
    assert not venue.has_subscribed


def test_an_error_is_shaped_as_documented() -> None:
    message = b'{"id":1,"method":"subscribe","channel":"market@crypto_latest_price","params":{}}'
    documented = (
        b'{"type":"error","id":1,"status":{"timestamp":"2026-05-21T01:57:09.125Z","error_code":"2401",'
        b'"category":"PROTOCOL","error_message":"Missing required param for channel.","error_detail":'
        b"\"Param 'crypto_ids' is required for channel 'market@crypto_latest_price'.\"}}"
    )
    assert server().on_message(message, START)[0] == Send(documented)


DOCUMENTED = [
    ("1001", "AUTH", "This API Key is invalid.", "fatal"),
    ("1002", "AUTH", "API key missing.", "fatal"),
    ("1003", "AUTH", "Your API Key must be activated.", "fatal"),
    ("1004", "AUTH", "Your API Key subscription plan has expired.", "fatal"),
    ("1006", "AUTH", "Your plan does not support this endpoint.", "fatal"),
    ("1007", "AUTH", "This API Key has been disabled. Please contact support.", "fatal"),
    ("1010", "AUTH", "Monthly credit limit exceeded.", "fatal"),
    ("2201", "PROTOCOL", "Invalid request format.", "warning"),
    ("2202", "PROTOCOL", "Unknown method.", "warning"),
    ("2203", "PROTOCOL", "Message length is not right.", "warning"),
    ("2204", "PROTOCOL", "Missing required field.", "warning"),
    ("2301", "PROTOCOL", "Channel does not exist.", "warning"),
    ("2302", "PROTOCOL", "Channel not available on your plan.", "warning"),
    ("2303", "PROTOCOL", "Subscription limit reached.", "warning"),
    ("2304", "PROTOCOL", "Connection limit reached.", "fatal"),
    ("2401", "PROTOCOL", "Missing required param for channel.", "warning"),
    ("2402", "PROTOCOL", "Invalid param for channel.", "warning"),
    ("5001", "SERVER", "Internal server error.", "warning"),
]


@pytest.mark.parametrize(("code", "category", "message", "severity"), DOCUMENTED)
def test_each_row_of_the_error_table_is_told_and_understood(
    code: str, category: str, message: str, severity: str
) -> None:
    subscriptions = [wanted(PRICES, crypto_ids=[1]), wanted(PRICES, crypto_ids=[2])]
    talk = Talk(server(refuse_with=code), *subscriptions)
    status = json.loads(talk.heard[1])["status"]
    assert (status["error_code"], status["category"], status["error_message"]) == (code, category, message)
    assert talk.notices[0].severity == severity
    assert message in talk.notices[0].text
    assert "crypto_ids=1" in talk.notices[0].text


def test_the_error_table_has_no_other_rows() -> None:
    assert list(ERROR_CODES) == [row[0] for row in DOCUMENTED]


def test_the_close_code_table_is_the_documented_one() -> None:
    assert {code: known.reason for code, known in CLOSE_CODES.items()} == {
        1000: "Normal close",
        1001: "Write idle timeout",
        1011: "Send failure",
        1012: "Frame sink cancellation",
        1013: "Close topic signal",
        1014: "Unknown close reason",
        4004: "Connection limit",
        4100: "API key invalid",
        4101: "API key disabled",
        4102: "Plan not support WS",
    }
    errors = {code: known.error for code, known in CLOSE_CODES.items() if known.error}
    assert errors == {4004: "2304", 4100: "1001", 4101: "1007", 4102: "1006"}


def test_what_failed_once_is_accepted_when_it_is_asked_again() -> None:
    talk = Talk(server(refuse_with="5001"), wanted(PRICES, crypto_ids=[1]))
    talk.venue = server()
    talk.tick(10.0)
    assert talk.notices[-1] == Notice(f"subscribed to {PRICES} (1 of 100 on this connection)")


def test_a_message_above_the_limit_that_is_set_is_too_long() -> None:
    venue = server(message_limit="60")
    assert sent(ask(venue, "ping"))[0]["type"] == "pong"
    status = status_of(ask(venue, "ping", "x" * 60))
    assert (status["error_code"], status["error_detail"]) == ("2203", "A message has 1 to 60 bytes.")


# Limits


def test_the_hundred_and_first_subscription_is_one_too_many_and_leaving_one_makes_room() -> None:
    venue = server()
    for number in range(1, 101):
        assert subscribe(venue, crypto_ids=number)["sub_count"] == number
    status = status_of(ask(venue, "subscribe", 101, channel=PRICES, params={"crypto_ids": 101}))
    assert (status["error_code"], status["error_detail"]) == ("2303", "Current: 100, max: 100.")
    assert subscribe(venue, crypto_ids=7)["duplicate"] is True
    ask(venue, "unsubscribe", channel=PRICES, params={"crypto_ids": 7})
    assert subscribe(venue, crypto_ids=101)["sub_count"] == 100


def test_what_spread_puts_on_a_connection_the_venue_takes() -> None:
    subscriptions = [wanted(PRICES, crypto_ids=[one]) for one in range(1, 251)]
    for part in FEED.spread(subscriptions):
        talk = Talk(server(), *part)
        assert talk.notices == [Notice(f"subscribed to {PRICES} ({len(part)} of 100 on this connection)")]


def test_what_is_above_the_limit_is_left_out() -> None:
    talk = Talk(server(sub_limit="1"), wanted(PRICES, crypto_ids=[1]), wanted(PRICES, crypto_ids=[2]))
    refused, told = talk.notices
    assert "2303 'Subscription limit reached.' Current: 1, max: 1." in refused.text
    assert (refused.severity, told.text) == ("warning", f"subscribed to {PRICES}")


# Keep-alive


@pytest.mark.parametrize(
    ("shape", "pong"),
    [
        ("documented", {"type": "pong", "id": 2, "code": 0, "ts": START_MS}),
        ("observed", {"id": 2, "code": 0, "ts": START_MS, "msg": "PONG"}),
    ],
)
def test_a_ping_at_the_interval_of_the_welcome_gets_a_pong_that_is_no_data(shape: str, pong: dict[str, Any]) -> None:
    talk = Talk(server(ping_interval_ms="3000", pong=shape), wanted(PRICES, crypto_ids=[1]))
    before = len(talk.heard)
    talk.tick(2.9)
    assert len(talk.heard) == before
    talk.tick(3.0)
    assert json.loads(talk.heard[-1]) == pong
    assert len(talk.notices) == 1
    talk.tick(5.9)
    talk.tick(6.1)
    assert [json.loads(one).get("id") for one in talk.heard[before:]] == [2, 3]


# Routing


def test_one_subscription_of_many_ids_gets_the_pushes_of_each_once() -> None:
    venue = server()
    subscribe(venue, crypto_ids=[1, 1027])
    subscribe(venue, crypto_ids=[1, 5])
    pushes = [push(PRICES, crypto_ids=one) for one in (1, 2, 1027, 5)]
    assert play(venue, *pushes) == [pushes[0], pushes[2], pushes[3]]


def test_an_interval_is_its_own() -> None:
    venue = server()
    subscribe(venue, KLINE, platform_id=14, address=["0xa"], interval="1m")
    mine, other = (push(KLINE, platform_id=14, address="0xa", interval=one) for one in ("1m", "5m"))
    assert play(venue, other, mine) == [mine]


def test_a_push_that_does_not_tell_whose_it_is_goes_to_all_of_its_channel() -> None:
    venue = server()
    subscribe(venue, crypto_ids=1)
    assert play(venue, push(PRICES), push(KLINE)) == [push(PRICES)]


def test_recorded_answers_of_the_venue_are_not_sent() -> None:
    venue = server()
    subscribe(venue, crypto_ids=1)
    answers = [
        b'{"type":"welcome","ping_interval_ms":1}',
        b'{"type":"ack","id":1,"code":0,"channel":"market@crypto_latest_price","params":{"crypto_ids":[1]}}',
        b'{"type":"pong","id":1,"code":0,"ts":1}',
        b'{"id":1,"code":0,"ts":1,"msg":"PONG"}',
        b'{"type":"error","id":1,"status":{"error_code":"2401"}}',
    ]
    assert play(venue, *answers) == []


def test_documented_pushes_come_byte_for_byte_to_who_subscribed_them() -> None:
    if not SAMPLES.exists():
        pytest.skip(f"{SAMPLES} is not there")
    rows = [json.loads(line) for line in SAMPLES.read_text().splitlines()]
    frames = [row["frame"].encode() for row in rows if "frame" in row]
    pushes = [frame for frame in frames if b'"type":"data"' in frame]
    assert len(pushes) == 10
    venue = server()
    for one in pushes:
        frame = json.loads(one)
        lists = {name: [value] if "address" in name else value for name, value in frame["params"].items()}
        subscribe(venue, frame["channel"], **lists)
    assert play(venue, *frames) == pushes


@pytest.mark.parametrize(
    ("channel", "params", "remark"),
    [
        (PRICES, {"crypto_ids": [1, 1027]}, None),
        (PRICES, {"crypto_ids": [1, 5]}, f"asks for {PRICES} 5, which the recording lacks; it has 1, 1027"),
        (
            PRICES,
            {"crypto_ids": list(range(10, 20))},
            f"asks for {PRICES} 10, 11, 12, 13, 14 and 5 more, which the recording lacks; it has 1, 1027",
        ),
        (
            "onchain@token_metric",
            TOKEN,
            f"asks for onchain@token_metric, which the recording lacks; it has {', '.join(sorted(CATALOGUE))}",
        ),
    ],
)
def test_what_the_recordings_lack_is_acknowledged_and_remarked_on(
    channel: str, params: dict[str, Any], remark: str | None
) -> None:
    venue = server()
    replies = ask(venue, "subscribe", channel=channel, params=params)
    assert [one["type"] for one in sent(replies)] == ["ack"]
    assert remarks(replies) == ([] if remark is None else [remark])
    assert venue.has_subscribed


# Routing, against a model that compares parameter by parameter

ADDRESSES = st.sampled_from(["0xa", "0xA", "0xb", "DJp", "djp"])
SCALARS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    PRICES: st.fixed_dictionaries({"crypto_ids": st.integers(1, 3)}),
    KLINE: st.fixed_dictionaries(
        {"platform_id": st.integers(14, 15), "address": ADDRESSES, "interval": st.sampled_from(["1m", "5m"])}
    ),
    "onchain@transaction": st.fixed_dictionaries({"platform_id": st.integers(14, 15), "address": ADDRESSES}),
}
LISTED: dict[str, st.SearchStrategy[Any]] = {"crypto_ids": st.integers(1, 3), "address": ADDRESSES}


@st.composite
def subscriptions(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    channel = draw(st.sampled_from(sorted(SCALARS)))
    params: dict[str, Any] = dict(draw(SCALARS[channel]))
    for name in sorted(params.keys() & LISTED.keys()):
        if draw(st.booleans()):
            params[name] = draw(st.lists(LISTED[name], min_size=1, max_size=3))
    return channel, params


def normal(value: object) -> str:
    text = str(value)
    return text.lower() if text.startswith("0x") else text


def matches(scalars: dict[str, Any], params: dict[str, Any]) -> bool:
    return all(
        normal(value) in map(normal, params[name] if isinstance(params[name], list) else [params[name]])
        for name, value in scalars.items()
    )


def canonical(channel: str, params: dict[str, Any]) -> tuple[Any, ...]:
    values = {name: value if isinstance(value, list) else [value] for name, value in params.items()}
    return channel, *(tuple(sorted(set(map(normal, one)))) for _, one in sorted(values.items()))


PUSHES = st.sampled_from(sorted(SCALARS)).flatmap(lambda channel: st.tuples(st.just(channel), SCALARS[channel]))
OPERATIONS = st.one_of(
    st.tuples(st.sampled_from(["subscribe", "unsubscribe", "leave channel"]), subscriptions()),
    st.tuples(st.just("push"), PUSHES),
)


@settings(max_examples=300)
@given(st.lists(OPERATIONS, max_size=25))
def test_a_push_comes_once_if_some_subscription_lists_each_of_its_parameters(operations: list[Any]) -> None:
    venue = server()
    model: dict[tuple[Any, ...], tuple[str, dict[str, Any]]] = {}
    for operation, (channel, params) in operations:
        if operation == "push":
            payload = push(channel, **params)
            is_mine = any(name == channel and matches(params, one) for name, one in model.values())
            assert play(venue, payload) == [payload] * is_mine
            continue
        if operation == "subscribe":
            model[canonical(channel, params)] = (channel, params)
        elif operation == "unsubscribe":
            model.pop(canonical(channel, params), None)
        else:
            model = {key: one for key, one in model.items() if one[0] != channel}
        method = "subscribe" if operation == "subscribe" else "unsubscribe"
        named = {} if operation == "leave channel" else {"params": params}
        (answer,) = sent(ask(venue, method, channel=channel, **named))
        assert answer["sub_count"] == len(model)


ODD: list[Any] = [1, 2**80, {}, [], {"crypto_ids": 2**80}, {"crypto_ids": [[]]}, {"crypto_ids": 1.5}, "\ud800", None]
MESSAGES = st.fixed_dictionaries(
    {"method": st.sampled_from(["subscribe", "subscribe", "unsubscribe", "ping", *ODD])},
    optional={
        "id": st.sampled_from(ODD),
        "channel": st.sampled_from([PRICES, KLINE, *ODD]),
        "params": st.sampled_from([*NEEDS.values(), *ODD]),
    },
)


@given(st.binary() | MESSAGES.map(lambda message: json.dumps(message).encode()))
def test_whatever_a_client_says_is_answered_by_one_frame(message: bytes) -> None:
    (answer,) = sent(server().on_message(message, START))
    assert answer["type"] in {"ack", "error", "pong"}


# The last value on arrival


def state_of(*payloads: bytes, keys: Any = None) -> dict[Key, bytes]:
    state = FEED.state(keys)
    assert state is not None
    for payload in payloads:
        state.apply(describe(payload), payload)
    found = {key: state.snapshot(*key, START) for key in state.keys()}  # noqa: SIM118
    return {key: payload for key, payload in found.items() if payload is not None}


def test_who_comes_late_gets_the_last_value_of_each_product_then_what_is_new() -> None:
    old, last, other, new = (push(PRICES, {"p": p}, crypto_ids=one) for p, one in ((1, 1), (2, 1), (3, 5), (4, 1)))
    venue = server()
    subscribe(venue, crypto_ids=[1, 1027])
    assert venue.wanted == {(PRICES, "1"), (PRICES, "1027")}
    known = state_of(old, last, other, keys=venue.wanted)
    replies = venue.on_state({key: known.get(key) for key in venue.wanted}, START)
    assert replies == [Send(last)]
    assert not venue.wanted
    assert play(venue, new) == [new]


def test_what_is_recorded_before_the_last_value_is_found_is_the_last_value() -> None:
    venue = server()
    subscribe(venue, crypto_ids=[1, 1027])
    new = push(PRICES, {"p": 2}, crypto_ids=1)
    assert play(venue, new) == [new]
    assert venue.wanted == {(PRICES, "1027")}
    assert venue.on_state({(PRICES, "1"): b"old", (PRICES, "1027"): None}, START) == []


def test_each_kind_of_holder_metric_has_its_own_last_value() -> None:
    channel = "onchain@holders_metrics"
    shares = [push(channel, {"tp": "top_share", "n": n}, **TOKEN) for n in (1, 2)]
    tags = push(channel, {"tp": "tag_distribution"}, **TOKEN)
    venue = server()
    subscribe(venue, channel, **TOKEN)
    known = state_of(shares[0], tags, shares[1], keys=venue.wanted)
    replies = venue.on_state({key: known.get(key) for key in venue.wanted}, START)
    assert replies == [Send(tags), Send(shares[1])]


@pytest.mark.parametrize("channel", ["onchain@transaction", "onchain@liquidity_event"])
def test_what_happens_once_is_not_repeated_to_who_comes_late(channel: str) -> None:
    venue = server()
    subscribe(venue, channel, **TOKEN)
    assert venue.wanted == frozenset()
    assert state_of(push(channel, **TOKEN)) == {}


def test_an_interval_has_its_own_last_value() -> None:
    one, five = (push(KLINE, platform_id=14, address="0xA", interval=interval) for interval in ("1m", "5m"))
    assert state_of(one, five) == {(KLINE, "14:0xa:1m"): one, (KLINE, "14:0xa:5m"): five}


def test_what_is_subscribed_already_begins_nothing() -> None:
    venue = server()
    subscribe(venue, crypto_ids=1)
    venue.on_state(dict.fromkeys(venue.wanted), START)
    subscribe(venue, crypto_ids=[1, 2])
    assert venue.wanted == {(PRICES, "2")}
    subscribe(venue, crypto_ids=[1, 2])
    assert venue.wanted == {(PRICES, "2")}


def test_what_is_left_is_no_longer_wanted() -> None:
    venue = server()
    subscribe(venue, crypto_ids=[1, 2])
    subscribe(venue, crypto_ids=[2, 3])
    ask(venue, "unsubscribe", channel=PRICES, params={"crypto_ids": [1, 2]})
    assert venue.wanted == {(PRICES, "2"), (PRICES, "3")}
    ask(venue, "unsubscribe_all")
    assert venue.wanted == frozenset()


def test_when_the_recordings_begin_again_everything_is_wanted_anew() -> None:
    venue = server()
    subscribe(venue, crypto_ids=[1, 2])
    before = venue.wanted
    venue.on_state(dict.fromkeys(before), START)
    venue.on_restart()
    assert venue.wanted == before


def test_without_last_values_nothing_is_wanted() -> None:
    venue = server(last_value="false")
    subscribe(venue, crypto_ids=[1, 2])
    assert venue.wanted == frozenset()
    venue.on_restart()
    assert venue.wanted == frozenset()


@pytest.mark.parametrize(
    "payload",
    [
        b'{"type":"data"',
        push(PRICES),
        push("onchain@new"),
        push(PRICES, crypto_ids=[1, 2]),
        push(PRICES, {"s": "x"}, crypto_ids=1).replace(b'"x"', b'"\xff"'),
    ],
)
def test_what_is_of_no_single_product_or_no_text_is_not_kept(payload: bytes) -> None:
    assert state_of(payload) == {}


def test_a_state_keeps_what_is_wanted_and_its_copy_goes_its_own_way() -> None:
    one, two = (push(PRICES, crypto_ids=number) for number in (1, 2))
    assert state_of(one, two, keys=[(PRICES, "2")]) == {(PRICES, "2"): two}
    state = FEED.state(None)
    assert state is not None
    state.apply(describe(one), one)
    copy = state.copy()
    copy.apply(describe(two), two)
    assert list(state.keys()) == [(PRICES, "1")]
    assert sorted(copy.keys()) == [(PRICES, "1"), (PRICES, "2")]
    assert state.snapshot(PRICES, "2", START) is None


def test_nothing_is_due_by_itself() -> None:
    venue = CoinMarketCapServer(CATALOGUE, Settings())
    assert venue.next_due is None
    assert venue.on_due(START) == ()


def test_each_setting_is_read_from_the_text_of_its_default() -> None:
    """All of them can be set by `--set NAME=VALUE`, which gives texts."""
    texts = {name: str(getattr(Settings(), name)).lower() for name in Settings.__struct_fields__}
    assert msgspec.convert(texts, Settings, strict=False) == Settings()
