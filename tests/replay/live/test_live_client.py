"""One client of a feed that is served live: what is held back for it, and when it is cut off."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from feedrec.live_messages import Clients
from feedrec.model import NANOSECONDS, Frame, parse_time
from feedrec.replay.live import delivery, live_client

from ...timing import until
from ..raw_client import RawClient, run
from .fake_recorder import ADVANCED, EXCHANGE, FakeRecorder, hear, say
from .live_frames_of import AdvancedFrames, exchange

MASKED = b"\0\0\0\0"


def masked(**message: Any) -> bytes:
    """Return a message as a client sends it, behind a mask of zeros."""
    text = json.dumps(message).encode()
    return b"\x81" + (bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2)) + MASKED + text


def large(number: int) -> Frame:
    """Return a frame of 60 kB with a number."""
    return exchange("ticker", number, price="1" * 60_000)


@contextlib.asynccontextmanager
async def with_ticker(recorder: FakeRecorder) -> AsyncIterator[ClientConnection]:
    """Give a client that has subscribed the ticker of BTC-USD."""
    recorder.begin({"ticker": ["BTC-USD"], "level2_batch": ["BTC-USD"]})
    async with recorder.connect() as client:
        await say(client, type="subscribe", channels=["ticker"], product_ids=["BTC-USD"])
        await hear(client)
        yield client


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a megabyte of frames wait for each client."""
    monkeypatch.setattr(delivery, "MOST_HELD", 1 << 20)


@pytest.mark.usefixtures("little_room")
def test_a_slow_client_gets_what_it_was_given_whole_then_the_error_of_the_venue_and_harms_nobody() -> None:
    async def scenario() -> None:
        async with FakeRecorder(EXCHANGE) as recorder, with_ticker(recorder) as quick:
            async with RawClient(int(recorder.url.rpartition(":")[2]), receive_buffer=1 << 12) as slow:
                slow.send(masked(type="subscribe", channels=["ticker"], product_ids=["BTC-USD"]))
                await slow.receive()
                sent = most = 0
                while not recorder.server.clients.cut:
                    sent += 1
                    recorder.frames(large(sent))
                    most = max(most, *(one._connection.waiting for one in recorder.server._by_place[0].clients))
                    (heard,) = await hear(quick)
                    assert heard["sequence"] == sent
                messages = [await slow.receive()]
                while messages[-1][0] != 0x88:
                    messages.append(await slow.receive())
            recorder.frames(large(sent + 1))
            assert (await hear(quick))[0]["sequence"] == sent + 1
            assert most < 1 << 21  # bytes in memory: what is held back, clients share
            *tickers, error, close = messages
            numbers = [json.loads(payload)["sequence"] for _, payload in tickers]
            assert numbers == list(range(1, len(numbers) + 1))
            assert json.loads(error[1]) == {"type": "error", "message": "ErrSlowConsume"}
            assert close[1] == (1008).to_bytes(2) + b"ErrSlowConsume"
            await until(lambda: recorder.server.clients == Clients(1, 2, 1))

    run(scenario())


@pytest.mark.usefixtures("little_room")
def test_a_client_that_takes_nothing_at_all_is_aborted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_client, "PATIENCE_WITH_SLOW", 0.01)

    async def scenario() -> None:
        async with FakeRecorder(EXCHANGE) as recorder:
            recorder.begin({"ticker": ["BTC-USD"]})
            async with RawClient(int(recorder.url.rpartition(":")[2]), receive_buffer=1 << 12) as slow:
                slow.send(masked(type="subscribe", channels=["ticker"], product_ids=["BTC-USD"]))
                await slow.receive()
                number = 0
                while recorder.server.clients.now:
                    number += 1
                    recorder.frames(large(number))
                    await asyncio.sleep(0)
                messages = []
                with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                    while True:
                        messages.append(await slow.receive())
                assert all(first == 0x81 for first, _ in messages)  # no error, and no close

    run(scenario())


def test_a_client_that_has_waited_too_long_to_be_read_is_cut_off_however_little_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "LONGEST_HELD", 0)
    monkeypatch.setattr(live_client, "_BEHIND", 1000)

    async def scenario() -> None:
        async with FakeRecorder(EXCHANGE) as recorder:
            recorder.begin({"ticker": ["BTC-USD"]})
            async with RawClient(int(recorder.url.rpartition(":")[2]), receive_buffer=1 << 12) as slow:
                slow.send(masked(type="subscribe", channels=["ticker"], product_ids=["BTC-USD"]))
                await slow.receive()
                number = 0
                while not recorder.server.clients.cut:
                    number += 1
                    recorder.frames(large(number))
                    await asyncio.sleep(0)
                    if number % 50 == 0:
                        await slow.receive()

    run(scenario())


@pytest.mark.usefixtures("little_room")
def test_a_client_that_was_behind_for_a_moment_gets_everything_in_order() -> None:
    async def scenario() -> None:
        async with FakeRecorder(EXCHANGE) as recorder:
            recorder.begin({"ticker": ["BTC-USD"]})
            async with RawClient(int(recorder.url.rpartition(":")[2]), receive_buffer=1 << 12) as client:
                client.send(masked(type="subscribe", channels=["ticker"], product_ids=["BTC-USD"]))
                await client.receive()
                for number in range(40):  # 2.4 MB, of which one waits behind the one that the connection takes
                    recorder.frames(large(number))
                    await asyncio.sleep(0)
                numbers = [json.loads((await client.receive())[1])["sequence"] for _ in range(40)]
                assert numbers == list(range(40))
                recorder.frames(large(40))
                assert json.loads((await client.receive())[1])["sequence"] == 40

    run(scenario())


@pytest.mark.usefixtures("little_room")
def test_other_subscriptions_go_on_while_a_state_is_not_known_for_long_and_it_is_asked_for_anew() -> None:
    async def scenario() -> None:
        async with FakeRecorder(EXCHANGE) as recorder, with_ticker(recorder) as client:
            recorder.frames(exchange("snapshot", 0, bids=[["1", "1"]], asks=[]))
            recorder.states_are_known.clear()
            await say(client, type="subscribe", channels=["level2_batch"], product_ids=["BTC-USD"])
            (ack,) = await hear(client)
            assert len(ack["channels"]) == 2
            early = recorder.number
            asked = len(recorder.asked)
            for number in range(1, 31):  # more than may wait
                recorder.frames(large(number))
            assert (await hear(client))[0]["sequence"] == 1
            recorder.states_number = early  # an answer from before what was given meanwhile
            recorder.states_are_known.set()
            heard = await hear(client, 30)
            assert [one["sequence"] for one in heard[:-1]] == list(range(2, 31))
            assert heard[-1]["type"] == "snapshot"
            assert len(recorder.asked) > asked

    run(scenario())


def test_what_cannot_be_served_because_of_a_bug_ends_one_client_and_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with FakeRecorder(ADVANCED) as recorder:
            frames = AdvancedFrames()
            recorder.begin({"ticker": ["BTC-USD", "ETH-USD"]})
            recorder.frames(frames.ticker("1"), frames.ticker("1", "ETH-USD"))
            async with recorder.connect() as client, recorder.connect() as other:
                for one in (client, other):
                    await say(one, type="subscribe", channel="ticker", product_ids=["BTC-USD"])
                    await hear(one, 2)
                broken = next(iter(recorder.server._by_place[0].clients))
                monkeypatch.setattr(broken._delivery, "give", lambda _: 1 / 0)
                recorder.frames(frames.ticker("2"))
                outcomes = await asyncio.gather(hear(client), hear(other), return_exceptions=True)
                assert [isinstance(one, ConnectionClosed) for one in outcomes].count(True) == 1

    run(scenario())
    assert "serving it failed: ZeroDivisionError" in caplog.text


def test_a_venue_may_greet_and_turn_away() -> None:
    async def scenario() -> None:
        async with FakeRecorder("coinmarketcap", settings={"close_handshake": "4004"}) as recorder:
            recorder.begin({"onchain@transaction": []})
            async with recorder.connect() as client:
                with pytest.raises(ConnectionClosed) as closed:
                    await client.recv()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4004, "Connection limit")

    run(scenario())


def test_each_connection_may_be_closed_in_the_middle_and_dropped_without_a_word() -> None:
    async def scenario() -> None:
        settings = {"close_after": "2", "close_code": "1006"}
        async with FakeRecorder(EXCHANGE, settings=settings) as recorder:
            recorder.begin({"ticker": ["BTC-USD"]})
            async with recorder.connect() as client:
                await say(client, type="subscribe", channels=["ticker"], product_ids=["BTC-USD"])
                await hear(client)
                recorder.frames(exchange("ticker", 1), exchange("ticker", 2), exchange("ticker", 3))
                assert (await hear(client))[0]["sequence"] == 1
                with pytest.raises(ConnectionClosed) as closed:
                    await client.recv()
                assert closed.value.rcvd is None

    run(scenario())


def test_heartbeats_go_on_when_the_wall_clock_is_set_back_by_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    set_by = 0

    async def scenario() -> None:
        nonlocal set_by
        async with FakeRecorder(EXCHANGE) as recorder:
            recorder.begin({"ticker": ["BTC-USD"]})
            async with recorder.connect() as client:
                await until(lambda: recorder.server.clients.now)
                (served,) = recorder.server._by_place[0].clients
                monkeypatch.setattr(served, "_clock", lambda: time.time_ns() - set_by)
                await say(client, type="subscribe", channels=["heartbeat"], product_ids=["BTC-USD"])
                assert [one["type"] for one in await hear(client, 2)] == ["subscriptions", "heartbeat"]
                set_by = 10_000 * NANOSECONDS
                served._awake.set()  # at the latest after some seconds
                (beat,) = await hear(client)
                assert parse_time(beat["time"]) < time.time_ns() - 9_000 * NANOSECONDS

    run(scenario())


def test_a_client_whose_wish_waits_for_the_recorder_is_not_silent() -> None:
    """It was disconnected for that: the venue has 5 seconds for its answer, and so had the client."""

    async def scenario() -> None:
        async with FakeRecorder(EXCHANGE, subscribes=True, settings={"subscribe_within": "0.05"}) as recorder:
            recorder.begin({"ticker": ["BTC-USD"]})
            recorder.grants = {"ticker": ["BTC-USD", "SOL-USD"]}
            recorder.answers_after = 0.2
            async with recorder.connect() as client:
                await say(client, type="subscribe", channels=["ticker"], product_ids=["SOL-USD"])
                assert [one["type"] for one in await hear(client)] == ["subscriptions"]
            recorder.grants = None
            async with recorder.connect() as client:
                await say(client, type="subscribe", channels=["ticker"], product_ids=["DOT-USD"])
                assert [one["type"] for one in await hear(client)] == ["error"]
                with pytest.raises(ConnectionClosed, match="no subscribe message"):
                    await client.recv()

    run(scenario())
