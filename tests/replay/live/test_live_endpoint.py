"""An endpoint that is served live: how far the count of lines is, and what is recorded of it."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.feeds.auth import Auth
from feedrec.live_messages import Catalogue
from feedrec.replay.live.live_endpoint import LiveEndpoint, Numbers

from ..raw_client import run
from ..recordings import START
from .fake_recorder import ADVANCED
from .live_frames_of import AdvancedFrames
from .test_live_frames import lines


def endpoint(name: str = ADVANCED, now: list[int] | None = None, **settings: str) -> LiveEndpoint:
    async def ask(*_: object) -> None:
        raise AssertionError("nobody asks")

    times = [0] if now is None else now
    auth = Auth(now=lambda: START)
    return LiveEndpoint(name, 0, settings, auth, Numbers(), ask, lambda: times[-1])  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 9), max_size=8), st.lists(st.integers(0, 9), max_size=5))
def test_who_waits_for_a_number_goes_on_when_it_is_there_and_not_before(wanted: list[int], reached: list[int]) -> None:
    async def scenario() -> None:
        numbers = Numbers()
        waiting = [(number, asyncio.create_task(numbers.reached(number))) for number in wanted]
        last = 0
        for number in sorted(reached):
            numbers.reach(number)
            last = number
            for _ in range(3):
                await asyncio.sleep(0)
            assert all(task.done() == (number <= last) for number, task in waiting)
        numbers.reach(10)
        await asyncio.gather(*(task for _, task in waiting))

    asyncio.run(scenario())


def test_who_waits_no_longer_is_passed_over() -> None:
    async def scenario() -> None:
        numbers = Numbers()
        waiting = asyncio.create_task(numbers.reached(1))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        numbers.reach(2)
        assert numbers.last == 2

    run(scenario())


def test_what_several_feeds_record_is_one_catalogue_which_server_halves_see_change() -> None:
    one = endpoint()
    assert one.venue is not None
    assert not one.is_recorded
    catalogue = one.venue.catalogue
    one.take_catalogue(0, Catalogue({"ticker": ["BTC-USD"], "heartbeats": []}))
    one.take_catalogue(1, Catalogue({"ticker": ["ETH-USD"]}))
    assert catalogue == {"ticker": {"BTC-USD", "ETH-USD"}, "heartbeats": {""}}
    one.take_catalogue(0, Catalogue({}))
    assert catalogue == {"ticker": {"ETH-USD"}}
    assert one.is_recorded


def test_a_channel_that_the_feed_does_not_know_can_be_had_if_it_is_recorded() -> None:
    one = endpoint()
    one.take_catalogue(0, Catalogue({"brand_new": ["BTC-USD"]}))
    assert one.venue is not None
    server = one.venue.server()
    server.on_message(b'{"type":"subscribe","channel":"brand_new","product_ids":["BTC-USD"]}', START)
    assert dict(server.subscribed) == {"brand_new": {"BTC-USD": None}}


def test_snapshots_may_come_for_a_while_after_more_was_subscribed_or_a_connection_was_opened() -> None:
    now = [10**12]
    one = endpoint(now=now)
    one.take_catalogue(0, Catalogue({"ticker": ["BTC-USD"]}))
    assert one.is_fresh
    now.append(now[-1] + 6 * 10**9)
    assert not one.is_fresh
    one.take_catalogue(0, Catalogue({"ticker": ["BTC-USD"]}))
    assert not one.is_fresh
    one.take_catalogue(0, Catalogue({"ticker": ["BTC-USD", "ETH-USD"]}))
    assert one.is_fresh


def test_settings_are_those_of_the_venue() -> None:
    with pytest.raises(UsageError, match="no setting 'no_such'"):
        endpoint(no_such="1")
    one = endpoint(lacking="silent")
    assert one.venue is not None
    one.take_catalogue(0, Catalogue({"ticker": ["BTC-USD"]}))
    server = one.venue.server()
    server.on_message(b'{"type":"subscribe","channel":"ticker","product_ids":["DOGE-USD"]}', START)
    assert "DOGE-USD" in server.subscribed["ticker"]


def test_the_venues_clock_is_learned_from_what_comes() -> None:
    one, frames = endpoint(), AdvancedFrames()
    frame = frames.ticker("1")
    one.take_lines(0, [lines(frame)[:-1], b"\n"], 1)
    assert -1_000_000_000 < one.time.behind <= 0
