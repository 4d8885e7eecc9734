"""A recording as a venue, with real sockets: whoever subscribes, to whatever, at whatever moment."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import math
import os
import random
import re
import threading
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from feedrec.errors import UsageError
from feedrec.feeds.venue import Key
from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.model import NANOSECONDS, Event, Frame, Header, format_time
from feedrec.replay import ReplayOptions, ReplayServer
from feedrec.replay.venue.rebuild_process import RebuildProcess

from ...timing import HANG_TIMEOUT, scaled, until
from ..clocks import ManualClock

DEMO = Path(__file__).parents[3] / "feedrec" / "cli" / "demo.jsonl.zst"
PAIR = ["BTC-USD", "ETH-USD"]
EVERYTHING = [("level2", PAIR), ("ticker", PAIR), ("market_trades", PAIR), ("candles", PAIR), ("heartbeats", [])]

END = 60_000
"""Milliseconds after which the demo is over, wherever it was."""

Book = dict[tuple[str, str], str]
Parsed = dict[str, Any]


def recorded() -> list[Frame]:
    with open_recording(DEMO) as recording:
        return [record for record in recording if isinstance(record, Frame) and record.direction == "in"]


def options(**changes: Any) -> ReplayOptions:
    return ReplayOptions(**{"port": 0, "speed": math.inf, "settle": 0.02, **changes})


async def subscribe(client: ClientConnection, channel: str, products: Sequence[str], kind: str = "subscribe") -> None:
    await client.send(json.dumps({"type": kind, "channel": channel, "product_ids": list(products)}))


async def rest_of(client: ClientConnection) -> list[bytes]:
    messages: list[bytes] = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            messages.append(str(await client.recv()).encode())
    return messages


def by_hand(clock: ManualClock, /, **changes: Any) -> ReplayServer:
    """Serve the demo in a time that passes when the test says so."""
    return ReplayServer(DEMO, options(speed=1.0, settle=0, **changes), clock=clock, sleep=clock.sleep)


async def messages_until(
    client: ClientConnection, condition: Callable[[bytes], object], clock: ManualClock | None = None
) -> list[bytes]:
    """Read up to a message of which something is true; with a clock, let time pass whenever nothing comes."""
    messages: list[bytes] = []
    while not messages or not condition(messages[-1]):
        try:
            async with asyncio.timeout(None if clock is None else scaled(0.02)):
                messages.append(await next_of(client))
        except TimeoutError:
            assert clock is not None
            clock.advance(500)
    return messages


async def next_of(client: ClientConnection) -> bytes:
    return str(await client.recv()).encode()


async def replayed(server: ReplayServer, subscriptions: Sequence[tuple[str, list[str]]]) -> list[bytes]:
    async with connect(server.url, max_size=None) as client:
        for channel, products in subscriptions:
            await subscribe(client, channel, products)
        return await rest_of(client)


def run(scenario: Coroutine[Any, Any, Any], timeout: float = HANG_TIMEOUT) -> Any:
    return asyncio.run(asyncio.wait_for(scenario, timeout))


def unnumbered(payload: bytes) -> bytes:
    return re.sub(rb'"sequence_num":\d+', b"", payload, count=1)


def is_ack(payload: bytes) -> bool:
    return b'"channel":"subscriptions"' in payload


def is_beat_after(seconds: float) -> Callable[[bytes], bool]:
    """Tell a heartbeat that was sent so long after the beginning of the demo."""
    start = format_time(recorded()[0].time + round(seconds * NANOSECONDS))
    return lambda payload: b'"channel":"heartbeats"' in payload and json.loads(payload)["timestamp"] >= start


def sequence_of(messages: Sequence[bytes]) -> list[int]:
    return [json.loads(message)["sequence_num"] for message in messages]


def books_of(messages: Sequence[bytes]) -> dict[str, Book]:
    """Follow the books as a client does."""
    books: dict[str, Book] = {}
    for message in messages:
        if b'"l2_data"' not in message:
            continue
        for event in json.loads(message)["events"]:
            book = books.setdefault(event["product_id"], {})
            if event["type"] == "snapshot":
                book.clear()
            for level in event["updates"]:
                book.pop((level["side"], level["price_level"]), None)
                if level["new_quantity"] != "0":
                    book[level["side"], level["price_level"]] = level["new_quantity"]
    return books


def test_a_client_that_takes_everything_gets_all_data_frames_in_order() -> None:
    """Byte for byte but for their numbers, which have no hole; one ack per message."""

    async def scenario() -> list[bytes]:
        async with ReplayServer(DEMO, options()) as server:
            return await replayed(server, EVERYTHING)

    messages = run(scenario())
    data = [unnumbered(frame.payload) for frame in recorded() if not is_ack(frame.payload)]
    assert [unnumbered(message) for message in messages if not is_ack(message)] == data
    assert sum(map(is_ack, messages)) == len(EVERYTHING)
    assert sequence_of(messages) == list(range(len(messages)))


def test_two_clients_each_see_their_own() -> None:
    """At the same time, with different subscriptions."""

    async def scenario() -> list[list[bytes]]:
        async with ReplayServer(DEMO, options()) as server:
            wanted: list[list[tuple[str, list[str]]]] = [[("level2", ["BTC-USD"])], [("ticker", ["ETH-USD"])]]
            return await asyncio.gather(*(replayed(server, one) for one in wanted))

    for messages, mark in zip(
        run(scenario()), ((b'"l2_data"', b"BTC-USD"), (b'"channel":"ticker"', b"ETH-USD")), strict=True
    ):
        expected = [frame.payload for frame in recorded() if mark[0] in frame.payload and mark[1] in frame.payload]
        data = [message for message in messages if not is_ack(message)]
        assert [unnumbered(message) for message in data] == [unnumbered(payload) for payload in expected]
        assert sequence_of(messages) == list(range(len(messages)))
        assert sum(map(is_ack, messages)) == 1


def test_verbatim_mode_changes_nothing() -> None:
    """Every recorded frame, acks and all, to whoever says anything."""

    async def scenario() -> list[bytes]:
        async with ReplayServer(DEMO, options(mode="verbatim")) as server, connect(server.url, max_size=None) as client:
            await client.send("hello")
            return await rest_of(client)

    assert run(scenario()) == [frame.payload for frame in recorded()]


@pytest.mark.parametrize("seed", range(4))
def test_the_book_of_a_late_client_is_the_book_of_an_early_one(seed: int) -> None:
    """Joining at any time, it gets the book as of then, and its updates keep it equal to the end."""
    clock = ManualClock()

    async def scenario() -> list[bytes]:
        async with by_hand(clock) as server, connect(server.url, max_size=None) as client:
            await subscribe(client, "heartbeats", [])
            late = await messages_until(client, is_beat_after(random.Random(seed).uniform(2, 25)), clock)
            await subscribe(client, "level2", ["ETH-USD", "BTC-USD"])
            late += await messages_until(client, is_ack)
            clock.advance(END)
            return late + await rest_of(client)

    late, early = run(scenario()), [frame.payload for frame in recorded() if b'"l2_data"' in frame.payload]
    assert sequence_of(late) == list(range(len(late)))
    frames = [message for message in late if b'"l2_data"' in message]
    snapshots = [json.loads(message)["events"][0]["type"] for message in frames[:2]]
    assert snapshots == ["snapshot", "snapshot"]
    assert late.index(frames[1]) + 1 == next(
        place for place, message in enumerate(late) if is_ack(message) and b"level2" in message
    )
    first_update = unnumbered(frames[2])
    known = [unnumbered(message) for message in early if b'"l2_data"' in message]
    joined = known.index(first_update)
    assert books_of(frames[:2]) == books_of([message for message in early if b'"l2_data"' in message][:joined])
    assert [unnumbered(message) for message in frames[2:]] == known[joined:]
    assert books_of(late) == books_of(early)


def test_what_else_a_late_client_gets_first() -> None:
    """The last ticker, the last 100 trades newest first, and the candles as of then."""

    async def scenario() -> list[bytes]:
        async with ReplayServer(DEMO, options(start=middle)) as server:
            return await replayed(server, [("ticker", ["BTC-USD"]), ("market_trades", PAIR), ("candles", ["ETH-USD"])])

    frames = recorded()
    middle = frames[len(frames) // 2].time
    before = [json.loads(frame.payload) for frame in frames if frame.time < middle]
    messages: list[Parsed] = [json.loads(message) for message in run(scenario())]
    first = messages[
        : next(place for place, message in enumerate(messages) if message["events"][0].get("type") == "update")
    ]
    assert [message["channel"] for message in first] == [
        *("ticker", "subscriptions", "market_trades", "market_trades", "subscriptions", "candles", "subscriptions")
    ]
    tickers = [item for one in before if one["channel"] == "ticker" for item in one["events"][0]["tickers"]]
    assert first[0]["events"][0]["tickers"] == [item for item in tickers if item["product_id"] == "BTC-USD"][-1:]
    for message, product in zip(first[2:4], PAIR, strict=True):
        trades = [
            item for one in before if one["channel"] == "market_trades" for item in one["events"][0]["trades"][::-1]
        ]
        mine = [item for item in trades if item["product_id"] == product]
        assert message["events"][0]["trades"] == mine[::-1][:100]
    assert len(first[5]["events"][0]["candles"]) == 100


def test_from_and_to_are_a_window_with_a_book(tmp_path: Path) -> None:
    """A client of the window has, at its end, the book of one that was there from the start."""
    del tmp_path
    frames = recorded()
    start, end = frames[len(frames) // 3].time, frames[2 * len(frames) // 3].time

    async def scenario() -> tuple[list[bytes], list[bytes]]:
        async with ReplayServer(DEMO, options(start=start, end=end)) as server:
            window = await replayed(server, [("level2", PAIR)])
        async with ReplayServer(DEMO, options(end=end)) as server:
            return window, await replayed(server, [("level2", PAIR)])

    window, whole = run(scenario())
    inside = [
        unnumbered(frame.payload) for frame in frames if start <= frame.time < end and b'"l2_data"' in frame.payload
    ]
    assert [unnumbered(message) for message in window if b'"update"' in message] == inside
    assert books_of(window) == books_of(whole)


def test_unsubscribing_and_coming_back_gives_a_new_snapshot() -> None:
    """What was missed in between is in the snapshot."""
    clock = ManualClock()

    async def scenario() -> list[bytes]:
        async with by_hand(clock) as server, connect(server.url, max_size=None) as client:
            await subscribe(client, "heartbeats", [])
            await subscribe(client, "level2", ["BTC-USD"])
            messages: list[bytes] = []
            for seconds, kind in ((3, "unsubscribe"), (6, "subscribe")):
                messages += await messages_until(client, is_beat_after(seconds), clock)
                await subscribe(client, "level2", ["BTC-USD"], kind)
                messages += await messages_until(client, is_ack)
            clock.advance(END)
            return messages + await rest_of(client)

    messages = run(scenario())
    assert sequence_of(messages) == list(range(len(messages)))
    acks = [json.loads(message)["events"][0]["subscriptions"] for message in messages if is_ack(message)]
    assert [ack.get("level2") for ack in acks] == [None, ["BTC-USD"], None, ["BTC-USD"]]
    broken = [message for message in messages if b'"l2_data"' in message]
    whole = [frame.payload for frame in recorded() if b'"l2_data"' in frame.payload and b"BTC-USD" in frame.payload]
    assert sum(b'"type":"snapshot"' in message for message in broken) == 2
    assert len(broken) < len(whole)
    assert books_of(broken) == books_of(whole)


def test_a_late_book_is_rebuilt_in_another_process_unless_the_client_is_alone() -> None:
    """So nobody else is kept waiting; `python -m benchmarks late_book` has the figures. It ends with the server."""

    def process_of(server: ReplayServer) -> int | None:
        venue = server._endpoints.at("/").venue  # type: ignore[union-attr]
        worker = venue.rebuilder._beside.worker if venue is not None else None
        return worker._process.pid if worker is not None else None

    async def late_book(client: ClientConnection) -> bytes:
        await subscribe(client, "level2", ["BTC-USD"])
        while b'"snapshot"' not in (message := str(await client.recv()).encode()):
            pass
        await subscribe(client, "level2", [], "unsubscribe")
        return message

    async def scenario() -> tuple[list[bytes], int]:
        async with ReplayServer(DEMO, options(speed=4)) as server:
            async with connect(server.url, max_size=None) as late:
                await subscribe(late, "heartbeats", [])
                await late.recv()
                await late.recv()  # a beat: a recorded second has passed
                books = [await late_book(late)]
                assert process_of(server) is None
                async with connect(server.url) as other:
                    await subscribe(other, "heartbeats", [])
                    await other.recv()
                    books.append(await late_book(late))
                pid = process_of(server)
                assert pid is not None
                books.append(await late_book(late))
                assert process_of(server) == pid
            return books, pid

    books, pid = run(scenario())
    for book in books:
        assert books_of([book])["BTC-USD"]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_late_book_keeps_nobody_else_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is rebuilt for one client, another gets every frame up to the end."""
    clock = ManualClock()
    asked, may_go_on = threading.Event(), threading.Event()
    snapshots = RebuildProcess.snapshots

    def slow(rebuilder: RebuildProcess, wanted: frozenset[Key], *arguments: Any, is_alone: bool) -> Any:
        if ("level2", "BTC-USD") in wanted:
            asked.set()
            may_go_on.wait(HANG_TIMEOUT)
        return snapshots(rebuilder, wanted, *arguments, is_alone=is_alone)

    async def scenario() -> tuple[list[bytes], list[bytes]]:
        async with (
            by_hand(clock) as server,
            connect(server.url, max_size=None) as late,
            connect(server.url) as steady,
        ):
            await subscribe(steady, "ticker", PAIR)
            await subscribe(late, "heartbeats", [])
            await messages_until(late, is_beat_after(5), clock)
            await subscribe(late, "level2", PAIR)
            await until(asked.is_set)
            tickers = await messages_until(steady, lambda message: unnumbered(message) == expected[-1], clock)
            may_go_on.set()
            return tickers, await messages_until(late, is_ack)

    monkeypatch.setattr(RebuildProcess, "snapshots", slow)
    expected = [unnumbered(frame.payload) for frame in recorded() if b'"channel":"ticker"' in frame.payload]
    tickers, book = run(scenario())
    assert [unnumbered(message) for message in tickers if not is_ack(message)] == expected
    assert sum(b'"type":"snapshot"' in message for message in book) == 2


def test_a_recorded_gap_is_a_gap_in_every_lap(tmp_path: Path) -> None:
    """The client's numbers skip what the recorder never got, each time that it is played."""
    path = tmp_path / "gap.jsonl.zst"
    writer = create_recording(path, Header("coinbase-advanced"))
    ticker = b'{"channel":"ticker","sequence_num":%d,"events":[{"type":"update","tickers":[{"product_id":"BTC-USD"}]}]}'
    for number in (0, 1, 4, 5):
        writer.write_line(encode_frame(Frame(1_786_309_548 * NANOSECONDS + number, 0, ticker % number)))
    writer.finish()

    async def scenario() -> list[bytes]:
        async with ReplayServer(path, options(loop=True)) as server, connect(server.url) as client:
            await subscribe(client, "ticker", ["BTC-USD"])
            return [await next_of(client) for _ in range(13)]

    numbers = sequence_of([message for message in run(scenario()) if not is_ack(message)])
    assert [after - before for before, after in itertools.pairwise(numbers)] == [1, 3, 1, 1, 1, 3, 1, 1, 1, 3, 1]


def test_looping_begins_again_with_the_same_numbers_going_on() -> None:
    """At the end the recording starts over: a snapshot again, no hole, no second ack."""
    count = len([frame for frame in recorded() if b'"l2_data"' in frame.payload and b"BTC-USD" in frame.payload])

    async def scenario() -> list[bytes]:
        async with ReplayServer(DEMO, options(loop=True)) as server, connect(server.url, max_size=None) as client:
            await subscribe(client, "level2", ["BTC-USD"])
            return [str(await client.recv()).encode() for _ in range(2 * count + 1)]

    messages = run(scenario())
    assert sequence_of(messages) == list(range(len(messages)))
    data = [unnumbered(message) for message in messages if not is_ack(message)]
    assert data[:count] == data[count:]
    assert sum(map(is_ack, messages)) == 1


def test_who_subscribes_after_the_end_gets_the_last_state() -> None:
    """A connection that is held open still answers: with the book as the recording left it."""
    clock = ManualClock()

    async def scenario() -> list[bytes]:
        async with by_hand(clock, at_end="hold") as server, connect(server.url, max_size=None) as client:
            await subscribe(client, "level2", PAIR)
            await messages_until(client, lambda message: unnumbered(message) == unnumbered(whole[-1]), clock)
            await subscribe(client, "level2", PAIR, "unsubscribe")
            await messages_until(client, is_ack)
            await subscribe(client, "level2", PAIR)
            return await messages_until(client, is_ack)

    whole = [frame.payload for frame in recorded() if b'"l2_data"' in frame.payload]
    late = run(scenario())
    assert [json.loads(message)["channel"] for message in late] == ["l2_data", "l2_data", "subscriptions"]
    assert books_of(late) == books_of(whole)


def test_a_server_that_stops_while_it_holds_a_client_leaves_no_task_behind() -> None:
    async def scenario() -> None:
        async with ReplayServer(DEMO, options(at_end="hold")) as server, connect(server.url, max_size=None) as client:
            await subscribe(client, "candles", ["BTC-USD"])
            await client.recv()
            await asyncio.sleep(scaled(0.3))
            before = asyncio.all_tasks()
            await server.close()
            await rest_of(client)
            assert not [task for task in before & asyncio.all_tasks() if "Event.wait" in repr(task)]

    run(scenario())


def test_a_client_that_does_not_subscribe_is_closed() -> None:
    """After the venue's time for it, which can be changed, as the code can."""

    async def scenario() -> tuple[int | None, str | None]:
        settings = {"subscribe_within": "0.2", "subscribe_within_code": "1000"}
        async with ReplayServer(DEMO, options(settings=settings)) as server, connect(server.url) as client:
            await client.send('{"type":"unsubscribe","channel":"level2"}')
            await rest_of(client)
            return client.protocol.close_code, client.protocol.close_reason

    assert run(scenario()) == (1000, "no subscribe message within 0.2 seconds")


def test_asking_for_what_the_recording_lacks_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """One line says who asks for what, and what there is."""

    async def scenario() -> bool:
        async with ReplayServer(DEMO, options()) as server:
            await replayed(server, [("level2", ["SOL-USD", "BTC-USD"])])
            return server.has_lacked

    with caplog.at_level(logging.WARNING, logger="feedrec"):
        assert run(scenario())
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == "client 1 asks for level2 SOL-USD, which the recording lacks; it has BTC-USD, ETH-USD"


def test_a_client_whose_limit_is_too_low_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Close code 1009 of the client becomes a line that says what to do."""

    async def scenario() -> None:
        async with ReplayServer(DEMO, options(at_end="hold")) as server, connect(server.url, max_size=5000) as client:
            await subscribe(client, "level2", PAIR)
            await rest_of(client)

    with caplog.at_level(logging.WARNING, logger="feedrec"):
        run(scenario())
    (line,) = [record.getMessage() for record in caplog.records]
    assert "closed with 1009" in line
    assert "docs/clients.md" in line


def test_heartbeats_come_by_the_second_where_none_were_recorded(tmp_path: Path) -> None:
    """A recording without them still keeps its clients alive."""
    path = tmp_path / "quiet.jsonl.zst"
    writer = create_recording(path, Header("coinbase-advanced"))
    ticker = b'{"channel":"ticker","sequence_num":%d,"events":[{"type":"update","tickers":[{"product_id":"BTC-USD"}]}]}'
    start = 1_786_309_548 * NANOSECONDS
    for number in range(3):
        writer.write_line(encode_frame(Frame(start + number * 2 * NANOSECONDS, 0, ticker % number)))
    writer.finish()

    async def scenario() -> list[bytes]:
        async with ReplayServer(path, options()) as server:
            return await replayed(server, [("ticker", ["BTC-USD"]), ("heartbeats", [])])

    messages = [json.loads(message) for message in run(scenario())]
    assert [message["channel"] for message in messages] == [
        *("subscriptions", "subscriptions", "ticker", "heartbeats", "heartbeats", "ticker", "heartbeats", "heartbeats"),
        "ticker",
    ]
    stamps = [message["timestamp"] for message in messages if message["channel"] == "heartbeats"]
    assert stamps == [f"{format_time(start + second * NANOSECONDS)[:19]}Z" for second in (1, 2, 3, 4)]


def test_several_files_are_one_venue(tmp_path: Path) -> None:
    """A run that was cut into two files replays as one; a gap between them is none in the numbers."""
    with open_recording(DEMO) as recording:
        records = list(recording)
        header = recording.header
    half = len(records) // 2
    paths = []
    for number, part in enumerate((records[:half], records[half:])):
        writer = create_recording(tmp_path / f"{number}.jsonl.zst", header)
        for record in part:
            writer.write_line(encode_event(record) if isinstance(record, Event) else encode_frame(record))
        paths.append(writer.finish())

    async def scenario() -> list[bytes]:
        async with ReplayServer(paths, options()) as server:
            return await replayed(server, EVERYTHING)

    messages = run(scenario())
    data = [unnumbered(frame.payload) for frame in recorded() if not is_ack(frame.payload)]
    assert [unnumbered(message) for message in messages if not is_ack(message)] == data
    assert sequence_of(messages) == list(range(len(messages)))


def test_what_cannot_be_a_venue_is_refused(tmp_path: Path) -> None:
    """Two endpoints at once, or an unknown one, can only be replayed verbatim."""
    other = create_recording(tmp_path / "other.jsonl.zst", Header("elsewhere")).finish()

    async def start(paths: Sequence[Path], **changes: Any) -> None:
        async with ReplayServer(paths, options(**changes)):
            pass

    with pytest.raises(UsageError, match="--mode verbatim"):
        run(start([DEMO, other]))
    with pytest.raises(UsageError, match="unknown endpoint 'elsewhere'"):
        run(start([other], mode="venue"))
    with pytest.raises(UsageError, match="no setting 'nonsense'"):
        run(start([DEMO], settings={"nonsense": "1"}))
    run(start([other]))
    run(start([DEMO, other], mode="verbatim"))


def test_who_joins_at_the_present_ends_with_the_same_book() -> None:
    """One time for all: a second client begins with the book as of now, as does a subscription that comes later."""
    clock = ManualClock()

    async def late_to(server: ReplayServer) -> list[bytes]:
        async with connect(server.url, max_size=None) as client:
            await subscribe(client, "level2", ["BTC-USD"])
            messages = await messages_until(client, is_ack)
            clock.set_to(12_000)
            await subscribe(client, "level2", ["ETH-USD"])
            messages += await messages_until(client, is_ack)
            clock.advance(END)
            return messages + await rest_of(client)

    async def scenario() -> tuple[list[bytes], list[bytes]]:
        async with by_hand(clock, clock="shared") as server, connect(server.url, max_size=None) as client:
            await subscribe(client, "level2", PAIR)
            early = await messages_until(client, is_ack)
            clock.set_to(8_000)
            rest = asyncio.create_task(rest_of(client))
            return await late_to(server), early + await rest

    late, early = run(scenario())
    assert sequence_of(late) == list(range(len(late)))
    assert len(late) < len(early)
    assert books_of(late) == books_of(early)
    updates = [unnumbered(message) for message in late if b'"update"' in message and b"BTC-USD" in message]
    assert updates == [unnumbered(message) for message in early if b"BTC-USD" in message][-len(updates) :]


def test_verbatim_plays_to_who_only_listens(tmp_path: Path) -> None:
    """A client of a feed that needs no subscription says nothing, and gets everything."""
    path = tmp_path / "a.jsonl.zst"
    with create_recording(path, Header("raw")) as writer:
        writer.write(Frame(1_795_280_400 * NANOSECONDS, 0, b"[1]"))
        writer.write(Frame(1_795_280_400 * NANOSECONDS, 0, b"\x00", binary=True))

    async def listen() -> list[str | bytes]:
        async with ReplayServer(path, ReplayOptions(port=0)) as server, connect(server.url) as connection:
            return [message async for message in connection]

    assert asyncio.run(asyncio.wait_for(listen(), HANG_TIMEOUT)) == ["[1]", b"\x00"]
