"""A connection is replaced before it is closed, on a venue that tells all of its clients the same numbers."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from feedrec.feeds import Acceptance, Channel, Message, Notice, Subscription
from feedrec.feeds.connections.limits import ConnectionLimits
from feedrec.feeds.defaults import ClientDefaults, FeedDefaults
from feedrec.formats import create_recording
from feedrec.model import FrameInfo
from feedrec.recorder import Limits, RecordingSession
from feedrec.recorder.backoff import Backoff
from feedrec.recorder.output.counting_writer import Counts
from feedrec.recorder.session.run_options import RunOptions

from ....timing import MS, until
from ...venue import HEADER, Peer, codes, events, payloads, received, run, text, venue

BOOK = Subscription("book", ("A",))


class TickingClient(ClientDefaults):
    """Takes "ok" as the ack, "leave" as a notice, and "no" as a refusal for good."""

    acceptance: Acceptance | None = None

    def on_open(self, time: int) -> list[Message]:  # noqa: ARG002
        return [Message(b'"subscribe"')]

    def subscribe(self, subscriptions: Sequence[Subscription], time: int) -> list[Message]:  # noqa: ARG002
        return [Message(b'"more"')]

    def on_frame(self, info: FrameInfo, payload: bytes) -> Sequence[Notice]:  # noqa: ARG002
        if payload == b'"ok"':
            self.acceptance = Acceptance((BOOK,), (BOOK,))
        if payload == b'"partly"':
            self.acceptance = Acceptance((BOOK,), (), (BOOK,))
        if payload == b'"no"':
            return [Notice("refused", "fatal", "error", is_about_all=True)]
        return [Notice("the venue restarts", "warning", should_leave=True)] if payload == b'"leave"' else ()


class TickingFeed(FeedDefaults):
    name = "ticking"

    def __init__(self, limits: ConnectionLimits | None = None) -> None:
        self.connection_limits = limits or ConnectionLimits()
        self.channels = {"book": Channel("book", "")}

    def client(self, subscriptions: Sequence[Subscription], credentials: object = None) -> TickingClient:  # noqa: ARG002
        return TickingClient()


class Ticking:
    """
    A venue that acknowledges, and then tells everybody the same numbers, every few milliseconds.

    Attributes:
        acks: What it acknowledges with, connection by connection; the last one for all others.
        peers: Its clients, in the order in which they subscribed.
        asked: What each of them said.

    """

    def __init__(self, *acks: str) -> None:
        self.acks = list(acks) or ["ok"]
        self.peers: list[Peer] = []
        self.asked: list[list[bytes]] = []
        self._fed: set[Peer] = set()
        self._numbers = itertools.count()

    async def serve(self, peer: Peer) -> None:
        number = len(self.peers)
        self.peers.append(peer)
        self.asked.append([])
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            if self.acks[min(number, len(self.acks) - 1)] == "refuse":
                await peer.respond("503 Busy", "Content-Length: 0")
                return
            await peer.accept()
            while (frame := await peer.read_frame())[0].name == "TEXT":
                self.asked[number].append(frame[1])
                if len(self.asked[number]) == 1:
                    ack = self.acks[min(number, len(self.acks) - 1)]
                    await peer.write(text(f'"{ack}"'.encode()))
                    if ack == "abort":
                        peer.abort()
                        return
                    self._fed |= {peer} if ack != "silent" else set()
            self._fed.discard(peer)
            await peer.write(b"\x88\x02" + frame[1][:2])
        self._fed.discard(peer)

    async def tick(self) -> None:
        while True:
            await asyncio.sleep(0.005)
            number = next(self._numbers)
            for peer in list(self._fed):
                with contextlib.suppress(ConnectionError):
                    await peer.write(text(b"%d" % number))


@contextlib.asynccontextmanager
async def recording(
    served: Ticking,
    path: Path,
    *,
    limits: ConnectionLimits | None = None,
    max_age: float | None = None,
    max_frames: int | None = None,
) -> AsyncIterator[RecordingSession]:
    async with venue(served.serve) as url:
        session = RecordingSession(
            TickingFeed(limits),
            url,
            [BOOK],
            create_recording(path, HEADER, level=1),
            limits=Limits(None, max_frames),
            options=RunOptions(max_age=max_age),
            backoff=Backoff(0.02, 0.02),
        )
        ticking, task = asyncio.create_task(served.tick()), session.start()
        try:
            yield session
        finally:
            await session.close()
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)
            await task


def record(
    served: Ticking, path: Path, check: Callable[[RecordingSession], bool], max_age: float | None = None
) -> Counts:
    """Record until a check is true; return the figures of that moment."""

    async def go() -> Counts:
        async with recording(served, path, max_age=max_age) as session:
            await until(lambda: check(session))
            return session.progress.counts

    return run(go())


def numbers(path: Path) -> list[int]:
    """Return the numbers that were recorded, each once."""
    return sorted({int(payload) for payload in payloads(path) if payload.isdigit()})


def has_no_hole(path: Path) -> bool:
    found = numbers(path)
    return found == list(range(found[0], found[-1] + 1))


def test_a_connection_of_some_age_is_replaced_and_no_frame_is_missed(path: Path) -> None:
    counts = record(Ticking(), path, lambda one: one.progress.counts.replacements >= 2, 200 * MS)
    assert has_no_hole(path)
    assert (counts.reconnects, counts.most_open) == (0, 1)
    assert [event.details.get("replaces") for event in events(path, "open")][:3] == [None, 0, 1]
    replaced = events(path, "replaced")[:2]
    assert [(event.conn, event.details) for event in replaced] == [
        (0, {"by": 1, "reason": "its age"}),
        (1, {"by": 2, "reason": "its age"}),
    ]
    assert set(codes(path)) == {1000}
    for old, new in ((0, 1), (1, 2)):
        first = next(frame.time for frame in received(path) if frame.conn == new and frame.payload.isdigit())
        assert first < next(event.time for event in events(path, "close") if event.conn == old)


def test_a_connection_that_the_venue_will_end_is_replaced_before_that(path: Path) -> None:
    served = Ticking()

    async def go() -> None:
        async with recording(served, path) as session:
            await until(lambda: session.progress.counts.frames > 5)
            await served.peers[0].write(text(b'"leave"'))
            await until(lambda: session.progress.counts.replacements == 1)

    run(go())
    assert has_no_hole(path)
    assert [event.details for event in events(path, "replaced")] == [{"by": 1, "reason": "the venue restarts"}]


@pytest.mark.parametrize("ack", ["abort", "silent", "partly", "no"])
def test_while_no_other_can_take_its_place_the_old_connection_goes_on(path: Path, ack: str) -> None:
    served = Ticking("ok", ack, ack, "ok")
    counts = record(served, path, lambda one: one.progress.counts.replacements == 1, 100 * MS)
    assert counts.vain_replacements in {2, 3}  # the next one may have begun
    assert counts.reconnects == 0
    assert has_no_hole(path)
    assert [event.conn for event in events(path, "replaced")][:1] == [0]
    assert events(path, "replaced")[0].details["by"] == 3


def test_an_attempt_to_replace_a_connection_that_fails_says_which_one_goes_on(path: Path) -> None:
    counts = record(Ticking("ok", "refuse", "ok"), path, lambda one: one.progress.counts.replacements == 1, 100 * MS)
    assert counts.connections == 1 + counts.replacements + counts.vain_replacements  # the next one may have begun
    assert counts.reconnects == 0
    (refused,) = events(path, "refused")
    assert (refused.conn, refused.details["status"], refused.details["replaces"]) == (1, 503, 0)


def test_one_that_is_lost_while_it_is_replaced_is_a_reconnect(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedrec.recorder.session.handover.rules.OVERLAP", 100.0)
    served = Ticking()

    async def go() -> None:
        async with recording(served, path) as session:
            await until(lambda: session.progress.counts.frames > 5)
            await served.peers[0].write(text(b'"leave"'))
            await until(lambda: len(served.peers) == 2 and served.asked[1])
            served.peers[0].abort()
            before = session.progress.counts.frames
            await until(lambda: session.progress.counts.frames > before + 20)
            assert (session.progress.counts.connections, session.progress.counts.reconnects) == (2, 1)

    run(go())
    assert events(path, "replaced") == []
    assert len(served.peers) == 2


@pytest.mark.parametrize(
    "limits", [ConnectionLimits(1), ConnectionLimits(exclusive=frozenset(["book"]))], ids=["one", "exclusive"]
)
def test_where_two_are_not_allowed_the_connection_is_closed_first(path: Path, limits: ConnectionLimits) -> None:
    served = Ticking()

    async def go() -> None:
        async with recording(served, path, limits=limits, max_age=100 * MS) as session:
            await until(lambda: session.progress.counts.connections == 3)
            assert session.progress.counts.reconnects == 2

    run(go())
    assert events(path, "replaced") == []
    marks = [(event.name, event.conn) for name in ("open", "close") for event in events(path, name)]
    assert ("open", 2) in marks
    times = {(event.name, event.conn): event.time for name in ("open", "close") for event in events(path, name)}
    assert times["close", 0] <= times["open", 1]
    assert times["close", 1] <= times["open", 2]


def test_the_age_that_a_venue_documents_needs_no_option(path: Path) -> None:
    async def go() -> None:
        async with recording(Ticking(), path, limits=ConnectionLimits(max_age=200 * MS)) as session:
            await until(lambda: session.progress.counts.replacements == 1)

    run(go())


def test_what_is_subscribed_meanwhile_is_asked_of_both(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedrec.recorder.session.handover.rules.OVERLAP", 100.0)
    served = Ticking()

    async def go() -> None:
        async with recording(served, path) as session:
            await until(lambda: session.progress.counts.frames > 5)
            await served.peers[0].write(text(b'"leave"'))
            await until(lambda: len(served.asked) == 2 and served.asked[1])
            await session.subscribe(Subscription("book", ("B",)))
            await until(lambda: all(said[1:] == [b'"more"'] for said in served.asked))

    run(go())


def test_a_stop_ends_both(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedrec.recorder.session.handover.rules.OVERLAP", 100.0)
    served = Ticking()
    record(served, path, lambda _: len(served.asked) == 2 and bool(served.asked[1]), 100 * MS)
    assert codes(path) == [1000, 1000]
