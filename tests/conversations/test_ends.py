"""The small recordings that a test suite wants, and what comes after the end of them, through real sockets."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from feedrec.formats import create_recording
from feedrec.model import Event, Frame, Header

from ..recorder.venue import run
from ..timing import FACTOR, MS, wait_until
from .recordings import MILLISECOND, START, Timed, Wire, exchange_recording, stamp, write
from .talk import Parsed, Visitor, venue, visit

ACK, BEAT = "subscriptions", "heartbeats"


def short(*, snapshot: int | None, updates: Sequence[int], beats: bool = False) -> list[Timed]:
    """Make two seconds of an order book, with a ticker each 100 ms."""
    wire = Wire()
    for time in range(0, 2000, 100):
        if time == snapshot:
            wire.book(time, "snapshot", "BTC-USD", ("bid", "99", "1"))
        if time in updates:
            wire.book(time, "update", "BTC-USD", ("bid", "98", str(time)))
        wire.ticker(time, "update", "BTC-USD", str(time))
        if beats and time % 1000 == 500:
            wire.beat(time)
    return wire.frames


def told(message: Parsed) -> str:
    """Tell the channel of a message, and for a book its kind."""
    kind = message["events"][0].get("type", "")
    return kind if message["channel"] == "l2_data" else str(message["channel"])


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        pytest.param(short(snapshot=0, updates=[300]), ["snapshot", ACK, "update"], id="whole"),
        pytest.param(short(snapshot=1900, updates=[]), ["snapshot", ACK], id="late snapshot"),
        pytest.param(short(snapshot=None, updates=[300, 400]), [ACK, "update", "update"], id="updates alone"),
        pytest.param(short(snapshot=800, updates=[300]), [ACK, "update", "snapshot"], id="update first"),
    ],
)
@pytest.mark.parametrize(
    "options", [{"speed": math.inf}, {"speed": 40 / FACTOR}, {"speed": 40 / FACTOR, "clock": "shared"}]
)
def test_a_recording_of_two_seconds_acknowledges_whatever_it_holds(
    tmp_path: Path, frames: list[Timed], expected: list[str], options: dict[str, Any]
) -> None:
    path = write(tmp_path / "a.jsonl.zst", "coinbase-advanced", frames)

    async def scenario() -> list[Parsed]:
        async with venue(path, at_end="close", **options) as server, visit(server.url) as visitor:
            await visitor.say(channel="level2", product_ids=["BTC-USD"])
            return await visitor.hear_all()

    heard = run(scenario())
    assert [told(message) for message in heard] == expected
    assert [message["sequence_num"] for message in heard] == list(range(len(heard)))


def test_an_ack_comes_at_once_where_neither_snapshot_nor_update_is_to_come(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl.zst", "coinbase-advanced", short(snapshot=None, updates=[0]))

    async def scenario() -> list[Parsed]:
        async with venue(path, at_end="close") as server, visit(server.url) as visitor:
            await visitor.say(channel="ticker", product_ids=["BTC-USD"])
            await visitor.hear(5)
            await visitor.say(channel="level2", product_ids=["BTC-USD"])
            return await visitor.hear_all()

    heard = list(map(told, run(scenario())))
    assert heard.count(ACK) == 1
    assert "ticker" in heard[heard.index(ACK) :], "it did not wait for the end"


def test_frames_of_what_was_acknowledged_come_while_a_snapshot_is_waited_for(tmp_path: Path) -> None:
    """Nor does the ack of another subscription wait for it."""
    path = write(tmp_path / "a.jsonl.zst", "coinbase-advanced", short(snapshot=1000, updates=[]))

    async def scenario() -> list[Parsed]:
        async with venue(path, at_end="close", speed=math.inf) as server, visit(server.url) as visitor:
            await visitor.say(channel="level2", product_ids=["BTC-USD"])
            await visitor.say(channel="ticker", product_ids=["BTC-USD"])
            return await visitor.hear_all()

    assert list(map(told, run(scenario()))) == [ACK, *["ticker"] * 10, "snapshot", ACK, *["ticker"] * 10]


@pytest.mark.parametrize(("speed", "start"), [(40 / FACTOR, 0), (math.inf, 1500)])
def test_where_connections_are_held_the_venue_goes_on(tmp_path: Path, speed: float, start: int) -> None:
    """Heartbeats follow the last recorded one, late subscriptions are acknowledged, and pings are answered."""
    path = write(tmp_path / "a.jsonl.zst", "coinbase-advanced", short(snapshot=None, updates=[300], beats=True))

    async def scenario() -> None:
        begin = START + start * MILLISECOND
        async with venue(path, speed=speed, start=begin) as server, visit(server.url) as visitor:
            await visitor.say(channel="heartbeats")
            heard = await visitor.hear_until(channel="heartbeats")
            heard += await visitor.hear(1 if start else 4)
            counters = [one["events"][0]["heartbeat_counter"] for one in heard if told(one) == BEAT]
            first = 41_001 if start else 41_000
            assert counters == list(range(first, first + len(counters)))
            times = [one["timestamp"] for one in heard if told(one) == BEAT]
            assert times[-1].startswith(stamp(500 + 1000 * (counters[-1] - 41_000))[:21])
            for channel in ("level2", "ticker"):
                await visitor.say(channel=channel, product_ids=["BTC-USD"])
            heard = []
            while len(heard) < 3:
                heard += [one for one in await visitor.hear(1) if told(one) != BEAT]
            assert [told(one) for one in heard] == [ACK, "ticker", ACK]
            assert heard[-1]["timestamp"] > stamp(2000)
            assert await visitor.is_open()

    run(scenario())


@pytest.mark.parametrize("clock", ["each", "shared"])
def test_heartbeats_of_exchange_go_on_by_product(tmp_path: Path, clock: str) -> None:
    """With the numbers of the last frames; who comes after the end of a shared time gets the state and heartbeats."""
    path = exchange_recording(tmp_path / "a.jsonl.zst", seconds=1)

    async def beats(visitor: Visitor) -> list[Parsed]:
        await visitor.say(channels=["heartbeat", "ticker"], product_ids=["BTC-USD"])
        heard: list[Parsed] = []
        while not heard or heard[-1]["type"] != "heartbeat" or heard[-1]["time"] < stamp(2000):
            heard += await visitor.hear(1)
        return heard

    async def scenario() -> list[list[Parsed]]:
        async with venue(path, speed=20 / FACTOR, clock=clock, auth="none") as server, visit(server.url) as early:
            first = await beats(early)
            async with visit(server.url) as late:
                return [first, await beats(late)]

    for number, heard in enumerate(run(scenario())):
        last = [one for one in heard if one["type"] == "ticker"][-1]
        beat = heard[-1]
        assert (beat["sequence"], beat["last_trade_id"]) == (last["sequence"] + 1, last["trade_id"])
        assert beat["time"].endswith(":15.000000Z") or number
        assert [one["type"] for one in heard][:2] == ["subscriptions", "ticker"]


def test_pings_of_coinmarketcap_are_answered_after_the_end(tmp_path: Path) -> None:
    push = {"type": "data", "channel": "market@crypto_latest_price", "data": {"crypto_id": 1, "p": 1}}
    path = write(tmp_path / "a.jsonl.zst", "coinmarketcap", [(0, push), (500, push)])

    async def scenario() -> None:
        async with venue(path, speed=math.inf, auth="none") as server, visit(server.url) as visitor:
            welcome = await visitor.hear_one()
            params = {"crypto_ids": [1]}
            message = {"method": "subscribe", "channel": push["channel"], "params": params, "id": 1}
            await visitor.connection.send(json.dumps(message))
            await visitor.hear_all()
            pongs = []
            for number in range(2):
                await asyncio.sleep(50 * MS)
                await visitor.connection.send(json.dumps({"method": "ping", "id": number}))
                pongs.append(await visitor.hear_one())
            assert [pong["type"] for pong in pongs] == ["pong", "pong"]
            assert welcome["ts"] + 500 <= pongs[0]["ts"] < pongs[1]["ts"]

    run(scenario())


def test_who_has_caught_up_with_a_recorder_is_answered_before_more_is_recorded(tmp_path: Path) -> None:
    """What is not there yet is not waited for."""
    part = tmp_path / "a.jsonl.part"
    with create_recording(tmp_path / "a.jsonl", Header("coinbase-advanced", created=START)) as writer:
        writer.write(Event(START, 0, "open", {}))
        for time, message in short(snapshot=None, updates=[0, 1900]):
            writer.write(Frame(START + time * MILLISECOND, 0, json.dumps(message).encode()))
        writer.flush()
        wait_until(lambda: part.read_bytes().count(b"\n") == 24)

        async def scenario() -> None:
            async with venue(part, speed=math.inf) as server, visit(server.url) as visitor:
                await visitor.say(channel="ticker", product_ids=["BTC-USD"])
                assert [told(one) for one in await visitor.hear(21)] == [ACK, *["ticker"] * 20]
                await visitor.say(channel="level2", product_ids=["BTC-USD"])
                assert told(await visitor.hear_one()) == ACK
                writer.write(
                    Frame(START + 2000 * MILLISECOND, 0, json.dumps(short(snapshot=None, updates=[0])[0][1]).encode())
                )
                writer.flush()
                assert told(await visitor.hear_one()) == "update"

        run(scenario())
