"""A replay that a test steers, with real clients: in the same thread, in others, and in an event loop."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.asyncio.client import connect as connect_asyncio
from websockets.sync.client import ClientConnection

from feedrec.errors import UsageError, WaitTimeoutError
from feedrec.formats import open_recording
from feedrec.model import NANOSECONDS, Frame
from feedrec.testing import FeedReplay

from ..replay.recordings import START, frames_of, numbered, record
from ..timing import HANG_TIMEOUT, MS
from .feeds import CHANNELS, DEMO, client, subscription

SECOND = NANOSECONDS


def taken(websocket: ClientConnection, count: int) -> list[bytes]:
    """Receive so many messages, and make sure that there are no more."""
    messages = [websocket.recv(HANG_TIMEOUT) for _ in range(count)]
    with pytest.raises(TimeoutError):
        websocket.recv(20 * MS)
    return [message.encode() if isinstance(message, str) else message for message in messages]


def greeted(feed: FeedReplay, websocket: ClientConnection) -> None:
    """Have a client of a recording without a venue say something, and wait until it was heard."""
    number = len(feed.received)
    websocket.send("hello")
    feed.wait_until(lambda: len(feed.received) > number, HANG_TIMEOUT)


def test_nothing_is_played_until_the_test_says_so(tmp_path: Path) -> None:
    frames = numbered(10, SECOND)
    with FeedReplay(record(tmp_path / "a.jsonl", frames), paused=True) as feed, client(feed.url) as websocket:
        greeted(feed, websocket)
        assert taken(websocket, 0) == []
        assert feed.position == 0
        assert feed.step(3) == 3
        assert taken(websocket, 3) == [frame.payload for frame in frames[:3]]
        assert feed.step() == 1
        assert feed.position == 4
        assert feed.play_until("+6.5s") == 3
        assert taken(websocket, 4) == [frame.payload for frame in frames[3:7]]
        assert feed.play_until(START + 8 * SECOND) == 1
        feed.resume()
        assert [message.encode() for message in websocket if isinstance(message, str)] == [
            frame.payload for frame in frames[7:]
        ]
        feed.wait_done(HANG_TIMEOUT)


def test_a_step_is_written_when_it_returns() -> None:
    """A client that subscribed before has it: however late it looks."""
    with FeedReplay(DEMO, paused=True) as feed, client(feed.url) as websocket:
        for channel in CHANNELS:
            websocket.send(subscription(channel))
        feed.wait_for_client(subscribed=CHANNELS, timeout=HANG_TIMEOUT)
        assert feed.step(50) == 50
        sent = feed.sent
        assert len([message for message in sent if message.kind == "recorded"]) > 40
        assert taken(websocket, len(sent)) == [message.payload for message in sent]
        assert feed.sent == sent


def test_it_goes_on_at_another_moment(tmp_path: Path) -> None:
    """Forward and back; frames that are passed over are not sent."""
    frames = numbered(10, SECOND)
    with FeedReplay(record(tmp_path / "a.jsonl", frames), paused=True) as feed, client(feed.url) as websocket:
        greeted(feed, websocket)
        feed.step(2)
        feed.seek("+7s")
        feed.step(1)
        feed.seek(START + SECOND)
        feed.step(2)
        numbers = [json.loads(message)["number"] for message in taken(websocket, 5)]
    assert numbers == [0, 1, 7, 1, 2]


def test_a_client_is_told_the_state_where_it_goes_on() -> None:
    with FeedReplay(DEMO, paused=True) as feed, client(feed.url) as websocket:
        websocket.send(subscription("level2", ["BTC-USD"]))
        feed.wait_for_client(subscribed="level2", timeout=HANG_TIMEOUT)
        feed.step(100)
        before = len(feed.sent)
        feed.seek("+20s")
        assert [message.json()["events"][0]["type"] for message in feed.sent[before:]] == ["snapshot"]


def test_all_clients_are_at_the_same_place(tmp_path: Path) -> None:
    """Each in a thread of its own; a step waits for all of them."""
    frames = numbered(6, SECOND)
    got: dict[int, list[str | bytes]] = {}
    ready = threading.Barrier(4)

    def listen(number: int, url: str) -> None:
        with client(url) as websocket:
            websocket.send("hello")
            ready.wait(HANG_TIMEOUT)
            got[number] = list(websocket)

    with FeedReplay(record(tmp_path / "a.jsonl", frames), paused=True) as feed:
        threads = [threading.Thread(target=listen, args=(number, feed.url)) for number in range(3)]
        for thread in threads:
            thread.start()
        ready.wait(HANG_TIMEOUT)
        feed.wait_until(lambda: len(feed.received) == 3, HANG_TIMEOUT)
        feed.step(2)
        assert [one.sent for one in feed.clients] == [2, 2, 2]
        assert feed.step(99) == 4
        feed.wait_done(HANG_TIMEOUT)
        for thread in threads:
            thread.join(HANG_TIMEOUT)
    assert list(got.values()) == [[frame.payload.decode() for frame in frames]] * 3


def test_a_client_in_an_event_loop_is_stepped_from_there(tmp_path: Path) -> None:
    frames = numbered(4, SECOND)
    path = record(tmp_path / "a.jsonl", frames)

    async def scenario() -> list[str | bytes]:
        got = []
        async with FeedReplay(path, paused=True) as feed, connect_asyncio(feed.url) as websocket:
            await websocket.send("hello")
            await asyncio.to_thread(feed.wait_until, lambda: feed.received, HANG_TIMEOUT)
            for _ in frames:
                await asyncio.to_thread(feed.step)
                got.append(await websocket.recv())
        return got

    assert asyncio.run(scenario()) == [frame.payload.decode() for frame in frames]


def test_steps_go_over_all_endpoints_in_the_order_of_time(tmp_path: Path) -> None:
    payloads = [b'{"type":"heartbeat","product_id":"BTC-USD","sequence":%d}' % number for number in range(3)]
    with open_recording(DEMO) as demo:
        first = next(record.time for record in demo if isinstance(record, Frame) and record.direction == "in")
    late = [Frame(first + frame.time - START + 1, 0, frame.payload) for frame in frames_of(payloads)]
    record(tmp_path / "other.jsonl", late, "coinbase-exchange")
    with FeedReplay(DEMO, tmp_path, paused=True) as feed, client(feed.urls["coinbase-exchange"]) as websocket:
        websocket.send('{"type":"subscribe","channels":["heartbeat"],"product_ids":["BTC-USD"]}')
        feed.wait_for_client(subscribed="heartbeat", timeout=HANG_TIMEOUT)
        feed.step(1)
        assert not [message for message in feed.sent if message.kind == "recorded"]
        feed.step(40)
        assert [message.payload for message in feed.sent if message.kind == "recorded"] == payloads


def test_a_replay_can_be_paused_and_its_speed_changed(tmp_path: Path) -> None:
    """Also where each client has its own timeline."""
    frames = numbered(5, 3600 * SECOND)
    with FeedReplay(record(tmp_path / "a.jsonl", frames), speed=1) as feed, client(feed.url) as websocket:
        websocket.send("hello")
        assert len(taken(websocket, 1)) == 1
        feed.pause()
        feed.set_speed("max")
        assert taken(websocket, 0) == []
        feed.resume()
        assert len(list(websocket)) == 4
        assert (feed.position, feed.present) == (None, None)
        with pytest.raises(UsageError, match="paused=True"):
            feed.step()


def test_the_same_steps_give_the_same_bytes_at_any_speed() -> None:
    """Made frames are stamped by the position, not by a clock."""

    def bytes_sent(speed: float | str) -> list[tuple[int, bytes, int | None, str]]:
        with FeedReplay(DEMO, speed=speed, paused=True) as feed, client(feed.url) as one, client(feed.url) as other:
            feed.step(100)
            one.send(subscription("level2"))
            feed.wait_for_client(subscribed="level2", timeout=HANG_TIMEOUT)
            feed.step(100)
            other.send(subscription("heartbeats"))
            feed.wait_for_client(subscribed="heartbeats", timeout=HANG_TIMEOUT)
            feed.play_until("+9s")
            sent = [(message.client, message.payload, message.time, message.kind) for message in feed.sent]
            return sorted(sent, key=lambda message: message[0])  # each client has its order

    assert bytes_sent("max") == bytes_sent(50)


def reads_nothing(url: str) -> socket.socket:
    """Connect a client that says something and reads nothing."""
    sock = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
    lines = ("GET / HTTP/1.1", "Host: test", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    sock.sendall("\r\n".join([*lines, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]).encode())
    sock.sendall(b"\x81\x82\0\0\0\0{}")
    return sock


def test_a_step_that_takes_too_long_says_what_was_seen(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl", frames_of([b"x" * 4_000_000] * 20))
    with FeedReplay(path, paused=True) as feed, reads_nothing(feed.url):
        feed.wait_until(lambda: feed.received, HANG_TIMEOUT)
        with pytest.raises(
            WaitTimeoutError, match=r"for a step of 20, at ws.*: client 1 .* connected, subscribed nothing"
        ):
            feed.step(20, timeout=0.1)


@pytest.mark.parametrize("moment", ["soon", 1.5, None, True])
def test_a_moment_that_is_none_is_refused(moment: object) -> None:
    with FeedReplay(DEMO, paused=True) as feed, pytest.raises(UsageError, match="the moment is a time such as"):
        feed.play_until(moment)  # type: ignore[arg-type]


def test_what_is_closed_cannot_be_steered() -> None:
    with FeedReplay(DEMO, paused=True) as feed:
        pass
    steers: list[Callable[[], object]] = [feed.step, feed.pause, feed.resume, lambda: feed.position]
    for steer in steers:
        with pytest.raises(UsageError, match="this replay is closed"):
            steer()


@pytest.mark.parametrize("count", [1.5, "3", True, -1, None])
def test_a_count_that_is_none_is_refused_and_changes_nothing(count: object) -> None:
    with FeedReplay(DEMO, paused=True) as feed:
        with pytest.raises(UsageError, match="a step is a whole number, 0 or more"):
            feed.step(count)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="the count is a whole number, 1 or more"):
            feed.wait_for_client(0)
        assert (feed.step(2), feed.position) == (2, 2)


def test_one_client_of_several_is_steered_where_each_has_its_own_time(tmp_path: Path) -> None:
    """The status tells of each."""
    path = record(tmp_path / "a.jsonl", numbered(20, SECOND))
    with FeedReplay(path, clock="each", speed=0.001) as feed, client(feed.url) as one, client(feed.url) as other:
        for websocket in (one, other):
            websocket.send("hello")
            websocket.recv(HANG_TIMEOUT)
        feed.pause(client=2)
        feed.set_speed(0.01, client=1)
        assert [(told.state, told.speed) for told in feed.status.clients] == [("playing", 0.01), ("paused", 0.001)]
        assert feed.step(3, client=2) == 3
        assert taken(other, 3) == [b'{"number":%d}' % number for number in (1, 2, 3)]
        feed.seek("+10s", client=2)
        feed.resume(client=2)
        assert other.recv(HANG_TIMEOUT) == '{"number":10}'
        assert feed.status.frames == 6
        with pytest.raises(UsageError, match="there is no client 3"):
            feed.pause(client=3)


def test_a_program_steers_the_same_replay_over_http(tmp_path: Path) -> None:
    with FeedReplay(record(tmp_path / "a.jsonl", numbered(20, SECOND)), paused=True) as feed:
        request = urllib.request.Request(f"{feed.control_url}/step?frames=7", method="POST")
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)["played"] == 7
        assert feed.position == 7
