"""Clients that follow the timeline: how far they may go, and when they have come there."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from feedrec.model import Frame
from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.steering.followers import Follower, Followers, Moved
from feedrec.replay.steering.limit import Limit
from feedrec.replay.steering.playhead import Entrance
from feedrec.replay.timeline.batch_window import Place
from feedrec.replay.timeline.frame_batches import FrameBatch

from ...timing import HANG_TIMEOUT

BATCH = FrameBatch(0, 3, [Frame(time, 0, b"") for time in (1, 2, 2)], [RecordedSteady(time) for time in (1, 2, 2)], [])


def followers(entrance: Entrance | None = None) -> Followers:
    return Followers(lambda _: entrance, goes_by_position=False)


def begun(those: Followers) -> Follower:
    follower = those.join(0)
    follower.enter()
    follower.begin(BATCH)
    return follower


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, HANG_TIMEOUT))


def test_without_a_limit_nobody_is_held() -> None:
    follower = begun(followers())
    assert (follower.admitted(), follower.is_held) == (None, False)
    assert not follower.holds_frame(2)
    assert not follower.holds_time(RecordedSteady(9))
    assert not follower.holds_end()


def test_a_limit_holds_frames_what_is_made_and_the_end() -> None:
    """Each as far as it is behind it."""
    those = followers()
    follower = begun(those)
    those.change([Limit(RecordedSteady(2), 1)], may_end=False)
    assert follower.admitted() == 2
    assert [follower.holds_frame(number) for number in range(3)] == [False, False, True]
    assert [follower.holds_time(RecordedSteady(time)) for time in (2, 3)] == [False, True]
    assert follower.holds_end()
    those.change([Limit(RecordedSteady(2), 1)], may_end=True)
    assert not follower.holds_end()


def test_who_can_go_no_further_has_arrived_and_who_leaves_is_not_waited_for() -> None:
    """Until the limit changes."""
    those = followers()
    first, second = begun(those), begun(those)

    async def scenario() -> None:
        those.change([Limit(RecordedSteady(1), 1)], may_end=False)
        arriving = asyncio.create_task(those.arrived())
        await asyncio.sleep(0)
        assert first.holds_frame(1)
        await asyncio.sleep(0)
        assert not arriving.done()
        those.leave(second)
        await arriving
        await those.arrived()
        those.change([Limit(RecordedSteady(2), 1)], may_end=False)
        arriving = asyncio.create_task(those.arrived())
        await asyncio.sleep(0)
        assert not first.holds_frame(1)
        assert not arriving.done()
        assert first.holds_frame(2)
        await arriving

    run(scenario())


def test_a_move_reaches_everybody() -> None:
    """Whatever they wait for; it is done when each has entered where the timeline goes on."""
    those = followers()
    follower = begun(those)
    there = Entrance(Place(RecordedSteady(7)), time=RecordedSteady(7))

    async def scenario() -> None:
        those.move([there], RecordedSteady(7))
        moving = asyncio.create_task(those.moved())
        for look in (follower.admitted, follower.holds_end, follower.rest, follower.check):
            with pytest.raises(Moved):
                look()
        await asyncio.sleep(0)
        assert not moving.done()
        assert follower.enter() == there.place
        await moving
        follower.check()
        assert follower.heading_for == 7
        those.move([there], RecordedSteady(9))
        follower.go_on()
        assert follower.heading_for == 9
        follower.enter()
        follower.go_on()
        assert follower.heading_for is None

    run(scenario())


def test_who_comes_before_the_place_is_known_enters_where_it_is_then() -> None:
    places: list[Entrance] = []
    those = Followers(lambda _: places[0] if places else None, goes_by_position=True)
    follower = those.join(0)
    places.append(Entrance(Place(RecordedSteady(3), 5)))
    assert follower.enter() == Place(RecordedSteady(3), 5)
