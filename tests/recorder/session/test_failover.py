"""When the primary endpoint is down another one takes over, and the primary is gone back to."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import ConnectError, UsageError
from feedrec.feeds import Channel, Message, Subscription, find_feed
from feedrec.feeds.defaults import ClientDefaults, FeedDefaults
from feedrec.formats import create_recording
from feedrec.model import Event
from feedrec.recorder import Callbacks, Failover, Limits, RecordingSession, failover_of
from feedrec.recorder.backoff import Backoff
from feedrec.recorder.connection import RecordedConnection, open_connection
from feedrec.recorder.session import reconnect as loop_module
from feedrec.recorder.session.failover import EndpointAddress, Route

from ..venue import HEADER, Peer, close, codes, events, payloads, received, records, run, sent, text, until, venue


class ListingClient(ClientDefaults):
    """Sends what it is to subscribe, as one message."""

    def __init__(self, subscriptions: Sequence[Subscription]) -> None:
        self._subscriptions = subscriptions

    def on_open(self, time: int) -> list[Message]:  # noqa: ARG002
        return [Message(json.dumps([one.channel for one in self._subscriptions]).encode())]

    def subscribe(self, subscriptions: Sequence[Subscription], time: int) -> list[Message]:  # noqa: ARG002
        return [Message(json.dumps([one.channel for one in subscriptions]).encode())]


class ListingFeed(FeedDefaults):
    def __init__(self, name: str, *channels: str) -> None:
        self.name = name
        self.channels = {channel: Channel(channel, "", takes_products=False) for channel in channels}

    def client(self, subscriptions: Sequence[Subscription], credentials: object = None) -> ListingClient:  # noqa: ARG002
        return ListingClient(subscriptions)


MAIN = ListingFeed("main", "a", "b")
SPARE = ListingFeed("spare", "a")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def session_of(
    url: str,
    spare: str,
    path: Path | None,
    *,
    channels: Sequence[str] = ("a",),
    max_frames: int | None = None,
    callbacks: Callbacks | None = None,
    probe: float = 0.1,
) -> RecordingSession:
    return RecordingSession(
        MAIN,
        url,
        [Subscription(channel) for channel in channels],
        None if path is None else create_recording(path, HEADER, level=1),
        limits=Limits(None, max_frames),
        callbacks=callbacks,
        failover=Failover(SPARE, spare, first_probe=probe, last_probe=2 * probe),
        backoff=Backoff(first=0.01, cap=0.02),
    )


def saying(word: bytes) -> Any:
    """Give a server that says one word on every connection, once it was asked for something, and stays."""

    async def serve(peer: Peer) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            await peer.accept()
            opcode, _ = await peer.read_frame()
            if opcode.name == "CLOSE":  # a look whether it is there
                await peer.write(close())
                return
            await peer.write(text(word))
            await peer.answer_close()

    return serve


async def say_and_die(peer: Peer) -> None:
    await peer.accept()
    await peer.read_frame()
    await peer.write(text(b'"dying"'))
    peer.abort()


def switches(path: Path) -> list[tuple[str, str]]:
    return [(event.details["from"], event.details["to"]) for event in events(path, "failover")]


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


def test_a_primary_that_cannot_be_reached_from_the_first_is_stood_in_for_too(path: Path) -> None:
    async def go() -> None:
        async with venue(saying(b'"spare"')) as spare:
            await session_of(f"ws://127.0.0.1:{free_port()}", spare, path, max_frames=1, probe=60).run()

    run(go())
    kinds = [record.name for record in records(path) if isinstance(record, Event) and record.name != "clock"]
    assert kinds == ["failover", "open", "close"]
    assert payloads(path) == [b'"spare"']
    assert {frame.conn for frame in received(path)} == {0}


def test_connections_that_do_not_last_are_failures_too(path: Path) -> None:
    async def go() -> None:
        async with venue(say_and_die) as main, venue(saying(b'"spare"')) as spare:
            await session_of(main, spare, path, max_frames=4, probe=60).run()

    run(go())
    assert payloads(path) == [b'"dying"'] * 3 + [b'"spare"']
    assert events(path, "failover")[0].details["reason"] == "3 connections in a row did not last"


def test_connections_that_lasted_between_them_make_failures_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "GOOD_CONNECTION", 0.0)

    async def go() -> None:
        async with venue(say_and_die) as main, venue(saying(b'"spare"')) as spare:
            await session_of(main, spare, path, max_frames=8, probe=60).run()

    run(go())
    assert payloads(path) == [b'"dying"'] * 8
    assert events(path, "failover") == []


def test_if_neither_can_be_reached_the_error_names_both_and_nothing_is_left(path: Path) -> None:
    main, spare = (f"ws://127.0.0.1:{free_port()}" for _ in range(2))

    async def go() -> str:
        with pytest.raises(ConnectError) as caught:
            await session_of(main, spare, path, probe=60).run()
        return str(caught.value)

    said = run(go())
    assert main in said
    assert spare in said
    assert list(path.parent.iterdir()) == []


def test_channels_that_the_failover_lacks_are_told_and_come_back_with_the_primary(path: Path) -> None:
    port = free_port()
    errors: list[str] = []

    async def go() -> None:
        async with venue(saying(b'"spare"')) as spare:
            session = session_of(
                f"ws://127.0.0.1:{port}",
                spare,
                path,
                channels=["a", "b"],
                max_frames=2,
                callbacks=Callbacks(on_error=errors.append),
            )
            task = asyncio.create_task(session.run())
            await until(lambda: session.progress.counts.frames == 1)
            async with venue(saying(b'"main"'), port=port):
                await task

    run(go())
    assert [frame.payload for frame in sent(path)] == [b'["a"]', b'["a", "b"]']
    (missing,) = events(path, "missing")
    assert missing.details == {"subscriptions": [{"channel": "b"}]}
    assert "spare has no b" in errors


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


def test_a_primary_that_answers_but_does_not_last_is_left_again_and_looked_at_less_often(path: Path) -> None:
    """It is tried after 0.05 to 0.1 s, then after 0.1 to 0.2 s, and so on."""
    looked: list[float] = []

    async def answer_looks_only(peer: Peer) -> None:
        await peer.accept()
        opcode, _ = await peer.read_frame()
        if opcode.name == "CLOSE":
            looked.append(asyncio.get_running_loop().time())
            await peer.write(close())
        peer.abort()

    async def go() -> None:
        async with venue(answer_looks_only) as main, venue(saying(b'"spare"')) as spare:
            session = RecordingSession(
                MAIN,
                main,
                [Subscription("a")],
                create_recording(path, HEADER, level=1),
                limits=Limits(None, 4),
                failover=Failover(SPARE, spare, first_probe=0.1, last_probe=10.0),
                backoff=Backoff(first=0.001, cap=0.002),
            )
            await session.run()

    run(go())
    assert switches(path) == [("main", "spare"), *[("spare", "main"), ("main", "spare")] * 3]
    waits = [after - before for before, after in itertools.pairwise(looked)]
    assert waits[0] >= 0.1
    assert waits[1] >= 0.2


def test_stop_ends_a_run_while_the_primary_is_looked_at(path: Path) -> None:
    async def never_answer(peer: Peer) -> None:
        await peer.reader.read()

    port = free_port()

    async def go() -> None:
        async with venue(saying(b'"spare"')) as spare:
            session = session_of(f"ws://127.0.0.1:{port}", spare, path, probe=0.02)
            task = asyncio.create_task(session.run())
            await until(lambda: session.progress.counts.frames == 1)
            async with venue(never_answer, port=port):
                await asyncio.sleep(0.1)
                await session.close()
                await task

    run(go())
    assert codes(path) == [1000]


@pytest.mark.parametrize(
    ("name", "stand_in"),
    [
        ("coinbase-advanced-user", "coinbase-advanced"),
        ("coinbase-exchange-direct", "coinbase-exchange"),
        ("coinbase-exchange-direct-sandbox", "coinbase-exchange-sandbox"),
    ],
)
def test_the_failover_is_the_one_that_the_venue_recommends(name: str, stand_in: str) -> None:
    failover = failover_of(find_feed(name))
    assert (failover.feed.name, failover.url) == (stand_in, find_feed(stand_in).url)
    with pytest.raises(UsageError, match=f"the live {stand_in} would take over"):
        failover_of(find_feed(name), has_url=True)


def test_an_endpoint_without_one_has_only_an_address_that_is_given() -> None:
    feed = find_feed("coinbase-advanced")
    with pytest.raises(UsageError, match="no endpoint is known to take over for coinbase-advanced"):
        failover_of(feed)
    assert failover_of(feed, "ws://127.0.0.1:9000") == Failover(feed, "ws://127.0.0.1:9000")


def test_a_failover_that_has_nothing_of_what_is_wanted_is_refused_at_the_start() -> None:
    feed = find_feed("coinbase-advanced")
    wanted = [Subscription("ticker", ("BTC-USD",)), Subscription("heartbeats")]
    with pytest.raises(UsageError, match="cannot stand in for coinbase-advanced: it has no ticker"):
        RecordingSession(feed, feed.url, wanted, failover=Failover(find_feed("coinbase-advanced-user"), "ws://x"))


def test_only_failures_in_a_row_count(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "GOOD_CONNECTION", 0.15)
    numbers = itertools.count()

    async def last_each_third(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        await peer.write(text(b"1"))
        if next(numbers) % 3 == 2:
            await asyncio.sleep(0.25)
        peer.abort()

    async def go() -> None:
        async with venue(last_each_third) as main, venue(saying(b'"spare"')) as spare:
            await session_of(main, spare, path, max_frames=8, probe=60).run()

    run(go())
    assert payloads(path) == [b"1"] * 8


def test_looks_become_rarer_until_a_connection_to_the_primary_lasts() -> None:
    main, spare = EndpointAddress(MAIN, "ws://main"), Failover(SPARE, "ws://spare", first_probe=1.0, last_probe=100.0)
    route = Route(main, spare)
    assert route.divert(2, "") is None
    assert route.divert(3, "down") is not None
    assert 0.5 <= route.probes.next_delay() <= 1
    route.lasted()
    assert 1 <= route.probes.next_delay() <= 2
    route.restore()
    assert 2 <= route.probes.next_delay() <= 4
    route.lasted()
    assert 0.5 <= route.probes.next_delay() <= 1


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
            await asyncio.sleep(0.05 * (1 + next(delayed)))  # one fails when the other has gone
        return await open_connection(url, *arguments)

    async def go() -> None:
        async with venue(saying(b'"spare"')) as spare:
            session = RecordingSession(
                feed,
                f"ws://127.0.0.1:{port}",
                [Subscription("a"), Subscription("b")],
                create_recording(path, HEADER, level=1),
                limits=Limits(None, 4),
                failover=Failover(spare_feed, spare, first_probe=0.6, last_probe=0.6),
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
