"""What one client gets of the frames that come: against a server half asked frame by frame, without a socket."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import venue_of
from feedrec.feeds.auth import Auth
from feedrec.feeds.venue import FeedServer, VenueFeed
from feedrec.model import NANOSECONDS, Frame
from feedrec.replay.client.crowd import Crowd
from feedrec.replay.client.sending.message_runs import SharedRuns
from feedrec.replay.client.sending.outlet import ClientEnded, Outlet
from feedrec.replay.client.sending.wire import message
from feedrec.replay.client.venue_session import VenueSession
from feedrec.replay.clock.time_types import RecordedWall
from feedrec.replay.live import delivery as module
from feedrec.replay.live.delivery import Delivery
from feedrec.replay.live.live_frames import LiveBatch, LiveFrames

from ..client.fake_connection import FakeConnection
from ..recordings import START, numbered
from .live_frames_of import AdvancedFrames
from .test_live_frames import lines

AUTH = Auth(now=lambda: START)
CATALOGUE = {"ticker": ["BTC-USD", "ETH-USD"], "level2": ["BTC-USD"]}


def feed() -> VenueFeed:
    found = venue_of("coinbase-advanced")
    assert found is not None
    return found


def served(runs: SharedRuns | None = None, *channels: str) -> tuple[Delivery, FeedServer, FakeConnection]:
    """Give the delivery to a client that has subscribed all products of channels, its server half, and what it gets."""
    connection = FakeConnection()
    outlet = Outlet(connection.as_connection(), deflate=False, crowd=Crowd(logging.getLogger("t"), paced=True))
    server = feed().server(CATALOGUE, {}, AUTH)
    session = VenueSession(server, None, None, outlet, lambda _: None, lambda: False)
    for channel in channels:
        products = ",".join(f'"{one}"' for one in CATALOGUE[channel])
        session.hear(f'{{"type":"subscribe","channel":"{channel}","product_ids":[{products}]}}', RecordedWall(START))
        server.on_state(dict.fromkeys(server.wanted), START)
    connection.written.clear()
    return Delivery(outlet, session, runs or SharedRuns()), server, connection


def batches(sizes: list[int], conns: list[int]) -> list[LiveBatch]:
    """Give batches of so many frames, of connections in turn."""
    live, of_conn = LiveFrames(feed(), lambda: 0), {conn: AdvancedFrames(conn) for conn in conns}
    found: list[LiveBatch] = []
    count = 0
    for number, size in enumerate(sizes, 1):
        frames = []
        for _ in range(size):
            count += 1
            source = of_conn[conns[count % len(conns)]]
            product = ("BTC-USD", "ETH-USD")[count % 3 % 2]
            frames.append(source.ticker(str(count), product) if count % 5 else source.book("update", str(count)))
        found += live.take(0, lines(*frames), number)
    return found


@given(st.lists(st.integers(1, 30), max_size=6), st.sampled_from([[0], [0, 1], [0, 0, 0, 1]]))
def test_clients_that_share_their_messages_get_what_each_would_get_by_itself(
    sizes: list[int], conns: list[int]
) -> None:
    runs = SharedRuns()
    clients = [served(runs, "ticker"), served(runs, "ticker"), served(runs, "ticker", "level2"), served(runs)]
    expected: list[list[bytes]] = [[] for _ in clients]
    oracles = [served(None, *channels)[1] for channels in (["ticker"], ["ticker"], ["ticker", "level2"], [])]
    for batch in batches(sizes, conns):
        for delivery, _, _ in clients:
            delivery.give(batch)
        for oracle, messages in zip(oracles, expected, strict=True):
            for frame, info in zip(batch.frames.frames, batch.frames.infos, strict=True):
                messages.extend(map(bytes, oracle.on_frame(frame, info)))
    for (delivery, _, connection), messages in zip(clients, expected, strict=True):
        assert b"".join(connection.written) == b"".join(map(message, messages))
        assert delivery.number == len(sizes)


def test_without_a_session_every_frame_goes_out_as_it_is() -> None:
    connection = FakeConnection()
    outlet = Outlet(connection.as_connection(), deflate=False, crowd=Crowd(logging.getLogger("t"), paced=True))
    delivery = Delivery(outlet, None, SharedRuns())
    delivery.make_due(START)
    frames = [*numbered(20), Frame(START, 0, b"\0", binary=True), Frame(START, 0, b'"' + b"x" * (1 << 19) + b'"')]
    for batch in LiveFrames(None, lambda: 0).take(0, lines(*frames), 1):
        delivery.give(batch)
    expected = [message(frame.payload, binary=frame.binary) for frame in frames]
    assert b"".join(connection.written) == b"".join(expected)


def test_what_waits_is_counted_and_leaves_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    delivery, _, _ = served()
    first, second = batches([3, 3], [0])
    monkeypatch.setattr(module, "MOST_HELD", first.size + second.size)
    for batch in (first, second):
        delivery.hold(batch)
    assert (delivery.is_overfull, delivery.is_overdue) == (False, False)
    delivery.hold(second._replace(arrived=module.LONGEST_HELD + 1))
    assert (delivery.is_overfull, delivery.is_overdue) == (True, True)
    assert [delivery.next_held() for _ in range(2)] == [first, second]
    assert (delivery.is_overfull, delivery.is_overdue) == (False, False)


def test_what_is_due_goes_out_before_frames_that_came_later_and_only_once_after_a_long_time() -> None:
    delivery, server, connection = served()
    server.on_message(b'{"type":"subscribe","channel":"heartbeats"}', START)
    server.on_state(dict.fromkeys(server.wanted), START)
    connection.written.clear()
    delivery.make_due(START)
    assert connection.written == []
    delivery.make_due(START + 2 * NANOSECONDS)
    assert b"".join(connection.written).count(b"heartbeat_counter") == 2
    delivery.make_due(START + 3600 * NANOSECONDS)
    assert b"".join(connection.written).count(b"heartbeat_counter") == 2
    delivery.make_due(START + 3601 * NANOSECONDS)
    assert b"".join(connection.written).count(b"heartbeat_counter") == 3


def test_a_client_that_is_gone_ends_it() -> None:
    delivery, _, connection = served(None, "ticker")
    connection.closing = True
    (batch,) = batches([3], [0])
    with pytest.raises(ClientEnded):
        delivery.give(batch)
