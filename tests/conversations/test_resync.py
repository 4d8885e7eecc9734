"""After a gap a recorder subscribes books again; what it recorded then replays to clients as it was."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from feedrec.feeds import Subscription
from feedrec.feeds.coinbase_advanced.frames import describe
from feedrec.feeds.coinbase_advanced.state import MarketState
from feedrec.formats.tools.verify import verify_recording
from feedrec.model import Event, Frame, FrameInfo
from feedrec.processing.feed_rules import rules_for
from feedrec.recorder import RecordingSession, open_session
from feedrec.recorder.clock import RecordingClock
from feedrec.recorder.output.counting_writer import Counts
from feedrec.recorder.session.open_session import SessionOptions
from feedrec.recorder.session.run_options import RunOptions
from feedrec.replay import ReplayOptions, ReplayServer

from ..recorder.venue import events, received, records, run, running, sent, until
from ..timing import HANG_TIMEOUT
from .recordings import PAIR, Wire, exchange_recording, write
from .talk import session_with, venue, visit

ADVANCED, EXCHANGE = "coinbase-advanced", "coinbase-exchange"
BOOKS = Subscription("level2", PAIR)


def gap_recording(path: Path) -> Path:
    """Record two books of Advanced Trade for a minute, with frames missing soon that changed both."""
    wire = Wire()
    for number, product in enumerate(PAIR):
        wire.book(1 + number, "snapshot", product, ("bid", "99", "1"), ("bid", "98", "2"), ("offer", "101", "3"))
    wire.acknowledge(3, level2=PAIR)
    for step in range(1, 1200):
        for product in PAIR:
            wire.book(50 * step, "update", product, ("bid", f"{90 + step / 100}", "1"))
    return write(path, ADVANCED, [frame for number, frame in enumerate(wire.frames) if number not in range(30, 40)])


def record(source: Path, path: Path, endpoint: str, *subscriptions: Subscription, resyncs: int) -> Path:
    """Record from a replay until so many books were subscribed again, and a little more."""

    async def go() -> None:
        async with venue(source, auth="none") as server:
            session = session_with(server.url, path, endpoint, *subscriptions)
            async with running(session):
                await until(lambda: session.progress.counts.resyncs == resyncs and not is_amid(session))
                frames = session.progress.counts.frames
                await until(lambda: session.progress.counts.frames >= frames + 10)
                session.stop()

    run(go())
    return path


def is_amid(session: RecordingSession) -> bool:
    connection = session._connections.loops[0]._present
    return connection is not None and connection.lifecycle._resync.wrong.is_watching


def course(path: Path) -> list[str]:
    """Tell what was recorded, without updates, heartbeats and readings of clocks."""
    found = []
    for one in records(path):
        if isinstance(one, Event):
            found.append(" ".join([one.name, *(one.details[key] for key in ("product",) if key in one.details)]))
        elif one.direction == "out":
            found.append(f"> {json.loads(one.payload)['type']}")
        elif b'"snapshot"' in one.payload or b'"subscriptions"' in one.payload:
            found.append("snapshot" if b'"snapshot"' in one.payload else "ack")
    return [one for one in found if one != "clock"]


@pytest.fixture(scope="module")
def advanced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resync")
    return record(gap_recording(folder / "source.jsonl.zst"), folder / "again.jsonl.zst", ADVANCED, BOOKS, resyncs=2)


def test_each_book_of_the_connection_is_subscribed_again_and_nothing_is_reported_missing(advanced: Path) -> None:
    found = course(advanced)
    assert found[:7] == ["open", "> subscribe", "snapshot", "snapshot", "subscribed", "ack", "gap"]
    assert found[7:] == [
        *("resync BTC-USD", "> unsubscribe", "ack", "resubscribe BTC-USD", "> subscribe", "snapshot", "ack"),
        *("resync ETH-USD", "> unsubscribe", "ack", "resubscribe ETH-USD", "> subscribe", "snapshot", "ack"),
        "close",
    ]
    (resync, _) = events(advanced, "resync")
    assert resync.details == {"channel": "level2", "product": "BTC-USD", "reason": "gap", "messages": 1}
    assert [json.loads(frame.payload)["product_ids"] for frame in sent(advanced)[1:3]] == [["BTC-USD"]] * 2
    assert verify_recording(advanced, rules_for).is_good


def books(payloads: Iterable[bytes]) -> list[dict[str, Any]]:
    """Return what messages say of books, without what is of one connection."""
    messages = map(json.loads, payloads)
    return [message["events"][0] for message in messages if message["channel"] == "l2_data"]


def test_in_the_replay_the_snapshots_come_as_recorded(advanced: Path) -> None:
    async def client() -> list[bytes]:
        async with venue(advanced, speed=1000, at_end="close") as server, connect(server.url) as socket:
            await socket.send(sent(advanced)[0].payload.decode())
            return [str(message).encode() async for message in socket]

    recorded = books(frame.payload for frame in received(advanced))
    assert [one["product_id"] for one in recorded if one["type"] == "snapshot"] == [*PAIR, *PAIR]
    assert books(run(client())) == recorded


@pytest.mark.parametrize("clock", ["each", "shared"])
def test_a_client_that_comes_after_it_gets_the_books_that_the_new_snapshots_began(advanced: Path, clock: str) -> None:
    last = received(advanced)[-1]
    state = MarketState()
    for frame in [one for one in received(advanced) if one.time < last.time]:
        state.apply(describe(frame.payload), frame.payload)
    expected = [snapshot for one in PAIR if (snapshot := state.snapshot("level2", one, last.time)) is not None]

    async def client() -> list[bytes]:
        async with venue(advanced, clock=clock, start=last.time) as server, visit(server.url) as late:
            await late.say(channel="level2", product_ids=list(PAIR))
            return [json.dumps(message).encode() for message in await late.hear(2)]

    assert books(run(client())) == books(expected)


def test_verbatim_has_every_frame(advanced: Path) -> None:
    async def client() -> list[Any]:
        async with (
            ReplayServer(advanced, ReplayOptions(port=0, mode="verbatim", speed=1000)) as server,
            connect(server.url) as socket,
        ):
            return [message async for message in socket]

    assert [str(one).encode() for one in run(client())] == [frame.payload for frame in received(advanced)]


def test_in_a_dialogue_no_client_must_repeat_what_the_recorder_said_of_its_own(advanced: Path) -> None:
    async def client() -> tuple[int, int]:
        options = ReplayOptions(port=0, mode="dialogue", speed=1000, match_timeout=HANG_TIMEOUT, at_end="exit")
        async with ReplayServer(advanced, options) as server:
            async with connect(server.url) as socket:
                await socket.send(sent(advanced)[0].payload.decode())
                heard = [await socket.recv() for _ in received(advanced)]
            await server.wait_finished()
            return len(heard), len(server.failures)

    assert run(client()) == (len(received(advanced)), 0)


def test_where_products_are_counted_the_book_of_the_one_that_was_missed_is_subscribed_again(tmp_path: Path) -> None:
    """Exchange: a trade of BTC-USD is missing; its heartbeats go on, and a book on either channel is right again."""
    source = exchange_recording(tmp_path / "whole.jsonl.zst", seconds=30)
    kept = [one for one in records(source) if isinstance(one, Frame)]
    matches = [one for one in kept if b'"type":"match"' in one.payload and b"BTC-USD" in one.payload]
    kept.remove(matches[5])
    frames = [((one.time - kept[0].time) // 1_000_000, json.loads(one.payload)) for one in kept]
    lossy = write(tmp_path / "lossy.jsonl.zst", EXCHANGE, frames)
    wanted = [Subscription(name, PAIR) for name in ("level2_batch", "matches")]
    path = record(lossy, tmp_path / "again.jsonl.zst", EXCHANGE, *wanted, Subscription("heartbeat"), resyncs=1)
    (resync,) = events(path, "resync")
    assert (resync.details["channel"], resync.details["product"]) == ("level2_batch", "BTC-USD")
    said = [json.loads(frame.payload)["channels"] for frame in sent(path)[1:]]
    assert said == [[{"name": "level2_batch", "product_ids": ["BTC-USD"]}]] * 2
    assert len(events(path, "subscribed")) == 1
    assert not events(path, "missing")


def test_a_crossed_book_is_found_beside_the_recorder_told_once_and_subscribed_again(tmp_path: Path) -> None:
    wire = Wire()
    wire.book(1, "snapshot", "BTC-USD", ("bid", "99", "1"), ("offer", "101", "3"))
    wire.acknowledge(2, level2=["BTC-USD"])
    for step in range(1, 1000):
        wire.book(20 * step, "update", "BTC-USD", ("bid", "102" if step > 4 else "98", str(step)))
    source, path = write(tmp_path / "source.jsonl.zst", ADVANCED, wire.frames), tmp_path / "again.jsonl.zst"

    def fast(clock: Callable[[], int]) -> Callable[[], int]:
        """Return a clock that is ten times as fast: a book is looked at once a second."""
        start = clock()
        return lambda: start + 10 * (clock() - start)

    async def go() -> Counts:
        clock = RecordingClock(fast(time.time_ns), fast(time.monotonic_ns))
        async with venue(source) as server:
            session = session_with(
                *(server.url, path, ADVANCED, Subscription("level2", ("BTC-USD",))),
                clock=clock,
                options=RunOptions(verify_books=True),
            )
            async with running(session):
                await until(lambda: session.progress.counts.resyncs and not is_amid(session))
                session.stop()
        return session.progress.counts

    counts = run(go())
    assert (counts.findings, counts.resyncs) == (1, 1)
    (crossed,), (resync,) = events(path, "crossed"), events(path, "resync")
    assert (crossed.details["bid"], crossed.details["ask"]) == ("102", "101")
    assert resync.details["reason"] == "crossed"


@pytest.mark.parametrize("resync", [True, False])
def test_a_program_gets_new_snapshots_after_a_gap_unless_it_does_that_itself(tmp_path: Path, resync: bool) -> None:  # noqa: FBT001
    source = gap_recording(tmp_path / "source.jsonl.zst")
    seen: list[tuple[str, str]] = []

    def take(_message: object, info: FrameInfo) -> None:
        seen.extend((info.kind, product) for product in info.products)

    async def go() -> int:
        async with venue(source) as server:
            options: SessionOptions = {"url": server.url, "heartbeats": False, "on_message": take, "resync": resync}
            async with open_session(ADVANCED, [BOOKS], **options) as session:
                await until(lambda: session.progress.counts.gaps)
                after = session.progress.counts.frames + 20
                await until(lambda: session.progress.counts.frames >= after and not is_amid(session))
                return session.progress.counts.resyncs

    assert run(go()) == (len(PAIR) if resync else 0)
    assert seen.count(("snapshot", "BTC-USD")) == (2 if resync else 1)
