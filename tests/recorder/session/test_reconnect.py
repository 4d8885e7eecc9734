"""A connection is opened again and again, and only the first failure of all ends the run."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import MappingProxyType

import pytest
from websockets.frames import Opcode

from feedrec.errors import ConnectError
from feedrec.feeds import Channel, FeedClient, Message, Subscription
from feedrec.feeds.credentials import Credentials
from feedrec.formats import create_recording
from feedrec.recorder import Failover, Limits, RecordingSession, Summary
from feedrec.recorder.backoff import Backoff
from feedrec.recorder.session import reconnect as reconnect_module
from feedrec.recorder.session.reconnect import GOOD_CONNECTION, ReconnectLoop
from feedrec.recorder.session.run_context import RunContext

from ...timing import MS, until
from ..venue import (
    HEADER,
    NEVER,
    Peer,
    PlainClient,
    PlainFeed,
    close,
    codes,
    events,
    never_answer,
    numbered,
    payloads,
    received,
    run,
    running,
    send_one_and_abort,
    sent,
    session_for,
    stay,
    text,
    venue,
)

SECRET = "s3cret-value"  # no secret


def test_every_connection_is_a_new_number_that_subscribes_again_and_counts_from_zero(path: Path) -> None:
    async def some(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        await peer.write(*[text(numbered(number)) for number in range(3)], close(1001))
        await peer.read_until_close()

    async def record() -> Summary:
        async with venue(some) as url:
            return await session_for(url, path, max_frames=9).run()

    summary = run(record())
    assert [frame.conn for frame in received(path)] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert [frame.conn for frame in sent(path)] == [0, 1, 2]
    assert [event.conn for event in events(path, "open")] == [0, 1, 2]
    assert [event.conn for event in events(path, "close")] == [0, 1, 2]
    assert events(path, "gap") == []
    assert (summary.counts.connections, summary.counts.gaps) == (3, 0)


def test_frames_out_of_order_are_counted_over_all_connections(path: Path) -> None:
    async def muddle(peer: Peer) -> None:
        await peer.accept(text(numbered(0)), text(numbered(1)), text(numbered(0)), close())
        await peer.read_until_close()

    async def record() -> Summary:
        async with venue(muddle) as url:
            return await session_for(url, path, max_frames=6).run()

    assert run(record()).counts.out_of_order == 2


def test_a_venue_that_comes_back_is_recorded_on(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def record() -> None:
        async with venue(stay) as url:  # drops its connection at its end, when it does not listen any more
            session = session_for(url, path, max_frames=2)
            task = asyncio.create_task(session.run())
            await until(lambda: session.progress.counts.frames == 1)
        port = int(url.rpartition(":")[2])
        with caplog.at_level(logging.WARNING):
            await until(lambda: len(caplog.messages) >= 3)
        async with venue(stay, port=port):
            await task

    run(record())
    assert [frame.conn for frame in received(path)][-1] == len(events(path, "open")) - 1
    lost, *refused = caplog.messages
    assert lost == "connection 0 was lost without a close frame: frames may be missing"
    assert all("connection refused, nothing is listening there" in message for message in refused)


def test_a_refusal_after_the_first_connection_is_tried_again(path: Path) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.respond("503 Service Unavailable", "Content-Length: 0")

    async def record() -> None:
        async with venue(send_one_and_abort, refuse, refuse, stay) as url:
            await session_for(url, path, max_frames=2).run()

    run(record())
    assert [frame.conn for frame in received(path)] == [0, 1]
    assert [event.conn for event in events(path, "open")] == [0, 1]


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_server_that_asks_to_be_left_alone_is_left_alone(
    path: Path, status: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The backoff would have tried again a hundred times."""
    attempts: list[float] = []

    def noting(script: Callable[[Peer], Awaitable[None]]) -> Callable[[Peer], Awaitable[None]]:
        async def noted(peer: Peer) -> None:
            attempts.append(time.monotonic())
            await script(peer)

        return noted

    async def refuse(peer: Peer) -> None:
        await peer.respond(status, "Retry-After: 1", "Content-Length: 0")

    async def record() -> None:
        async with venue(noting(send_one_and_abort), noting(refuse), noting(stay)) as url:
            session = session_for(url, path)
            async with running(session):
                await until(lambda: session.progress.counts.frames == 2)
                session.stop()

    run(record())
    assert len(attempts) == 3
    assert attempts[2] - attempts[1] >= 1
    assert "asked to be left alone for 1 s" in caplog.text


def test_the_backoff_starts_over_after_a_good_connection_only(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resets: list[bool] = []

    class Watched(Backoff):
        def reset(self) -> None:
            resets.append(True)

    async def record() -> None:
        async with venue(send_one_and_abort) as url:
            await session_for(url, path, max_frames=3, backoff=Watched(0.01, 0.02)).run()
            assert resets == []
            monkeypatch.setattr(reconnect_module, "GOOD_CONNECTION", 0.0)
            other = path.with_name("other.jsonl.zst")
            await session_for(url, other, max_frames=3, backoff=Watched(0.01, 0.02)).run()
            assert len(resets) >= 2

    run(record())


def test_stop_does_not_wait_for_the_next_attempt(path: Path) -> None:
    async def record() -> None:
        async with venue(send_one_and_abort) as url:
            session = session_for(url, path, backoff=Backoff(first=NEVER))
            async with running(session):
                await until(lambda: session.progress.state == "reconnecting")
                session.stop()

    run(record())
    assert codes(path) == [1006]


def test_stop_while_reconnecting_to_a_venue_that_does_not_answer_keeps_the_recording(path: Path) -> None:
    async def record() -> None:
        async with venue(send_one_and_abort, never_answer) as url:
            session = session_for(url, path)
            async with running(session):
                await until(lambda: session.progress.counts.connections and session.progress.state == "connecting")
                await asyncio.sleep(50 * MS)
                session.stop()

    run(record())
    assert payloads(path) == [numbered(0)]
    assert codes(path) == [1006]


def test_an_opening_that_is_given_up_has_its_close(path: Path) -> None:
    async def open_and_time_out(url: str, make_receiver: object, headers: object) -> object:  # noqa: ARG001
        from feedrec.recorder.connection import open_connection  # noqa: PLC0415

        await open_connection(url, make_receiver)  # type: ignore[arg-type]
        raise ConnectError("no answer within 10 seconds")

    async def record() -> None:
        async with venue(stay) as url:
            session = session_for(url, path)
            session._context.connect = open_and_time_out  # type: ignore[assignment]
            with pytest.raises(ConnectError):
                await session.run()

    run(record())
    assert codes(path) == [1006]


@pytest.mark.parametrize(("status", "reason"), [("403 Forbidden", "HTTP status 403"), ("500 Oops", "HTTP status 500")])
def test_a_first_connection_that_fails_is_an_error_that_leaves_no_file(path: Path, status: str, reason: str) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.respond(status, "Content-Length: 0")

    async def record() -> None:
        async with venue(refuse) as url:
            with pytest.raises(ConnectError, match=reason):
                await session_for(url, path).run()

    run(record())
    assert list(path.parent.iterdir()) == []


def test_a_refusal_after_a_good_connection_is_an_outage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ran for months does not end for an error that the venue gives once: it is recorded and tried again."""
    monkeypatch.setattr(reconnect_module, "GOOD_CONNECTION", 0.0)

    async def refuse(peer: Peer) -> None:
        await peer.accept(text(b'{"error":"bad key"}'))
        await peer.answer_close()

    async def record() -> None:
        async with venue(send_one_and_abort, refuse, send_one_and_abort) as url:
            await session_for(url, path, max_frames=3).run()

    run(record())
    assert [frame.conn for frame in received(path)] == [0, 1, 2]
    assert len(events(path, "error")) == 1
    assert events(path, "silence") == []  # it was dropped at once


def test_one_connection_that_lasted_makes_every_later_refusal_an_outage(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one at the start of a connection, when that has not lasted itself."""
    monkeypatch.setattr(reconnect_module, "GOOD_CONNECTION", 300 * MS)

    async def last(peer: Peer) -> None:
        await peer.accept(text(numbered(0)))
        await asyncio.sleep(400 * MS)
        peer.abort()

    async def refuse(peer: Peer) -> None:
        await peer.accept(text(b'{"error":"bad key"}'))
        await peer.answer_close()

    async def record() -> None:
        async with venue(last, refuse, refuse, stay) as url:
            await session_for(url, path, max_frames=4).run()

    run(record())
    assert [frame.conn for frame in received(path)] == [0, 1, 2, 3]


def test_a_refusal_on_a_connection_that_has_lasted_is_an_outage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on the first, which has not ended yet."""
    monkeypatch.setattr(reconnect_module, "GOOD_CONNECTION", 200 * MS)

    async def refuse_late(peer: Peer) -> None:
        await peer.accept(text(numbered(0)))
        await asyncio.sleep(400 * MS)
        await peer.write(text(b'{"error":"bad key"}'))
        await peer.answer_close()

    async def record() -> None:
        async with venue(refuse_late, stay) as url:
            await session_for(url, path, max_frames=3).run()

    run(record())
    assert [frame.conn for frame in received(path)] == [0, 0, 1]
    assert len(events(path, "error")) == 1


def test_no_secret_stands_in_an_error(path: Path) -> None:
    async def record() -> str:
        async with venue(stay) as url:
            pass
        with pytest.raises(ConnectError) as caught:
            await session_for(url.replace("//", f"//user:{SECRET}@") + f"/?token={SECRET}", path).run()
        return str(caught.value)

    assert SECRET not in run(record())


class SpreadFeed(PlainFeed):
    """A venue that carries each subscription on a connection of its own."""

    connections_per_second: int | None = 20

    def spread(self, subscriptions: Sequence[Subscription]) -> list[list[Subscription]]:
        return [[subscription] for subscription in subscriptions]


def test_what_one_connection_cannot_carry_goes_over_several_of_one_recording(path: Path) -> None:
    """Each is opened anew by itself, with a number of its own; the others go on."""
    served = itertools.count()

    async def serve(peer: Peer) -> None:
        number = next(served)
        await peer.accept()
        await peer.read_frame()
        await peer.write(text(b"[%d]" % number))
        if number == 1:
            peer.abort()
        else:
            await peer.answer_close()

    async def record() -> None:
        async with venue(serve) as url:
            channels = [Subscription("a"), Subscription("b"), Subscription("c")]
            session = RecordingSession(
                SpreadFeed(), url, channels, create_recording(path, HEADER), limits=Limits(max_frames=4)
            )
            await session.run()

    run(record())
    assert sorted(payloads(path)) == [b"[0]", b"[1]", b"[2]", b"[3]"]
    assert sorted(event.conn or 0 for event in events(path, "open")) == [0, 1, 2, 3]
    assert sorted(event.conn or 0 for event in events(path, "close")) == [0, 1, 2, 3]


def test_the_first_failure_of_any_connection_ends_the_run_before_anything_was_open(path: Path) -> None:
    async def record() -> None:
        session = RecordingSession(
            SpreadFeed(), "ws://127.0.0.1:9", [Subscription("a"), Subscription("b")], create_recording(path, HEADER)
        )
        with pytest.raises(ConnectError):
            await session.run()

    run(record())
    assert not path.exists()


def loop_of(path: Path, failover: Failover | None = None) -> tuple[ReconnectLoop, RunContext]:
    """Return a loop that has not connected to anything yet."""
    recording = create_recording(path, HEADER)
    session = RecordingSession(PlainFeed(), "ws://127.0.0.1:9", [Subscription("a")], recording, failover=failover)
    recording.discard()
    return session._connections.loops[0], session._context


def test_connections_that_do_not_last_are_failures_until_one_lasts(path: Path) -> None:
    loop, context = loop_of(path)
    endpoint = context.selector.current
    loop._learn(endpoint, GOOD_CONNECTION - 0.1, "")
    loop._learn(endpoint, 0.0, "connection refused")
    assert loop._failures == 2
    loop._learn(endpoint, GOOD_CONNECTION, "")
    assert loop._failures == 0


def test_a_connection_that_was_left_for_another_endpoint_is_no_failure(path: Path) -> None:
    loop, context = loop_of(path, Failover(PlainFeed(), "ws://127.0.0.1:10", attempts=2))
    left = context.selector.current
    assert context.selector.divert(2, "down") is not None  # another connection of the run found that out
    loop._learn(left, 0.0, "connection refused")
    assert loop._failures == 0
    loop._learn(context.selector.current, 0.0, "connection refused")
    assert loop._failures == 1


def test_another_endpoint_is_connected_to_without_a_delay(path: Path) -> None:
    async def record() -> None:
        async with venue(stay) as spare:
            session = RecordingSession(
                PlainFeed(),
                "ws://127.0.0.1:9",
                [],
                create_recording(path, HEADER),
                limits=Limits(max_frames=1),
                failover=Failover(PlainFeed(), spare, attempts=1),
                backoff=Backoff(first=NEVER),
            )
            await session.run()

    run(record())
    assert payloads(path) == [numbered(0)]


class ReopeningFeed(PlainFeed):
    """A feed that takes further products of a channel on a new connection only."""

    channels = MappingProxyType({"user": Channel("user", "own orders")})

    def given_up_for(self, new: Sequence[Subscription], present: Sequence[Subscription]) -> list[Subscription]:
        return [one for one in present if one.channel in {other.channel for other in new}]

    def client(self, subscriptions: Sequence[Subscription], credentials: Credentials | None = None) -> FeedClient:  # noqa: ARG002
        return PlainClient(PlainFeed([Message(json.dumps(one.as_dict()).encode()) for one in subscriptions]))


def test_what_the_venue_takes_on_a_new_connection_only_is_asked_for_there(path: Path) -> None:
    """What it changes is unsubscribed, the connection closed, and everything subscribed on the next one, at once."""
    said: list[list[bytes]] = []

    async def listen(peer: Peer) -> None:
        await peer.accept(text(numbered(0)))
        frames = await peer.read_until_close()
        await peer.write(close())
        said.append([payload for opcode, payload in frames if opcode is Opcode.TEXT])

    async def record() -> None:
        async with venue(listen) as url:
            writer = create_recording(path, HEADER, level=1)
            first = [Subscription("user", ("A-B",))]
            session = RecordingSession(ReopeningFeed(), url, first, writer, backoff=Backoff(first=NEVER, cap=NEVER))
            async with running(session):
                await until(lambda: session.progress.counts.frames == 1)
                await session.subscribe(("user", "C-D"))
                await until(lambda: session.progress.counts.frames == 2)
                session.stop()

    run(record())
    assert [[json.loads(payload) for payload in payloads] for payloads in said] == [
        [{"channel": "user", "products": ["A-B"]}, {"type": "unsubscribe", "channel": "user"}],
        [{"channel": "user", "products": ["A-B", "C-D"]}],
    ]
    assert codes(path) == [1000, 1000]


def test_an_idle_loop_that_is_interrupted_stays_idle(path: Path) -> None:
    """As it is when the run goes to another endpoint while nothing is subscribed."""

    async def record() -> None:
        async with venue(send_one_and_abort) as url:
            session = RecordingSession(PlainFeed(), url, [Subscription("a")], create_recording(path, HEADER))
            await session._connections.loops[0].unsubscribe([Subscription("a")])
            async with running(session):
                await until(lambda: session.progress.state == "idle")
                session._connections.loops[0].interrupt()
                for _ in range(20):
                    await asyncio.sleep(0)
                    assert session.progress.state == "idle"
                session.stop()

    run(record())
    assert len(events(path, "open")) == 1
