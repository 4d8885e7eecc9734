"""Whoever comes when: each process gets every line from then on, in order, under the same number as the others."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from feedrec.live_messages import FeedPlan, Parcel, ParcelKind, Parcels
from feedrec.recorder.serving.live_run import LiveRun
from feedrec.recorder.serving.relay import Relay

from .served import FakeSession, FakeWritten

FEEDS = [FeedPlan("coinbase-advanced"), FeedPlan("coinbase-exchange", "other")]


class Taking:
    """Stands in for a pipe that takes everything."""

    def __init__(self) -> None:
        self._reading = Parcels()
        self.parcels: list[Parcel] = []
        self.written_before = 0

    def put(self, *parts: bytes) -> None:
        for part in parts:
            self.parcels += self._reading.feed(part)

    def reserve(self) -> Any:
        raise AssertionError("this one wants no files")

    @property
    def lines(self) -> list[tuple[int, bytes]]:
        """The lines that it was given, with the places of their feeds."""
        given = [one for one in self.parcels if one.kind is ParcelKind.LINES]
        return [(one.feed, line) for one in given for line in one.content.splitlines()]


def begun(relay: Relay, feed: FeedPlan) -> LiveRun:
    run = LiveRun(relay, feed, feed.endpoint.encode())
    run.begin(FakeSession("A-USD"), FakeWritten())
    return run


@given(st.lists(st.sampled_from(["write 0", "write 1", "turn", "attach", "renew 0"]), max_size=40))
def test_every_process_gets_the_same_from_when_it_comes(steps: list[str]) -> None:
    async def check() -> tuple[list[Taking], list[tuple[int, bytes]], Relay]:
        relay, pipes, written = Relay(), list[Taking](), list[tuple[int, bytes]]()
        relay.plan(FEEDS)
        runs = [begun(relay, feed) for feed in FEEDS]
        for number, step in enumerate(steps):
            if step == "turn":
                await asyncio.sleep(0)
            elif step == "attach":
                pipes.append(Taking())
                pipes[-1].written_before = len(written)
                relay.attach(cast(Any, pipes[-1]), wants_files=False)
            elif step == "renew 0":  # another run of the feed
                runs[0].end()
                runs[0] = begun(relay, FEEDS[0])
            else:
                place = int(step[-1])
                runs[place].lines(b"%d\n" % number)
                written.append((place, b"%d" % number))
        await asyncio.sleep(0)
        return pipes, written, relay

    pipes, written, relay = asyncio.run(check())
    contents: dict[int, bytes] = {}
    for pipe in pipes:
        assert pipe.lines == written[pipe.written_before :]
        numbers = [one.number for one in pipe.parcels if one.kind is ParcelKind.LINES]
        assert numbers == list(range(relay.number - len(numbers) + 1, relay.number + 1))
        for one in pipe.parcels:
            if one.kind is ParcelKind.LINES:
                assert contents.setdefault(one.number, one.content) == one.content
        first = [(one.kind, one.feed) for one in pipe.parcels[:4]]
        assert sorted(first) == [
            (kind, place) for kind in (ParcelKind.HEADER, ParcelKind.CATALOGUE) for place in (0, 1)
        ]


def test_lines_of_one_turn_of_the_loop_are_one_parcel() -> None:
    async def check() -> list[Parcel]:
        relay, pipe = Relay(), Taking()
        relay.plan(FEEDS)
        run = begun(relay, FEEDS[0])
        relay.attach(cast(Any, pipe), wants_files=False)
        for number in range(3):
            run.lines(b"%d\n" % number)
        await asyncio.sleep(0)
        return [one for one in pipe.parcels if one.kind is ParcelKind.LINES]

    assert asyncio.run(check()) == [Parcel(1, ParcelKind.LINES, 0, b"0\n1\n2\n")]


def test_a_feed_that_is_not_served_is_not_given() -> None:
    async def check() -> list[Parcel]:
        relay, pipe = Relay(), Taking()
        relay.plan(FEEDS[1:])
        relay.attach(cast(Any, pipe), wants_files=False)
        begun(relay, FEEDS[0]).lines(b"0\n")
        await asyncio.sleep(0)
        return pipe.parcels

    assert asyncio.run(check()) == []
