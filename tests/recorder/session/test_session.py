"""A run: something ends it, once, and the recording is whole then."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import ConnectError, VenueError, WriteError
from feedrec.feeds import Message, find_feed, subscribe_to
from feedrec.formats import create_recording
from feedrec.formats.file import writer as writer_module
from feedrec.model import Event, Frame
from feedrec.recorder import Limits, RecordingSession, Summary
from feedrec.recorder import connection as connection_module
from feedrec.recorder import connection_lifecycle as lifecycle_module
from feedrec.recorder.backoff import Backoff
from feedrec.recorder.run_end import Outcome
from feedrec.recorder.session import session as session_module

from ...shared import SHARED
from ...timing import MS, until
from ..venue import (
    HEADER,
    NEVER,
    SUBSCRIBE,
    Peer,
    PlainFeed,
    codes,
    events,
    gated_writer,
    never_answer,
    numbered,
    part_of,
    payloads,
    plain_text,
    received,
    records,
    run,
    running,
    send_one_and_abort,
    sent,
    session_for,
    stay,
    text,
    venue,
)

SERVE_FRAMES = SHARED / "tools" / "serve_frames.py"
SECRET = "s3cret-value"  # no secret


async def send_ten(peer: Peer) -> None:
    await peer.accept()
    await peer.read_frame()
    await peer.write(*[text(numbered(number)) for number in range(10)])
    await peer.answer_close()


def test_a_run_is_recorded_from_opening_to_close(path: Path, tls: ssl.SSLContext | None) -> None:
    async def record() -> Summary:
        async with venue(send_ten, tls=tls) as url:
            return await session_for(url, path, max_frames=10).run()

    summary = run(record())
    kinds = [record.name if isinstance(record, Event) else record.direction for record in records(path)]
    assert [kind for kind in kinds if kind != "clock"] == ["open", "out", *["in"] * 10, "close"]
    assert payloads(path) == [numbered(number) for number in range(10)]
    assert sent(path)[0].payload == SUBSCRIBE
    assert codes(path) == [1000]
    assert summary.path == str(path)
    assert summary.counts.frames == 10
    assert summary.counts.bytes == sum(map(len, payloads(path)))
    assert summary.file_size == path.stat().st_size


def test_times_never_step_back_in_a_whole_recording(path: Path) -> None:
    async def record() -> None:
        async with venue(send_one_and_abort, send_ten) as url:
            await session_for(url, path, max_frames=11).run()

    run(record())
    times = [record.time for record in records(path)]
    assert times == sorted(times)


# What stops a run


class OneWay:
    """A way in which a run of its own ends: what makes it end, and the error that `run` raises."""

    def __init__(self, outcome: Outcome, error: type[BaseException] | None = None, **options: Any) -> None:
        self.outcome = outcome
        self.error = error
        self.script = options.pop("script", stay)
        self.act = options.pop("act", None)
        self.options = options


async def refuse(peer: Peer) -> None:
    await peer.accept()
    await peer.read_frame()
    await peer.write(text(b'{"error":"bad key"}'))
    await peer.answer_close()


async def refuse_handshake(peer: Peer) -> None:
    await peer.respond("403 Forbidden", "Content-Length: 0")


class DefectiveFeed(PlainFeed):
    def headers(self, credentials: object) -> dict[str, str]:  # noqa: ARG002
        raise LookupError("a defect")


def break_disk(session: RecordingSession, _: object) -> None:
    session._writer.fail(WriteError("x.jsonl", "no space left"))


WAYS = [
    OneWay(Outcome.STOPPED, act=lambda session, _: session.stop()),
    OneWay(Outcome.LIMIT_REACHED, max_frames=1),
    OneWay(Outcome.LIMIT_REACHED, duration=50 * MS),
    OneWay(Outcome.CANCELLED, asyncio.CancelledError, act=lambda _, task: task.cancel()),
    OneWay(Outcome.UNREACHABLE, ConnectError, script=refuse_handshake),
    OneWay(Outcome.REFUSED, VenueError, script=refuse),
    OneWay(Outcome.DISK_FAILED, WriteError, act=break_disk),
    OneWay(Outcome.CRASHED, LookupError, feed=DefectiveFeed()),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.outcome.name)
def test_a_run_ends_in_one_of_these_ways_with_its_outcome_and_error(path: Path, way: OneWay) -> None:
    async def record() -> RecordingSession:
        async with venue(way.script) as url:
            session = session_for(url, path, **way.options)
            async with running(session) as task:
                if way.act is not None:
                    await until(lambda: session.progress.counts.frames)
                    way.act(session, task)
            assert (
                task.cancelled()
                if way.error is asyncio.CancelledError
                else type(task.exception()) is (way.error or type(None))
            )
        return session

    session = run(record())
    assert session._end.outcome is way.outcome
    assert session.progress.state == "finishing"


def test_a_disk_that_fails_while_the_run_is_ending_is_what_the_run_raises(path: Path) -> None:
    async def record() -> None:
        async with venue(stay) as url:
            session = session_for(url, path)
            async with running(session) as task:
                await until(lambda: session.progress.counts.frames)
                session.stop()
                break_disk(session, task)
            assert isinstance(task.exception(), WriteError)
            assert session._end.outcome is Outcome.DISK_FAILED

    run(record())


def test_exactly_the_wanted_number_of_frames_is_recorded(path: Path) -> None:
    async def hasty(peer: Peer) -> None:
        await peer.accept(*[text(numbered(number)) for number in range(100)])
        await peer.answer_close()

    async def record() -> Summary:
        async with venue(hasty) as url:
            return await session_for(url, path, max_frames=7).run()

    summary = run(record())
    assert payloads(path) == [numbered(number) for number in range(7)]
    assert summary.counts.frames == 7
    assert codes(path) == [1000]


def test_a_duration_ends_the_run(path: Path) -> None:
    async def record() -> Summary:
        async with venue(stay) as url:
            return await session_for(url, path, duration=300 * MS).run()

    assert run(record()).seconds >= 300 * MS
    assert codes(path) == [1000]


def test_stop_ends_the_run_and_the_close_is_in_the_recording(path: Path) -> None:
    async def record() -> None:
        async with venue(stay) as url:
            session = session_for(url, path)
            async with running(session) as task:
                await until(lambda: session.progress.state == "recording")
                session.stop()
            assert task.result().counts.connections == 1

    run(record())
    assert codes(path) == [1000]


async def say_no_goodbye(peer: Peer) -> None:
    """Send a frame; answer the close with another frame, and nothing else."""
    await peer.accept(text(numbered(0)))
    await peer.read_until_close()
    await peer.write(text(numbered(1)))
    await peer.reader.read()


def test_what_arrived_is_flushed_before_the_goodbye_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what arrives until the end is recorded; `stop_now` waits for no goodbye."""
    monkeypatch.setattr(lifecycle_module, "CLOSE_TIMEOUT", NEVER)
    monkeypatch.setattr(connection_module, "CLOSE_TIMEOUT", NEVER)
    monkeypatch.setattr(writer_module, "_FLUSH_AFTER", NEVER)

    async def record() -> None:
        async with venue(say_no_goodbye) as url:
            session = session_for(url, path)
            async with running(session) as task:
                await until(lambda: session.progress.counts.frames == 1)
                session.stop()
                await until(lambda: payloads(part_of(path))[:1] == [numbered(0)])  # the other may have come by then
                await until(lambda: session.progress.counts.frames == 2)
                assert not task.done()
                session.stop_now()

    run(record())
    assert payloads(path) == [numbered(0), numbered(1)]
    assert codes(path) == [1006]


def test_stop_now_alone_ends_the_run_and_is_no_loss(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever does not want to wait need not ask twice; the connection is not called lost."""
    monkeypatch.setattr(lifecycle_module, "CLOSE_TIMEOUT", NEVER)
    monkeypatch.setattr(connection_module, "CLOSE_TIMEOUT", NEVER)

    async def record() -> None:
        async with venue(say_no_goodbye) as url:
            session = session_for(url, path)
            async with running(session):
                await until(lambda: session.progress.counts.frames == 1)
                session.stop_now()

    run(record())
    assert payloads(path)[:1] == [numbered(0)]
    assert len(codes(path)) == 1
    assert "lost" not in caplog.text


def test_stop_now_while_connecting_keeps_nothing(path: Path) -> None:
    async def record() -> Summary:
        async with venue(never_answer) as url:
            session = session_for(url, path)
            async with running(session) as task:
                await asyncio.sleep(10 * MS)
                session.stop_now()
            return task.result()

    assert run(record()).path is None


@pytest.mark.parametrize("has_tls", [False, True])
def test_stop_while_connecting_keeps_nothing_and_does_not_wait(
    path: Path,
    trusted_tls: ssl.SSLContext,
    has_tls: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_module, "OPEN_TIMEOUT", NEVER)

    async def record() -> Summary:
        async with venue(never_answer, tls=trusted_tls if has_tls else None) as url:
            session = session_for(url, path)
            async with running(session) as task:
                await asyncio.sleep(100 * MS)
                assert session.progress.state == "connecting"
                session.stop()
            return task.result()

    assert run(record()).path is None
    assert list(path.parent.iterdir()) == []


def test_stop_before_the_run_keeps_nothing(path: Path) -> None:
    async def record() -> Summary:
        async with venue(stay) as url:
            session = session_for(url, path)
            session.stop()
            return await session.run()

    assert run(record()).path is None
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("state", ["recording", "reconnecting"])
def test_a_run_that_is_cancelled_is_finished_properly(path: Path, state: str) -> None:
    async def record() -> None:
        async with venue(stay if state == "recording" else send_one_and_abort) as url:
            session = session_for(url, path, backoff=Backoff(first=NEVER))
            async with running(session) as task:
                await until(lambda: session.progress.counts.frames and session.progress.state == state)
                task.cancel()
            assert task.cancelled()

    run(record())
    assert payloads(path) == [numbered(0)]
    assert isinstance(records(path)[-1], Event)
    assert len(codes(path)) == 1


def test_a_run_that_is_cancelled_while_connecting_leaves_nothing_behind(path: Path) -> None:
    async def record() -> None:
        async with venue(never_answer) as url:
            async with running(session_for(url, path)) as task:
                await asyncio.sleep(50 * MS)
                task.cancel()
            assert task.cancelled()

    run(record())
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("turns", range(12))
def test_stop_at_any_turn_of_the_loop_gives_every_opening_its_close(path: Path, turns: int) -> None:
    async def record() -> None:
        async with venue(stay) as url:
            session = session_for(url, path)
            async with running(session):
                for _ in range(turns):
                    await asyncio.sleep(0)
                await asyncio.sleep(turns * MS / 2)
                session.stop()

    run(record())
    if path.exists():
        assert len(events(path, "open")) == len(events(path, "close")) == 1
    assert not path.with_name(path.name + ".part").exists()


def test_a_fatal_notice_ends_the_run_and_the_recording_is_whole(path: Path) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        await peer.write(text(b'{"error":"bad key"}'))
        await peer.answer_close()

    async def record() -> None:
        async with venue(refuse) as url:
            with pytest.raises(VenueError, match="the venue refused: bad key"):
                await session_for(url, path).run()

    run(record())
    assert payloads(path) == [b'{"error":"bad key"}']
    assert events(path, "error")[0].details == {"message": "bad key"}
    assert codes(path) == [1000]


def test_the_end_of_a_run_does_not_wait_for_a_disk_that_is_stuck(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "FINISH_PATIENCE", 300 * MS)

    async def record() -> None:
        writer, target = gated_writer(path)
        async with venue(stay) as url:
            target.gate.clear()
            session = session_for(url, writer, max_frames=1)
            with pytest.raises(WriteError, match=r"accepted nothing for [\d.]+ s"):
                await session.run()
            assert session._end.outcome is Outcome.DISK_FAILED
            target.gate.set()

    run(record())
    assert not path.exists()


def advanced_session(url: str, path: Path, products: list[str], max_frames: int | None = None) -> RecordingSession:
    feed = find_feed("coinbase-advanced")
    channels = [("level2", ()), ("ticker", ()), ("market_trades", ()), ("candles", ())]
    subscriptions = subscribe_to(feed, channels, products)
    writer = create_recording(path, HEADER, level=1)
    return RecordingSession(
        feed, url, subscriptions, writer, limits=Limits(None, max_frames), backoff=Backoff(first=0.01, cap=0.02)
    )


def test_an_authentication_failure_of_advanced_trade_ends_the_run(path: Path) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        await peer.write(text(b'{"type":"error","message":"authentication failure"}'))
        await peer.answer_close()

    async def record() -> None:
        async with venue(refuse) as url:
            with pytest.raises(VenueError, match="authentication failure"):
                await advanced_session(url, path, ["BTC-USD"]).run()

    run(record())
    assert len(received(path)) == 1
    assert codes(path) == [1000]


def test_a_product_that_the_ack_lacks_is_an_event(path: Path) -> None:
    ack = (
        b'{"channel":"subscriptions","sequence_num":%d,"events":[{"subscriptions":{"candles":["BTC-USD"],"heartbeats":'
        b'["heartbeats"],"level2":["BTC-USD"],"market_trades":["BTC-USD"],"ticker":["BTC-USD"]}}]}'
    )

    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.write(*[text(ack % number) for number in range(5)])
        await peer.answer_close()

    async def record() -> None:
        async with venue(script) as url:
            session = advanced_session(url, path, ["BTC-USD", "NO-SUCH"])
            async with running(session):
                await until(lambda: session.progress.counts.frames == 5)
                session.stop()

    run(record())
    (missing,) = events(path, "missing")
    channels = ["level2", "ticker", "market_trades", "candles"]
    assert missing.details["subscriptions"] == [{"channel": name, "products": ["NO-SUCH"]} for name in channels]


# What a run survives


def test_a_frame_that_stumbles_the_feed_does_not_cost_the_connection(path: Path) -> None:
    frames = [numbered(0), b'{"confuse":1}', b'{"stumble":1}', numbered(1), b"\xff"]

    async def script(peer: Peer) -> None:
        await peer.accept(*map(text, frames))
        await peer.answer_close()

    async def record() -> None:
        async with venue(script) as url:
            await session_for(url, path, max_frames=5).run()

    run(record())
    assert payloads(path) == frames
    assert {frame.conn for frame in received(path)} == {0}


# Secrets


def test_no_secret_reaches_the_recording_or_the_log(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    message = Message(b'{"jwt":"%b"}' % SECRET.encode(), redacted=b'{"jwt":"[redacted]"}')
    heard: list[bytes] = []

    async def script(peer: Peer) -> None:
        await peer.accept(text(numbered(0)))
        heard.extend([peer.request, (await peer.read_frame())[1]])
        await peer.write(text(numbered(1)))
        await peer.answer_close()

    async def record() -> str:
        async with venue(script) as url:
            secret_url = url.replace("//", f"//user:{SECRET}@") + f"/feed?api_key={SECRET}&x=1"
            await session_for(secret_url, path, feed=PlainFeed([message]), max_frames=2).run()
        return url

    with caplog.at_level(logging.DEBUG):
        url = run(record())
    assert SECRET.encode() in heard[0]
    assert heard[1] == message.payload
    (frame,) = sent(path)
    assert frame == Frame(frame.time, 0, b'{"jwt":"[redacted]"}', "out", redacted=True)
    assert events(path, "open")[0].details["url"] == f"{url}/feed?api_key=[redacted]&x=1"
    assert SECRET.encode() not in plain_text(path)
    assert SECRET not in caplog.text


# The real capture


@contextmanager
def real_venue(capture_path: Path, *options: str) -> Iterator[str]:
    """Serve the real capture from another process."""
    if not SERVE_FRAMES.exists():
        pytest.skip(f"{SERVE_FRAMES} is not there")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, str(SERVE_FRAMES), str(capture_path), "--port", str(port), *options]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(b"serving")
            yield f"{'wss://localhost' if '--tls' in options else 'ws://127.0.0.1'}:{port}"
        finally:
            process.terminate()


def record_capture(url: str, path: Path, max_frames: int) -> Summary:
    return run(advanced_session(url, path, ["BTC-USD", "ETH-USD"], max_frames).run())


def test_the_real_capture_is_recorded_byte_for_byte(
    path: Path, capture_path: Path, capture_frames: list[bytes], certificate: Path, tls: ssl.SSLContext | None
) -> None:
    with real_venue(capture_path, *(["--tls", str(certificate), str(certificate)] if tls else [])) as url:
        summary = record_capture(url, path, 1030)
    assert payloads(path) == capture_frames
    assert (summary.counts.frames, summary.counts.gaps, summary.counts.connections) == (1030, 0, 1)
    assert events(path, "gap") == []
    assert events(path, "missing") == []


def test_a_frame_that_the_real_capture_lacks_is_one_gap(
    path: Path, capture_path: Path, capture_frames: list[bytes]
) -> None:
    with real_venue(capture_path, "--drop", "500") as url:
        record_capture(url, path, 1029)
    assert payloads(path) == capture_frames[:500] + capture_frames[501:]
    (gap,) = events(path, "gap")
    assert gap.details == {"expected": 500, "received": 501, "missing": 1}
    whole = records(path)
    revealing = whole[whole.index(gap) + 1]
    assert isinstance(revealing, Frame)
    assert (revealing.payload, revealing.time) == (capture_frames[501], gap.time)


def test_a_cut_in_the_real_capture_begins_a_new_connection(
    path: Path, capture_path: Path, capture_frames: list[bytes]
) -> None:
    with real_venue(capture_path, "--cut-after", "700") as url:
        summary = record_capture(url, path, 701)
    connections = summary.counts.connections
    assert connections >= 2  # just two, unless the aborts drop much that the server had not yet given to the kernel
    for number in range(connections):
        frames = [frame.payload for frame in received(path) if frame.conn == number]
        assert frames == capture_frames[: len(frames)]
        assert len(frames) <= 700
    assert len(received(path)) == 701
    assert codes(path)[: connections - 1] == [1006] * (connections - 1)
    assert len(codes(path)) == connections
    assert events(path, "gap") == []
