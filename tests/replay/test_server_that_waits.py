"""A replay whose time begins when enough clients are there."""

from __future__ import annotations

import asyncio
import contextlib
import math
from pathlib import Path
from typing import Any, Literal

import pytest
from websockets.asyncio.client import ClientConnection, connect

from feedrec.errors import UsageError
from feedrec.replay import ReplayOptions, ReplayServer

from ..timing import until
from .raw_client import run
from .recordings import numbered, record

MILLISECOND = 1_000_000
FRAMES = numbered(200, MILLISECOND)
TEXTS = [frame.payload.decode() for frame in FRAMES]


def waiting(server: ReplayServer) -> int:
    """Tell how many have subscribed, and wait for others."""
    return server._crowd.gate.waiting


async def subscribed(server: ReplayServer, stack: contextlib.AsyncExitStack) -> ClientConnection:
    client = await stack.enter_async_context(connect(server.url))
    await client.send("{}")
    return client


async def messages(client: ClientConnection) -> list[Any]:
    return [message async for message in client]


@pytest.mark.parametrize(("clock", "speed"), [("each", math.inf), ("each", 20.0), ("shared", 20.0)])
def test_time_begins_with_the_last_of_those_it_waits_for(
    tmp_path: Path, clock: Literal["each", "shared"], speed: float
) -> None:
    """Whoever came first has missed nothing, whoever came last has neither; the next ones wait for each other again."""

    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", FRAMES)
        options = ReplayOptions(port=0, speed=speed, clock=clock, wait_for=3)
        async with ReplayServer(path, options) as server:
            for _ in range(2):
                async with contextlib.AsyncExitStack() as stack:
                    first = [await subscribed(server, stack) for _ in range(2)]
                    await until(lambda: waiting(server) == 2)
                    last = await subscribed(server, stack)
                    received = await asyncio.gather(*map(messages, [*first, last]))
                    assert received == [TEXTS] * 3
                await until(lambda: not server._crowd.clients)

    run(scenario())


def test_one_that_leaves_is_waited_for_no_longer_and_a_later_one_need_not_wait(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = record(tmp_path / "a.jsonl.zst", FRAMES)
        options = ReplayOptions(port=0, speed=math.inf, at_end="hold", wait_for=2)
        async with ReplayServer(path, options) as server, contextlib.AsyncExitStack() as stack:
            leaves = await subscribed(server, stack)
            await until(lambda: waiting(server) == 1)
            await leaves.close()
            await until(lambda: waiting(server) == 0)
            stays = await subscribed(server, stack)
            await until(lambda: waiting(server) == 1)
            for client in (await subscribed(server, stack), stays, await subscribed(server, stack)):
                assert [await client.recv() for _ in TEXTS] == TEXTS

    run(scenario())


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"wait_for": 0}, "one client or more, not for 0"),
        ({"wait_for": 3, "max_clients": 2}, "3 clients would never be there: 2 may be connected"),
        ({"wait_for": 2, "paused": True}, "leave out wait_for, or paused"),
        ({"wait_for": 2, "mode": "dialogue"}, "leave out --wait-for"),
    ],
)
def test_what_could_never_begin_is_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        ReplayOptions(**options)
