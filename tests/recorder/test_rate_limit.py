"""No more than the venue allows, and no slower."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from feedrec.recorder import RecordingSession
from feedrec.recorder.rate_limit import RateLimit, SharedRates

from .venue import PlainFeed


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.integers(1, 9), st.lists(st.floats(0, 2), min_size=1, max_size=40))
def test_in_any_second_there_are_no_more_turns_than_allowed(limit: int, pauses: list[float]) -> None:
    clock = Clock()
    pace = RateLimit(limit, clock=lambda: clock.now, sleep=clock.sleep)
    turns = []

    async def take_turns() -> None:
        for pause in pauses:
            clock.now += pause
            asked = clock.now
            await pace.turn()
            turns.append((asked, clock.now))

    asyncio.run(take_turns())
    times = [time for _, time in turns]
    for first in times:
        assert sum(first <= time < first + 1 - 1e-6 for time in times) <= limit
    for number, (asked, time) in enumerate(turns):
        before = [taken for _, taken in turns[max(0, number - limit) : number]]
        assert time <= max([asked, *before[-1:], *([before[0] + 1.1] if len(before) == limit else [])])


def test_without_a_limit_nobody_waits() -> None:
    async def sleep(_: float) -> None:
        raise AssertionError

    asyncio.run(RateLimit(None, sleep=sleep).turn())


def test_runs_to_the_same_place_share_its_limits() -> None:
    """A venue counts what one address does; with credentials it may allow more."""
    rates = SharedRates()
    assert rates.of("wss://a/x", 8, 8) is rates.of("wss://u:p@a/y", 8, 8)
    others = (
        rates.of("wss://a", 8, 8),
        rates.of("wss://b", 8, 8),
        rates.of("wss://a", 8, None),
        rates.of("ws://[", 8, 8),
    )
    assert len({id(one) for one in others}) == 4
    feed = PlainFeed()
    sessions = [RecordingSession(feed, "wss://a", [], rates=rates) for _ in range(2)]
    assert sessions[0]._context.openings is sessions[1]._context.openings
    assert RecordingSession(feed, "wss://a", [])._context.openings is not sessions[0]._context.openings
