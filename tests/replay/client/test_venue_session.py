"""A client's session with the venue: what is said reaches the server half, and what it decides is carried out."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Collection, Mapping
from typing import Any, cast

from feedrec.feeds.auth import Auth
from feedrec.feeds.venue import Close, Handshake, Key, Remark, Reply, Send
from feedrec.replay.client.crowd import Crowd
from feedrec.replay.client.sending.outlet import Outlet
from feedrec.replay.client.venue_session import VenueSession
from feedrec.replay.client.venue_time import VenueTime
from feedrec.replay.clock.time_types import RecordedSteady, RecordedWall
from feedrec.replay.timeline.coming_snapshots import ComingSnapshots, Outlook
from feedrec.replay.timeline.frame_batches import FrameBatch
from feedrec.replay.venue.rebuild import Position
from feedrec.replay.venue.rebuild_process import RebuildProcess

from ...timing import HANG_TIMEOUT
from ..fake_venue import START, FakeServer
from .fake_connection import FakeConnection

NOW = RecordedWall(START + 3_000_000)
HERE = Position(0, [], NOW)
NOTHING_AHEAD = Outlook(FrameBatch(0, 0, [], [], []), 0, RecordedSteady(NOW), None)


class Server(FakeServer):
    """A server half whose replies are told beforehand."""

    def __init__(self, *replies: Reply) -> None:
        super().__init__({}, Auth(now=lambda: 0))
        self.told: list[object] = []
        self._replies = list(replies)

    def on_open(self, handshake: Handshake, time: int) -> list[Reply]:
        self.told.append((handshake.target, time))
        return self._replies

    def on_message(self, message: bytes, time: int) -> list[Reply]:
        self.told.append((message, time))
        return super().on_message(message, time) if message == b"subscribe" else self._replies

    def on_silence(self) -> list[Reply]:
        return self._replies


class Rebuild:
    """Gives the same snapshot always."""

    def __init__(self) -> None:
        self.calls: list[tuple[frozenset[Key], Position, bool]] = []
        self.stopped: threading.Event | None = None

    def snapshots(
        self, wanted: frozenset[Key], position: Position, stopped: threading.Event, *, is_alone: bool
    ) -> Mapping[Key, bytes | None]:
        self.calls.append((wanted, position, is_alone))
        self.stopped = stopped
        return dict.fromkeys(wanted, b"book")


class Coming:
    """Says of everything that it comes."""

    def __init__(self) -> None:
        self.asked: list[Collection[Key]] = []

    async def find(self, wanted: Collection[Key], outlook: Outlook) -> set[Key]:
        assert outlook is NOTHING_AHEAD
        self.asked.append(wanted)
        return set(wanted)


class Stage:
    """A session, and what comes of it."""

    def __init__(self, server: Server, time: VenueTime | None = None) -> None:
        self.connection = FakeConnection()
        self.remarks: list[str] = []
        self.rebuild = Rebuild()
        outlet = Outlet(self.connection.as_connection(), deflate=False, crowd=Crowd(logging.getLogger(), paced=True))
        rebuilder: Any = self.rebuild
        rebuild, coming = cast(RebuildProcess, rebuilder), cast(ComingSnapshots, Coming())
        self.session = VenueSession(server, rebuild, coming, outlet, self._remark, lambda: True, time)

    def _remark(self, remark: Remark) -> None:
        self.remarks.append(remark.text)

    @property
    def sent(self) -> list[bytes]:
        return [data[2:] for data in self.connection.written]


def test_what_the_server_half_decides_is_carried_out() -> None:
    """In order: messages are sent, remarks are passed on, and the connection is to be closed."""
    for say in ("open", "hear", "hear_nothing"):
        stage = Stage(Server(Send(b"1"), Remark("no"), Send(b"2"), Close(4000, "bye")))
        session = stage.session
        if say == "open":
            session.open(Handshake("/", {}), NOW)
        elif say == "hear":
            session.hear("hello", NOW)
        else:
            session.hear_nothing()
        assert stage.sent == [b"1", b"2"]
        assert stage.remarks == ["no"]
        assert session.dismissal == Close(4000, "bye")


def test_the_server_half_is_told_what_is_said_and_when() -> None:
    """Text and binary messages alike, as bytes."""
    server = Server()
    session = Stage(server).session
    session.open(Handshake("/path", {}), NOW)
    session.hear("text", NOW)
    session.hear(b"\x00", RecordedWall(NOW + 1))
    assert server.told == [("/path", NOW), (b"text", NOW), (b"\x00", NOW + 1)]
    assert session.dismissal is None


def test_a_subscription_waits_until_its_state_is_given() -> None:
    """Then it has been sent, as of the position."""
    stage = Stage(Server())
    session = stage.session

    async def scenario() -> None:
        session.hear("subscribe", NOW)
        assert session.waits_for_state
        assert session.needs_attention
        await session.give_state(HERE, NOTHING_AHEAD)

    assert not session.needs_attention
    asyncio.run(scenario())
    assert stage.rebuild.calls == [(frozenset([("all", "X")]), HERE, True)]
    assert stage.sent == [b"3 state: book"]
    assert not session.waits_for_state
    assert not session.needs_attention
    assert session.has_subscribed


def test_who_waits_for_a_frame_is_woken_by_a_subscription() -> None:
    """Or by the time, or at once if a subscription waits already."""
    session = Stage(Server()).session

    async def scenario() -> None:
        await session.state_wanted_within(0.01)
        assert not session.waits_for_state
        waiting = asyncio.create_task(session.state_wanted_within(HANG_TIMEOUT))
        await asyncio.sleep(0)
        session.hear("subscribe", NOW)
        await waiting
        assert session.waits_for_state
        await session.state_wanted_within(HANG_TIMEOUT)

    asyncio.run(asyncio.wait_for(scenario(), HANG_TIMEOUT / 2))


def test_another_lap_has_the_state_given_anew() -> None:
    stage = Stage(Server())
    stage.session.begin_lap()
    assert stage.session.waits_for_state
    asyncio.run(stage.session.give_state(HERE, NOTHING_AHEAD))
    assert stage.sent == [b"3 state: book"]


def test_what_will_be_due_needs_attention() -> None:
    server = Server()
    session = Stage(server).session
    assert session.next_due is None
    server.next_due = NOW + 5
    assert session.next_due == NOW + 5
    assert session.needs_attention
    assert session.due_messages(RecordedWall(NOW + 5)) == ()


def test_stopping_ends_what_is_being_rebuilt() -> None:
    stage = Stage(Server())
    stage.session.hear("subscribe", NOW)
    asyncio.run(stage.session.give_state(HERE, NOTHING_AHEAD))
    assert stage.rebuild.stopped is not None
    assert not stage.rebuild.stopped.is_set()
    stage.session.stop()
    assert stage.rebuild.stopped.is_set()
