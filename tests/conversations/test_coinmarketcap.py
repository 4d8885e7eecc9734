"""CoinMarketCap: each row of its tables, between both halves and with a plain client; through real sockets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import VenueError
from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.api_key import ApiKey
from feedrec.feeds.coinmarketcap.codes import CLOSE_CODES, ERROR_CODES

from ..recorder.venue import Peer, close, codes, events, payloads, run, sent, text
from ..recorder.venue import venue as bare_venue
from ..shared import SHARED
from .recordings import write
from .talk import Parsed, session_with, venue, visit

ENDPOINT = "coinmarketcap"
KEY = "0123456789abcdef0123456789abcdef"
AT = f"/v1?CMC_PRO_API_KEY={KEY}"
PRICES = "market@crypto_latest_price"
KLINE = "onchain@kline"
ADDRESS = "0x8ac76a51cc950d9822d68b83fe1ad97b32cd580d"
WELCOME = b'{"type":"welcome","ts":1778659200000,"ping_interval_ms":10000}'
SAMPLES = SHARED / "samples" / "cmc_frames.jsonl"


def price(cid: int, value: float = 1.5) -> dict[str, Any]:
    return {
        "type": "data",
        "channel": PRICES,
        "params": {"crypto_ids": cid},
        "data": {"cid": cid, "p": value},
        "ts": 1778663880111,
    }


def candle(interval: str) -> dict[str, Any]:
    params = {"platform_id": 14, "address": ADDRESS, "interval": interval}
    return {"type": "data", "channel": KLINE, "params": params, "data": {"o": 1, "ot": 1}, "ts": 1778663880111}


def prices(*ids: int) -> Subscription:
    return Subscription(PRICES, params={"crypto_ids": list(ids)})


@pytest.fixture
def market(tmp_path: Path) -> Path:
    """Write prices of two cryptocurrencies and candles of two intervals, a push each half second."""
    pushes = [price(1), price(1027), candle("1m"), candle("5m"), price(1, 2.5)]
    return write(tmp_path / "market.jsonl", ENDPOINT, [(500 * number, push) for number, push in enumerate(pushes)])


def subscribe(number: int, channel: str, **params: Any) -> Parsed:
    return {"id": number, "method": "subscribe", "channel": channel, "params": params}


def candles(number: int, address: str | list[str]) -> str:
    return json.dumps(subscribe(number, KLINE, platform_id=14, address=address, interval="5m"))


def data_in(messages: list[Parsed]) -> list[Parsed]:
    return [message for message in messages if message.get("type") == "data"]


def test_a_client_is_welcomed_acknowledged_and_gets_what_it_asked_for(market: Path) -> None:
    async def talk() -> tuple[list[Parsed], list[Parsed]]:
        async with venue(market) as server, visit(server.url + AT) as visitor:
            welcome = await visitor.hear_one()
            await visitor.connection.send(json.dumps(subscribe(1, PRICES, crypto_ids=[1])))
            first = await visitor.hear_one()
            await visitor.connection.send(candles(2, ADDRESS))
            await visitor.connection.send(json.dumps(subscribe(3, PRICES, crypto_ids=[1])))
            heard = await visitor.hear_until(**price(1, 2.5))
            return [welcome, first, *[one for one in heard if one["type"] == "ack"]], data_in(heard)

    (welcome, first, second, repeated), data = run(talk())
    assert (welcome["type"], welcome["ping_interval_ms"]) == ("welcome", 10_000)
    expected = {"type": "ack", "id": 1, "code": 0, "msg": "ok", "channel": PRICES, "params": {"crypto_ids": [1]}}
    assert first == {**expected, "sub_count": 1, "sub_limit": 100}
    assert (second["id"], second["sub_count"]) == (2, 2)
    assert (repeated["id"], repeated["sub_count"], repeated["duplicate"]) == (3, 2, True)
    assert data == [price(1), candle("5m"), price(1, 2.5)]


def test_who_comes_late_gets_the_last_known_value(market: Path) -> None:
    async def talk() -> list[Parsed]:
        async with venue(market) as server, visit(server.url + AT) as visitor:
            await visitor.hear_one()
            await visitor.connection.send(candles(1, [ADDRESS]))
            await visitor.hear_until(**candle("5m"))
            await visitor.connection.send(json.dumps(subscribe(2, PRICES, crypto_ids=[1027])))
            return data_in(await visitor.hear_until(**price(1027)))

    assert run(talk()) == [price(1027)]


def test_unsubscribed_is_silent(market: Path) -> None:
    async def talk() -> tuple[list[Parsed], list[Parsed]]:
        async with venue(market) as server, visit(server.url + AT) as visitor:
            await visitor.hear_one()
            await visitor.connection.send(json.dumps(subscribe(1, PRICES, crypto_ids=[1, 1027])))
            await visitor.hear_until(**price(1))
            leave = {"id": 2, "method": "unsubscribe", "channel": PRICES, "params": {"crypto_ids": [1, 1027]}}
            await visitor.connection.send(json.dumps(leave))
            acks = await visitor.hear_until(type="ack")
            await visitor.connection.send(json.dumps({"id": 3, "method": "unsubscribe_all"}))
            return [*acks, *await visitor.hear_until(type="ack")], await visitor.hear_all()

    answers, later = run(talk())
    assert [one["sub_count"] for one in answers if one["type"] == "ack"] == [0, 0]
    assert data_in(later) == []


@pytest.mark.parametrize("shape", ["documented", "observed"])
def test_the_ping_is_json_and_has_either_pong(market: Path, path: Path, shape: str) -> None:
    async def talk() -> Parsed:
        async with venue(market, settings={"ping_interval_ms": "60", "pong": shape}) as server:
            async with visit(server.url + AT) as visitor:
                await visitor.hear_one()
                await visitor.connection.send('{"id":7,"method":"ping"}')
                pong = await visitor.hear_one()
            url = server.url + AT
            await session_with(url, path, ENDPOINT, prices(1), key=ApiKey(KEY), duration=1.0).run()
            return pong

    pong = run(talk())
    assert (pong["id"], pong["code"]) == (7, 0)
    assert pong.get("type") == ("pong" if shape == "documented" else None)
    assert sum(b'"ping"' in frame.payload for frame in sent(path)) >= 3
    assert not events(path, "error")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("nonsense", "2201"),
        ("[1]", "2201"),
        (json.dumps({**subscribe(1, PRICES), "params": [1]}), "2201"),
        ('{"id":1,"method":"fetch"}', "2202"),
        ("", "2203"),
        ('{"id":1}', "2204"),
        ('{"id":1,"method":"subscribe"}', "2204"),
        ('{"id":1,"method":"subscribe","channel":"market@nothing","params":{}}', "2301"),
        ('{"id":1,"method":"subscribe","channel":"onchain@kline","params":{"platform_id":14}}', "2401"),
        (json.dumps(subscribe(1, PRICES, crypto_ids="x")), "2402"),
    ],
)
def test_what_a_client_does_wrong_has_its_error_with_a_status(market: Path, message: str, code: str) -> None:
    async def talk() -> tuple[Parsed, bool]:
        async with venue(market) as server, visit(server.url + AT) as visitor:
            await visitor.hear_one()
            await visitor.connection.send(message)
            return await visitor.hear_one(), await visitor.is_open()

    error, is_open = run(talk())
    assert error["type"] == "error"
    assert error["status"]["error_code"] == code
    assert error["status"]["error_message"] == ERROR_CODES[code].message
    assert is_open


@pytest.mark.parametrize("code", ERROR_CODES)
def test_each_error_is_told_to_a_person_and_ends_the_run_if_no_retry_mends_it(
    market: Path, path: Path, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    error = ERROR_CODES[code]

    async def record() -> None:
        async with venue(market, settings={"refuse_with": code}) as server:
            session = session_with(server.url + AT, path, ENDPOINT, prices(1), key=ApiKey(KEY), duration=0.8)
            await session.run()

    if error.remedy == "ask again":
        run(record())
    else:
        with pytest.raises(VenueError):
            run(record())
        assert f" {code} " in caplog.text
        assert error.advice in caplog.text
    refusals = [json.loads(payload) for payload in payloads(path) if b'"error"' in payload]
    assert refusals[0]["status"]["error_code"] == code


@pytest.mark.parametrize("code", [4004, 4100, 4101, 4102])
def test_handshakes_that_fail_are_close_codes_that_no_retry_mends(market: Path, path: Path, code: int) -> None:
    async def record() -> None:
        async with venue(market, settings={"close_handshake": str(code)}) as server:
            await session_with(server.url + AT, path, ENDPOINT, prices(1), key=ApiKey(KEY)).run()

    with pytest.raises(VenueError, match=CLOSE_CODES[code].meaning):
        run(record())
    assert codes(path) == [code]


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 1013, 1014])
def test_other_closes_are_worth_another_try(path: Path, code: int) -> None:
    async def end_soon(peer: Peer) -> None:
        await peer.accept(text(WELCOME))
        await peer.read_frame()
        await peer.write(close(code, CLOSE_CODES[code].reason))

    async def record() -> None:
        async with bare_venue(end_soon) as url:
            await session_with(url, path, ENDPOINT, prices(1), key=ApiKey(KEY), frames=3).run()

    run(record())
    assert payloads(path) == [WELCOME] * 3
    assert codes(path)[:2] == [code] * 2


@pytest.mark.parametrize(
    ("given", "is_welcome"), [("", False), ("?CMC_PRO_API_KEY=wrong", False), (f"?CMC_PRO_API_KEY={KEY}", True)]
)
def test_the_key_is_demanded_in_the_handshake(market: Path, given: str, is_welcome: object) -> None:
    async def talk() -> tuple[str, int | None]:
        async with (
            venue(market, auth="strict", auth_keys=(ApiKey(KEY),)) as server,
            visit(f"{server.url}/v1{given}") as visitor,
        ):
            if is_welcome:
                return (await visitor.hear_one())["type"], None
            return "", (await visitor.closed())[0]

    assert run(talk()) == (("welcome", None) if is_welcome else ("", 4100))


def test_the_recorder_sends_the_key_as_a_header_and_writes_it_nowhere(market: Path, path: Path) -> None:
    async def record() -> None:
        async with venue(market, auth="strict", auth_keys=(ApiKey(KEY),)) as server:
            await session_with(server.url, path, ENDPOINT, prices(1, 1027), key=ApiKey(KEY), frames=5).run()

    run(record())
    assert KEY.encode() not in path.read_bytes()
    assert [json.loads(one)["data"]["cid"] for one in payloads(path) if b'"data"' in one] == [1, 1027, 1]


def test_a_hundred_subscriptions_fill_a_connection_and_more_take_another(market: Path, path: Path) -> None:
    async def talk() -> list[Parsed]:
        async with venue(market) as server, visit(server.url + AT) as visitor:
            await visitor.hear_one()
            for number in range(101):
                await visitor.connection.send(json.dumps(subscribe(number, PRICES, crypto_ids=[10_000 + number])))
            return await visitor.hear(101)

    async def record() -> None:
        async with venue(market) as server:
            many = [prices(10_000 + number) for number in range(101)]
            await session_with(server.url, path, ENDPOINT, *many, key=ApiKey(KEY), frames=103).run()

    *acks, refusal = run(talk())
    assert [ack["sub_count"] for ack in acks] == list(range(1, 101))
    assert refusal["status"]["error_code"] == "2303"
    run(record())
    assert len(events(path, "open")) == 2
    assert not events(path, "error")


def test_the_documented_frames_survive_record_and_replay_byte_for_byte(path: Path) -> None:
    if not SAMPLES.exists():
        pytest.skip("needs ../shared")
    rows = map(json.loads, SAMPLES.read_text().splitlines())
    frames = [row["frame"].encode() for row in rows if "frame" in row]
    assert len(frames) >= 10
    data = [frame for frame in frames if b'"type":"data"' in frame]

    async def send_all(peer: Peer) -> None:
        await peer.accept(text(WELCOME))
        await peer.read_frame()
        await peer.write(*map(text, frames))
        await peer.answer_close()

    async def record() -> None:
        async with bare_venue(send_all) as url:
            await session_with(url, path, ENDPOINT, prices(1), key=ApiKey(KEY), frames=1 + len(frames)).run()

    async def read_verbatim() -> list[str | bytes]:
        async with venue(path, mode="verbatim", at_end="close") as server, visit(server.url) as visitor:
            return [message async for message in visitor.connection]

    async def read_as_venue() -> list[str | bytes]:
        async with venue(path, at_end="close") as server, visit(server.url + AT) as visitor:
            await visitor.hear_one()
            for number, frame in enumerate(data):
                asked = json.loads(frame)
                await visitor.connection.send(json.dumps(subscribe(number, asked["channel"], **asked["params"])))
            return [message async for message in visitor.connection]

    run(record())
    kept = payloads(path)
    assert kept == [WELCOME, *frames]
    assert [message.encode() for message in run(read_verbatim()) if isinstance(message, str)] == kept
    served = [message.encode() for message in run(read_as_venue()) if isinstance(message, str)]
    assert [one for one in served if b'"type":"data"' in one] == [one for one in kept if b'"type":"data"' in one]


def test_every_channel_is_in_the_catalogue() -> None:
    assert len(find_feed(ENDPOINT).channels) == 10
