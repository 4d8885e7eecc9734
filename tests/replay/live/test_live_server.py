"""Feeds that are being recorded, served to many: real sockets, and a recorder that is made up."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Sequence
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from feedrec.errors import ServeError
from feedrec.formats.line.codec import encode_frame
from feedrec.live_messages import Clients, Parcel, ParcelKind, Wish
from feedrec.model import Event, Frame
from feedrec.replay.client.venue_session import VenueSession
from feedrec.replay.live import live_server as module
from feedrec.replay.live.live_endpoint import LiveEndpoint

from ...timing import scaled, until
from ..raw_client import run
from .fake_recorder import ADVANCED, EXCHANGE, FakeRecorder, hear, say
from .live_frames_of import AdvancedFrames, exchange

PAIR = ["BTC-USD", "ETH-USD"]


def book_of(message: Any) -> tuple[str, dict[str, str]]:
    """Return what a frame of level2 says: its type, and quantities by price."""
    (event,) = message["events"]
    return event["type"], {one["price_level"]: one["new_quantity"] for one in event["updates"]}


def test_a_client_begins_with_the_state_and_gets_all_that_comes_after_numbered_from_0() -> None:
    async def scenario() -> None:
        async with FakeRecorder(ADVANCED) as recorder:
            frames = AdvancedFrames()
            recorder.begin({"level2": PAIR, "ticker": PAIR})
            recorder.frames(frames.book("snapshot", "100"), frames.book("update", "101"))
            async with recorder.connect() as client:
                await say(client, type="subscribe", channel="level2", product_ids=["BTC-USD"])
                state, ack = await hear(client, 2)
                recorder.frames(frames.book("update", "102"), frames.ticker("5"), frames.book("update", "103"))
                more = await hear(client, 2)
            assert book_of(state) == ("snapshot", {"100": "1", "101": "1"})
            assert ack["events"] == [{"subscriptions": {"level2": ["BTC-USD"]}}]
            assert [book_of(one) for one in more] == [("update", {"102": "1"}), ("update", {"103": "1"})]
            assert [one["sequence_num"] for one in (state, ack, *more)] == [0, 1, 2, 3]

    run(scenario())


def test_what_comes_while_the_state_is_looked_for_is_given_after_it_or_is_in_it_and_never_lost_or_twice() -> None:
    async def scenario() -> None:
        async with FakeRecorder(ADVANCED) as recorder:
            frames = AdvancedFrames()
            recorder.begin({"level2": PAIR, "ticker": PAIR})
            recorder.frames(frames.book("snapshot", "100"), frames.ticker("0"))
            async with recorder.connect() as client:
                await say(client, type="subscribe", channel="ticker", product_ids=["BTC-USD"])
                await hear(client, 2)
                recorder.states_are_known.clear()
                await say(client, type="subscribe", channel="level2", product_ids=["BTC-USD"])
                await until(lambda: len(recorder.asked) == 2)
                recorder.frames(frames.ticker("1"), frames.book("update", "101"))
                recorder.frames(frames.ticker("2"), frames.book("update", "102"))
                recorder.states_are_known.set()
                before = await hear(client, 4)
                recorder.frames(frames.book("update", "103"))
                (after,) = await hear(client)
            kinds = [one["channel"] for one in before]
            assert kinds == ["ticker", "ticker", "l2_data", "subscriptions"]
            assert book_of(before[2]) == ("snapshot", {"100": "1", "101": "1", "102": "1"})
            assert book_of(after) == ("update", {"103": "1"})

    run(scenario())


def test_a_state_of_a_later_number_than_has_come_is_waited_for() -> None:
    async def scenario() -> None:
        async with FakeRecorder(ADVANCED) as recorder:
            frames = AdvancedFrames()
            recorder.begin({"level2": PAIR})
            recorder.frames(frames.book("snapshot", "100"))
            async with recorder.connect() as client:
                recorder.number += 1  # the process that knows the states has got this already
                await say(client, type="subscribe", channel="level2", product_ids=["BTC-USD"])
                await until(lambda: recorder.asked)
                for _ in range(5):
                    await asyncio.sleep(0.001)
                recorder.number -= 1
                recorder.frames(frames.book("update", "99"))
                recorder.frames(frames.book("update", "98"))
                state, _, update = await hear(client, 3)
            assert book_of(state) == ("snapshot", {"100": "1"})
            assert book_of(update) == ("update", {"98": "1"})

    run(scenario())


def test_many_clients_get_every_frame_in_order_each_from_its_own_beginning_on() -> None:
    async def one(recorder: FakeRecorder, count: int) -> list[Any]:
        async with recorder.connect() as client:
            await say(client, type="subscribe", channel="ticker", product_ids=PAIR)
            return await hear(client, count)

    async def scenario() -> None:
        async with FakeRecorder(ADVANCED) as recorder:
            frames = AdvancedFrames()
            recorder.begin({"ticker": PAIR})
            tasks = [asyncio.create_task(one(recorder, 200)) for _ in range(5)]
            number = 0
            while not all(task.done() for task in tasks):
                recorder.frames(*(frames.ticker(str(10 * number + one), PAIR[one % 2]) for one in range(10)))
                number += 1
                if number == 20:
                    tasks += [asyncio.create_task(one(recorder, 100)) for _ in range(5)]
                await asyncio.sleep(0.001)
            for heard in await asyncio.gather(*tasks):
                prices = [int(one["events"][0]["tickers"][0]["price"]) for one in heard if one["channel"] == "ticker"]
                fresh = prices[2:]  # the first may be the state, by product
                assert fresh == list(range(fresh[0], fresh[0] + len(fresh)))
                assert [one["sequence_num"] for one in heard] == list(range(len(heard)))

    run(scenario())


def test_what_is_not_recorded_is_refused_in_the_words_of_the_venue() -> None:
    async def scenario() -> None:
        async with FakeRecorder(EXCHANGE) as recorder:
            recorder.begin({"ticker": ["BTC-USD"]})
            async with recorder.connect() as client:
                await say(client, type="subscribe", channels=["ticker", "matches"], product_ids=["BTC-USD", "SOL-USD"])
                heard = await hear(client, 3)
            reasons = [one.get("reason") for one in heard]
            assert reasons == ["SOL-USD is not a valid product", "matches is not a valid channel", None]
            assert recorder.told == []

    run(scenario())


def test_what_is_not_recorded_is_wished_for_where_that_may_be_and_given_if_it_is_granted() -> None:
    async def scenario() -> None:
        async with FakeRecorder(EXCHANGE, subscribes=True) as recorder:
            recorder.begin({"ticker": ["BTC-USD"]})
            recorder.grants = {"ticker": ["BTC-USD", "SOL-USD"]}
            async with recorder.connect() as client:
                await say(client, type="subscribe", channels=["ticker"], product_ids=["SOL-USD"])
                (ack,) = await hear(client)
                recorder.frames(exchange("ticker", 1, "SOL-USD"))
                (ticker,) = await hear(client)
            assert ack["channels"][0]["product_ids"] == ["SOL-USD"]
            assert ticker["product_id"] == "SOL-USD"
            assert recorder.told == [Wish(1, 0, [{"channel": "ticker", "products": ["SOL-USD"]}])]

    run(scenario())


def test_a_wish_that_is_not_granted_is_refused_in_the_words_of_the_venue() -> None:
    async def scenario() -> None:
        async with FakeRecorder(EXCHANGE, subscribes=True) as recorder:
            recorder.begin({"ticker": ["BTC-USD"]})
            async with recorder.connect() as client:
                await say(client, type="subscribe", channels=["ticker"], product_ids=["SOL-USD"])
                assert [one["reason"] for one in await hear(client)] == ["SOL-USD is not a valid product"]
            assert len(recorder.server.wishes) == 0

    run(scenario())


def test_of_parameters_only_those_are_wished_for_that_name_what_is_not_recorded() -> None:
    """The others would come twice."""
    prices = "market@crypto_latest_price"

    async def scenario() -> None:
        async with FakeRecorder("coinmarketcap", subscribes=True) as recorder:
            recorder.begin({prices: ["1", "1027"]})
            recorder.grants = {prices: ["1", "5", "1027"]}
            async with recorder.connect(additional_headers={"X-CMC_PRO_API_KEY": "any"}) as client:
                for ids in ([1, 1027], [1, 5]):
                    await say(client, method="subscribe", channel=prices, params={"crypto_ids": ids})
                assert [one["type"] for one in await hear(client, 3)] == ["welcome", "ack", "ack"]
            assert recorder.told == [Wish(1, 0, [{"channel": prices, "params": {"crypto_ids": [5]}}])]

    run(scenario())


def test_heartbeats_that_are_not_recorded_are_made() -> None:
    async def scenario() -> None:
        async with FakeRecorder(EXCHANGE) as recorder:
            recorder.begin({"matches": ["BTC-USD"]})
            async with recorder.connect() as client:
                await say(client, type="subscribe", channels=["heartbeat"], product_ids=["BTC-USD"])
                (ack,) = await hear(client)
                recorder.frames(exchange("match", 7, trade_id=70))
                (beat,) = await hear(client)
            assert ack["type"] == "subscriptions"
            assert (beat["type"], beat["sequence"], beat["last_trade_id"]) == ("heartbeat", 7, 70)
            assert beat["time"].endswith(".000000Z")

    run(scenario())


def test_a_recorder_that_connects_again_gives_new_snapshots_and_the_numbers_of_clients_go_on() -> None:
    async def scenario() -> None:
        async with FakeRecorder(ADVANCED) as recorder:
            first, second = AdvancedFrames(0), AdvancedFrames(1)
            recorder.begin({"level2": PAIR})
            recorder.frames(first.book("snapshot", "100"))
            async with recorder.connect() as client:
                await say(client, type="subscribe", channel="level2", product_ids=["BTC-USD"])
                await hear(client, 2)
                recorder.frames(first.book("update", "101"))
                recorder.frames(
                    Event(time.time_ns(), 0, "close"),
                    Event(time.time_ns(), 1, "open"),
                    second.book("snapshot", "200"),
                    second.book("update", "201"),
                )
                recorder.begin({"level2": PAIR})  # another run takes over, whose first connection is number 0 again
                third = AdvancedFrames(0)
                recorder.frames(third.book("snapshot", "300"))
                heard = await hear(client, 4)
            assert [book_of(one)[0] for one in heard] == ["update", "snapshot", "update", "snapshot"]
            assert [one["sequence_num"] for one in heard] == [2, 3, 4, 5]

    run(scenario())


def test_snapshots_that_are_still_to_come_are_waited_for_after_a_recorder_has_connected() -> None:
    async def scenario() -> None:
        async with FakeRecorder(ADVANCED) as recorder:
            frames = AdvancedFrames()
            recorder.begin({"level2": PAIR})
            async with recorder.connect() as client:
                await say(client, type="subscribe", channel="level2", product_ids=["BTC-USD"])
                await until(lambda: recorder.asked)
                await asyncio.sleep(0.01)
                recorder.frames(frames.book("snapshot", "100"))
                snapshot, ack = await hear(client, 2)
            assert book_of(snapshot)[0] == "snapshot"
            assert ack["channel"] == "subscriptions"

    run(scenario())


def test_nobody_is_let_in_before_anything_is_recorded() -> None:
    async def scenario() -> None:
        async with FakeRecorder(ADVANCED) as recorder:
            with pytest.raises(InvalidStatus) as refused:
                async with recorder.connect():
                    pass
            assert refused.value.response.status_code == 503

    run(scenario())


def test_each_endpoint_has_its_path_and_feeds_of_the_same_one_are_one() -> None:
    async def scenario() -> None:
        async with FakeRecorder(ADVANCED, EXCHANGE, ADVANCED) as recorder:
            advanced, frames = recorder.server.urls[0], AdvancedFrames()
            assert advanced.endswith(f"/{ADVANCED}")
            assert recorder.server.urls == [advanced, advanced.replace(ADVANCED, EXCHANGE), advanced]
            recorder.begin({"ticker": ["BTC-USD"]}, 0)
            recorder.begin({"ticker": ["BTC-USD"]}, 1)
            recorder.begin({"ticker": ["ETH-USD"]}, 2)
            async with recorder.connect(0) as both, recorder.connect(1) as other:
                await say(both, type="subscribe", channel="ticker", product_ids=PAIR)
                await say(other, type="subscribe", channels=["ticker"], product_ids=["BTC-USD"])
                await hear(other)
                await until(lambda: recorder.asked)
                await asyncio.sleep(0.01)
                recorder.frames(frames.ticker("1"), place=0)
                recorder.frames(AdvancedFrames().ticker("2", "ETH-USD"), place=2)
                recorder.frames(exchange("ticker", 3), place=1)
                first, ack, second = await hear(both, 3)
                assert [one["events"][0]["tickers"][0]["price"] for one in (first, second)] == ["1", "2"]
                assert ack["events"] == [{"subscriptions": {"ticker": PAIR}}]
                assert [one["sequence"] for one in await hear(other)] == [3]

    run(scenario())


def test_an_endpoint_that_is_not_known_gives_every_frame_to_everyone() -> None:
    async def scenario() -> None:
        async with FakeRecorder("some-raw-feed") as recorder:
            recorder.begin({})
            async with recorder.connect() as client, recorder.connect() as other:
                await client.send("whatever")
                recorder.frames(Frame(time.time_ns(), 0, b'{"a":1}'), Frame(time.time_ns(), 0, b"\0\1", binary=True))
                for one in (client, other):
                    assert [await one.recv(), await one.recv()] == ['{"a":1}', b"\0\1"]

    run(scenario())


def test_a_request_of_http_gets_a_plain_answer() -> None:
    async def scenario() -> bytes:
        async with FakeRecorder(ADVANCED) as recorder:
            port = int(recorder.url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return answer

    answer = run(scenario())
    assert answer.startswith(b"HTTP/1.1 426 ")
    assert b"connect a WebSocket client to ws://127.0.0.1:" in answer


def test_a_page_of_another_site_is_not_let_in() -> None:
    async def scenario() -> None:
        async with FakeRecorder(ADVANCED, allow_hosts=["bot.example"]) as recorder:
            recorder.begin({"ticker": PAIR})
            with pytest.raises(InvalidStatus) as refused:
                async with recorder.connect(origin="https://evil.example"):
                    pass
            assert refused.value.response.status_code == 403
            async with recorder.connect(origin="https://bot.example"):
                pass

    run(scenario())


def test_clients_are_closed_with_1001_when_it_ends() -> None:
    async def scenario() -> None:
        async with FakeRecorder(ADVANCED) as recorder:
            recorder.begin({"ticker": PAIR})
            client = await recorder.connect()
            await until(lambda: recorder.server.clients == Clients(1, 1, 0))
            recorder.server.tell_clients()
            recorder.server.tell_clients()
            assert recorder.told == [Clients(1, 1, 0)]
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
        await until(lambda: recorder.server.clients == Clients(0, 1, 0))

    run(scenario())


def test_a_client_that_says_nothing_is_closed_as_the_venue_does() -> None:
    async def scenario() -> None:
        async with FakeRecorder(ADVANCED, settings={"subscribe_within": "0.01"}) as recorder:
            recorder.begin({"ticker": PAIR})
            async with recorder.connect() as client:
                with pytest.raises(ConnectionClosed) as closed:
                    await client.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008

    run(scenario())


def test_a_line_that_cannot_be_read_is_left_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with FakeRecorder("some-raw-feed") as recorder:
            recorder.begin({})
            async with recorder.connect() as client:
                await until(lambda: recorder.server.clients.now)
                good = '{"time":"2026-11-21T17:00:00.223456789Z","conn":0,"dir":"in","frame":{"a":%d}}'
                recorder.lines("\n".join([good % 1, "no line", good % 2, ""]).encode())
                assert [json.loads(await client.recv()) for _ in range(2)] == [{"a": 1}, {"a": 2}]

    run(scenario())
    assert "1 lines of some-raw-feed cannot be read" in caplog.text


def test_lines_that_came_together_are_given_together_but_not_while_a_client_waits_for_a_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[tuple[int, int, int]] = []
    take_lines = LiveEndpoint.take_lines

    def noted(self: LiveEndpoint, place: int, contents: Sequence[bytes], number: int) -> None:
        given.append((place, len(contents), number))
        take_lines(self, place, contents, number)

    monkeypatch.setattr(LiveEndpoint, "take_lines", noted)

    async def scenario() -> None:
        async with FakeRecorder(EXCHANGE, ADVANCED) as recorder:
            recorder.begin({"ticker": ["BTC-USD"]})
            lines = [encode_frame(exchange("ticker", number)).rstrip(b"\n") + b"\n" for number in range(6)]
            parcels = [Parcel(number, ParcelKind.LINES, 0, line) for number, line in enumerate(lines, 1)]
            recorder.server.take([*parcels[:2], parcels[2]._replace(feed=1), parcels[3], recorder.parcels[1]])
            recorder.number = 4
            recorder.states_are_known.clear()
            async with recorder.connect() as client:
                await say(client, type="subscribe", channels=["ticker"], product_ids=["BTC-USD"])
                await until(lambda: recorder.asked)
                recorder.server.take(parcels[4:])

    run(scenario())
    assert given == [(0, 2, 2), (1, 1, 3), (0, 1, 4), (0, 1, 5), (0, 1, 6)]


def test_an_address_that_somebody_is_about_to_leave_is_waited_for_and_one_that_is_kept_is_not_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            recorder = FakeRecorder(EXCHANGE, port=other.getsockname()[1])
            starting = asyncio.create_task(recorder.server.start())
            await asyncio.sleep(scaled(0.05))
            assert not starting.done()
        await starting
        await recorder.server.close()
        monkeypatch.setattr(module, "BIND_PATIENCE", 0)
        with socket.create_server(("127.0.0.1", 0)) as other:
            recorder = FakeRecorder(EXCHANGE, port=other.getsockname()[1])
            with pytest.raises(ServeError, match="choose another address with --serve"):
                await recorder.server.start()
            await recorder.server.close()

    run(scenario())


def test_a_bug_that_a_message_reveals_ends_its_client_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with FakeRecorder(EXCHANGE) as recorder:
            recorder.begin({"ticker": ["BTC-USD"]})
            async with recorder.connect() as client, recorder.connect() as other:
                with monkeypatch.context() as patched:
                    patched.setattr(VenueSession, "hear", lambda *_: 1 / 0)
                    await client.send("{}")
                    with pytest.raises(ConnectionClosed):
                        await client.recv()
                await other.send("{}")
                assert (await hear(other))[0]["type"] == "error"

    run(scenario())
    assert "serving it failed: ZeroDivisionError" in caplog.text
