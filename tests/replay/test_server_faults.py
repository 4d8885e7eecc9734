"""Faults, with real sockets: what is hit is the same for every client at any speed, and is told of."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import threading
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from feedrec.errors import UsageError
from feedrec.formats import create_recording
from feedrec.formats.file.names import part_path
from feedrec.formats.line.codec import encode_frame
from feedrec.model import NANOSECONDS, Frame, Header
from feedrec.replay import ReplayOptions, ReplayServer
from feedrec.testing import FaultHit, FeedReplay

from ..testing.feeds import CHANNELS, DEMO, client, received_by, subscription
from ..timing import HANG_TIMEOUT, wait_until
from .raw_client import as_messages, replayed_to_raw_client, run
from .recordings import START, numbered, record

MS = 1_000_000


@pytest.fixture(scope="module")
def everything() -> list[bytes]:
    """Return what a client gets without faults."""
    with FeedReplay(DEMO) as feed:
        return received_by(feed.url)


def replayed(
    *faults: str, seed: int = 7, channels: Sequence[str] = CHANNELS, **options: Any
) -> tuple[list[bytes], list[FaultHit]]:
    """Return what a client gets, and what was hit."""
    with FeedReplay(DEMO, faults=faults, seed=seed, **options) as feed:
        messages = received_by(feed.url, channels)
        feed.wait_done(HANG_TIMEOUT)
        return messages, feed.faults


def numbers(messages: Sequence[bytes]) -> list[int]:
    return [json.loads(message)["sequence_num"] for message in messages]


def channel_of(message: bytes) -> str:
    return str(json.loads(message)["channel"])


def is_of(message: bytes, *channels: str) -> bool:
    return any(b'"channel":"%b"' % channel.encode() in message for channel in channels)


def test_a_client_sees_nothing_of_a_channel_that_is_dropped_but_the_holes(everything: list[bytes]) -> None:
    messages, hits = replayed("drop=100%:ticker")
    assert messages == [message for message in everything if not is_of(message, "ticker")]
    assert {hit.channel for hit in hits} == {"ticker"}
    assert len(hits) == len(everything) - len(messages) > 100
    assert numbers(messages) == [
        n for n, message in zip(numbers(everything), everything, strict=True) if message in messages
    ]


def test_a_product_alone_can_be_hit(everything: list[bytes]) -> None:
    messages, hits = replayed("drop=100%:level2:eth-usd")
    assert {hit.products for hit in hits} == {("ETH-USD",)}
    assert not [one for one in messages if is_of(one, "l2_data") and b"ETH-USD" in one]
    assert [one for one in messages if is_of(one, "l2_data") and b"BTC-USD" in one]
    assert len(messages) + len(hits) == len(everything)


def test_what_is_sent_twice_has_its_number_twice(everything: list[bytes]) -> None:
    messages, hits = replayed("dup=10%")
    assert [message for message, _ in itertools.groupby(messages)] == everything
    assert len(messages) == len(everything) + len(hits)
    assert 50 < len(hits) < 300


def test_the_same_seed_is_the_same_faults_for_all_clients_at_any_speed() -> None:
    """Also where a client has subscribed less, comes later, or begins later, and beside other faults."""
    _, hits = replayed("drop=5%")
    hit = {one.position: one for one in hits}
    assert 20 < len(hit) == len(hits)
    with FeedReplay(DEMO, faults=["drop=5%"], seed=7, speed=200) as feed:
        both = [received_by(feed.url, channels) for channels in (CHANNELS, ("ticker",))]
        assert feed.faults == hits  # each once, whoever it hits
    tickers = [one for one in hits if one.channel == "ticker"]
    assert replayed("drop=5%", channels=["ticker"])[1] == tickers
    assert len(both[1]) == len(replayed(channels=["ticker"])[0]) - len(tickers)
    late = replayed("drop=5%", start="+10s")[1]
    assert late == [one for one in hits if (one.time or 0) >= (late[0].time or 0)]
    beside = [one for one in replayed("drop=5%", "delay=10ms±10ms", "dup=5%")[1] if one.fault == "drop=5%"]
    assert sorted(beside, key=lambda one: one.position or 0) == hits
    assert {one.position for one in replayed("drop=5%", seed=8)[1]} != set(hit)


def test_what_is_late_comes_in_the_order_in_which_it_is_due(everything: list[bytes]) -> None:
    messages, _ = replayed("delay=60ms±60ms", channels=["level2", "heartbeats"])
    assert sorted(numbers(messages)) == list(range(len(messages)))
    assert numbers(messages) != sorted(numbers(messages))
    stalled, hits = replayed("stall=5s@+10s:level2")
    assert sorted(stalled) == sorted(everything)
    held = {one.time for one in hits}
    first = next(number for number, (a, b) in enumerate(zip(stalled, everything, strict=True)) if a != b)
    assert len(held) > 50
    assert is_of(everything[first], "l2_data")
    assert [one for one in stalled if is_of(one, "ticker")] == [one for one in everything if is_of(one, "ticker")]
    assert [one for one in stalled if is_of(one, "l2_data")] == [one for one in everything if is_of(one, "l2_data")]


def test_delays_are_recorded_time_and_the_last_ones_are_waited_for(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl.zst", numbered(3, 100 * MS))
    began = time.monotonic()
    with FeedReplay(path, faults=["delay=2s"], seed=7, speed=4) as feed:
        with client(feed.url) as websocket:
            websocket.send("{}")
            assert [json.loads(message)["number"] for message in websocket] == [0, 1, 2]
        feed.wait_done(HANG_TIMEOUT)
        assert [(one.kind, one.time) for one in feed.sent] == [("recorded", START + n * 100 * MS) for n in range(3)]
    assert time.monotonic() - began >= 0.5


def test_a_gap_is_so_many_frames_in_a_row(everything: list[bytes]) -> None:
    messages, hits = replayed("gap=5@+10s", "gap=3@+20s:ticker")
    assert len(hits) == 8
    assert [one for one in hits if one.fault == "gap=3@+20s:ticker"] == hits[5:]
    assert {one.channel for one in hits[5:]} == {"ticker"}
    missing = sorted(set(range(len(everything))) - set(numbers(messages)))
    assert missing[:5] == list(range(missing[0], missing[0] + 5))
    assert replayed("gap=5@+10s", start="+5s")[1] == hits[:5]
    assert replayed("gap=5@+10s", start="+10.1s")[1] == [
        one for one in hits[:5] if (one.time or 0) >= 1_795_280_530_100_000_000
    ]


def test_what_is_cut_is_text_in_a_whole_frame(everything: list[bytes]) -> None:
    messages, hits = replayed("truncate=10%")
    cut = [(one, whole) for one, whole in zip(messages, everything, strict=True) if one != whole]
    assert len(cut) == len(hits) > 50
    assert all(whole.startswith(one) for one, whole in cut)
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut[0][0])


def test_a_reordered_frame_comes_behind_the_next_one() -> None:
    messages, _ = replayed("reorder=100%", channels=["ticker"])
    pairs = [one for one in messages if is_of(one, "ticker")]
    swapped = numbers(pairs)
    assert all(a == b + 1 for a, b in zip(swapped[0:-1:2], swapped[1::2], strict=False))
    assert len(messages) == len(replayed(channels=["ticker"])[0])


@pytest.mark.parametrize("speed", ["max", 100])
@pytest.mark.parametrize(("code", "expected"), [(1012, 1012), (1006, None)])
def test_all_are_disconnected_at_a_moment_and_come_back_to_a_later_one(
    speed: str | int, code: int, expected: int | None
) -> None:
    with FeedReplay(DEMO, faults=[f"disconnect={code}@+10s"], seed=7, speed=speed, settle="50ms") as feed:
        before: list[bytes] = []
        with client(feed.url) as websocket:
            websocket.send(subscription("ticker"))
            with pytest.raises(ConnectionClosed) as closed:
                before.extend(str(message).encode() for message in iter(websocket.recv, None))
        received = closed.value.rcvd
        assert (None if received is None else received.code) == expected
        after = received_by(feed.url, ["ticker"])
        feed.wait_done(HANG_TIMEOUT)
        assert [one.outcome for one in feed.clients] == ["disconnected", "finished"]
        assert [(one.fault, one.time) for one in feed.faults] == [
            (f"disconnect={code}@+10s", 1_795_280_530_000_000_000)
        ]
    times = [json.loads(message)["timestamp"] for message in (*before, *after) if is_of(message, "ticker")]
    assert times == sorted(times)
    assert times[len(before) - 2] < "2026-11-21T17:02:10" < times[-1]


def test_who_comes_back_each_time_misses_nothing_as_fast_as_can_be_and_the_replay_ends_with_the_end(
    tmp_path: Path,
) -> None:
    path = record(tmp_path / "a.jsonl.zst", numbered(700, 10 * MS))
    faults = ("disconnect=1012@+1s", "disconnect=1006@+2s", "disconnect=1000@+6.5s")

    async def scenario() -> list[list[int]]:
        options = ReplayOptions(port=0, speed=math.inf, faults=faults, seed=7, at_end="exit")
        async with ReplayServer(path, options) as server:
            got: list[list[int]] = []
            while len(got) < 4:
                got.append([])
                async with connect(server.url) as websocket:
                    await websocket.send("{}")
                    with contextlib.suppress(ConnectionClosed):
                        while True:
                            got[-1].append(json.loads(await websocket.recv())["number"])
            await server.wait_finished()
            return got

    got = run(scenario())
    assert [one[-1] for one in got] == [100, 200, 650, 699]
    assert list(itertools.chain.from_iterable(got)) == list(range(700))


def test_the_first_handshakes_are_refused_for_which_no_client_is_to_blame() -> None:
    with FeedReplay(DEMO, faults=["refuse=2", "refuse=1:429"], seed=7) as feed:
        statuses = []
        for _ in range(3):
            with pytest.raises(InvalidStatus) as refused:
                client(feed.url)
            statuses.append(refused.value.response.status_code)
        assert statuses == [503, 503, 429]
        assert received_by(feed.url)
        assert [one.fault for one in feed.faults] == ["refuse=2", "refuse=2", "refuse=1:429"]
        assert feed._server is not None
        assert not feed._server.has_lacked


def test_the_first_authentications_fail_as_at_the_venue(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", Header("coinbase-advanced-user", created=START))
    writer.write_line(encode_frame(Frame(START, 0, b'{"channel":"user","sequence_num":0,"events":[]}')))
    path = writer.finish()
    asked = json.dumps({"type": "subscribe", "channel": "user", "jwt": "a.b.c"})
    with FeedReplay(path, faults=["auth-failure=1"], seed=7, at_end="hold") as feed, client(feed.url) as websocket:
        websocket.send(asked)
        assert "authentication failure" in str(websocket.recv(HANG_TIMEOUT))
        websocket.send(asked)
        assert "authentication failure" not in str(websocket.recv(HANG_TIMEOUT))
        assert [one.fault for one in feed.faults] == ["auth-failure=1"]
        assert feed._server is not None
        assert not feed._server.has_lacked


def test_a_slow_client_gets_so_many_bytes_a_second() -> None:
    began = time.monotonic()
    messages, hits = replayed("slow=200kB/s", channels=["ticker"])
    size = sum(map(len, messages))
    assert time.monotonic() - began >= size / 200_000 - 0.2
    assert messages == replayed(channels=["ticker"])[0]
    assert [one.fault for one in hits] == ["slow=200kB/s"]


def test_who_listens_to_events_is_not_slowed() -> None:
    with FeedReplay(DEMO, faults=["slow=1B/s"], seed=7) as feed, client(f"{feed.url}/_feedrec/events") as events:
        assert json.loads(events.recv(HANG_TIMEOUT))["type"] == "status"


def test_who_asks_how_the_replay_is_hears_of_faults() -> None:
    with FeedReplay(DEMO, faults=["drop=100%:ticker"], seed=7, at_end="hold") as feed, client(feed.url) as websocket:
        websocket.send(subscription("ticker"))
        feed.wait_until(lambda: len(feed.faults) == 197)
        with urllib.request.urlopen(f"{feed.rest_url}/_feedrec/status", timeout=HANG_TIMEOUT) as answer:
            assert json.load(answer)["faults"] == 197
        overview = f"{feed.rest_url}/_feedrec/api/overview?from=0&to=30000"
        with urllib.request.urlopen(overview, timeout=HANG_TIMEOUT) as answer:
            marks = [one["text"] for one in json.load(answer)["marks"] if one["kind"] == "fault"]
        assert len(marks) > 100
        assert marks[0].startswith("drop=100%:ticker hits coinbase-advanced ticker")


@pytest.mark.parametrize("endpoint", ["raw", "somebodys"])
def test_a_verbatim_replay_has_faults_too_and_binary_frames_stay_so(tmp_path: Path, endpoint: str) -> None:
    frames = [Frame(START + n * MS, 0, b"\xff%d" % n, binary=n % 2 == 0) for n in range(200)]
    path = record(tmp_path / "a.jsonl.zst", frames, endpoint)

    async def scenario(*faults: str) -> tuple[list[tuple[int, bytes]], list[FaultHit]]:
        options = ReplayOptions(port=0, speed=float("inf"), faults=faults, seed=7)
        async with ReplayServer(path, options) as server:
            messages = await replayed_to_raw_client(server.port)
            assert server.faults is not None
            return messages[:-1], server.faults.log.hits

    everything = as_messages(frames)
    messages, hits = run(scenario("drop=20%"))
    dropped = {one.position for one in hits}
    assert messages == [one for number, one in enumerate(everything) if number not in dropped]
    assert 10 < len(dropped) < 100
    late, _ = run(scenario("delay=20ms±20ms", "reorder=10%"))
    assert late != everything
    assert sorted(late) == sorted(everything)


def test_a_seek_forgets_what_was_held_back_and_a_fault_comes_again() -> None:
    with FeedReplay(DEMO, faults=["stall=5s@+10s:ticker"], seed=7, paused=True) as feed:
        got: list[bytes] = []
        reading = threading.Thread(target=lambda: got.extend(received_by(feed.url, ["ticker"])))
        reading.start()
        feed.wait_for_client(subscribed="ticker")
        feed.play_until("+12s")
        feed.seek("+20s")
        assert feed.step(1) == 1
        feed.seek("+9s")
        feed.play_until("+16s")
        stalled = [one for one in feed.sent if one.kind == "recorded" and is_of(one.payload, "ticker")]
        feed.set_speed("max")
        feed.resume()
        reading.join(HANG_TIMEOUT)
    times = [(one.time or 0) - 1_795_280_520 * NANOSECONDS for one in stalled]
    last = times[max(number for number, time in enumerate(times) if time < 10 * NANOSECONDS) :]
    assert [one for one in last if 10 * NANOSECONDS <= one < 15 * NANOSECONDS]
    assert last == sorted(last)


def test_what_is_late_in_a_recording_that_grows_does_not_wait_for_the_next_frame(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl", Header("raw", created=START))
    for frame in numbered(3, MS):
        writer.write_line(encode_frame(frame))
    writer.flush()
    part = part_path(writer.path)
    wait_until(lambda: part.exists() and part.read_bytes().count(b"\n") == 4)
    faults = ["delay=300ms", "gap=1@+0s", "gap=1@+5ms"]
    with FeedReplay(part, faults=faults, seed=7, speed=1) as feed, client(feed.url) as websocket:
        websocket.send("{}")
        assert [json.loads(websocket.recv(HANG_TIMEOUT))["number"] for _ in range(2)] == [1, 2]
        for frame in numbered(12, MS)[3:]:
            writer.write_line(encode_frame(frame))
        writer.finish()
        rest = [json.loads(message)["number"] for message in websocket]
    assert rest == [3, 4, *range(6, 12)]


def test_steps_pass_the_end_with_what_is_late(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl.zst", numbered(5, MS))
    with FeedReplay(path, faults=["delay=1h"], seed=7, paused=True) as feed, client(feed.url) as websocket:
        websocket.send("{}")
        feed.wait_for_client()
        assert feed.step(3) == 3
        assert feed.sent == []
        assert feed.step(10) == 2
        assert [json.loads(message)["number"] for message in websocket] == [0, 1, 2, 3, 4]


def test_a_loop_hits_the_same_frames_in_each_lap(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl.zst", numbered(20, MS))
    with FeedReplay(path, faults=["drop=30%", "reorder=30%"], seed=7, loop=True) as feed:
        with client(feed.url) as websocket:
            websocket.send("{}")
            messages = [json.loads(websocket.recv(HANG_TIMEOUT))["number"] for _ in range(60)]
        dropped = {one.position for one in feed.faults if one.fault == "drop=30%"}
    lap = 20 - len(dropped)
    assert sorted(messages[:lap]) == sorted(set(range(20)) - dropped)
    assert messages[:lap] == messages[lap : 2 * lap]


def test_a_seed_is_drawn_and_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "feedrec.replay")
    with FeedReplay(DEMO, faults=["drop=1%"]) as feed:
        seed = feed.seed
    assert f"faults: drop=1%; the same ones again with --seed {seed}" in caplog.text
    with FeedReplay(DEMO) as feed:
        assert feed.seed is None


def test_hits_are_logged_but_not_without_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "feedrec.replay")
    replayed("drop=100%:ticker")
    lines = [one for one in caplog.messages if one.startswith("drop=100%:ticker hits coinbase-advanced ticker BTC-USD")]
    assert 10 < len(lines) < 60
    assert any("faults: " in one and "left out" in one for one in caplog.messages)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"faults": ["drop=101%"]}, "more than 100%"),
        ({"faults": ["drop=1%"], "mode": "dialogue"}, "leave out --fault"),
        ({"faults": ["disconnect=1012@+1s"], "loop": True}, "leave out --clock each and --loop"),
        ({"faults": ["disconnect=1012@+1s"], "clock": "each"}, "leave out --clock each and --loop"),
        ({"faults": ["auth-failure=1"], "auth": "none"}, "--auth none checks no credentials"),
        ({"faults": ["auth-failure=1"], "mode": "verbatim"}, "--mode verbatim checks no credentials"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        FeedReplay(DEMO, **options)


def test_a_channel_that_is_not_known_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert replayed("drop=100%:tikcer", channels=["ticker"])[1] == []
    assert "has no such channel; did you mean 'ticker'?" in caplog.text


def test_a_channel_of_what_is_not_known_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with FeedReplay(record(tmp_path / "a.jsonl.zst", numbered(3)), faults=["drop=100%:ticker"]) as feed:
        assert "raw, whose channels are not known" in caplog.text
        assert feed.faults == []
