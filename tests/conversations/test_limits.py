"""What a venue limits, and how it closes, as settings of a replay; through real sockets."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from feedrec.replay import ReplayServer

from ..recorder.venue import run
from .recordings import write
from .talk import venue, visit

ADVANCED, CMC = "coinbase-advanced", "coinmarketcap"
FAST: dict[str, Any] = {"speed": math.inf, "at_end": "close"}


def ticker(number: int) -> dict[str, Any]:
    event = {"type": "update", "tickers": [{"type": "ticker", "product_id": "BTC-USD", "price": str(number)}]}
    return {"channel": "ticker", "timestamp": "2026-09-30T02:03:12Z", "sequence_num": number, "events": [event]}


def tickers(path: Path, count: int = 5, every: int = 1000) -> Path:
    return write(path / "tickers.jsonl", ADVANCED, [(every * number, ticker(number)) for number in range(count)])


def outcomes(server: ReplayServer) -> dict[str, int]:
    return {str(outcome): count for outcome, count in server.total.outcomes.items()}


def test_the_eleventh_connection_of_a_key_is_closed_with_4004(tmp_path: Path) -> None:
    """Not that of another key, nor one that takes the place of one that was closed."""
    recording = write(tmp_path / "market.jsonl", CMC, [(0, {"type": "welcome"})])

    async def scenario() -> None:
        async with (
            venue(recording, settings={"connection_limit": "10"}) as server,
            contextlib.AsyncExitStack() as stack,
        ):
            url = f"{server.url}/v1?CMC_PRO_API_KEY="
            several = [await stack.enter_async_context(visit(f"{url}one")) for _ in range(10)]
            for visitor in several:
                assert (await visitor.hear_one())["type"] == "welcome"
            for _ in range(2):
                async with visit(f"{url}one") as eleventh:
                    assert await eleventh.closed() == (4004, "Connection limit")
            async with visit(f"{url}two") as another:
                assert (await another.hear_one())["type"] == "welcome"
            await several[0].connection.close()
            async with visit(f"{url}one") as next_one:
                assert (await next_one.hear_one())["type"] == "welcome"

    run(scenario())


@pytest.mark.parametrize("frames", [2, 5, 6])
@pytest.mark.parametrize("code", [1011, 1012, 1013, 1014])
def test_a_connection_is_closed_after_so_many_frames(tmp_path: Path, frames: int, code: int) -> None:
    """The ack and five tickers: also after the very last of them."""

    async def scenario() -> None:
        settings = {"close_after": str(frames), "close_code": str(code), "close_reason": "tired"}
        async with venue(tickers(tmp_path), settings=settings, **FAST) as server:
            async with visit(server.url) as visitor:
                await visitor.say(channel="ticker", product_ids=["BTC-USD"])
                assert len(await visitor.hear(frames)) == frames
                assert await visitor.closed() == (code, "tired")
                assert await visitor.hear_all() == []
            async with visit(server.url) as again:
                await again.say(channel="ticker", product_ids=["BTC-USD"])
                assert len(await again.hear(frames)) == frames
        assert outcomes(server)["disconnected"] >= 1

    run(scenario())


@pytest.mark.parametrize("code", [1006, 1012])
def test_a_connection_is_closed_after_some_recorded_time(tmp_path: Path, code: int) -> None:
    """However long nothing was recorded; 1006 is what a client says that got no close frame."""
    recording = tickers(tmp_path, 3, every=20_000)

    async def scenario() -> None:
        settings = {"close_after": "30s", "close_code": str(code)}
        async with venue(recording, settings=settings, **FAST) as server, visit(server.url) as visitor:
            await visitor.say(channel="ticker", product_ids=["BTC-USD"])
            assert len(await visitor.hear(3)) == 3
            assert (await visitor.closed())[0] == code
            assert await visitor.hear_all() == []
        assert outcomes(server) == {"disconnected": 1}

    run(scenario())


def test_a_connection_that_is_held_open_is_closed_when_its_time_has_come(tmp_path: Path) -> None:
    async def scenario() -> None:
        settings = {"close_after": "100ms"}
        async with (
            venue(tickers(tmp_path, 1), settings=settings, speed=1.0) as server,
            visit(server.url) as visitor,
        ):
            await visitor.say(channel="ticker", product_ids=["BTC-USD"])
            assert len(await visitor.hear(2)) == 2
            assert (await visitor.closed())[0] == 1012
        assert outcomes(server) == {"disconnected": 1}

    run(scenario())


def test_one_connection_too_many_in_a_second_is_refused_before_it_is_one(tmp_path: Path) -> None:
    async def scenario() -> None:
        settings = {"connections_per_second": "0.0001"}
        async with venue(tickers(tmp_path), settings=settings) as server:
            async with visit(server.url) as visitor:
                assert await visitor.is_open()
            with pytest.raises(InvalidStatus, match="429") as caught:
                await connect(server.url).__aenter__()
            assert b"more than 0.0001 new connections a second" in (caught.value.response.body or b"")

    run(scenario())


@pytest.mark.parametrize("with_heartbeats", [False, True])
def test_a_connection_without_updates_is_closed_unless_it_has_heartbeats(
    tmp_path: Path, *, with_heartbeats: bool
) -> None:
    """Two minutes without a frame, at full speed."""
    recording = tickers(tmp_path, 2, every=120_000)

    async def scenario() -> None:
        settings = {"silent_channel_closes": "75", "silent_channel_code": "1001"}
        async with (
            venue(recording, settings=settings, **FAST) as server,
            visit(server.url) as visitor,
        ):
            if with_heartbeats:
                await visitor.say(channel="heartbeats")
            await visitor.say(channel="ticker", product_ids=["BTC-USD"])
            heard = await visitor.hear_until(sequence_num=3 if with_heartbeats else 1)
            assert [one["channel"] for one in heard if one["channel"] == "ticker"] == ["ticker"] * (1 + with_heartbeats)
            assert (await visitor.closed())[0] == (1000 if with_heartbeats else 1001)
            assert not server.has_lacked

    run(scenario())
