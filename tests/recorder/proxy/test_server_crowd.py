"""Many clients at once: each has its own connection, and the recording has all of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..venue import events, received, run, sent
from .through import client, proxied

CLIENTS, MESSAGES = 20, 30


def test_many_clients_at_once_hear_their_own_answers_alone(path: Path) -> None:
    async def converse(websocket: object, number: int) -> list[str]:
        answers = []
        for count in range(MESSAGES):
            await websocket.send(f'{{"client":{number},"count":{count}}}')  # type: ignore[attr-defined]
            answers.append(await websocket.recv())  # type: ignore[attr-defined]
        return answers

    async def talk() -> list[list[str]]:
        async with proxied(path) as proxy:
            websockets = [await client(proxy) for _ in range(CLIENTS)]
            answers = await asyncio.gather(*(converse(one, number) for number, one in enumerate(websockets)))
            await asyncio.gather(*(one.close() for one in websockets))
            return answers

    expected = [[f'{{"client":{number},"count":{count}}}' for count in range(MESSAGES)] for number in range(CLIENTS)]
    assert run(talk()) == expected
    for frames in (received(path), sent(path)):
        by_connection = [[frame.payload.decode() for frame in frames if frame.conn == n] for n in range(CLIENTS)]
        assert by_connection == expected
    assert sorted(event.conn or 0 for event in events(path, "open")) == list(range(CLIENTS))
    assert {event.details["by"] for event in events(path, "close")} == {"client"}
