"""What a connection does in each of its states, on a WebSocket that is only played."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.protocol import State

from feedrec.errors import ConnectError, VenueError, WriteError
from feedrec.feeds import Acceptance, Message, Notice, Subscription
from feedrec.feeds.redaction import Address
from feedrec.formats.line.codec import decode_line
from feedrec.formats.line.index import Mark
from feedrec.model import Event, Frame, FrameInfo, Record
from feedrec.recorder import connection_lifecycle as lifecycle_module
from feedrec.recorder.clock import RecordingClock
from feedrec.recorder.connection_lifecycle import ConnectionLifecycle
from feedrec.recorder.connection_state import ConnectionState
from feedrec.recorder.notices import MOST_TEXT
from feedrec.recorder.output.counting_writer import CountingWriter
from feedrec.recorder.output.null_writer import NullWriter
from feedrec.recorder.rate_limit import RateLimit
from feedrec.recorder.resync import resync as resync_module
from feedrec.recorder.resync import wrong_books
from feedrec.recorder.run_end import RunEnd

from ..timing import MS, until
from .venue import PlainClient, PlainFeed, numbered, run


class PlayedWebSocket:
    """What a connection needs of a WebSocket; the peer does what a test has it do."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.is_amid_message = False
        self.remote_address = ("203.0.113.7", 443)
        self.response = None
        self.protocol = SimpleNamespace(state=State.OPEN, close_code=None, close_reason=None, parser_exc=None)
        self.transport = SimpleNamespace(
            pause_reading=lambda: self.said.append("pause reading"),
            resume_reading=lambda: self.said.append("resume reading"),
            abort=self.lose,
        )
        self.answers_close = True
        self._closed = asyncio.Event()

    def lose(self) -> None:
        """End without a close frame."""
        self.protocol.state = State.CLOSED
        self._closed.set()

    async def send(self, text: str) -> None:
        self.said.append(text)

    async def ping(self) -> None:
        self.said.append("ping")

    async def close(self) -> None:
        if self.protocol.state is State.OPEN:
            self.said.append("close")
        if not self.answers_close:
            await self._closed.wait()
        elif self.protocol.state is State.OPEN:
            self.protocol.close_code, self.protocol.close_reason = 1000, ""
            self.lose()

    async def wait_closed(self) -> None:
        await self._closed.wait()


class KeptRecording(NullWriter):
    """A recording in memory, whose disk lags when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []
        self.is_full = self.memory_is_full = self.memory_is_exhausted = False

    def write(self, record: Record, info: FrameInfo | None = None) -> None:  # noqa: ARG002
        self.records.append(record)

    def write_line(self, line: bytes, mark: Mark | None = None) -> None:  # noqa: ARG002
        self.records.append(decode_line(line))

    def names(self) -> list[str]:
        """Return the events, `frame` for each frame received, and `sent` for each frame sent."""
        directions = {"in": "frame", "out": "sent"}
        return [record.name if isinstance(record, Event) else directions[record.direction] for record in self.records]

    def sent(self) -> list[bytes]:
        return [record.payload for record in self.records if isinstance(record, Frame) and record.direction == "out"]


class Bench:
    """A connection over a played WebSocket."""

    def __init__(self, client: PlainClient | None = None) -> None:
        self.recording = KeptRecording()
        self.end = RunEnd()
        self.writer = CountingWriter(self.recording, self.end)
        self.feed = PlainFeed()
        self.client: Any = client or PlainClient(self.feed)
        self.refusals: list[VenueError] = []
        self.connection = ConnectionLifecycle(
            3,
            self.feed,
            self.client,
            Address("wss://venue"),
            self.writer,
            RecordingClock(),
            RateLimit(None),
            lambda error, _: self.refusals.append(error),
        )
        self.websocket: Any = PlayedWebSocket()

    def state(self) -> ConnectionState:
        return self.connection.state

    async def connect(self) -> None:
        """Be the opening of the connection: the handshake succeeds at once."""
        self.connection.attach(self.websocket)
        self.connection.bytes_arrived()
        self.connection.opened()
        self.connection.read_done()

    async def open(self) -> None:
        assert await self.connection.open(self.connect())

    async def run(self) -> asyncio.Task[None]:
        """Open the connection and let it record in the background, subscribed."""
        await self.open()
        task = asyncio.create_task(self.connection.run())
        await until(lambda: self.websocket.said)
        return task

    async def finish(self, task: asyncio.Task[None]) -> None:
        self.connection.close()
        await task
        self.connection.end()


def with_bench(test: Any) -> Bench:
    """Run a test on a bench."""

    async def go() -> Bench:
        bench = Bench()
        await test(bench)
        return bench

    coroutine: Coroutine[Any, Any, Bench] = go()
    return run(coroutine)


def test_a_connection_is_connecting_open_recording_closing_and_closed_in_turn() -> None:
    states: list[ConnectionState] = []

    async def test(bench: Bench) -> None:
        states.append(bench.state())
        await bench.open()
        states.append(bench.state())
        task = asyncio.create_task(bench.connection.run())
        await until(lambda: bench.websocket.said)
        states.append(bench.state())
        bench.connection.close()
        states.append(bench.state())
        await task
        bench.connection.end()
        states.append(bench.state())

    bench = with_bench(test)
    connecting, opened, recording, _, closing, closed, _ = ConnectionState
    assert states == [connecting, opened, recording, closing, closed]
    assert bench.recording.names() == ["clock", "open", "sent", "close"]
    assert bench.websocket.said == ['{"type":"subscribe"}', "close"]


@pytest.mark.parametrize("memory", [False, True])
def test_before_reading_pauses_the_frames_that_wait_are_written(memory: bool) -> None:  # noqa: FBT001
    async def test(bench: Bench) -> None:
        bench.writer.wait_with(asyncio.get_running_loop().call_later)
        task = await bench.run()
        bench.connection.texts([numbered(0)])
        bench.recording.is_full, bench.recording.memory_is_full = True, memory
        bench.connection.read_done()
        assert bench.recording.names()[3:] == ["frame", "pause"][: 1 + memory]
        bench.recording.is_full = bench.recording.memory_is_full = False
        await bench.finish(task)

    with_bench(test)


def test_the_client_half_judges_a_close_by_all_frames_that_came() -> None:
    async def test(bench: Bench) -> None:
        bench.writer.wait_with(asyncio.get_running_loop().call_later)
        bench.client.on_close = lambda *_: [Notice("over", event="verdict")]
        task = await bench.run()
        bench.connection.texts([numbered(0)])
        await bench.finish(task)

    assert with_bench(test).recording.names()[3:] == ["frame", "verdict", "close"]


def test_frames_that_wait_are_written_a_moment_later_by_themselves() -> None:
    async def test(bench: Bench) -> None:
        bench.writer.wait_with(asyncio.get_running_loop().call_later)
        task = await bench.run()
        bench.connection.texts([numbered(0)])
        assert bench.writer.counts.frames == 0
        await until(lambda: bench.writer.counts.frames)
        await bench.finish(task)

    with_bench(test)


def test_a_connection_that_cannot_be_opened_leaves_nothing_in_the_recording() -> None:
    async def refuse() -> None:
        raise ConnectError("connection refused")

    async def test(bench: Bench) -> None:
        with pytest.raises(ConnectError, match="connection refused"):
            await bench.connection.open(refuse())
        bench.connection.end()
        assert bench.state() is ConnectionState.FAILED
        assert bench.connection.seconds_open == 0

    assert with_bench(test).recording.records == []


def test_closing_while_connecting_gives_up_the_attempt() -> None:
    async def test(bench: Bench) -> None:
        opening = asyncio.ensure_future(bench.connection.open(asyncio.Event().wait()))
        await asyncio.sleep(0)
        bench.connection.close()
        assert await opening is False
        bench.connection.end()
        assert bench.state() is ConnectionState.FAILED

    assert with_bench(test).recording.records == []


def test_a_connection_that_is_closed_before_it_subscribed_says_nothing_but_close() -> None:
    async def test(bench: Bench) -> None:
        await bench.open()
        bench.connection.close()
        bench.connection.close()  # once for the endpoint it is to leave, once for the end of the run
        assert bench.state() is ConnectionState.CLOSING
        await bench.connection.run()
        bench.connection.end()

    bench = with_bench(test)
    assert bench.websocket.said == ["close"]
    assert bench.recording.names() == ["clock", "open", "close"]


def test_reading_pauses_while_the_disk_lags_and_goes_on_when_it_has_caught_up() -> None:
    async def test(bench: Bench) -> None:
        task = await bench.run()
        bench.recording.is_full = bench.recording.memory_is_full = True
        bench.connection.read_done()
        bench.connection.read_done()
        assert bench.state() is ConnectionState.PAUSED
        bench.recording.is_full = False
        bench.connection._watchdog.last_bytes = 0.0  # nothing could arrive for long
        bench.connection.resume_reading()
        bench.connection.resume_reading()
        assert bench.state() is ConnectionState.RECORDING
        assert bench.connection._watchdog.last_bytes > 0
        await bench.finish(task)
        bench.connection.resume_reading()

    bench = with_bench(test)
    assert bench.websocket.said[1:] == ["pause reading", "resume reading", "close"]
    assert bench.recording.names()[3:] == ["pause", "resume", "close"]


def test_a_disk_that_lags_at_the_opening_pauses_reading_once_the_connection_records() -> None:
    async def test(bench: Bench) -> None:
        bench.recording.is_full = bench.recording.memory_is_full = True
        await bench.open()
        assert bench.state() is ConnectionState.OPEN
        task = asyncio.create_task(bench.connection.run())
        await until(lambda: '{"type":"subscribe"}' in bench.websocket.said)
        assert bench.state() is ConnectionState.PAUSED
        await bench.finish(task)

    assert with_bench(test).recording.names() == ["clock", "open", "pause", "sent", "resume", "close"]


def test_while_reading_is_paused_the_client_half_is_told_for_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for acks that may have come."""
    monkeypatch.setattr(lifecycle_module, "TICK", MS)

    async def test(bench: Bench) -> None:
        paused, ticks = list[float](), list[float]()
        bench.client.on_pause = paused.append

        def on_tick(seconds: float) -> tuple[()]:
            ticks.append(seconds)
            return ()

        bench.client.on_tick = on_tick
        task = await bench.run()
        await until(lambda: len(ticks) > 3)
        assert paused == []
        bench.recording.is_full = bench.recording.memory_is_full = True
        bench.connection.read_done()
        before = len(ticks)
        await until(lambda: len(ticks) > before + 3)
        assert sum(paused) == pytest.approx(ticks[-1] - ticks[before - 1])
        await bench.finish(task)

    with_bench(test)


@pytest.mark.parametrize("ending", ["closed by us", "lost"])
def test_a_paused_connection_is_resumed_before_it_ends(ending: str) -> None:
    async def test(bench: Bench) -> None:
        task = await bench.run()
        bench.recording.is_full = bench.recording.memory_is_full = True
        bench.connection.read_done()
        if ending == "lost":
            bench.websocket.lose()
            await task
            bench.connection.end()
        else:
            await bench.finish(task)

    bench = with_bench(test)
    assert bench.recording.names()[3:] == ["pause", "resume", "close"]


def test_books_are_subscribed_again_after_a_gap_but_not_while_reading_is_paused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lifecycle_module, "TICK", MS)
    monkeypatch.setattr(wrong_books, "ACK_TIMEOUT", 0.0)
    monkeypatch.setattr(resync_module, "_SETTLES_WITHIN", 0.0)
    asked = [f'{{"type":"{kind}","channel":"book"}}' for kind in ("unsubscribe", "subscribe")]

    async def test(bench: Bench) -> None:
        bench.feed.book_channels = {"book": "book"}
        bench.connection.resync([Subscription("book", ("A",))])
        task = await bench.run()
        bench.recording.is_full = bench.recording.memory_is_full = True
        bench.connection.read_done()
        bench.connection.texts([numbered(5)])
        held: list[float] = []
        bench.connection._resync.hold = held.append  # type: ignore[method-assign, assignment]
        await until(lambda: len(held) > 2)
        assert asked[0] not in bench.websocket.said
        bench.recording.is_full = bench.recording.memory_is_full = False
        await until(lambda: asked[1] in bench.websocket.said)
        await bench.connection.unsubscribe([Subscription("book")])
        await bench.finish(task)

    bench = with_bench(test)
    assert bench.websocket.said[3:] == [*asked, asked[0], "close"]
    expected = ["pause", "gap", "frame", "resume", "resync", "sent", "resubscribe", "sent", "sent", "close"]
    assert bench.recording.names()[3:] == expected


def test_a_connection_for_which_it_was_not_asked_leaves_books_alone() -> None:
    async def test(bench: Bench) -> None:
        bench.feed.book_channels = {"book": "book"}
        task = await bench.run()
        bench.connection.texts([numbered(5)])
        assert not bench.connection._resync.wrong.is_watching
        await bench.finish(task)

    assert with_bench(test).recording.names()[3:] == ["gap", "frame", "close"]


def test_short_pauses_of_a_saturated_recorder_are_one_event() -> None:
    """They come several times a second: at the end, or each half minute, they are reported together."""

    async def test(bench: Bench) -> None:
        task = await bench.run()
        for _ in range(3):
            bench.recording.is_full = True
            bench.connection.read_done()
            bench.recording.is_full = False
            bench.connection.resume_reading()
        await bench.finish(task)

    bench = with_bench(test)
    assert bench.websocket.said[1:] == ["pause reading", "resume reading"] * 3 + ["close"]
    assert bench.recording.names()[3:] == ["throttle", "close"]
    (event,) = (one for one in bench.recording.records if isinstance(one, Event) and one.name == "throttle")
    assert event.details["pauses"] == 3


def test_reading_goes_on_in_memory_when_the_disk_stalls_during_a_pause() -> None:
    """The writer's thread, which else says that there is room again, is in a call that does not return."""

    async def test(bench: Bench) -> None:
        task = await bench.run()
        bench.recording.is_full = True
        bench.connection.read_done()
        bench.recording.is_full = False
        await until(lambda: bench.state() is ConnectionState.RECORDING)
        await bench.finish(task)

    assert with_bench(test).websocket.said[1:] == ["pause reading", "resume reading", "close"]


def test_a_closing_connection_is_not_paused() -> None:
    async def test(bench: Bench) -> None:
        task = await bench.run()
        bench.connection.close()
        bench.recording.is_full = True
        bench.connection.read_done()
        assert bench.state() is ConnectionState.CLOSING
        await task
        bench.connection.end()

    assert "pause" not in with_bench(test).recording.names()


def test_what_is_subscribed_before_the_first_subscriptions_are_sent_follows_them_in_order() -> None:
    async def test(bench: Bench) -> None:
        await bench.connection.subscribe([Subscription("a")])
        await bench.open()
        await bench.connection.unsubscribe([Subscription("b")])
        assert bench.recording.sent() == []
        task = asyncio.create_task(bench.connection.run())
        await until(lambda: len(bench.websocket.said) == 3)
        await bench.connection.subscribe([Subscription("c")])
        await bench.finish(task)
        await bench.connection.subscribe([Subscription("d")])

    assert with_bench(test).recording.sent() == [
        b'{"type":"subscribe"}',
        b'{"type":"subscribe","channel":"a"}',
        b'{"type":"unsubscribe","channel":"b"}',
        b'{"type":"subscribe","channel":"c"}',
    ]


def test_frames_that_came_before_a_change_are_judged_before_it() -> None:
    """Else an ack would be taken for one to what is asked for only now."""
    seen: list[str] = []

    class Noting(PlainClient):
        def on_frame(self, info: FrameInfo, payload: bytes) -> Sequence[Notice]:
            seen.append("ack")
            return super().on_frame(info, payload)

        def unsubscribe(self, subscriptions: Sequence[Subscription], time: int) -> list[Message]:
            seen.append("wish")
            return super().unsubscribe(subscriptions, time)

    async def go() -> None:
        bench = Bench(Noting(PlainFeed()))
        bench.writer.wait_with(asyncio.get_running_loop().call_later)
        task = await bench.run()
        bench.connection.bytes_arrived()
        bench.connection.texts([b'{"type":"ack"}'])
        await bench.connection.unsubscribe([Subscription("a")])
        await bench.finish(task)

    run(go())
    assert seen == ["ack", "wish"]


def test_a_closing_connection_sends_nothing_more() -> None:
    async def test(bench: Bench) -> None:
        task = await bench.run()
        bench.connection.close()
        await bench.connection.subscribe([Subscription("a")])
        await task
        bench.connection.end()

    assert with_bench(test).recording.sent() == [b'{"type":"subscribe"}']


@pytest.mark.parametrize(
    ("ending", "level"), [("lost", logging.WARNING), ("closed by us", logging.INFO), ("left", logging.INFO)]
)
def test_only_a_connection_that_was_lost_is_worth_a_warning(
    ending: str, level: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A venue that does not answer our close has the same code, 1006, but nothing is missing then."""
    monkeypatch.setattr(lifecycle_module, "CLOSE_TIMEOUT", 20 * MS)

    async def test(bench: Bench) -> None:
        task = await bench.run()
        bench.websocket.answers_close = ending != "left"
        if ending == "lost":
            bench.websocket.lose()
            await task
            bench.connection.end()
        else:
            await bench.finish(task)

    caplog.set_level(logging.INFO, "feedrec")
    bench = with_bench(test)
    assert caplog.records[-1].levelno == level
    code = 1000 if ending == "closed by us" else 1006
    assert bench.recording.records[-1].details == {"code": code, "reason": ""}  # type: ignore[union-attr]


def test_the_client_half_hears_of_everything_that_happens_on_its_connection() -> None:
    heard: list[str] = []

    class ListeningClient(PlainClient):
        def on_open(self, time: int) -> list[Message]:
            heard.append("on_open")
            return super().on_open(time)

        def on_tick(self, seconds_open: float) -> Sequence[Notice | Message]:
            heard.append("on_tick")
            assert seconds_open > 0
            return [Notice("so it is", "info", "remark"), Message(b'"alive"')] if heard.count("on_tick") == 1 else ()

        def on_close(self, code: int = 1006, reason: str = "") -> Sequence[Notice]:
            heard.append(f"on_close {code}{reason}")
            return [Notice("nothing was accepted", "warning", "missing")]

    async def test(bench: Bench) -> None:
        bench.connection._client = ListeningClient(bench.feed)
        task = await bench.run()
        await until(lambda: heard.count("on_tick") == 2)
        await bench.finish(task)

    bench = with_bench(test)
    assert heard[:2] == ["on_open", "on_tick"]
    assert heard[-1] == "on_close 1000"
    assert bench.recording.names() == ["clock", "open", "sent", "remark", "sent", "missing", "close"]


def test_the_client_half_does_not_judge_a_connection_of_which_frames_could_not_be_written() -> None:
    async def test(bench: Bench) -> None:
        bench.client.on_close = lambda *_: pytest.fail("it was asked to judge")
        task = await bench.run()
        bench.writer.fail(WriteError("x.jsonl", "no space left"))
        await bench.finish(task)

    with_bench(test)


@pytest.mark.parametrize(("severity", "level"), [("info", "INFO"), ("warning", "WARNING"), ("fatal", "WARNING")])
def test_a_notice_is_logged_and_only_a_fatal_one_is_a_refusal(
    caplog: pytest.LogCaptureFixture, severity: Any, level: str
) -> None:
    async def test(bench: Bench) -> None:
        bench.connection.report([Notice("so it is", severity)])

    with caplog.at_level(logging.INFO):
        bench = with_bench(test)
    assert [(record.levelname, record.message) for record in caplog.records] == [(level, "so it is")]
    assert [str(error) for error in bench.refusals] == (["so it is"] if severity == "fatal" else [])
    assert bench.recording.records == []


def test_what_is_accepted_is_recorded_once_it_is_settled_and_whenever_it_changes() -> None:
    one, two = Subscription("a", ("X",)), Subscription("b")
    half = Acceptance((one, two), (one,), (two,))

    async def test(bench: Bench) -> None:
        await bench.open()
        for acceptance in (None, half, half, Acceptance((one, two), (one, two)), None):
            bench.client.acceptance = acceptance
            bench.connection.report([Notice("so it is")], 7)
        bench.client.acceptance = Acceptance((one,), (one,))

    class TellingClient(PlainClient):
        acceptance: Any = None

    async def go() -> Bench:
        bench = Bench(TellingClient(PlainFeed()))
        await test(bench)
        bench.connection.end()
        return bench

    told = [one for one in run(go()).recording.records if isinstance(one, Event) and one.name == "subscribed"]
    assert [(event.details["accepted"], event.details["missing"]) for event in told] == [
        ([{"channel": "a", "products": ["X"]}], [{"channel": "b"}]),
        ([{"channel": "a", "products": ["X"]}, {"channel": "b"}], []),
        ([{"channel": "a", "products": ["X"]}], []),
    ]
    assert [event.time == 7 for event in told] == [True, True, False]


def test_an_error_as_long_as_a_message_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    """It is a frame too, which is recorded whole; as an event it could be longer than any line may be."""
    said = "\x01" * 100_000

    async def test(bench: Bench) -> None:
        bench.connection.report([Notice(f"it says {said}", "fatal", "error", {"code": 7, "message": said})])

    bench = with_bench(test)
    (event,) = [record for record in bench.recording.records if isinstance(record, Event) and record.name == "error"]
    assert event.details == {"code": 7, "message": "\x01" * MOST_TEXT + "..."}
    assert len(caplog.messages[-1]) == len(str(bench.refusals[0])) == MOST_TEXT + 3


def test_a_gap_is_recorded_before_the_frame_that_revealed_it_and_has_its_time() -> None:
    async def test(bench: Bench) -> None:
        await bench.open()
        bench.connection.bytes_arrived()
        bench.connection.message(numbered(0), binary=False)
        bench.connection.message(numbered(3), binary=False)
        assert (bench.writer.counts.gaps, bench.writer.counts.missing) == (1, 2)
        bench.connection.close()
        await bench.connection.run()
        bench.connection.end()

    recording = with_bench(test).recording
    assert recording.names() == ["clock", "open", "frame", "gap", "frame", "close"]
    times = [record.time for record in recording.records]
    assert times[2] == times[3] == times[4]


def test_a_silent_connection_is_pinged_and_then_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle_module, "TICK", 5 * MS)
    verdicts = iter(["alive", "ping", "alive", "dead"])

    async def test(bench: Bench) -> None:
        monkeypatch.setattr(bench.connection._watchdog, "judge", lambda *_, **__: next(verdicts))
        task = await bench.run()
        await task
        bench.connection.end()

    bench = with_bench(test)
    assert bench.websocket.said == ['{"type":"subscribe"}', "ping"]
    assert bench.recording.names()[-2:] == ["silence", "close"]


def test_a_defect_of_the_client_half_is_raised_and_the_connection_is_closed() -> None:
    async def test(bench: Bench) -> None:
        def stumble(_: int) -> list[Message]:
            raise LookupError("a defect")

        bench.client.on_open = stumble
        await bench.open()
        with pytest.raises(LookupError):
            await bench.connection.run()
        bench.connection.end()
        assert bench.state() is ConnectionState.CLOSED

    assert with_bench(test).websocket.said == ["close"]
