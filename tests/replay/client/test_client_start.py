"""When the replay to a client begins: at once, if it needs no more; else when it has settled."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from feedrec.replay import ReplayOptions, ReplayServer
from feedrec.replay.client.first_words import AFTER_THE_LAST

from ...testing.feeds import CHANNELS, DEMO, PRODUCTS, subscription
from ...timing import HANG_TIMEOUT, until
from ..clocks import VirtualTime
from ..fake_venue import record
from ..raw_client import run

FOREVER = 1e6
"""Seconds for which no test can wait."""


async def replayed(path: Path, *messages: str, time: VirtualTime | None = None, **options: Any) -> list[Any]:
    """Return what a client is sent that says something; by the machine's clock unless there is another."""
    chosen = ReplayOptions(port=0, **{"speed": math.inf, "settle": FOREVER, **options})
    clocks: dict[str, Any] = {} if time is None else {"clock": time.clock, "sleep": time.sleep}
    async with ReplayServer(path, chosen, **clocks) as server, connect(server.url, max_size=None) as websocket:
        for message in messages:
            await websocket.send(message)
        return [json.loads(message) async for message in websocket]


def test_who_has_subscribed_all_that_is_recorded_does_not_settle() -> None:
    messages = run(replayed(DEMO, *map(subscription, CHANNELS)))
    assert len(messages) == 1545
    assert [message["sequence_num"] for message in messages] == list(range(1545))


def test_nor_does_who_has_subscribed_what_was_chosen() -> None:
    messages = run(replayed(DEMO, subscription("ticker", ["BTC-USD"]), start_after=("ticker:BTC-USD",)))
    assert {message["channel"] for message in messages} == {"ticker", "subscriptions"}


def test_all_others_settle() -> None:
    time = VirtualTime()
    run(replayed(DEMO, subscription("ticker"), time=time, settle=5.0))
    assert max(time.sleeps) > 4


def test_a_client_that_needs_no_more_may_still_say_something_in_the_same_breath() -> None:
    time = VirtualTime()
    run(replayed(DEMO, subscription("ticker"), time=time, settle=5.0, start_after=("ticker",)))
    assert max(time.sleeps) <= AFTER_THE_LAST / 1e9


@pytest.mark.parametrize(("start_after", "least"), [((), 4.0), (("ticker",), 0.0)])
def test_a_time_that_all_share_begins_early_only_where_that_was_chosen(
    start_after: tuple[str, ...], least: float
) -> None:
    """The first client would leave the others behind, who are just coming."""
    time = VirtualTime()
    messages = map(subscription, CHANNELS)
    run(replayed(DEMO, *messages, time=time, settle=5.0, speed=1e6, clock="shared", start_after=start_after))
    assert (max(time.sleeps) > 4) == bool(least)


def test_the_sooner_of_them_is_what_begins_it() -> None:
    """While it settles, a client subscribes the rest."""

    async def scenario() -> None:
        options = ReplayOptions(port=0, speed=math.inf, settle=FOREVER)
        async with ReplayServer(DEMO, options) as server, connect(server.url, max_size=None) as websocket:
            await websocket.send(subscription(CHANNELS[0]))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(websocket.recv(), 0.05)
            for channel in CHANNELS[1:]:
                await websocket.send(subscription(channel))
            assert len([message async for message in websocket]) == 1545

    run(asyncio.wait_for(scenario(), HANG_TIMEOUT))


def test_what_is_subscribed_afterwards_begins_with_its_state() -> None:
    """As for any client that comes late, no product of a book lacks its snapshot, and no update comes before it."""

    async def scenario() -> list[Any]:
        options = ReplayOptions(port=0, speed=50, settle=FOREVER, start_after=("ticker",))
        async with ReplayServer(DEMO, options) as server, connect(server.url, max_size=None) as websocket:
            await websocket.send(subscription("ticker"))
            messages = [json.loads(await websocket.recv()) for _ in range(20)]
            await websocket.send(subscription("level2"))
            messages += [json.loads(message) async for message in websocket]
            return messages

    messages = run(scenario())
    assert [message["sequence_num"] for message in messages] == list(range(len(messages)))
    events = [event for message in messages if message["channel"] == "l2_data" for event in message["events"]]
    for product in PRODUCTS:
        kinds = [event["type"] for event in events if event["product_id"] == product]
        assert kinds[0] == "snapshot"
        assert set(kinds[1:]) == {"update"}
    subscribed = [
        message["events"][0]["subscriptions"] for message in messages if message["channel"] == "subscriptions"
    ]
    assert "level2" in subscribed[-1]


def test_verbatim_begins_with_the_first_message_as_ever(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl", "raw", range(3))

    async def scenario() -> int:
        options = ReplayOptions(port=0, speed=math.inf, settle=FOREVER)
        async with ReplayServer(path, options) as server, connect(server.url) as websocket:
            await websocket.send("anything")
            return len([message async for message in websocket])

    assert run(scenario()) == 3


def test_a_client_that_leaves_while_it_settles_leaves_nothing_behind() -> None:
    def settling() -> bool:
        return any("coro=<sleep()" in repr(task) for task in asyncio.all_tasks())

    async def scenario() -> None:
        options = ReplayOptions(port=0, speed=math.inf, settle=FOREVER)
        async with ReplayServer(DEMO, options) as server:
            async with connect(server.url, max_size=None) as websocket:
                await websocket.send(subscription("ticker"))
                await until(settling)
            await until(lambda: server.total.clients)
        await asyncio.sleep(0)
        assert not settling()

    run(scenario())
