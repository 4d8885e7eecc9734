"""A connection is kept while it lives, paused while the disk lags, and closed quickly: over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Opcode

from feedrec.errors import TruncatedRecordingError, WriteError
from feedrec.feeds import Message
from feedrec.formats import RecordingReader
from feedrec.formats.file import writer as writer_module
from feedrec.model import Frame
from feedrec.recorder import connection as connection_module
from feedrec.recorder import connection_lifecycle as lifecycle_module
from feedrec.recorder import watchdog as watchdog_module
from feedrec.recorder.connection import Receiver, RecordedConnection, open_connection
from feedrec.recorder.connection_state import ConnectionState

from ..timing import MS, until
from .venue import (
    NEVER,
    SUBSCRIBE,
    Peer,
    PlainFeed,
    Stopwatch,
    close,
    codes,
    events,
    gated_writer,
    more,
    numbered,
    part_of,
    payloads,
    ping,
    received,
    records,
    run,
    running,
    sent,
    session_for,
    state_of,
    text,
    until_paused,
    venue,
)

CHUNK = 100  # frames of a flood that go out in one write
FRAME_SIZE = 4000
HIGH_WATER = 1 << 20
SILENT_AFTER = 1000 * MS


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the watchdog ping after a tenth of a second and give up after one."""
    monkeypatch.setattr(watchdog_module, "PING_AFTER", 100 * MS)
    monkeypatch.setattr(watchdog_module, "SILENT_AFTER", SILENT_AFTER)
    monkeypatch.setattr(lifecycle_module, "TICK", 20 * MS)


@pytest.fixture
def low_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a writer full at 1 MiB."""
    monkeypatch.setattr(writer_module, "_HIGH_WATER", HIGH_WATER)
    monkeypatch.setattr(writer_module, "_LOW_WATER", 1 << 18)


async def stay(peer: Peer) -> None:
    """Accept, and be polite until the client closes."""
    await peer.accept(text(numbered(0)))
    await peer.answer_close()


async def flood(peer: Peer, count: int) -> None:
    """Send that many numbered frames of 4 kB, as fast as they are taken."""
    for start in range(0, count, CHUNK):
        await peer.write(*[text(numbered(number, FRAME_SIZE)) for number in range(start, min(start + CHUNK, count))])


def flooded(count: int) -> list[bytes]:
    return [numbered(number, FRAME_SIZE) for number in range(count)]


@pytest.mark.usefixtures("impatience")
def test_a_silent_connection_is_pinged_once_then_dead_then_opened_again(path: Path, tls: ssl.SSLContext | None) -> None:
    heard: list[tuple[Opcode, bytes]] = []

    async def fall_silent(peer: Peer) -> None:
        await peer.accept(text(numbered(0)))
        heard.extend(await peer.read_until_close())

    async def record() -> None:
        async with venue(fall_silent, stay, tls=tls) as url:
            await session_for(url, path, max_frames=2).run()

    run(record())
    assert [opcode for opcode, _ in heard] == [Opcode.TEXT, Opcode.PING]
    assert codes(path) == [1006, 1000]
    (silence,) = events(path, "silence")
    assert silence.conn == 0
    assert silence.details["seconds"] >= SILENT_AFTER
    assert [frame.conn for frame in received(path)] == [0, 1]


@pytest.mark.usefixtures("impatience")
def test_a_connection_that_answers_may_have_nothing_to_say(path: Path) -> None:
    async def handler(server: ServerConnection) -> None:
        await server.wait_closed()

    async def record() -> None:
        async with serve(handler, "127.0.0.1", 0, ping_interval=None) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            await session_for(f"ws://127.0.0.1:{port}", path, duration=2 * SILENT_AFTER).run()

    run(record())
    assert events(path, "silence") == []
    assert codes(path) == [1000]


@pytest.mark.usefixtures("impatience")
def test_pings_do_not_stand_in_for_the_frames_that_a_feed_promises(path: Path) -> None:
    async def only_ping(peer: Peer) -> None:
        await peer.accept()
        while True:
            await peer.write(ping())
            await asyncio.sleep(20 * MS)

    async def record() -> None:
        async with venue(only_ping, stay) as url:
            await session_for(url, path, feed=PlainFeed(silence_limit=500 * MS), max_frames=1).run()

    run(record())
    assert len(events(path, "silence")) == 1
    assert codes(path) == [1006, 1000]


@pytest.mark.usefixtures("impatience")
@pytest.mark.parametrize("is_fragmented", [False, True], ids=["one frame", "fragments"])
def test_a_large_message_on_a_slow_line_is_no_silence(path: Path, is_fragmented: bool) -> None:  # noqa: FBT001
    async def drip(peer: Peer) -> None:
        whole = text(b"x" * 1000)
        pieces = [whole[start : start + 100] for start in range(0, len(whole), 100)]
        if is_fragmented:
            pieces = [text(b"x" * 100, fin=False), *[more(b"x" * 100)] * 8, more(b"x" * 100, fin=True)]
        await peer.accept()
        for piece in pieces:
            await peer.write(piece)
            await asyncio.sleep(80 * MS)
        await peer.answer_close()

    async def record() -> None:
        async with venue(drip) as url:
            await session_for(url, path, feed=PlainFeed(silence_limit=500 * MS), max_frames=1).run()

    run(record())
    assert payloads(path) == [b"x" * 1000]
    assert codes(path) == [1000]


@pytest.mark.usefixtures("low_marks")
def test_reading_pauses_while_the_disk_lags_and_nothing_is_lost(path: Path, tls: ssl.SSLContext | None) -> None:
    count = 5000

    async def script(peer: Peer) -> None:
        await peer.accept()
        await flood(peer, count)
        await peer.write(close())
        await peer.read_until_close()

    async def record() -> int:
        writer, target = gated_writer(path)
        async with venue(script, tls=tls) as url:
            target.gate.clear()
            session = session_for(url, writer, max_frames=count)
            running = asyncio.create_task(session.run())
            await until_paused(session, target)
            most, frames = writer.backlog, session.progress.counts.frames
            for _ in range(200):  # each turn of the loop would read what there is to read
                await asyncio.sleep(0)
            assert session.progress.counts.frames == frames < count
            target.gate.set()
            await running
        return most

    most = run(record())
    assert most < HIGH_WATER + (1 << 19)  # one read of the socket may come on top
    assert payloads(path) == flooded(count)
    assert events(path, "gap") == []
    assert len(events(path, "pause")) == len(events(path, "resume")) >= 1
    assert events(path, "pause")[0].details["backlog"] >= HIGH_WATER


@pytest.mark.usefixtures("low_marks")
def test_a_venue_that_floods_on_while_the_run_ends_does_not_fill_the_memory(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Reading goes on until the close is answered, but no longer than there is room for what it reads."""
    monkeypatch.setattr(lifecycle_module, "CLOSE_TIMEOUT", NEVER)
    monkeypatch.setattr(connection_module, "CLOSE_TIMEOUT", NEVER)
    monkeypatch.setattr(writer_module, "_EXHAUSTED", 2 * HIGH_WATER)

    async def script(peer: Peer) -> None:
        await peer.accept()
        await flood(peer, 1_000_000)

    async def record() -> tuple[int, int]:
        writer, target = gated_writer(path)
        async with venue(script) as url:
            target.gate.clear()
            session = session_for(url, writer)
            async with running(session):
                await until_paused(session, target)
                session.stop()
                await until(lambda: session.progress.state == "finishing")
                most = writer.backlog
                target.gate.set()
            return most, session.progress.counts.frames

    most, frames = run(record())
    assert most < 2 * HIGH_WATER + (1 << 20)  # a read or two come on top
    assert payloads(path) == flooded(frames)
    assert "out of memory while closing" in caplog.text


@pytest.mark.usefixtures("low_marks", "impatience")
def test_a_paused_connection_is_not_taken_for_dead(path: Path) -> None:
    count = 2000

    async def script(peer: Peer) -> None:
        await peer.accept()
        await flood(peer, count)
        await peer.answer_close()

    async def record() -> None:
        writer, target = gated_writer(path)
        async with venue(script) as url:
            target.gate.clear()
            session = session_for(url, writer, max_frames=count)
            running = asyncio.create_task(session.run())
            await until_paused(session, target)
            await asyncio.sleep(1.5 * SILENT_AFTER)
            target.gate.set()
            await running

    run(record())
    assert payloads(path) == flooded(count)
    assert events(path, "silence") == []
    assert codes(path) == [1000]


async def stop_while_paused(url: str, path: Path) -> float:
    """Return the seconds from stop to the end of the connection, on a disk that stalls throughout."""
    writer, target = gated_writer(path)
    target.gate.clear()
    session = session_for(url, writer)
    running = asyncio.create_task(session.run())
    await until_paused(session, target)
    stopwatch = Stopwatch()
    session.stop()
    await until(lambda: session.progress.state == "finishing")
    seconds = stopwatch.seconds
    target.gate.set()
    await running
    return seconds


def set_close_timeout(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(connection_module, "CLOSE_TIMEOUT", seconds)
    monkeypatch.setattr(lifecycle_module, "CLOSE_TIMEOUT", seconds)


@pytest.mark.usefixtures("low_marks")
def test_closing_while_paused_sees_the_answer_and_what_is_on_its_way_is_recorded(
    path: Path, tls: ssl.SSLContext | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_close_timeout(monkeypatch, NEVER)
    flooding = 0

    async def script(peer: Peer) -> None:
        nonlocal flooding
        await peer.accept()
        reading = asyncio.ensure_future(peer.read_until_close())
        while not reading.done():
            await peer.write(text(numbered(flooding, FRAME_SIZE)))
            flooding += 1
        await peer.write(close())

    async def record() -> None:
        async with venue(script, tls=tls) as url:
            await stop_while_paused(url, path)

    run(record())
    assert codes(path) == [1000]
    assert payloads(path) == flooded(flooding)
    assert len(events(path, "pause")) == len(events(path, "resume"))


@pytest.mark.usefixtures("low_marks")
def test_a_venue_that_never_answers_the_close_is_left_after_the_close_timeout(
    path: Path, tls: ssl.SSLContext | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_close_timeout(monkeypatch, 300 * MS)

    async def ignore(peer: Peer) -> None:
        await peer.accept()
        await flood(peer, 1000)
        await asyncio.sleep(NEVER)

    async def record() -> float:
        async with venue(ignore, tls=tls) as url:
            return await stop_while_paused(url, path)

    assert run(record()) > 250 * MS
    assert codes(path) == [1006]
    assert payloads(path) == flooded(1000)


def test_the_close_timeout_is_two_seconds() -> None:
    assert connection_module.CLOSE_TIMEOUT == 2.0


def test_a_venue_that_says_close_and_does_not_hang_up_is_left(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_close_timeout(monkeypatch, 200 * MS)

    async def linger(peer: Peer) -> None:
        await peer.accept(text(numbered(0)))
        await peer.write(close(1001, "going away"))
        await peer.reader.read()
        await asyncio.sleep(NEVER)

    async def record() -> None:
        async with venue(linger, stay) as url:
            await session_for(url, path, max_frames=2).run()

    run(record())
    assert codes(path) == [1001, 1000]
    assert events(path, "close")[0].details["reason"] == "going away"


def test_a_message_over_the_limit_ends_the_connection_and_the_recording_says_why(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection_module, "MAX_MESSAGE", 1000)
    caplog.set_level(logging.INFO, "feedrec")

    async def exceed(peer: Peer) -> None:
        await peer.accept(text(numbered(0)), text(b"x" * 1001))
        await peer.answer_close()

    async def record() -> None:
        async with venue(exceed, stay) as url:
            await session_for(url, path, max_frames=2).run()

    run(record())
    first = events(path, "close")[0].details
    assert first["code"] == 1009
    assert "limit" in first["error"]
    assert "limit" in caplog.text
    assert "connection 0 closed: code 1009" in caplog.text
    assert [frame.conn for frame in received(path)] == [0, 1]


@pytest.mark.parametrize(
    ("ending", "code", "reason"),
    [
        (close(1000, "bye"), 1000, "bye"),
        (close(1001), 1001, ""),
        (close(4004, "no such key"), 4004, "no such key"),
        (b"\x88\x00", 1005, ""),
        (b"", 1006, ""),
    ],
)
def test_the_close_event_is_last_and_has_the_code_of_the_venue(
    path: Path, ending: bytes, code: int, reason: str
) -> None:
    async def script(peer: Peer) -> None:
        await peer.accept(text(numbered(0)))
        await peer.read_frame()
        await peer.write(text(numbered(1)), ending)
        if ending:
            await peer.read_until_close()
        else:
            peer.abort()

    async def record() -> None:
        async with venue(script) as url:
            session = session_for(url, path)
            running = asyncio.create_task(session.run())
            await until(lambda: session.progress.state == "reconnecting")
            session.stop()
            await running

    run(record())
    of_first = [record for record in records(path) if record.conn == 0]
    assert of_first[-1] == events(path, "close")[0]
    assert events(path, "close")[0].details == {"code": code, "reason": reason}
    assert [frame.payload for frame in received(path) if frame.conn == 0] == [numbered(0), numbered(1)]


@pytest.mark.parametrize(
    ("ending", "level"),
    [(close(1001), logging.INFO), (b"", logging.WARNING)],
    ids=["closed", "lost"],
)
def test_a_connection_that_is_lost_is_worth_a_warning(
    path: Path, caplog: pytest.LogCaptureFixture, ending: bytes, level: int
) -> None:
    caplog.set_level(logging.INFO, "feedrec")

    async def script(peer: Peer) -> None:
        await peer.accept(text(numbered(0)))
        await peer.read_frame()
        await peer.write(ending)
        if ending:
            await peer.read_until_close()
        peer.abort()

    async def record() -> None:
        async with venue(script, stay) as url:
            await session_for(url, path, max_frames=2).run()

    run(record())
    (line,) = [
        line for line in caplog.records if line.getMessage().startswith("connection 0 ") and "open" not in line.msg
    ]
    assert line.levelno == level


def test_a_venue_that_does_not_answer_our_close_is_not_worth_a_warning(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def hang_up(peer: Peer) -> None:
        await peer.accept(text(numbered(0)))
        await peer.read_until_close()
        peer.abort()

    async def record() -> None:
        async with venue(hang_up) as url:
            await session_for(url, path, max_frames=1).run()

    run(record())
    assert codes(path) == [1006]
    assert caplog.messages == []


def test_a_connection_that_closes_in_the_segment_of_the_handshake_is_recorded(path: Path) -> None:
    async def hasty(peer: Peer) -> None:
        await peer.accept(text(numbered(0)), close(1001))
        await peer.read_until_close()

    async def answer(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        await peer.write(text(numbered(0)))
        await peer.answer_close()

    async def record() -> None:
        async with venue(hasty, answer) as url:
            await session_for(url, path, max_frames=2).run()

    run(record())
    assert [event.conn for event in events(path, "open")] == [0, 1]
    assert codes(path) == [1001, 1000]
    assert [frame.conn for frame in sent(path)] == [1]  # nothing could be sent on the first


def test_the_opening_stands_before_the_first_frame_and_says_what_was_agreed(path: Path) -> None:
    async def script(peer: Peer) -> None:
        extension = "Sec-WebSocket-Extensions: permessage-deflate"
        await peer.accept(text(numbered(0)), text(numbered(1)), headers=[extension])
        await peer.answer_close()

    async def record() -> str:
        async with venue(script) as url:
            await session_for(url, path, max_frames=2).run()
        return url

    url = run(record())
    clock, opened, first, second, *_ = records(path)
    assert [clock, opened] == [events(path, "clock")[0], events(path, "open")[0]]
    assert [first, second] == received(path)
    assert clock.time == opened.time == first.time == second.time
    assert events(path, "open")[0].details == {
        "url": url,
        "address": url.removeprefix("ws://"),
        "extensions": "permessage-deflate",
    }


def test_an_ipv6_address_is_written_with_brackets(path: Path) -> None:
    async def record() -> str:
        async with serve(lambda server: server.send("[]"), "::1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            await session_for(f"ws://[::1]:{port}", path, max_frames=1).run()
        return f"[::1]:{port}"

    try:
        address = run(record())
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert events(path, "open")[0].details["address"] == address


def test_extensions_in_two_headers_do_not_end_the_connection(path: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.accept(text(numbered(0)), headers=["Sec-WebSocket-Extensions: permessage-deflate"])
        await peer.answer_close()

    async def record() -> None:
        async with venue(script) as url:
            session = session_for(url, path, max_frames=1)
            session._context.connect = connect_with_two_headers
            await session.run()

    async def connect_with_two_headers(
        url: str,
        make_receiver: Callable[[RecordedConnection], Receiver],
        headers: Mapping[str, str],  # noqa: ARG001
    ) -> RecordedConnection:
        def make(connection: RecordedConnection) -> Receiver:
            receiver = make_receiver(connection)
            opened = receiver.opened

            def add_header() -> None:
                assert connection.response is not None
                connection.response.headers["Sec-WebSocket-Extensions"] = "x-other"
                opened()

            receiver.opened = add_header  # type: ignore[method-assign]
            return receiver

        return await open_connection(url, make)

    run(record())
    assert events(path, "open")[0].details["extensions"] == "permessage-deflate, x-other"
    assert payloads(path) == [numbered(0)]


def test_what_is_sent_is_recorded_before_the_answer(path: Path) -> None:
    messages = [Message(SUBSCRIBE), Message(b'{"second":1}')]

    async def script(peer: Peer) -> None:
        await peer.accept()
        for number in range(2):
            opcode, payload = await peer.read_frame()
            assert opcode is Opcode.TEXT
            await peer.write(text(b"[%d,%b]" % (number, payload)))
        await peer.answer_close()

    async def record() -> None:
        async with venue(script) as url:
            await session_for(url, path, feed=PlainFeed(messages), max_frames=2).run()

    run(record())
    assert [frame.payload for frame in sent(path)] == [message.payload for message in messages]
    assert payloads(path) == [b"[0,%b]" % SUBSCRIBE, b'[1,{"second":1}]']
    assert [frame.time for frame in sent(path)] <= [frame.time for frame in received(path)]


HUGE = Message(b'"%b"' % (b"x" * 20_000_000))  # more than sockets hold


async def take_nothing(peer: Peer) -> None:
    await peer.accept(text(numbered(0)))
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(NEVER)


def test_a_venue_that_takes_no_messages_is_left(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle_module, "SEND_TIMEOUT", 200 * MS)

    async def record() -> None:
        async with venue(take_nothing, stay) as url:
            await session_for(url, path, feed=PlainFeed([HUGE]), max_frames=2).run()

    run(record())
    assert codes(path)[0] == 1006
    assert [frame.conn for frame in received(path)] == [0, 1]


def test_stop_does_not_wait_for_a_venue_that_takes_no_messages(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle_module, "SEND_TIMEOUT", NEVER)
    set_close_timeout(monkeypatch, 200 * MS)

    async def record() -> None:
        async with venue(take_nothing) as url:
            session = session_for(url, path, feed=PlainFeed([HUGE]))
            running = asyncio.create_task(session.run())
            await until(lambda: state_of(session) is ConnectionState.RECORDING)
            session.stop()
            await running

    run(record())
    assert codes(path) == [1006]


@pytest.mark.usefixtures("low_marks")
@pytest.mark.parametrize("is_paused", [False, True], ids=["reading", "paused"])
def test_a_disk_that_refuses_ends_the_run_at_once_and_what_was_written_is_there(path: Path, is_paused: bool) -> None:  # noqa: FBT001
    async def script(peer: Peer) -> None:
        await peer.accept(text(numbered(0, FRAME_SIZE)))
        reading = asyncio.ensure_future(peer.read_until_close())
        number = 1
        while not reading.done():
            await peer.write(text(numbered(number, FRAME_SIZE)))
            number += 1
            await asyncio.sleep(0 if is_paused else 0.001)
        await peer.write(close())

    async def record() -> None:
        writer, target = gated_writer(path)
        async with venue(script) as url:
            session = session_for(url, writer)
            running = asyncio.create_task(session.run())
            await until(lambda: target.size > 1000)
            if is_paused:
                target.gate.clear()
                await until_paused(session, target)
            target.is_broken = True
            target.gate.set()
            with pytest.raises(WriteError, match="No space left on device"):
                await running

    run(record())
    assert not path.exists()
    written = [record.payload for record in readable(part_of(path))]
    assert written == flooded(len(written)) != []


def readable(part: Path) -> list[Frame]:
    """Return the frames of a recording that was cut off."""
    frames: list[Frame] = []
    with RecordingReader(part) as reader, contextlib.suppress(TruncatedRecordingError):
        frames.extend(record for record in reader if isinstance(record, Frame) and record.direction == "in")
    return frames


def test_a_disk_that_refuses_ends_a_run_that_has_nothing_more_to_write(path: Path) -> None:
    async def record() -> None:
        writer, target = gated_writer(path)
        async with venue(stay) as url:
            session = session_for(url, writer)
            running = asyncio.create_task(session.run())
            await until(lambda: session.progress.counts.frames)
            target.is_broken = True
            with pytest.raises(WriteError, match="No space left on device"):
                await running

    run(record())


def test_a_resume_while_nothing_is_paused_changes_nothing(path: Path) -> None:
    async def record() -> None:
        async with venue(stay) as url:
            session = session_for(url, path)
            running = asyncio.create_task(session.run())
            session._on_drained()
            await until(lambda: session.progress.counts.frames)
            session._on_drained()
            session.stop()
            await running
            session._on_drained()

    run(record())
    assert events(path, "resume") == []
