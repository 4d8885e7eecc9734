"""
A client of a realtime AI: it sends speech, and gets text, speech, and calls of its own functions back.

The service, Murmur, is made up, but works as such services do: JSON events that name the event they reply to, with
audio in binary messages between them.

    python assistant.py                                                                   the service
    feedrec replay feeds/conversation.jsonl --mode dialogue --match ignore:event_id -- python assistant.py
"""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

URL = os.environ.get("FEEDREC_URL", "ws://127.0.0.1:9000")
KEY = os.environ.get("MURMUR_KEY", "no key")
PIECE = 160  # bytes of audio in a message: 20 ms

Tool = Callable[..., Any]


class MurmurError(Exception):
    """The service said what it should not have said."""


@dataclass
class Answer:
    """What the service says to something that was said."""

    heard: str
    text: str = ""
    audio: bytes = b""


class Assistant:
    """
    A conversation.

    Args:
        connection: The connection.
        tools: Functions that the service may call, by name.

    """

    def __init__(self, connection: ClientConnection, tools: dict[str, Tool]) -> None:
        self._connection = connection
        self._tools = tools

    @classmethod
    async def begin(cls, connection: ClientConnection, instructions: str, tools: dict[str, Tool]) -> Self:
        """Begin a conversation with instructions to the service."""
        assistant = cls(connection, tools)
        await assistant._event("session.created")
        asked = await assistant._send("session.update", instructions=instructions, tools=sorted(tools), key=KEY)
        await assistant._event("session.updated", asked)
        return assistant

    async def ask(self, speech: bytes) -> Answer:
        """Say something; return the answer once it is whole."""
        for start in range(0, len(speech), PIECE):
            await self._connection.send(speech[start : start + PIECE])
        asked = await self._send("input.commit")
        answer = Answer((await self._event("input.transcript", asked))["text"])
        while True:
            message = await self._connection.recv()
            if isinstance(message, bytes):
                answer.audio += message
                continue
            event = json.loads(message)
            if event["type"] == "response.text":
                answer.text += event["delta"]
            elif event["type"] == "tool.call":
                output = self._tools[event["name"]](**json.loads(event["arguments"]))
                await self._send("tool.result", call_id=event["call_id"], output=json.dumps(output))
            elif event["type"] == "response.done":
                _check(event, "response.done", asked)
                return answer
            else:
                raise MurmurError(f"{event['type']} amid an answer")

    async def _send(self, kind: str, **fields: Any) -> str:
        """Send an event; return its id, which is another one each time."""
        event_id = f"event_{uuid.uuid4().hex}"
        await self._connection.send(json.dumps({"type": kind, "event_id": event_id, **fields}))
        return event_id

    async def _event(self, kind: str, reply_to: str | None = None) -> dict[str, Any]:
        """Receive an event of a kind, in reply to one of ours."""
        event: dict[str, Any] = json.loads(await self._connection.recv())
        _check(event, kind, reply_to)
        return event


def _check(event: dict[str, Any], kind: str, reply_to: str | None) -> None:
    if event["type"] != kind or event.get("reply_to") != reply_to:
        raise MurmurError(f"expected {kind} in reply to {reply_to}, got {event}")


def hum(seconds: float, pitch: int) -> bytes:
    """Return speech, of a kind: 8,000 samples a second of one byte each."""
    return bytes((sample * pitch // 8 + sample % 7) % 256 for sample in range(round(8000 * seconds)))


def price_of(product: str) -> dict[str, str]:
    """Return what something costs: a function that the service may call."""
    return {"product": product, "price": "91374.18"}


async def talk(url: str = URL) -> list[Answer]:
    """Have a conversation, and return the answers."""
    async with connect(url, subprotocols=[Subprotocol("murmur.v1")]) as connection:
        assistant = await Assistant.begin(connection, "Be brief.", {"price_of": price_of})
        return [await assistant.ask(hum(0.1, pitch)) for pitch in (3, 5)]


if __name__ == "__main__":
    for number, answer in enumerate(asyncio.run(talk()), 1):
        print(f"{number}. {answer.heard} {answer.text} ({len(answer.audio)} bytes of speech)")
