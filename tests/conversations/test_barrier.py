"""A replay that begins paused is deterministic: the same messages at the same positions get the same bytes."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import math
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from websockets.asyncio.client import ClientConnection, connect

from feedrec.formats import RecordingReader
from feedrec.model import Frame
from feedrec.replay import Observer, ReplayOptions, ReplayServer, Steering

from ..timing import HANG_TIMEOUT, until
from .recordings import MILLISECOND, START, exchange_recording, market_recording, write
from .talk import Parsed, visit
from .test_coinmarketcap import AT, KLINE, PRICES, candle, price, subscribe

Message = dict[str, Any]


class Say(NamedTuple):
    """What a client says, once so many milliseconds of the recording are past; it connects for its first message."""

    at: int
    client: str
    message: Message


class Play(NamedTuple):
    """A recording, and what clients say."""

    recording: Path
    path: str
    words: Sequence[Say]


def advanced(folder: Path) -> Play:
    """Subscribe books, heartbeats, tickers and what is made of them; come late, come twice, unsubscribe."""

    def ask(channel: str, *products: str, kind: str = "subscribe") -> Message:
        return {"type": kind, "channel": channel, "product_ids": list(products)}

    words = [
        Say(0, "early", ask("level2", "BTC-USD", "ETH-USD")),
        Say(0, "early", ask("heartbeats")),
        Say(0, "early", ask("ticker", "BTC-USD")),
        Say(550, "late", ask("level2", "ETH-USD")),
        Say(550, "late", ask("ticker_batch", "BTC-USD", "ETH-USD")),
        Say(550, "early", {"type": "nonsense"}),
        Say(950, "early", ask("level2", "ETH-USD", kind="unsubscribe")),
        Say(950, "late", ask("market_trades", "BTC-USD")),
        Say(1450, "last", ask("level2", "BTC-USD")),
        Say(1450, "late", ask("ticker_batch", "BTC-USD", kind="unsubscribe")),
    ]
    return Play(market_recording(folder / "advanced.jsonl.zst"), "", words)


def exchange(folder: Path) -> Play:
    """Subscribe heartbeats that are made, and what an order goes through."""

    def ask(*channels: str, kind: str = "subscribe") -> Message:
        return {"type": kind, "product_ids": ["BTC-USD", "ETH-USD"], "channels": list(channels)}

    words = [
        Say(0, "early", ask("level2_batch", "heartbeat")),
        Say(450, "early", ask("ticker", "matches")),
        Say(650, "late", ask("heartbeat", "level2_batch", "ticker")),
        Say(1450, "early", ask("level2_batch", kind="unsubscribe")),
        Say(1450, "late", ask("full", "nothing")),
        Say(2150, "late", ask("heartbeat", kind="unsubscribe")),
    ]
    return Play(exchange_recording(folder / "exchange.jsonl.zst", heartbeats=False), "", words)


def coinmarketcap(folder: Path) -> Play:
    pushes = [price(1), price(1027), candle("1m"), candle("5m"), price(1, 2.5), price(1, 3.5), price(1027, 4.5)]
    recording = write(folder / "cmc.jsonl", "coinmarketcap", [(500 * number, one) for number, one in enumerate(pushes)])
    words = [
        Say(0, "early", subscribe(1, PRICES, crypto_ids=[1, 1027])),
        Say(1250, "late", subscribe(1, PRICES, crypto_ids=[1])),
        Say(1250, "late", {"id": 2, "method": "ping"}),
        Say(1750, "early", subscribe(2, KLINE, platform_id=14, address="0x8ac76a51cc950d9822d68b83fe1ad97b32cd580d")),
        Say(2250, "early", {"id": 3, "method": "unsubscribe", "channel": PRICES, "params": {"crypto_ids": [1]}}),
    ]
    return Play(recording, AT, words)


# Ways to get from one position to another: they are given where time stands, all frames, and up to which of them to go.

Way = Callable[[Steering, list[Frame], int], Awaitable[object]]


async def by_one_step(steering: Steering, frames: list[Frame], position: int) -> None:  # noqa: ARG001
    await steering.step(position - (steering.position or 0))


async def by_single_frames(steering: Steering, frames: list[Frame], position: int) -> None:  # noqa: ARG001
    for _ in range(position - (steering.position or 0)):
        await steering.step()


async def by_moments(steering: Steering, frames: list[Frame], position: int) -> None:
    await steering.play_until(frames[position].time if position < len(frames) else frames[-1].time + 1)


async def by_all_of_them(steering: Steering, frames: list[Frame], position: int) -> None:
    dice = random.Random(position)
    while (now := steering.position or 0) < position:
        some = dice.randint(now + 1, position)
        if some == position or frames[some - 1].time == frames[some].time or dice.random() < 0.5:
            await by_one_step(steering, frames, some)
        else:
            await by_moments(steering, frames, some)


RUNS: list[tuple[Way, float, bool]] = [
    (by_one_step, math.inf, False),
    (by_single_frames, 1000.0, False),
    (by_moments, math.inf, True),
    (by_moments, 10.0, False),
    (by_all_of_them, 1000.0, True),
]
"""How the replay gets from one position to another, at which speed, and whether it is resumed for the rest."""


class Heard(Observer):
    """Counts the messages of clients."""

    count = 0

    def on_received(self, client: int, message: str | bytes, time: int) -> None:  # noqa: ARG002
        self.count += 1


async def digest_of(client: ClientConnection) -> str:
    """Read everything, to the end, and return a hash of all of it."""
    digest = hashlib.sha256()
    async for message in client:
        digest.update(b"%d " % len(message) + str(message).encode())
    assert client.protocol.close_code == 1000
    return digest.hexdigest()


async def digests(play: Play, way: Way, speed: float, *, resume: bool) -> dict[str, str]:
    """Play a recording in some way to clients that say their words; return a hash of what each of them got."""
    with RecordingReader(play.recording) as reader:
        frames = [one for one in reader if isinstance(one, Frame) and one.direction == "in"]
    heard = Heard()
    options = ReplayOptions(port=0, speed=speed, paused=True)
    found: dict[str, asyncio.Task[str]] = {}
    connections: dict[str, ClientConnection] = {}
    async with asyncio.timeout(HANG_TIMEOUT), ReplayServer(play.recording, options, observer=heard) as server:
        steering = server.steering
        for at, words in itertools.groupby(play.words, lambda word: word.at):
            moment = frames[0].time - frames[0].time % 1000 + at * 1_000_000
            position = sum(frame.time < moment for frame in frames) if at else 0
            await way(steering, frames, position)
            assert steering.position == position
            for number, word in enumerate(words, heard.count + 1):
                if word.client not in found:
                    connections[word.client] = client = await connect(server.url + play.path, max_size=None)
                    found[word.client] = asyncio.create_task(digest_of(client))
                await connections[word.client].send(json.dumps(word.message))
                await until(lambda number=number: heard.count == number)  # type: ignore[misc]
        await (steering.step(0) if resume else way(steering, frames, len(frames)))
        steering.resume() if resume else await steering.step()
        return {name: await task for name, task in found.items()}


@pytest.mark.parametrize("play", [advanced, exchange, coinmarketcap])
def test_what_clients_get_depends_on_positions_alone(tmp_path: Path, play: Callable[[Path], Play]) -> None:
    """Not on the speed, nor on how the replay got there."""
    played = play(tmp_path)
    expected, *others = [asyncio.run(digests(played, way, speed, resume=resume)) for way, speed, resume in RUNS]
    assert len(set(expected.values())) >= 2
    wrong = [run for run, found in zip(RUNS[1:], others, strict=True) if found != expected]
    assert wrong == []


def test_after_a_jump_each_client_gets_the_state_there_and_numbers_without_a_hole(tmp_path: Path) -> None:
    """As one that comes then, forwards and backwards, and after the end, where heartbeats went on."""
    recording = market_recording(tmp_path / "market.jsonl.zst")

    async def scenario() -> None:
        options = ReplayOptions(port=0, speed=math.inf, paused=True, at_end="hold")
        async with ReplayServer(recording, options) as server, visit(server.url) as visitor:
            steering = server.steering
            numbers: list[int] = []

            async def hear(jump_to: int | None, frames: int) -> list[Parsed]:
                if jump_to is not None:
                    await steering.seek(START + jump_to * MILLISECOND)
                await steering.step(frames)
                heard = await visitor.hear_all()
                numbers.extend(frame["sequence_num"] for frame in heard)
                return [frame for frame in heard if frame["channel"] != "subscriptions"]

            await visitor.say(channel="level2", product_ids=["BTC-USD"])
            await visitor.say(channel="heartbeats")
            await until(lambda: steering.followers)
            assert [kind_of(frame) for frame in await hear(None, 14)] == ["snapshot", "update", "beat"]
            late = await hear(1250, 6)
            assert [kind_of(frame) for frame in late] == ["snapshot", "update"]
            assert len(late[0]["events"][0]["updates"]) == 1 + 1 + 9
            assert [kind_of(frame) for frame in await hear(650, 12)] == ["snapshot", "update", "update"]
            await hear(None, 1000)
            assert await steering.play_until(START + 6000 * MILLISECOND) == 0
            assert [kind_of(frame) for frame in await hear(None, 0)] == ["beat"] * 3
            assert [kind_of(frame) for frame in await hear(0, 14)] == ["snapshot", "update", "beat"]
            with RecordingReader(recording) as reader:
                assert await steering.step(1000) == sum(isinstance(one, Frame) for one in reader) - 14
            assert numbers == list(range(len(numbers)))

    asyncio.run(asyncio.wait_for(scenario(), HANG_TIMEOUT))


def kind_of(frame: Parsed) -> str:
    return "beat" if frame["channel"] == "heartbeats" else str(frame["events"][0]["type"])
