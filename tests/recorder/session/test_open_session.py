"""A program drives a session: it opens one for a block, and changes what is subscribed while it runs."""

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
from feedrec.feeds.raw import RawFeed
from feedrec.feeds.redaction import Redaction
from feedrec.recorder import Callbacks, Limits, RecordingSession, Summary, create_session, open_session

from ...timing import MS, until
from ..venue import (
    Peer,
    PlainFeed,
    close,
    codes,
    events,
    numbered,
    payloads,
    received,
    run,
    send_one_and_abort,
    sent,
    stay,
    text,
    venue,
)
from .callback_log import CallbackLog

EXCHANGE_SECRET = "c2VjcmV0LW9mLXRlc3Rz"  # no secret


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
    path: Path | None, check: Callable[[RecordingSession, Advanced, CallbackLog], Any], *channels: str
) -> tuple[Advanced, CallbackLog]:
    """Open a session at such a venue, and let a test do something with it."""
    log, served = CallbackLog(), Advanced()

    async def go() -> None:
        async with (
            venue(served.serve) as url,
            open_session(
                "coinbase-advanced",
                list(channels or ("ticker",)),
                url=url,
                path=path,
                on_open=log.on_open,
                on_frame=log.on_frame,
                on_error=log.on_error,
                on_close=log.on_close,
            ) as session,
        ):
            await check(session, served, log)

    run(go())
    return served, log


def test_what_is_subscribed_later_is_asked_for_recorded_and_asked_for_again_by_the_next_connection(path: Path) -> None:
    async def check(session: RecordingSession, served: Advanced, log: CallbackLog) -> None:
        await until(lambda: len(log.frames) == 2)
        await session.subscribe(["level2:BTC-USD,ETH-USD", ("ticker", ["BTC-USD", "ETH-USD"])])
        await until(lambda: len(log.frames) == 4)
        await session.unsubscribe("level2:BTC-USD")
        await until(lambda: len(log.frames) == 5)
        served.peers[0].abort()
        await until(lambda: len(log.frames) == 8)
        assert session.subscriptions == [
            Subscription("ticker", ("BTC-USD", "ETH-USD")),
            Subscription("heartbeats"),
            Subscription("level2", ("ETH-USD",)),
        ]

    served, log = advanced(path, check)
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
    assert log.frames == received(path)
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
    async def check(session: RecordingSession, served: Advanced, log: CallbackLog) -> None:
        await session.unsubscribe(["ticker:BTC-USD"])
        assert session.subscriptions == [Subscription("heartbeats")]
        with pytest.raises(UsageError, match="ticker is not subscribed"):
            await session.unsubscribe("ticker")
        await until(lambda: len(log.frames) == 3)
        served.peers[0].abort()
        await until(lambda: len(log.frames) == 4)

    served, _ = advanced(path, check)
    assert brief(served.asked[1]) == [("subscribe", "heartbeats")]


def test_when_all_is_unsubscribed_no_connection_follows_until_something_is_subscribed() -> None:
    async def check(session: RecordingSession, served: Advanced, log: CallbackLog) -> None:
        await until(lambda: len(log.frames) == 2)
        await session.unsubscribe(["ticker", "heartbeats"])
        await until(lambda: len(log.frames) == 4)
        served.peers[0].abort()
        await until(lambda: session.progress.state == "idle")
        await asyncio.sleep(100 * MS)  # for a connection that must not come
        assert len(served.asked) == 1
        await session.subscribe("candles")
        await until(lambda: len(served.asked) == 2 and served.asked[1])

    served, _ = advanced(None, check)
    assert brief(served.asked[1]) == [("subscribe", "candles", "BTC-USD")]


def test_what_does_not_fit_or_does_not_exist_is_refused_and_nothing_changes() -> None:
    async def check(session: RecordingSession, served: Advanced, log: CallbackLog) -> None:
        await until(lambda: len(log.frames) == 2)
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


def test_a_product_that_is_not_accepted_later_is_reported_and_the_session_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("feedrec.feeds.coinbase_advanced.client.ACK_GRACE", 100 * MS)

    async def check(session: RecordingSession, served: Advanced, log: CallbackLog) -> None:
        await until(lambda: len(log.frames) == 2)
        await session.subscribe(f"level2:{served.unknown}")
        await until(lambda: [call for call in log.calls if call[0] == "error"])
        await session.unsubscribe(f"level2:{served.unknown}")
        await until(lambda: len(log.frames) == 4)

    _, log = advanced(None, check)
    assert [call[1] for call in log.calls if call[0] == "error"] == [
        "the venue did not accept level2 NO-SUCH: no such product?"
    ]
    assert log.calls[-1] == ("close", 0, 1000, "")


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


def test_a_session_runs_as_a_task_of_the_running_loop(path: Path) -> None:
    """Without a block: created, changed, started, and stopped later."""

    async def record() -> Summary:
        async with venue(stay) as url:
            session = create_session(PlainFeed(), [], url=url, path=path)
            task = session.start()
            await until(lambda: session.progress.counts.frames == 1)
            await session.close()
            return await task

    assert run(record()).counts.frames == 1
    assert payloads(path) == [numbered(0)]


def test_a_lost_connection_is_not_opened_again_where_that_is_not_wanted(path: Path) -> None:
    """The session ends, without an error, and the recording is whole."""

    async def record() -> int:
        async with venue(send_one_and_abort, stay) as url:
            async with open_session(PlainFeed(), [], url=url, path=path, reconnect=False) as session:
                await session.wait()
            return session.progress.counts.connections

    assert run(record()) == 1
    assert payloads(path) == [numbered(0)]


def test_the_log_lines_of_a_session_bear_its_name(caplog: pytest.LogCaptureFixture) -> None:
    """Those of the others, and of the program itself, do not."""
    caplog.set_level(logging.INFO, "feedrec")

    async def record() -> None:
        async with (
            venue(stay) as url,
            open_session(PlainFeed(), [], url=url, name="left"),
            open_session(PlainFeed(), [], url=url),
        ):
            logging.getLogger("feedrec").info("of the program")

    run(record())
    opened = sorted(text.partition(" open to")[0] for text in caplog.messages if " open to" in text)
    assert opened == ["connection 0", "left: connection 0"]
    assert "of the program" in caplog.messages


def test_what_a_program_does_with_a_session_is_logged_under_its_name_too(caplog: pytest.LogCaptureFixture) -> None:
    """It subscribes from a task of its own, not from that of the session."""
    caplog.set_level(logging.INFO, "feedrec")

    async def record() -> None:
        served = Advanced()
        async with (
            venue(served.serve) as url,
            open_session("coinbase-advanced", "ticker", url=url, name="left") as session,
        ):
            await session.subscribe("candles", "btc-usd")
            await session.unsubscribe("candles")
            logging.getLogger("feedrec").info("of the program")

    run(record())
    assert [text for text in caplog.messages if "candles" in text or "did you mean" in text] == [
        "left: subscribing to candles btc-usd",
        "left: btc-usd: did you mean BTC-USD? It is asked of coinbase-advanced as it stands",
        "left: unsubscribing from candles",
    ]
    assert "of the program" in caplog.messages


def test_the_block_fails_if_nothing_can_be_reached_and_no_file_is_left(path: Path) -> None:
    async def go() -> None:
        with pytest.raises(ConnectError):
            async with open_session("coinbase-advanced", "ticker", url="ws://127.0.0.1:9", path=path):
                pytest.fail("the block was entered")

    run(go())
    assert list(path.parent.iterdir()) == []


def test_an_error_in_the_block_ends_the_session_and_the_recording_is_whole(path: Path) -> None:
    async def check(_: RecordingSession, __: Advanced, log: CallbackLog) -> None:
        await until(lambda: len(log.frames) == 2)
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


def test_missing_credentials_are_reported_before_anything_connects() -> None:
    async def go() -> None:
        with pytest.raises(UsageError, match="set COINBASE_API_KEY"):
            async with open_session("coinbase-advanced", "user", url="ws://127.0.0.1:9"):
                pytest.fail("the block was entered")

    run(go())


def test_what_a_program_calls_secret_is_neither_recorded_nor_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In a message, in the address, in the log; and the recording is its owner's."""

    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        await peer.write(text(b"1"), close(1008, "not you, a-listen-key"))
        await peer.read_until_close()

    async def go() -> None:
        async with venue(script) as url:
            redaction = Redaction(["who"], ["$.a[0]"], {"the key": "a-listen-key"})
            feed, address = RawFeed(['{"who":1,"a":[2,3]}']), f"{url}/ws/a-listen-key"
            limits = Limits(max_frames=2)
            async with open_session(feed, [], url=address, path=path, redaction=redaction, limits=limits) as session:
                await session.wait()

    caplog.set_level(logging.INFO, "feedrec")
    run(go())
    assert [frame.payload for frame in sent(path)] == [b'{"who":"[redacted]","a":["[redacted]",3]}'] * 2
    assert {event.details["url"].rpartition("/ws/")[2] for event in events(path, "open")} == {"[redacted]"}
    assert "a-listen-key" not in caplog.text
    assert "(not you, [redacted])" in caplog.text
    assert path.stat().st_mode & 0o777 == 0o600
