"""A run: it begins or says why not, goes on for ever, and ends with a recording that is whole."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from feedrec.errors import ConnectError, VenueError, WriteError
from feedrec.feeds import Message, Subscription, find_feed, subscribe_to
from feedrec.formats import create_recording
from feedrec.model import Event, Frame
from feedrec.recorder import Limits, RecordingSession, Summary
from feedrec.recorder.backoff import Backoff
from feedrec.recorder.session import reconnect as loop_module
from feedrec.recorder.session import session as session_module

from ..venue import (
    HEADER,
    SUBSCRIBE,
    Peer,
    PlainFeed,
    Stopwatch,
    close,
    codes,
    events,
    gated_writer,
    numbered,
    payloads,
    plain_text,
    received,
    records,
    run,
    sent,
    session_for,
    text,
    until,
    venue,
)

SERVE_FRAMES = Path(__file__).parents[4] / "shared" / "tools" / "serve_frames.py"
SECRET = "s3cret-value"  # no secret


async def stay(peer: Peer) -> None:
    """Send one frame, and be polite until the client closes."""
    await peer.accept(text(numbered(0)))
    await peer.answer_close()


async def send_one_and_abort(peer: Peer) -> None:
    await peer.accept(text(numbered(0)))
    await peer.read_frame()
    peer.abort()


async def never_answer(peer: Peer) -> None:
    await peer.reader.read()


async def send_ten(peer: Peer) -> None:
    await peer.accept()
    await peer.read_frame()
    await peer.write(*[text(numbered(number)) for number in range(10)])
    await peer.answer_close()


@asynccontextmanager
async def running(session: RecordingSession) -> AsyncIterator[asyncio.Task[Summary]]:
    """RunContext a session in the background; whoever leaves has seen it end."""
    task = asyncio.create_task(session.run())
    yield task
    async with asyncio.timeout(5):
        await asyncio.wait({task})


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
            return await session_for(url, path, duration=0.3).run()

    summary = run(record())
    assert 0.3 <= summary.seconds < 1.5
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


@pytest.mark.parametrize("has_tls", [False, True])
def test_stop_while_connecting_keeps_nothing_and_nobody_waiting(
    path: Path,
    trusted_tls: ssl.SSLContext,
    has_tls: bool,  # noqa: FBT001
) -> None:
    async def record() -> tuple[Summary, float]:
        async with venue(never_answer, tls=trusted_tls if has_tls else None) as url:
            session = session_for(url, path)
            async with running(session) as task:
                await asyncio.sleep(0.1)
                assert session.progress.state == "connecting"
                watch = Stopwatch()
                session.stop()
            return task.result(), watch.seconds

    summary, seconds = run(record())
    assert summary.path is None
    assert seconds < 1
    assert list(path.parent.iterdir()) == []


def test_stop_before_the_run_keeps_nothing(path: Path) -> None:
    async def record() -> Summary:
        async with venue(stay) as url:
            session = session_for(url, path)
            session.stop()
            return await session.run()

    assert run(record()).path is None
    assert list(path.parent.iterdir()) == []


def test_stop_does_not_wait_for_the_next_attempt(path: Path) -> None:
    async def record() -> float:
        async with venue(send_one_and_abort) as url:
            session = session_for(url, path, backoff=Backoff(first=60))
            async with running(session):
                await until(lambda: session.progress.state == "reconnecting")
                watch = Stopwatch()
                session.stop()
            return watch.seconds

    assert run(record()) < 1
    assert codes(path) == [1006]


def test_stop_while_reconnecting_to_a_venue_that_does_not_answer_keeps_the_recording(path: Path) -> None:
    async def record() -> None:
        async with venue(send_one_and_abort, never_answer) as url:
            session = session_for(url, path)
            async with running(session):
                await until(lambda: session.progress.counts.connections and session.progress.state == "connecting")
                await asyncio.sleep(0.05)
                session.stop()

    run(record())
    assert payloads(path) == [numbered(0)]
    assert codes(path) == [1006]


@pytest.mark.parametrize("state", ["recording", "reconnecting"])
def test_a_run_that_is_cancelled_is_finished_properly(path: Path, state: str) -> None:
    async def record() -> None:
        async with venue(stay if state == "recording" else send_one_and_abort) as url:
            session = session_for(url, path, backoff=Backoff(first=60))
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
                await asyncio.sleep(0.05)
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
                await asyncio.sleep(turns * 0.0005)
                session.stop()

    run(record())
    if path.exists():
        assert len(events(path, "open")) == len(events(path, "close")) == 1
    assert not path.with_name(path.name + ".part").exists()


def test_an_opening_that_is_given_up_has_its_close(path: Path) -> None:
    async def open_and_time_out(url: str, make_receiver: object, headers: object) -> object:  # noqa: ARG001
        from feedrec.recorder.connection import open_connection  # noqa: PLC0415

        await open_connection(url, make_receiver)  # type: ignore[arg-type]
        raise ConnectError("no answer within 10 seconds")

    async def record() -> None:
        async with venue(stay) as url:
            session = session_for(url, path)
            session._run.connect = open_and_time_out  # type: ignore[assignment]
            with pytest.raises(ConnectError):
                await session.run()

    run(record())
    assert codes(path) == [1006]


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


def test_a_refusal_after_a_good_connection_is_an_outage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ran for months does not end for an error that the venue gives once: it is recorded and tried again."""
    monkeypatch.setattr(loop_module, "GOOD_CONNECTION", 0.0)

    async def refuse(peer: Peer) -> None:
        await peer.accept(text(b'{"error":"bad key"}'))
        await peer.answer_close()

    async def record() -> None:
        async with venue(send_one_and_abort, refuse, send_one_and_abort) as url:
            await session_for(url, path, max_frames=3).run()

    run(record())
    assert [frame.conn for frame in received(path)] == [0, 1, 2]
    assert len(events(path, "error")) == 1


def test_a_refusal_on_a_connection_that_has_lasted_is_an_outage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on the first, which has not ended yet."""
    monkeypatch.setattr(loop_module, "GOOD_CONNECTION", 0.2)

    async def refuse_late(peer: Peer) -> None:
        await peer.accept(text(numbered(0)))
        await asyncio.sleep(0.4)
        await peer.write(text(b'{"error":"bad key"}'))
        await peer.answer_close()

    async def record() -> None:
        async with venue(refuse_late, stay) as url:
            await session_for(url, path, max_frames=3).run()

    run(record())
    assert [frame.conn for frame in received(path)] == [0, 0, 1]
    assert len(events(path, "error")) == 1


def test_the_end_of_a_run_does_not_wait_for_a_disk_that_is_stuck(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "FINISH_PATIENCE", 0.3)

    async def record() -> None:
        writer, target = gated_writer(path)
        async with venue(stay) as url:
            target.gate.clear()
            with pytest.raises(WriteError, match=r"took nothing for 0\.3 s"):
                await session_for(url, writer, max_frames=1).run()
            target.gate.set()

    watch = Stopwatch()
    run(record())
    assert watch.seconds < 5
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
        async with venue(send_one_and_abort) as url:
            session = session_for(url, path, max_frames=2)
            task = asyncio.create_task(session.run())
            await until(lambda: session.progress.state == "reconnecting")
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


def test_the_backoff_starts_over_after_a_good_connection_only(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resets: list[bool] = []

    class Watched(Backoff):
        def reset(self) -> None:
            resets.append(True)

    async def record() -> None:
        async with venue(send_one_and_abort) as url:
            await session_for(url, path, max_frames=3, backoff=Watched(0.01, 0.02)).run()
            assert resets == []
            monkeypatch.setattr(loop_module, "GOOD_CONNECTION", 0.0)
            other = path.with_name("other.jsonl.zst")
            await session_for(url, other, max_frames=3, backoff=Watched(0.01, 0.02)).run()
            assert len(resets) >= 2

    run(record())


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


def test_no_secret_stands_in_an_error(path: Path) -> None:
    async def record() -> str:
        async with venue(stay) as url:
            pass
        with pytest.raises(ConnectError) as caught:
            await session_for(url.replace("//", f"//user:{SECRET}@") + f"/?token={SECRET}", path).run()
        return str(caught.value)

    assert SECRET not in run(record())


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
    assert sorted(event.conn for event in events(path, "open")) == [0, 1, 2, 3]
    assert sorted(event.conn for event in events(path, "close")) == [0, 1, 2, 3]


def test_the_first_failure_of_any_connection_ends_the_run_before_anything_was_open(path: Path) -> None:
    async def record() -> None:
        session = RecordingSession(
            SpreadFeed(), "ws://127.0.0.1:9", [Subscription("a"), Subscription("b")], create_recording(path, HEADER)
        )
        with pytest.raises(ConnectError):
            await session.run()

    run(record())
    assert not path.exists()
