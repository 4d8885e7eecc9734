"""How fast one address may connect and send, as settings of the venues that have such limits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedrec.feeds import find_feed
from feedrec.feeds.auth import Auth
from feedrec.feeds.server_half.rate_limits import RateSettings, limit_rates
from feedrec.feeds.venue import Close, FeedServer, Handshake, Refusal, Remark, Reply, Send
from feedrec.model import NANOSECONDS
from feedrec.replay.venue.answering.visitors import RealVisitors

START = 1_795_280_400 * NANOSECONDS
SUBSCRIBE = {
    "coinbase-advanced": b'{"type":"subscribe","channel":"heartbeats"}',
    "coinbase-exchange": b'{"type":"subscribe","channels":["heartbeat"],"product_ids":["BTC-USD"]}',
}


class Street:
    """One address, or several, that talk to connections of one venue."""

    def __init__(self, endpoint: str, **settings: str) -> None:
        self._feed: Any = find_feed(endpoint)
        self._settings = settings
        self.now = 0
        self._visitors = RealVisitors(lambda: self.now)

    def server(self) -> FeedServer:
        server: FeedServer = self._feed.server({"ticker": ("BTC-USD",)}, self._settings, Auth(now=lambda: START))
        return server

    def handshake(self, address: str = "127.0.0.1") -> Handshake:
        return Handshake("/", {}, address, self._visitors)

    def come(self, address: str = "127.0.0.1") -> FeedServer:
        server = self.server()
        server.on_open(self.handshake(address), START)
        return server


def errors(replies: list[Reply]) -> list[str]:
    sent = [json.loads(bytes(reply.payload)) for reply in replies if isinstance(reply, Send)]
    return [one["message"] for one in sent if one.get("type") == "error"]


@pytest.mark.parametrize("endpoint", SUBSCRIBE)
def test_one_connection_too_many_in_a_second_is_refused(endpoint: str) -> None:
    street = Street(endpoint, connections_per_second="2", connections_at_once="0")
    decisions = [street.server().on_handshake(street.handshake()) for _ in range(3)]
    assert decisions == [None, None, Refusal(429, "more than 2 new connections a second")]
    assert street.server().on_handshake(street.handshake("10.0.0.1")) is None
    street.now = NANOSECONDS // 2
    assert street.server().on_handshake(street.handshake()) is None


def test_the_documented_burst_of_connections_may_come_at_once() -> None:
    street = Street("coinbase-exchange", connections_per_second="8", connections_status="503")
    decisions = [street.server().on_handshake(street.handshake()) for _ in range(21)]
    assert decisions[:20] == [None] * 20
    assert decisions[20] == Refusal(503, "more than 8 new connections a second")


@pytest.mark.parametrize(
    ("endpoint", "text", "close"),
    [("coinbase-advanced", "rate limit exceeded", []), ("coinbase-exchange", "ErrSlowRead", [Close(1008)])],
)
def test_one_message_too_many_of_an_address_is_an_error_over_all_its_connections(
    endpoint: str, text: str, close: list[Close]
) -> None:
    street = Street(endpoint, messages_per_second="2", messages_at_once="2")
    first, second, other = street.come(), street.come(), street.come("10.0.0.1")
    for server in (first, second):
        assert errors(server.on_message(SUBSCRIBE[endpoint], START)) == []
    replies = second.on_message(SUBSCRIBE[endpoint], START)
    assert errors(replies) == [text]
    assert replies[1:] == [Remark("sends more than 2 messages a second"), *close]
    assert errors(other.on_message(SUBSCRIBE[endpoint], START)) == []
    street.now = NANOSECONDS // 2
    assert errors(first.on_message(SUBSCRIBE[endpoint], START)) == []


def test_text_and_code_can_be_set() -> None:
    street = Street("coinbase-advanced", messages_per_second="1", messages_error="slow down", messages_code="1013")
    server = street.come()
    server.on_message(b"{}", START)
    replies = server.on_message(b"{}", START)
    assert errors(replies) == ["slow down"]
    assert replies[-1] == Close(1013)


def test_messages_with_a_jwt_are_not_limited_at_advanced_trade() -> None:
    street = Street("coinbase-advanced", messages_per_second="1")
    server = street.come()
    signed = json.dumps({"type": "subscribe", "channel": "heartbeats", "jwt": "a.b.c"}).encode()
    assert [errors(server.on_message(signed, START)) for _ in range(3)] == [[], [], []]
    unsigned = SUBSCRIBE["coinbase-advanced"]
    assert [errors(server.on_message(unsigned, START)) for _ in range(2)] == [[], ["rate limit exceeded"]]


def test_without_the_settings_nothing_stands_in_front() -> None:
    plain: Any = FeedServer
    assert limit_rates(plain, RateSettings(), lambda _: Send(b""), lambda _: True) is plain
    street = Street("coinbase-advanced")
    assert all(street.server().on_handshake(street.handshake()) is None for _ in range(100))
