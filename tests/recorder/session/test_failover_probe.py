"""The primary endpoint is gone back to as soon as it answers, and probed less often the longer it does not last."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from feedrec.feeds import Subscription
from feedrec.formats import create_recording
from feedrec.recorder import Failover, Limits, RecordingSession
from feedrec.recorder.backoff import Backoff
from feedrec.recorder.connection import RecordedConnection, open_connection

from ...timing import MS, until
from ..venue import HEADER, Peer, close, codes, events, payloads, run, sent, venue
from .two_endpoints import MAIN, SPARE, ListingFeed, free_port, saying, session_of, switches


def test_the_failover_takes_over_when_the_primary_dies_and_the_primary_when_it_is_back(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()

    async def go() -> tuple[str, str]:
        async with venue(saying(b'"spare"')) as spare:
            async with venue(saying(b'"main"'), port=port) as main:
                session = session_of(main, spare, path, max_frames=3)
                task = asyncio.create_task(session.run())
                await until(lambda: session.progress.counts.frames == 1)
            await until(lambda: session.progress.counts.frames == 2)
            async with venue(saying(b'"main"'), port=port):
                await task
        return main, spare

    main, spare = run(go())
    assert payloads(path) == [b'"main"', b'"spare"', b'"main"']
    assert {event.details["url"] for event in events(path, "refused")} == {main}
    assert switches(path) == [("main", "spare"), ("spare", "main")]
    there, back = events(path, "failover")
    assert there.details["url"] == spare
    assert back.details == {"from": "spare", "to": "main", "url": main, "reason": "the primary endpoint answers again"}
    assert "connection refused" in there.details["reason"]
    assert [event.details["url"] for event in events(path, "open")] == [main, spare, main]
    assert [frame.payload for frame in sent(path)] == [b'["a"]'] * 3
    assert codes(path)[1:] == [1000, 1000]
    warnings = [record.getMessage() for record in caplog.records if "failover: from" in record.getMessage()]
    assert len(warnings) == 2


def test_a_primary_that_answers_but_does_not_last_is_probed_less_often_while_the_failover_goes_on(path: Path) -> None:
    """It is tried after 50 to 100 ms, then after 100 to 200 ms, and so on."""
    probed: list[float] = []

    async def answer_probes_only(peer: Peer) -> None:
        await peer.accept()
        opcode, _ = await peer.read_frame()
        if opcode.name == "CLOSE":
            probed.append(asyncio.get_running_loop().time())
            await peer.write(close())
        peer.abort()

    async def go() -> None:
        async with venue(answer_probes_only) as main, venue(saying(b'"spare"')) as spare:
            session = RecordingSession(
                MAIN,
                main,
                [Subscription("a")],
                create_recording(path, HEADER, level=1),
                failover=Failover(SPARE, spare, first_probe=100 * MS, last_probe=10_000 * MS),
                backoff=Backoff(first=0.001, cap=0.002),
            )
            task = session.start()
            await until(lambda: len(probed) >= 3)
            counts = session.progress.counts
            await session.close()
            await task
            assert counts.vain_replacements >= 6
            assert counts.reconnects == 3  # until the failover took over

    run(go())
    assert switches(path)[:5] == [("main", "spare"), *[("spare", "main"), ("main", "spare")] * 2]
    spare_opened = events(path, "open")[3]
    assert payloads(path) == [b'"spare"']
    assert [event.details["code"] for event in events(path, "close") if event.conn == spare_opened.conn] == [1000]
    waits = [after - before for before, after in itertools.pairwise(probed)]
    assert waits[0] >= 100 * MS
    assert waits[1] >= 200 * MS


def test_stop_ends_a_run_while_the_primary_is_probed(path: Path) -> None:
    probes = asyncio.Event()

    async def never_answer(peer: Peer) -> None:
        probes.set()
        await peer.reader.read()

    port = free_port()

    async def go() -> None:
        async with venue(saying(b'"spare"')) as spare:
            session = session_of(f"ws://127.0.0.1:{port}", spare, path, probe=20 * MS)
            task = asyncio.create_task(session.run())
            await until(lambda: session.progress.counts.frames == 1)
            async with venue(never_answer, port=port):
                await probes.wait()
                await session.close()
                await task

    run(go())
    assert codes(path) == [1000]


def test_what_is_subscribed_at_the_failover_is_subscribed_at_the_primary_later(path: Path) -> None:
    port = free_port()

    async def go() -> None:
        async with venue(saying(b'"spare"')) as spare:
            session = session_of(f"ws://127.0.0.1:{port}", spare, path, max_frames=2)
            task = asyncio.create_task(session.run())
            await until(lambda: session.progress.counts.frames == 1)
            await session.subscribe("b")
            async with venue(saying(b'"main"'), port=port):
                await task

    run(go())
    assert [frame.payload for frame in sent(path)] == [b'["a"]', b'["a", "b"]']


class SpreadFeed(ListingFeed):
    """A venue that carries each subscription on a connection of its own."""

    def spread(self, subscriptions: Sequence[Subscription]) -> list[list[Subscription]]:
        return [[one] for one in subscriptions]


def test_all_connections_go_together_and_each_switch_is_one_event(path: Path) -> None:
    """Even one that was still trying the primary when another gave it up."""
    feed, spare_feed = SpreadFeed("main", "a", "b"), SpreadFeed("spare", "a", "b")
    port = free_port()
    tried, delayed = itertools.count(), itertools.count()

    async def connect(url: str, *arguments: Any) -> RecordedConnection:
        if str(port) in url and next(tried) >= 3:
            await asyncio.sleep(50 * MS * (1 + next(delayed)))  # one fails when the other has gone
        return await open_connection(url, *arguments)

    async def go() -> None:
        async with venue(saying(b'"spare"')) as spare:
            session = RecordingSession(
                feed,
                f"ws://127.0.0.1:{port}",
                [Subscription("a"), Subscription("b")],
                create_recording(path, HEADER, level=1),
                limits=Limits(None, 4),
                failover=Failover(spare_feed, spare, first_probe=600 * MS, last_probe=600 * MS),
                backoff=Backoff(first=0.01, cap=0.02),
                connect=connect,
            )
            task = asyncio.create_task(session.run())
            await until(lambda: session.progress.counts.frames == 2)
            async with venue(saying(b'"main"'), port=port):
                await task

    run(go())
    assert payloads(path) == [b'"spare"', b'"spare"', b'"main"', b'"main"']
    assert switches(path) == [("main", "spare"), ("spare", "main")]
