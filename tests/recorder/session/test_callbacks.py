"""A program is called for every frame, opening, error and close, and cannot harm the recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from websockets.frames import Opcode

from feedrec.errors import UsageError, VenueError, WriteError
from feedrec.feeds import Subscription, find_feed
from feedrec.formats import create_recording
from feedrec.model import Frame, FrameInfo
from feedrec.recorder import Callbacks, Limits, RecordingSession
from feedrec.recorder.backoff import Backoff
from feedrec.recorder.run_end import RunEnd
from feedrec.recorder.session.callbacks import ReportingWriter
from feedrec.recorder.session.run_options import RunOptions

from ..venue import (
    HEADER,
    Peer,
    PlainFeed,
    binary,
    close,
    events,
    gated_writer,
    numbered,
    payloads,
    received,
    records,
    run,
    text,
    venue,
)
from .callback_log import CallbackLog


async def three_and_away(peer: Peer) -> None:
    await peer.accept(*[text(numbered(number)) for number in range(3)])
    opcode, _ = await peer.read_frame()
    await peer.write(close(1001, "maintenance"))
    if opcode is not Opcode.CLOSE:  # the client has what it wanted
        await peer.read_until_close()


def plain_session(
    url: str, path: Path | None, callbacks: Callbacks | None, max_frames: int = 6, feed: PlainFeed | None = None
) -> RecordingSession:
    writer = None if path is None else create_recording(path, HEADER, level=1)
    backoff = Backoff(first=0.01, cap=0.02)
    limits = Limits(None, max_frames)
    return RecordingSession(feed or PlainFeed(), url, [], writer, callbacks=callbacks, limits=limits, backoff=backoff)


async def record(path: Path | None, callbacks: Callbacks | None) -> None:
    async with venue(three_and_away) as url:
        await plain_session(url, path, callbacks).run()


def test_a_program_is_called_for_every_frame_in_order_and_for_openings_and_closes(path: Path) -> None:
    log = CallbackLog()
    run(record(path, log.callbacks))
    first, second = ([("frame", conn, numbered(number)) for number in range(3)] for conn in range(2))
    assert log.calls[:6] == [("open", 0), *first, ("close", 0, 1001, "maintenance"), ("open", 1)]
    assert log.calls[6:9] == second
    assert log.calls[9][:2] == ("close", 1)
    assert log.frames == received(path)
    assert [info.sequence for info in log.infos] == [0, 1, 2, 0, 1, 2]


def test_the_recording_is_the_same_with_and_without_callbacks(path: Path) -> None:
    plain, other = path.with_name("plain.jsonl.zst"), path.with_name("calls.jsonl.zst")
    run(record(plain, None))
    run(record(other, CallbackLog().callbacks))
    kinds = [
        [(record.payload, record.direction) if isinstance(record, Frame) else record.name for record in records(file)]
        for file in (plain, other)
    ]
    assert kinds[0] == kinds[1]


def test_without_a_path_nothing_is_written_and_every_frame_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log = CallbackLog()

    async def listen() -> object:
        async with venue(three_and_away) as url:
            return (await plain_session(url, None, log.callbacks).run()).path

    assert run(listen()) is None
    assert len(log.frames) == 6
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["on_open", "on_frame", "on_error", "on_close"])
def test_a_callback_that_fails_costs_neither_frame_nor_connection_and_is_logged_once(
    path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    def fail(*_: object) -> None:
        raise LookupError("a mistake of the program")

    async def three_with_error(peer: Peer) -> None:
        await peer.accept(text(numbered(0)), text(numbered(1)), text(numbered(2)))
        await peer.read_frame()
        peer.abort()

    async def go() -> None:
        async with venue(three_with_error, three_with_error, refuse, three_with_error) as url:
            await plain_session(url, path, Callbacks(**{name: fail}), max_frames=9).run()

    async def refuse(peer: Peer) -> None:
        await peer.respond("503 Service Unavailable", "Content-Length: 0")

    run(go())
    assert payloads(path) == [numbered(number) for number in range(3)] * 3
    assert [event.conn for event in events(path, "open")] == [0, 1, 2]
    complaints = [record for record in caplog.records if name in record.getMessage()]
    assert len(complaints) == 1
    assert "a mistake of the program" in caplog.text


def test_a_coroutine_function_is_refused() -> None:
    async def on_frame(frame: Frame, info: FrameInfo) -> None: ...

    with pytest.raises(UsageError, match="on_frame must be a plain function"):
        Callbacks(on_frame=on_frame)


def test_errors_of_the_venue_and_failed_attempts_are_reported(path: Path) -> None:
    log = CallbackLog()

    async def refuse(peer: Peer) -> None:
        await peer.respond("503 Service Unavailable", "Content-Length: 0")

    async def bad_key(peer: Peer) -> None:
        await peer.accept(text(b'{"error":"bad key"}'))
        await peer.answer_close()

    async def go() -> None:
        async with venue(three_and_away, refuse, bad_key) as url:
            with pytest.raises(VenueError):
                await plain_session(url, path, log.callbacks).run()

    run(go())
    errors = [call[1] for call in log.calls if call[0] == "error"]
    assert len(errors) == 2
    assert "HTTP status 503" in str(errors[0])
    assert errors[1] == "the venue refused: bad key"
    assert all(len(call) == 2 for call in log.calls if call[0] == "error"), "the venue gave no reason"


def test_messages_are_decoded_where_asked_for() -> None:
    """JSON alone, after the frame itself; what is not JSON is a frame all the same."""
    calls: list[Any] = []

    async def some(peer: Peer) -> None:
        await peer.accept(text(b'{"sequence":0,"a":[1]}'), text(b"hello"), binary(b"{}"), text(b"[1]"), text(b"\xff"))
        await peer.answer_close()

    on_frame = lambda frame, _: calls.append(frame.payload)  # noqa: E731
    on_message = lambda message, info: calls.append((message, info.sequence))  # noqa: E731

    async def record_some() -> None:
        async with venue(some) as url:
            callbacks = Callbacks(on_frame=on_frame, on_message=on_message)
            await RecordingSession(PlainFeed(), url, [], limits=Limits(max_frames=5), callbacks=callbacks).run()

    run(record_some())
    first = b'{"sequence":0,"a":[1]}'
    assert calls == [first, ({"sequence": 0, "a": [1]}, 0), b"hello", b"{}", b"[1]", ([1], None), b"\xff"]


def test_an_error_comes_with_the_reason_that_the_venue_gives() -> None:
    """As CoPrA has it; a close without a close frame was not clean."""
    log = CallbackLog()

    async def refuse_and_abort(peer: Peer) -> None:
        await peer.accept(text(b'{"type":"error","message":"Failed to subscribe","reason":"no such thing"}'))
        peer.abort()

    async def record_error() -> None:
        async with venue(refuse_and_abort) as url:
            feed = find_feed("coinbase-exchange")
            session = RecordingSession(
                feed,
                url,
                [Subscription("ticker", ("A-B",))],
                callbacks=log.callbacks,
                options=RunOptions(reconnect=False),
            )
            await session.run()

    run(record_error())
    (error,) = [call for call in log.calls if call[0] == "error"]
    assert error[2] == "no such thing"
    assert log.calls[-1] == ("close", 0, 1006, "")


def test_a_frame_that_could_not_be_written_is_not_passed_on_but_the_close_is(path: Path) -> None:
    log = CallbackLog()
    recording, target = gated_writer(path)
    writer = ReportingWriter(recording, RunEnd(), None, log.callbacks)
    writer.received(1, 0, b"[1]", FrameInfo(), binary=False)
    target.is_broken = True
    with pytest.raises(WriteError):
        recording.finish()
    writer.received(2, 0, b"[2]", FrameInfo(), binary=False)
    writer.event(3, 0, "close", {"code": 1000, "reason": ""})
    assert log.calls == [("frame", 0, b"[1]"), ("close", 0, 1000, "")]
