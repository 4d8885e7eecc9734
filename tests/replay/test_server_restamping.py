"""With `restamp`, a client that refuses old data accepts all that it is sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from feedrec.errors import UsageError
from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_frame
from feedrec.model import NANOSECONDS, Frame, Header, format_time, parse_time
from feedrec.replay import ReplayOptions, ReplayServer
from feedrec.replay.observer import Observer

from .clocks import ManualClock
from .raw_client import run
from .recordings import START

LIMIT = 5.0  # seconds: what is older is refused
MILLISECOND = 1_000_000
_TIME = re.compile(r'"(?:timestamp|event_time|time)":"([^"]+)"')


def recorded(path: Path, times: list[int]) -> Path:
    """Write a recording of Advanced Trade of 2026-08-09: a book, and a change of it at each of these milliseconds."""
    writer = create_recording(path, Header("coinbase-advanced", created=START))
    for number, milliseconds in enumerate([0, *times]):
        at = START + milliseconds * MILLISECOND
        kind, time_text = "update" if number else "snapshot", format_time(at - MILLISECOND)[:26] + "Z"
        level = f'{{"side":"bid","event_time":"{time_text}","price_level":"1.5","new_quantity":"{number + 1}"}}'
        payload = (
            f'{{"channel":"l2_data","timestamp":"{format_time(at)}","sequence_num":{number},'
            f'"events":[{{"type":"{kind}","product_id":"BTC-USD","updates":[{level},{level}]}}]}}'
        )
        writer.write_line(encode_frame(Frame(at, 0, payload.encode())))
    return writer.finish()


def times_in(message: str | bytes) -> list[int]:
    return [parse_time(text) for text in _TIME.findall(str(message))]


async def subscribe(client: ClientConnection, *channels: str) -> None:
    for channel in channels:
        await client.send(json.dumps({"type": "subscribe", "product_ids": ["BTC-USD"], "channel": channel}))


async def accepted(client: ClientConnection) -> list[str]:
    """Return all messages, each of which is new enough, as a client that is careful takes them."""
    messages = []
    async for message in client:
        now = time.time_ns()
        for at in times_in(message):
            assert abs(now - at) < LIMIT * NANOSECONDS, message
        messages.append(str(message))
    return messages


def options(**chosen: Any) -> ReplayOptions:
    return ReplayOptions(port=0, restamp=True, **chosen)


@pytest.mark.parametrize("chosen", [{}, {"clock": "shared"}, {"deflate": True}], ids=str)
def test_a_client_that_refuses_old_data_accepts_all_of_it(tmp_path: Path, chosen: dict[str, Any]) -> None:
    path = recorded(tmp_path / "a.jsonl", [20, 30, 31, 60])

    async def scenario() -> None:
        async with ReplayServer(path, options(**chosen)) as server, connect(server.url) as client:
            await subscribe(client, "level2")
            messages = await accepted(client)
        books = [message for message in messages if "l2_data" in message]
        assert [len(times_in(message)) for message in books] == [3] * 5
        sent, events = zip(*(times_in(message)[:2] for message in books), strict=True)
        offsets = [at - sent[1] for at in sent[1:]]
        assert offsets == [offset * MILLISECOND for offset in (0, 10, 11, 40)]  # as they were recorded
        assert all(0 <= at - event - MILLISECOND < 1000 for at, event in zip(sent, events, strict=True))
        assert sum("subscriptions" in message for message in messages) == 1

    run(scenario())


def test_a_client_that_comes_late_gets_the_book_of_now(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.jsonl.zst", [20, 30, 40])

    async def scenario() -> None:
        chosen = options(start=START + 25 * MILLISECOND)
        async with ReplayServer(path, chosen) as server, connect(server.url) as client:
            await subscribe(client, "level2")
            messages = await accepted(client)
        assert ['"snapshot"' in message for message in messages if "l2_data" in message] == [True, False, False]

    run(scenario())


def test_heartbeats_that_are_made_are_of_now(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.jsonl", [2500])

    async def scenario() -> None:
        clock = ManualClock()
        before = time.time_ns()
        async with (
            ReplayServer(path, options(settle=0.0), clock=clock, sleep=clock.sleep) as server,
            connect(server.url) as client,
        ):
            await subscribe(client, "heartbeats", "level2")
            beats: list[dict[str, Any]] = []
            while len(beats) < 2:
                clock.advance(20)
                with contextlib.suppress(TimeoutError):
                    message = json.loads(await asyncio.wait_for(client.recv(), 0.002))
                    beats += [message] if message["channel"] == "heartbeats" else []
            after = time.time_ns()
        stamps = [parse_time(beat["timestamp"]) for beat in beats]
        assert stamps[1] - stamps[0] == NANOSECONDS
        assert before - NANOSECONDS < stamps[0] < after + 2 * NANOSECONDS
        assert beats[0]["events"][0]["current_time"][:19] == beats[0]["timestamp"][:19].replace("T", " ")

    run(scenario())


def test_an_observer_hears_what_is_sent(tmp_path: Path) -> None:
    path, heard = recorded(tmp_path / "a.jsonl", [1]), []

    class Listening(Observer):
        def on_sent(self, messages: Any) -> None:
            heard.extend(messages)

    async def scenario() -> None:
        async with ReplayServer(path, options(), observer=Listening()) as server, connect(server.url) as client:
            await subscribe(client, "level2")
            messages = await accepted(client)
        assert [message.payload.decode() for message in heard] == messages
        assert [message.kind for message in heard if b"l2_data" in message.payload] == ["recorded", "recorded"]
        assert [message.time for message in heard if message.kind == "recorded"] == [START, START + MILLISECOND]

    run(scenario())


def test_the_speed_stays(tmp_path: Path) -> None:
    """Also while it runs: a pause is no speed."""
    path = recorded(tmp_path / "a.jsonl", [1])

    async def scenario() -> None:
        async with ReplayServer(path, options()) as server:
            server.steering.pause()
            with pytest.raises(UsageError, match="at speed 1, not 2: leave out --restamp"):
                server.steering.set_speed(2.0)
            server.steering.set_speed(1.0)
            server.steering.resume()

    run(scenario())


@pytest.mark.parametrize(
    ("chosen", "said"),
    [({"speed": 2.0}, "at speed 1, not 2"), ({"mode": "verbatim"}, "leave out --restamp, or --mode verbatim")],
    ids=str,
)
def test_what_it_cannot_be_together_with_is_refused(chosen: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        options(**chosen)


def test_a_venue_that_does_not_say_where_its_times_are_is_refused(tmp_path: Path) -> None:
    path = create_recording(tmp_path / "a.jsonl", Header("raw", created=START)).finish()

    async def scenario() -> None:
        with pytest.raises(UsageError, match="nothing says where the frames of raw have times"):
            await ReplayServer(path, options()).start()

    run(scenario())
