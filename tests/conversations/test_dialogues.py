"""An application talks to its server through the recording proxy, and then to the recording: with ids of its own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import math
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError
from websockets.typing import Subprotocol

from feedrec.recorder import ProxyOptions, RecordingProxy
from feedrec.replay import DialogueFailure, ReplayOptions, ReplayServer

from ..recorder.venue import run
from ..timing import HANG_TIMEOUT

Server = Callable[[ServerConnection], Awaitable[None]]
Client = Callable[[str], Awaitable[Any]]


async def recorded(server: Server, client: Client, path: Path, **options: Any) -> Any:
    """Have a client talk to a server through the proxy; return what it makes of it."""
    async with serve(server, "127.0.0.1", 0, **options) as venue:
        port = next(iter(venue.sockets)).getsockname()[1]
        async with RecordingProxy(f"ws://127.0.0.1:{port}", path, ProxyOptions(port=0)) as proxy:
            return await client(proxy.url)


async def replayed(
    client: Client, path: Path, match: str, speed: float = math.inf
) -> tuple[Any, list[DialogueFailure]]:
    """Have a client talk to the recording; return what it makes of it, and what failed."""
    patience = HANG_TIMEOUT
    options = ReplayOptions(port=0, mode="dialogue", match=match, match_timeout=patience, speed=speed, at_end="exit")
    async with ReplayServer(path, options) as server:
        made = await client(server.url)
        await server.wait_finished()
        return made, server.failures


async def rpc_server(websocket: ServerConnection) -> None:
    """Answer calls of JSON-RPC, late and out of order; notify in between."""

    async def answer(call: Any) -> None:
        await asyncio.sleep(0.002 * call["params"][0])
        result = sum(call["params"])
        await websocket.send(json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": result}))

    await websocket.send('{"jsonrpc":"2.0","method":"welcome","params":{"id":1}}')
    async with asyncio.TaskGroup() as tasks:
        async for message in websocket:
            tasks.create_task(answer(json.loads(message)))


def rpc_client(make_id: Callable[[], Any]) -> Client:
    """Make a client that has several calls under way, and takes an answer only for one of its own."""

    async def talk(url: str) -> list[int]:
        async with connect(url) as websocket:
            assert "welcome" in await heard(websocket)
            results = []
            for round_of_calls in ([3, 1, 2], [1]):
                waiting = {make_id(): number for number in round_of_calls}
                for own, number in waiting.items():
                    call = {"jsonrpc": "2.0", "id": own, "method": "sum", "params": [number, 1]}
                    await websocket.send(json.dumps(call))
                while waiting:
                    answer = json.loads(await heard(websocket))
                    assert answer["result"] == waiting.pop(answer["id"]) + 1
                    results.append(answer["result"])
            return results

    return talk


async def heard(websocket: ClientConnection) -> str:
    message = await websocket.recv()
    assert isinstance(message, str)
    return message


@pytest.mark.parametrize("speed", [1.0, math.inf])
def test_calls_and_answers_with_other_ids(speed: float, path: Path) -> None:
    """Numbers when recorded, then others, or texts."""

    async def scenario() -> None:
        expected = await recorded(rpc_server, rpc_client(itertools.count(1).__next__), path)
        for other in (itertools.count(2).__next__, lambda: secrets.token_hex(4)):
            assert await replayed(rpc_client(other), path, "ignore:id", speed) == (expected, [])

    run(scenario())


def test_without_ignoring_them_other_ids_fail(path: Path) -> None:
    async def scenario() -> list[DialogueFailure]:
        await recorded(rpc_server, rpc_client(itertools.count(1).__next__), path)
        async with ReplayServer(path, ReplayOptions(port=0, mode="dialogue", speed=math.inf)) as server:
            with pytest.raises(ConnectionClosedError, match="message 1 of 4 is not the recorded one"):
                await rpc_client(itertools.count(2).__next__)(server.url)
        return server.failures

    (failure,) = run(scenario())
    assert failure.difference[2:4] == ('-   "id": 1', '+   "id": 2')


async def voice_server(websocket: ServerConnection) -> None:
    """Take audio, and speak: events as JSON, audio in binary messages."""
    numbers = itertools.count(1)
    assert websocket.subprotocol == "voice.v1"
    await websocket.send('{"type":"session.created","session":"sess_1"}')
    audio = b""
    async for message in websocket:
        if isinstance(message, bytes):
            audio += message
            continue
        event = json.loads(message)
        if event["type"] == "commit":
            item = f"item_{next(numbers):08}"
            await websocket.send(json.dumps({"type": "committed", "reply_to": event["event_id"], "item": item}))
            await websocket.send(bytes(reversed(audio)))
            await websocket.send(json.dumps({"type": "done", "item": item, "event_id": event["event_id"]}))
            audio = b""
        elif event["type"] == "bye":
            await websocket.close(4000, "see you")


async def voice_client(url: str) -> tuple[list[bytes], int | None, str | None]:
    """Speak twice, with event ids that are new each time."""
    spoken = []
    async with connect(url, subprotocols=[Subprotocol("voice.v2"), Subprotocol("voice.v1")]) as websocket:
        assert websocket.subprotocol == "voice.v1"
        assert json.loads(await heard(websocket))["type"] == "session.created"
        for turn in range(2):
            for piece in range(3):
                await websocket.send(bytes([turn, piece, 0, 255]) * 40)
            own = f"event_{secrets.token_hex(6)}"
            await websocket.send(json.dumps({"type": "commit", "event_id": own}))
            committed = json.loads(await heard(websocket))
            assert committed["reply_to"] == own
            audio = await websocket.recv()
            assert isinstance(audio, bytes)
            spoken.append(audio)
            done = json.loads(await heard(websocket))
            assert (done["item"], done["event_id"]) == (committed["item"], own)
            await websocket.send(json.dumps({"type": "truncate", "item": committed["item"], "of": own}))
        await websocket.send('{"type":"bye"}')
        await websocket.wait_closed()
        return spoken, websocket.protocol.close_code, websocket.protocol.close_reason


def test_audio_and_events(path: Path) -> None:
    """With a subprotocol, binary messages, and the server's own close."""

    async def scenario() -> None:
        expected = await recorded(voice_server, voice_client, path, subprotocols=["voice.v1"])
        assert expected[1:] == (4000, "see you")
        assert await replayed(voice_client, path, "ignore:event_id") == (expected, [])

    run(scenario())


SECRET = b"a secret key"


def signature(nonce: int, order: str) -> str:
    return base64.b64encode(hmac.digest(SECRET, f"{nonce}{order}".encode(), hashlib.sha256)).decode()


async def order_server(websocket: ServerConnection) -> None:
    """Take signed orders, and cancel them."""
    async for message in websocket:
        asked = json.loads(message)
        nonce, order = asked["nonce"], asked["client_order_id"]
        assert asked["signature"] == signature(nonce, order)
        status = "open" if asked["op"] == "place" else "cancelled"
        await websocket.send(
            json.dumps({"status": status, "nonce": nonce, "order": {"clientOrderId": order, "qty": "1"}})
        )


def order_client(first_nonce: int) -> Client:
    """Make a client whose nonces begin there, and whose orders have new ids; it cancels what it placed."""
    nonces = itertools.count(first_nonce)

    async def talk(url: str) -> list[str]:
        seen = []
        async with connect(url) as websocket:
            order = f"bot-{secrets.token_hex(8)}"
            for op in ("place", "cancel"):
                nonce = next(nonces)
                asked = {"op": op, "client_order_id": order, "qty": "1", "nonce": nonce}
                await websocket.send(json.dumps({**asked, "signature": signature(nonce, order)}))
                answer = json.loads(await heard(websocket))
                assert (answer["nonce"], answer["order"]["clientOrderId"]) == (nonce, order)
                seen.append(f"{answer['status']} {answer['order']['qty']}")
        return seen

    return talk


def test_signed_orders(path: Path) -> None:
    """Nonces and signatures are redacted in the recording, and yet the client is answered with its own."""

    async def scenario() -> None:
        expected = await recorded(order_server, order_client(1_795_280_400_000), path)
        assert expected == ["open 1", "cancelled 1"]
        for first in (5, 1_895_280_400_000):
            match = "ignore:nonce,client_order_id"
            assert await replayed(order_client(first), path, match) == (expected, [])

    run(scenario())
    text = path.read_text()
    assert '"nonce": "[redacted]"' in text
    assert '"signature": "[redacted]"' in text
