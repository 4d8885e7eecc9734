"""A program drives a session: it is told of everything, and changes what is subscribed while it runs."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import ConnectError, UsageError, VenueError
from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.credentials import ExchangeKey
from feedrec.formats import create_recording
from feedrec.model import Frame, FrameInfo
from feedrec.recorder import Callbacks, Limits, RecordingSession, open_session
from feedrec.recorder.backoff import Backoff
from feedrec.recorder.session.failover import EndpointAddress

from ..venue import (
    HEADER,
    Peer,
    PlainFeed,
    close,
    codes,
    events,
    numbered,
    payloads,
    received,
    records,
    run,
    sent,
    text,
    until,
    venue,
)

EXCHANGE_SECRET = "c2VjcmV0LW9mLXRlc3Rz"  # no secret


class Told:
    """What a program heard, in order."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []
        self.frames: list[Frame] = []
        self.infos: list[FrameInfo] = []

    def on_open(self, conn: int) -> None:
        self.heard.append(("open", conn))

    def on_frame(self, frame: Frame, info: FrameInfo) -> None:
        self.heard.append(("frame", frame.conn, frame.payload))
        self.frames.append(frame)
        self.infos.append(info)

    def on_error(self, message: str) -> None:
        self.heard.append(("error", message))

    def on_close(self, conn: int, code: int, reason: str) -> None:
        self.heard.append(("close", conn, code, reason))

    @property
    def callbacks(self) -> Callbacks:
        return Callbacks(self.on_open, self.on_frame, self.on_error, self.on_close)


async def three_and_away(peer: Peer) -> None:
    await peer.accept(*[text(numbered(number)) for number in range(3)])
    await peer.read_frame()
    await peer.write(close(1001, "maintenance"))
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


def test_a_program_is_told_of_every_frame_in_order_and_of_openings_and_closes(path: Path) -> None:
    told = Told()
    run(record(path, told.callbacks))
    first, second = ([("frame", conn, numbered(number)) for number in range(3)] for conn in range(2))
    assert told.heard[:6] == [("open", 0), *first, ("close", 0, 1001, "maintenance"), ("open", 1)]
    assert told.heard[6:9] == second
    assert told.heard[9][:2] == ("close", 1)
    assert told.frames == received(path)
    assert [info.sequence for info in told.infos] == [0, 1, 2, 0, 1, 2]


def test_the_recording_is_the_same_with_and_without_callbacks(path: Path) -> None:
    plain, other = path.with_name("plain.jsonl.zst"), path.with_name("told.jsonl.zst")
    run(record(plain, None))
    run(record(other, Told().callbacks))
    kinds = [
        [(record.payload, record.direction) if isinstance(record, Frame) else record.name for record in records(file)]
        for file in (plain, other)
    ]
    assert kinds[0] == kinds[1]


def test_without_a_path_nothing_is_written_and_all_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = Told()

    async def listen() -> object:
        async with venue(three_and_away) as url:
            return (await plain_session(url, None, told.callbacks).run()).path

    assert run(listen()) is None
    assert len(told.frames) == 6
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


def test_errors_of_the_venue_and_failed_attempts_are_told(path: Path) -> None:
    told = Told()

    async def refuse(peer: Peer) -> None:
        await peer.respond("503 Service Unavailable", "Content-Length: 0")

    async def bad_key(peer: Peer) -> None:
        await peer.accept(text(b'{"error":"bad key"}'))
        await peer.answer_close()

    async def go() -> None:
        async with venue(three_and_away, refuse, bad_key) as url:
            with pytest.raises(VenueError):
                await plain_session(url, path, told.callbacks).run()

    run(go())
    errors = [heard[1] for heard in told.heard if heard[0] == "error"]
    assert len(errors) == 2
    assert "HTTP status 503" in str(errors[0])
    assert errors[1] == "the venue refused: bad key"


# Subscribing while it runs


class Advanced:
    """A venue that answers as Advanced Trade does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[dict[str, Any]]] = []
        self.peers: list[Peer] = []
        self.unknown = "NO-SUCH"

    async def serve(self, peer: Peer) -> None:
        await peer.accept()
        asked: list[dict[str, Any]] = []
        self.asked.append(asked)
        self.peers.append(peer)
        present: dict[str, set[str]] = {}
        while True:
            opcode, payload = await peer.read_frame()
            if opcode.name == "CLOSE":
                await peer.write(close())
                return
            message = json.loads(payload)
            asked.append(message)
            products = set(message.get("product_ids") or [message["channel"]]) - {self.unknown}
            known = present.setdefault(message["channel"], set())
            if message["type"] == "subscribe":
                known |= products
            else:
                known -= products
            accepted = {name: sorted(listed) for name, listed in present.items() if listed}
            number = len(asked) - 1
            ack = {"channel": "subscriptions", "sequence_num": number, "events": [{"subscriptions": accepted}]}
            await peer.write(text(json.dumps(ack).encode()))


def brief(asked: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(one["type"], one["channel"], *one.get("product_ids", ())) for one in asked]


def advanced(
    path: Path | None, check: Callable[[RecordingSession, Advanced, Told], Any], *channels: str
) -> tuple[Advanced, Told]:
    """Open a session at such a venue, and let a test do something with it."""
    told, served = Told(), Advanced()

    async def go() -> None:
        async with (
            venue(served.serve) as url,
            open_session(
                "coinbase-advanced",
                list(channels or ("ticker",)),
                url=url,
                path=path,
                on_open=told.on_open,
                on_frame=told.on_frame,
                on_error=told.on_error,
                on_close=told.on_close,
            ) as session,
        ):
            await check(session, served, told)

    run(go())
    return served, told


def test_what_is_subscribed_later_is_asked_for_recorded_and_asked_for_again_by_the_next_connection(path: Path) -> None:
    async def check(session: RecordingSession, served: Advanced, told: Told) -> None:
        await until(lambda: len(told.frames) == 2)
        await session.subscribe(["level2:BTC-USD,ETH-USD", ("ticker", ["BTC-USD", "ETH-USD"])])
        await until(lambda: len(told.frames) == 4)
        await session.unsubscribe("level2:BTC-USD")
        await until(lambda: len(told.frames) == 5)
        served.peers[0].abort()
        await until(lambda: len(told.frames) == 8)
        assert session.subscriptions == [
            Subscription("ticker", ("BTC-USD", "ETH-USD")),
            Subscription("heartbeats"),
            Subscription("level2", ("ETH-USD",)),
        ]

    served, told = advanced(path, check)
    assert brief(served.asked[0]) == [
        ("subscribe", "ticker", "BTC-USD"),
        ("subscribe", "heartbeats"),
        ("subscribe", "level2", "BTC-USD", "ETH-USD"),
        ("subscribe", "ticker", "ETH-USD"),
        ("unsubscribe", "level2", "BTC-USD"),
    ]
    assert brief(served.asked[1]) == [
        ("subscribe", "ticker", "BTC-USD", "ETH-USD"),
        ("subscribe", "heartbeats"),
        ("subscribe", "level2", "ETH-USD"),
    ]
    assert [json.loads(frame.payload) for frame in sent(path)] == [*served.asked[0], *served.asked[1]]
    assert told.frames == received(path)
    assert events(path, "missing") == events(path, "error") == []
    assert codes(path) == [1006, 1000]


def test_what_is_subscribed_in_on_open_is_asked_for_behind_what_was_wanted_before() -> None:
    served = Advanced()
    tasks: list[asyncio.Task[None]] = []

    async def go() -> None:
        async with venue(served.serve) as url:
            session = RecordingSession(
                find_feed("coinbase-advanced"),
                url,
                [Subscription("ticker", ("BTC-USD",))],
                callbacks=Callbacks(on_open=lambda _: tasks.append(asyncio.create_task(session.subscribe("candles")))),
                limits=Limits(None, 2),
            )
            await session.run()
            await tasks[0]

    run(go())
    assert brief(served.asked[0]) == [("subscribe", "ticker", "BTC-USD"), ("subscribe", "candles", "BTC-USD")]


def test_a_channel_of_which_nothing_is_left_is_gone(path: Path) -> None:
    async def check(session: RecordingSession, served: Advanced, told: Told) -> None:
        await session.unsubscribe(["ticker:BTC-USD"])
        assert session.subscriptions == [Subscription("heartbeats")]
        with pytest.raises(UsageError, match="ticker is not subscribed"):
            await session.unsubscribe("ticker")
        await until(lambda: len(told.frames) == 3)
        served.peers[0].abort()
        await until(lambda: len(told.frames) == 4)

    served, _ = advanced(path, check)
    assert brief(served.asked[1]) == [("subscribe", "heartbeats")]


def test_when_all_is_unsubscribed_no_connection_follows_until_something_is_subscribed() -> None:
    async def check(session: RecordingSession, served: Advanced, told: Told) -> None:
        await until(lambda: len(told.frames) == 2)
        await session.unsubscribe(["ticker", "heartbeats"])
        await until(lambda: len(told.frames) == 4)
        served.peers[0].abort()
        await until(lambda: session.progress.state == "idle")
        await asyncio.sleep(0.1)
        assert len(served.asked) == 1
        await session.subscribe("candles")
        await until(lambda: len(served.asked) == 2 and served.asked[1])

    served, _ = advanced(None, check)
    assert brief(served.asked[1]) == [("subscribe", "candles", "BTC-USD")]


def test_what_does_not_fit_or_does_not_exist_is_refused_and_nothing_changes() -> None:
    async def check(session: RecordingSession, served: Advanced, told: Told) -> None:
        await until(lambda: len(told.frames) == 2)
        before = session.subscriptions
        with pytest.raises(UsageError, match="no connection of the session can carry so much more"):
            await session.subscribe([("level2", [f"P{number}-USD" for number in range(31)])])
        with pytest.raises(UsageError, match="no channel 'tickr'; did you mean 'ticker'"):
            await session.subscribe("tickr")
        with pytest.raises(UsageError, match="user of coinbase-advanced needs credentials"):
            await session.subscribe("user")
        assert session.subscriptions == before
        assert len(served.asked[0]) == 2

    advanced(None, check)


def test_a_product_that_is_not_accepted_later_is_told_and_the_session_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("feedrec.feeds.coinbase_advanced.client.ACK_GRACE", 0.1)

    async def check(session: RecordingSession, served: Advanced, told: Told) -> None:
        await until(lambda: len(told.frames) == 2)
        await session.subscribe(f"level2:{served.unknown}")
        await until(lambda: [heard for heard in told.heard if heard[0] == "error"])
        await session.unsubscribe(f"level2:{served.unknown}")
        await until(lambda: len(told.frames) == 4)

    _, told = advanced(None, check)
    assert [heard[1] for heard in told.heard if heard[0] == "error"] == [
        "the venue did not accept level2 NO-SUCH: no such product?"
    ]
    assert told.heard[-1] == ("close", 0, 1000, "")


def test_what_is_subscribed_before_the_run_is_asked_for_from_the_start() -> None:
    served = Advanced()

    async def go() -> None:
        async with venue(served.serve) as url:
            session = RecordingSession(find_feed("coinbase-advanced"), url, [Subscription("ticker", ("BTC-USD",))])
            await session.subscribe("candles", ["ETH-USD"])
            await session.unsubscribe("ticker")
            task = asyncio.create_task(session.run())
            await until(lambda: served.asked and served.asked[0])
            await session.close()
            assert task.done() or await task

    run(go())
    assert brief(served.asked[0]) == [("subscribe", "candles", "ETH-USD")]


def test_later_messages_are_signed_and_redacted_as_the_first_are(path: Path) -> None:
    key = ExchangeKey("the-key", EXCHANGE_SECRET, "the-passphrase")
    heard: list[dict[str, Any]] = []

    async def serve(peer: Peer) -> None:
        await peer.accept()
        while True:
            opcode, payload = await peer.read_frame()
            if opcode.name == "CLOSE":
                await peer.write(close())
                return
            heard.append(json.loads(payload))

    async def go() -> None:
        async with (
            venue(serve) as url,
            open_session("coinbase-exchange", "full", url=url, credentials=key, path=path) as session,
        ):
            await session.subscribe("matches:ETH-USD")
            await session.unsubscribe("matches:ETH-USD")
            await until(lambda: len(heard) == 3)

    run(go())
    assert [message["type"] for message in heard] == ["subscribe", "subscribe", "unsubscribe"]
    assert (
        heard[1]["channels"]
        == heard[2]["channels"]
        == [
            {"name": "heartbeat", "product_ids": ["ETH-USD"]},
            {"name": "matches", "product_ids": ["ETH-USD"]},
        ]
    )
    assert all(message["signature"] and message["passphrase"] == "the-passphrase" for message in heard)
    recorded = sent(path)
    assert [frame.redacted for frame in recorded] == [True] * 3
    assert all(b"the-passphrase" not in frame.payload and b"[redacted]" in frame.payload for frame in recorded)


# The block


def test_the_block_fails_if_nothing_can_be_reached_and_no_file_is_left(path: Path) -> None:
    async def go() -> None:
        with pytest.raises(ConnectError):
            async with open_session("coinbase-advanced", "ticker", url="ws://127.0.0.1:9", path=path):
                pytest.fail("the block was entered")

    run(go())
    assert list(path.parent.iterdir()) == []


def test_an_error_in_the_block_ends_the_session_and_the_recording_is_whole(path: Path) -> None:
    async def check(_: RecordingSession, __: Advanced, told: Told) -> None:
        await until(lambda: len(told.frames) == 2)
        raise LookupError("a mistake of the program")

    with pytest.raises(LookupError):
        advanced(path, check)
    assert codes(path) == [1000]


def test_what_ends_the_run_is_raised_at_the_end_of_the_block(caplog: pytest.LogCaptureFixture) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        await peer.write(text(b'{"type":"error","message":"authentication failure"}'))
        await peer.answer_close()

    async def go() -> None:
        async with venue(refuse) as url:
            with pytest.raises(VenueError, match="authentication failure"):
                async with open_session("coinbase-advanced", "ticker", url=url) as session:
                    await session.wait()

    with caplog.at_level(logging.INFO):
        run(go())


def test_missing_credentials_are_said_before_anything_connects() -> None:
    async def go() -> None:
        with pytest.raises(UsageError, match="set COINBASE_API_KEY"):
            async with open_session("coinbase-advanced", "user", url="ws://127.0.0.1:9"):
                pytest.fail("the block was entered")

    run(go())


def test_a_channel_that_the_catalogue_lacks_is_asked_for_all_the_same() -> None:
    """The venue says what it thinks of it; nothing is left out in silence."""
    place = EndpointAddress(find_feed("coinbase-advanced"), "ws://x", is_primary=True)
    unknown = Subscription("new_channel", ("BTC-USD",))
    assert place.has([unknown]) == [unknown]
    assert place._replace(is_primary=False).has([unknown]) == []
