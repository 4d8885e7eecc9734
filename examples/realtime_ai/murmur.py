"""
The made-up service, to record from: `python murmur.py` listens on port 9000.

Its answers are fixed. What matters is how they are given: to whose events, with which ids, in which order.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os

from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

PORT = int(os.environ.get("MURMUR_PORT", "9000"))
QUESTIONS = ("What does bitcoin cost?", "Thank you.")


async def serve_client(connection: ServerConnection) -> None:
    numbers = itertools.count(1)

    async def say(kind: str, **fields: object) -> None:
        await connection.send(json.dumps({"type": kind, **fields}))

    async def speak(text: str) -> None:
        for word in text.split():
            await say("response.text", delta=f"{word} ")
            await connection.send(bytes(ord(letter) for letter in word) * 20)

    await say("session.created", session="sess_0b5d9a41")
    asked, questions = "", iter(QUESTIONS)
    async for message in connection:
        if isinstance(message, bytes):
            continue
        event = json.loads(message)
        if event["type"] == "session.update":
            await say("session.updated", reply_to=event["event_id"])
        elif event["type"] == "input.commit":
            asked, question = event["event_id"], next(questions)
            await say("input.transcript", reply_to=asked, text=question)
            if "cost" in question:
                call = {"name": "price_of", "arguments": '{"product":"BTC-USD"}'}
                await say("tool.call", call_id=f"call_{next(numbers):08}", **call)
            else:
                await speak("You are welcome.")
                await say("response.done", reply_to=asked)
        elif event["type"] == "tool.result":
            await speak(f"It costs {json.loads(event['output'])['price']} dollars.")
            await say("response.done", reply_to=asked)


async def main() -> None:
    async with serve(serve_client, "127.0.0.1", PORT, subprotocols=[Subprotocol("murmur.v1")]) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
