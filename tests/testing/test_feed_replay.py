"""A replay as a fixture of tests: clients that block, have a loop, or live in threads; what is seen, and waited for."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import datetime as dt
import functools
import json
import math
import ssl
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect as connect_asyncio
from websockets.exceptions import ConnectionClosed

from feedrec.errors import (
    FeedrecError,
    NotARecordingError,
    RecordingError,
    ReplayFailedError,
    ServeError,
    UsageError,
    WaitTimeoutError,
)
from feedrec.feeds.coinbase_advanced.server import CoinbaseAdvancedServer
from feedrec.replay.tls.certificate_folder import prepare_certificates
from feedrec.testing import FeedReplay, LoopThread

from ..replay.recordings import frames_of, numbered, record
from ..timing import HANG_TIMEOUT, MS, wait_until
from .feeds import CHANNELS, DEMO, client, received_by, subscription

if TYPE_CHECKING:
    from tests.object_server import Bucket


def test_a_client_that_blocks_gets_every_frame() -> None:
    with FeedReplay(DEMO) as feed:
        messages = received_by(feed.url)
        feed.wait_done(HANG_TIMEOUT)
        assert [message.payload for message in feed.sent] == messages
    assert [(one.number, one.outcome, one.is_connected) for one in feed.clients] == [(1, "finished", False)]
    assert len(messages) == 1545


def test_a_client_in_an_event_loop_gets_every_frame() -> None:
    async def scenario() -> list[str | bytes]:
        async with FeedReplay(DEMO) as feed, connect_asyncio(feed.url, max_size=None) as websocket:
            for channel in CHANNELS:
                await websocket.send(subscription(channel))
            messages = [message async for message in websocket]
            await asyncio.to_thread(feed.wait_done, HANG_TIMEOUT)
            return messages

    assert len(asyncio.run(scenario())) == 1545


def test_a_block_that_is_not_async_will_do_in_an_event_loop() -> None:
    """Its client is in the loop that the end of the block holds up: it is not waited for."""

    async def scenario() -> str | bytes:
        with FeedReplay(DEMO, speed=1) as feed:
            websocket = await connect_asyncio(feed.url, max_size=None)
            await websocket.send(subscription("ticker"))
            first = await websocket.recv()
        async for _ in websocket:
            pass
        assert websocket.protocol.close_code == 1001
        return first

    assert "ticker" in str(asyncio.run(scenario()))


def test_clients_in_threads_each_get_every_frame() -> None:
    counts: list[int] = []
    with FeedReplay(DEMO) as feed:
        threads = [threading.Thread(target=lambda: counts.append(len(received_by(feed.url)))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(HANG_TIMEOUT)
        feed.wait_done(HANG_TIMEOUT)
    assert counts == [1545] * 3
    assert sorted(one.number for one in feed.clients) == [1, 2, 3]


def test_requests_go_to_the_same_address_with_http(tmp_path: Path) -> None:
    """Of each endpoint, under its path; with TLS as well."""
    other = record(tmp_path / "other.jsonl", numbered(1), "coinbase-exchange")
    with FeedReplay(DEMO, other) as feed:
        assert feed.rest_url == feed.url.replace("ws://", "http://")
        assert feed.rest_urls == {
            "coinbase-advanced": f"{feed.rest_url}/coinbase-advanced",
            "coinbase-exchange": f"{feed.rest_url}/coinbase-exchange",
        }
    with FeedReplay(other, tls=prepare_certificates(tmp_path, [], dt.datetime.now(dt.UTC)).server) as feed:
        assert feed.rest_url == feed.url.replace("wss://", "https://")


def test_requests_are_answered_in_step_with_the_feed(tmp_path: Path) -> None:
    """And are seen by whoever waits, before the client has the answer; with TLS as well."""
    local = prepare_certificates(tmp_path, [], dt.datetime.now(dt.UTC))
    choices: list[dict[str, Any]] = [{}, {"tls": local.server}]
    for options in choices:
        trust = ssl.create_default_context(cafile=str(local.authority)) if options else None
        with FeedReplay(DEMO, paused=True, **options) as feed:
            asked = functools.partial(urllib.request.urlopen, context=trust, timeout=HANG_TIMEOUT)
            times = []
            for moment in ("+5s", "+10s"):
                feed.play_until(moment, timeout=HANG_TIMEOUT)
                with asked(f"{feed.rest_url}/api/v3/brokerage/time?at={moment}") as answer:
                    times.append(int(json.load(answer)["epochMillis"]))
                assert feed.received[-1].time == feed.present
            assert 4_000 < times[1] - times[0] < 6_000
            assert [(one.kind, one.client, one.text) for one in feed.received] == [("request", None, "")] * 2
            assert [str(one) for one in feed.received] == [
                f"GET /api/v3/brokerage/time?at=+{seconds}s: 200" for seconds in (5, 10)
            ]


def test_a_wait_can_be_for_a_request() -> None:
    with FeedReplay(DEMO) as feed, concurrent.futures.ThreadPoolExecutor() as pool:
        asking = pool.submit(urllib.request.urlopen, f"{feed.rest_url}/api/v3/brokerage/time", timeout=HANG_TIMEOUT)
        feed.wait_until(lambda: any(one.kind == "request" for one in feed.received), HANG_TIMEOUT)
        asking.result(HANG_TIMEOUT).close()
        with pytest.raises(WaitTimeoutError, match=r"no client has connected; 1 request was answered$"):
            feed.wait_done("1ms")


def test_a_feed_that_was_not_started_has_no_address() -> None:
    for name in ("url", "urls", "rest_url", "rest_urls"):
        with pytest.raises(UsageError, match="was not started"):
            getattr(FeedReplay(DEMO), name)


def test_replays_can_share_a_thread() -> None:
    before = set(threading.enumerate())

    def new_threads() -> list[str]:
        return [one.name for one in set(threading.enumerate()) - before]

    with LoopThread() as thread:
        for _ in range(2):
            with FeedReplay(DEMO, thread=thread) as one, FeedReplay(DEMO, thread=thread) as other:
                assert one.url != other.url
                assert len(received_by(one.url, ["candles"])) == len(received_by(other.url, ["candles"]))
        assert new_threads().count("feedrec-testing") == 1
    assert "feedrec-testing" not in new_threads()


def test_without_a_thread_of_others_its_own_ends_with_it() -> None:
    before = set(threading.enumerate())
    with FeedReplay(DEMO) as feed:
        received_by(feed.url, ["candles"])
    assert "feedrec-testing" not in [one.name for one in set(threading.enumerate()) - before]
    wait_until(lambda: before.issuperset(threading.enumerate()))


def test_what_is_sent_tells_recorded_frames_from_made_ones() -> None:
    """Acks and snapshots of a late client are made; a recorded frame has its recorded time, if it was renumbered."""
    with FeedReplay(DEMO, start="+10s") as feed:
        received_by(feed.url, ["ticker"], ["BTC-USD"])
        feed.wait_done(HANG_TIMEOUT)
    made = [message for message in feed.sent if message.kind == "made"]
    assert [message.json()["channel"] for message in made] == ["ticker", "subscriptions"]
    recorded = [message for message in feed.sent if message.kind == "recorded"]
    assert {message.json()["channel"] for message in recorded} == {"ticker"}
    times = [message.time or 0 for message in recorded]
    assert times == sorted(times)
    assert times[0] >= (made[0].time or math.inf)
    assert not any(message.binary for message in feed.sent)


def test_what_clients_say_is_seen() -> None:
    with FeedReplay(DEMO) as feed:
        received_by(feed.url, ["ticker", "candles"], ["BTC-USD"])
        feed.wait_done(HANG_TIMEOUT)
    assert [message.text for message in feed.received] == [
        subscription("ticker", ["BTC-USD"]),
        subscription("candles", ["BTC-USD"]),
    ]
    assert [message.client for message in feed.received] == [1, 1]
    assert dict(feed.clients[0].subscribed) == {"ticker": ("BTC-USD",), "candles": ("BTC-USD",)}


def test_binary_messages_are_seen_as_such(tmp_path: Path) -> None:
    with FeedReplay(record(tmp_path / "a.jsonl", numbered(3))) as feed, client(feed.url) as websocket:
        websocket.send(b"\xff")
        assert len(list(websocket)) == 3
        (said,) = feed.received
        assert (said.payload, said.binary, said.text) == (b"\xff", True, "\ufffd")
    assert [message.kind for message in feed.sent] == ["recorded"] * 3
    assert [message.time for message in feed.sent] == [frame.time for frame in numbered(3)]


def test_a_client_is_waited_for_by_what_it_subscribed() -> None:
    with FeedReplay(DEMO, speed=1) as feed, client(feed.url) as one, client(feed.url) as other:
        one.send(subscription("ticker", ["BTC-USD"]))
        found = feed.wait_for_client(subscribed="ticker:BTC-USD", timeout=HANG_TIMEOUT)
        assert found.has_subscribed("ticker", ["BTC-USD"])
        other.send(subscription("ticker"))
        other.send(subscription("heartbeats"))
        found = feed.wait_for_client(subscribed=["ticker:ETH-USD", "heartbeats"], timeout=HANG_TIMEOUT)
        assert found.number == 2
        assert feed.wait_for_client(2, subscribed="ticker", timeout=HANG_TIMEOUT).number == 2


def test_something_else_can_be_waited_for() -> None:
    with FeedReplay(DEMO, speed=1) as feed, client(feed.url) as websocket:
        websocket.send(subscription("ticker"))
        feed.wait_until(lambda: [message for message in feed.sent if message.kind == "recorded"], HANG_TIMEOUT)


def test_who_waits_in_vain_is_told_what_was_seen() -> None:
    with FeedReplay(DEMO, speed=1) as feed:
        with pytest.raises(WaitTimeoutError, match=r"waited 0\.01 s for a client, .*: no client has connected$"):
            feed.wait_for_client(timeout="10ms")
        with client(feed.url) as websocket:
            websocket.send(subscription("ticker", ["BTC-USD"]))
            feed.wait_for_client(subscribed="ticker", timeout=HANG_TIMEOUT)
            text = r"client 1 \(127\.0\.0\.1:\d+\): connected, subscribed ticker:BTC-USD, said 1 message, was sent"
            with pytest.raises(TimeoutError, match=text):
                feed.wait_done(timeout=10 * MS)
            with pytest.raises(WaitTimeoutError, match="2 clients that subscribed level2, ticker"):
                feed.wait_for_client(2, subscribed=["level2", "ticker"], timeout=10 * MS)
            with pytest.raises(WaitTimeoutError, match="what the test waits for"):
                feed.wait_until(lambda: False, timeout=10 * MS)


def test_what_a_client_says_cannot_write_on_the_terminal() -> None:
    with FeedReplay(DEMO, settings={"unknown_products": "x"}) as feed, client(feed.url) as websocket:
        websocket.send(subscription("ticker", ["\x1b[2J\nBTC-USD"]))
        feed.wait_until(lambda: feed.received, HANG_TIMEOUT)
        with pytest.raises(WaitTimeoutError) as raised:
            feed.wait_for_client(subscribed="level2", timeout=10 * MS)
    assert str(raised.value).isprintable()


def test_many_clients_are_told_of_in_few_words(tmp_path: Path) -> None:
    with FeedReplay(record(tmp_path / "a.jsonl", numbered(3)), speed="max", at_end="hold") as feed:
        with contextlib.ExitStack() as clients:
            for _ in range(7):
                clients.enter_context(client(feed.url))
            feed.wait_for_client(7, timeout=HANG_TIMEOUT)
            with pytest.raises(WaitTimeoutError, match="; 2 more"):
                feed.wait_done(timeout=10 * MS)
        feed.wait_done(HANG_TIMEOUT)
        assert not any(one.is_connected for one in feed.clients)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sped": 10}, "a replay has no option 'sped'; did you mean 'speed'"),
        ({"speed": "fast"}, "the speed is a positive number such as 10 or 0.5, or 'max', not 'fast'"),
        ({"speed": 0}, "the speed is a positive number such as 10 or 0.5, or 'max', not 0"),
        ({"settle": "soon"}, "settle is seconds, or a text such as '500ms' or '10s', not 'soon'"),
        ({"start": "soon"}, "start is a time such as '2026-11-21T17:00:00Z' or '+30s', not 'soon'"),
        ({"mode": "verbal"}, "mode is one of 'venue', 'verbatim', 'dialogue', None, not 'verbal'"),
        ({"at_end": "stop"}, "at_end is one of 'close', 'hold', 'exit', not 'stop'"),
        ({"auth": "all"}, "auth is one of 'any', 'none', 'strict', not 'all'"),
        ({"clock": "shared"}, "clients have no current time to share"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        FeedReplay(DEMO, **options)
    assert message in str(raised.value)


def test_options_may_be_texts() -> None:
    """Times, durations, a factor, a single host; settings may be what they are in Python."""
    options: dict[str, Any] = {"settle": "5ms", "write_deadline": "2s", "allow_hosts": "dashboard.test"}
    with FeedReplay(DEMO, speed="200", start="+5s", end="2026-11-21T17:00:15Z", **options) as feed:
        assert feed.url.startswith("ws://127.0.0.1:")
    with FeedReplay(
        DEMO, start="+20s", end="+25s", settings={"subscribe_within": 9, "level2_limit_closes": True}
    ) as feed:
        received_by(feed.url, ["ticker"])
    recorded = [message.time or 0 for message in feed.sent if message.kind == "recorded"]
    assert 4e9 < recorded[-1] - recorded[0] < 5e9


def test_recordings_of_several_endpoints_have_urls_of_their_own(tmp_path: Path) -> None:
    record(tmp_path / "other.jsonl", frames_of([b'{"type":"heartbeat"}']), "coinbase-exchange")
    with FeedReplay(DEMO, tmp_path) as feed:
        assert feed.urls == {name: f"{feed.url}/{name}" for name in ("coinbase-advanced", "coinbase-exchange")}
        assert len(received_by(feed.urls["coinbase-advanced"], ["candles"])) > 10
    assert feed.clients[0].endpoint == "coinbase-advanced"


def test_a_missing_recording_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(NotARecordingError, match=r"btc\.jsonl\.zst: no such file"):
        FeedReplay(tmp_path / "btc.jsonl.zst")
    with pytest.raises(UsageError, match="there is nothing to replay"):
        FeedReplay()
    with pytest.raises(UsageError, match="are the same recording"):
        FeedReplay(DEMO, DEMO)


def test_a_port_in_use_is_an_error_at_the_start() -> None:
    with FeedReplay(DEMO) as feed:
        other = FeedReplay(DEMO, port=int(feed.url.rpartition(":")[2]))
        with pytest.raises(ServeError, match="in use"):
            other.start()
        other.close()
        with pytest.raises(UsageError, match="running already"):
            feed.start()


def test_what_was_not_started_says_so() -> None:
    feed = FeedReplay(DEMO)
    for use in (lambda: feed.url, lambda: feed.urls, feed.wait_done):
        with pytest.raises(UsageError, match="was not started"):
            use()
    assert (feed.clients, feed.sent, feed.received) == ([], [], [])
    feed.close()


def test_it_can_be_started_once_more() -> None:
    feed = FeedReplay(DEMO)
    for _ in range(2):
        with feed:
            assert len(received_by(feed.url, ["candles"])) > 10
        assert len(feed.clients) == 1


def damaged(path: Path) -> Path:
    """Make a recording with a line in its middle that is none."""
    lines = record(path, numbered(300)).read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:200], b"{]\n", *lines[200:]]))
    return path


def play(path: Path, then: Callable[[FeedReplay], object] = FeedReplay.wait_done) -> list[bytes]:
    """Play a recording to a client that subscribes everything, whatever becomes of it."""
    with FeedReplay(path) as feed:
        try:
            return received_by(feed.url)
        except ConnectionClosed:
            return []
        finally:
            then(feed)


def test_damage_fails_the_test(tmp_path: Path) -> None:
    """Who waits is told, whatever it waits for; who does not, at the end of the block."""
    path = damaged(tmp_path / "a.jsonl")
    for wait in (FeedReplay.wait_done, lambda feed: feed.wait_for_client(99), lambda _: None):
        with pytest.raises(ReplayFailedError, match=r"a\.jsonl: not a line of a recording") as raised:
            play(path, wait)
        assert isinstance(raised.value.__cause__, RecordingError)


def test_a_recording_that_is_cut_off_fails_the_test(tmp_path: Path) -> None:
    """Unless its name says that it is still being written."""
    data = DEMO.read_bytes()
    torn, growing = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst.part"
    for path in (torn, growing):
        path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ReplayFailedError, match="the replay ended there"):
        play(torn)
    assert len(play(growing)) > 100


def test_a_bug_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("secret")

    monkeypatch.setattr(CoinbaseAdvancedServer, "on_message", broken)
    with pytest.raises(ReplayFailedError, match=r"a bug in feedrec, KeyError$"):
        play(DEMO)


def test_an_error_of_the_test_itself_comes_first(tmp_path: Path) -> None:
    """What failed besides is a note on it."""
    path = damaged(tmp_path / "a.jsonl")
    with pytest.raises(ZeroDivisionError) as raised:
        play(path, lambda _: 1 / 0)
    assert any("not a line" in note for note in raised.value.__notes__)


def test_closing_does_not_wait_for_a_client_that_does_not_answer() -> None:
    with FeedReplay(DEMO, speed=1) as feed, client(feed.url) as websocket:
        websocket.send(subscription("ticker"))
        feed.wait_for_client(subscribed="ticker", timeout=HANG_TIMEOUT)
    (one,) = feed.clients
    assert not one.is_connected
    feed.close()


def test_errors_are_those_of_feedrec() -> None:
    assert issubclass(ReplayFailedError, FeedrecError)
    assert issubclass(WaitTimeoutError, FeedrecError)


def test_a_recording_in_a_bucket_is_replayed_by_its_url(bucket: Bucket) -> None:
    bucket.store.create("p/demo.jsonl.zst", DEMO)
    for place in (f"{bucket.url}/p/demo.jsonl.zst", f"{bucket.url}/p"):
        with FeedReplay(place) as feed:
            assert len(received_by(feed.url)) == 1545
    with pytest.raises(NotARecordingError, match=r"s3://.*/none\.jsonl: no such object"):
        FeedReplay(f"{bucket.url}/none.jsonl").start()
