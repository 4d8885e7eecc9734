"""A server half whose frames are hit."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.auth import Auth
from feedrec.feeds.venue import Close, FeedServer, Handshake, Pieces, Remark, Reply, Send
from feedrec.model import Frame, FrameInfo
from feedrec.replay.faults.all_faults import AllFaults
from feedrec.replay.faults.fault_log import FaultLog
from feedrec.replay.faults.faulty_server import BinaryMessage, FaultyServer, _cut
from feedrec.replay.faults.frame_faults import Frames
from feedrec.replay.faults.reading import read_faults

START = 1_795_280_520_000_000_000
MS = 1_000_000
QUIET = logging.getLogger("feedrec.tests.quiet")
QUIET.setLevel(logging.CRITICAL)


class Venue(FeedServer):
    """Numbers what it sends, answers each tenth frame too, and has something due."""

    def __init__(self, auth: Auth | None = None) -> None:
        self.number = 0
        self.auth = auth

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[bytes]:
        del info
        messages = [b"%b #%d" % (frame.payload, self.number)]
        self.number += 1
        if frame.payload.endswith(b"0"):
            messages.append(b"ack")
        return messages

    def on_due(self, time: int) -> Sequence[bytes]:
        self.next_due = time + 1000 * MS
        return (b"beat",)

    def on_message(self, message: bytes, time: int) -> list[Reply]:
        del time
        reason = self.auth and self.auth.check_jwt(message.decode())
        return [Send(b"failed"), Remark(f"is refused: {reason}")] if reason else [Send(b"welcome")]


def describe(payload: bytes) -> FrameInfo:
    return FrameInfo("subscriptions" if payload == b"ack" else "ticker")


def server_with(*texts: str, venue: FeedServer | None = None, seed: int = 7) -> tuple[FaultyServer, AllFaults]:
    faults = AllFaults(read_faults(texts), seed, FaultLog(QUIET))
    return FaultyServer(venue or Venue(), faults.of_endpoint("a", START, describe)), faults


def frames(count: int, apart: int = 10 * MS, *, binary: bool = False) -> Frames:
    """Frames at every line, some time apart."""
    infos = [FrameInfo("ticker")] * count
    made = [Frame(START + number * apart, 0, b"frame %d" % number, binary=binary) for number in range(count)]
    return Frames(made, infos, range(count))


def play(server: FaultyServer, batch: Frames, *, ends: bool = True) -> list[bytes]:
    """Play frames as a playback does: what is due before a frame leaves before it."""
    server.begin(batch, batch.frames[0].time)
    sent: list[bytes] = []
    for frame, info in zip(batch.frames, batch.infos, strict=True):
        while (due := server.next_due) is not None and due <= frame.time:
            sent += server.on_due(due)
        sent += map(bytes, server.on_frame(frame, info))
    if ends:
        server.finish(at_once=False)
        while server.held_until is not None and (due := server.next_due) is not None:
            sent += server.on_due(due)
    return sent


def numbers(messages: Sequence[bytes]) -> list[int]:
    return [int(message.split(b"#")[1]) for message in messages if b"#" in message]


def test_what_is_dropped_leaves_a_hole_and_is_noted_and_acks_are_not_hit() -> None:
    server, faults = server_with("drop=50%")
    sent = play(server, frames(40))
    assert sent.count(b"ack") == 4
    dropped = [hit.position for hit in faults.log.hits]
    assert 5 < len(dropped) < 35
    assert numbers(sent) == [number for number in range(40) if number not in dropped]


def test_what_is_sent_twice_has_its_number_twice() -> None:
    server, faults = server_with("dup=50%")
    twice = {hit.position for hit in (play(server, frames(40)), faults.log.hits)[1]}
    assert numbers(play(server_with("dup=50%")[0], frames(40))) == [
        number for number in range(40) for _ in range(2 if number in twice else 1)
    ]


def test_a_frame_that_is_swapped_comes_behind_the_next() -> None:
    server, _ = server_with("reorder=100%")
    assert numbers(play(server, frames(7))) == [1, 0, 3, 2, 5, 4, 6]


@given(seed=st.integers(0, 1000), apart=st.integers(1, 100), count=st.integers(1, 60))
def test_what_comes_later_leaves_in_the_order_in_which_it_is_due(seed: int, apart: int, count: int) -> None:
    batch = frames(count, apart * MS)
    server, _ = server_with("delay=50ms±50ms", "stall=300ms@+100ms", seed=seed)
    fates = server._faults.frames.fates(batch)
    due = [fate.due if (fate := fates.of(frame)) else frame.time for frame in batch.frames]
    assert numbers(play(server, batch)) == sorted(range(count), key=lambda number: (due[number], number))


@given(
    texts=st.lists(
        st.sampled_from(["drop=20%", "dup=20%", "reorder=20%", "truncate=20%", "delay=30ms±30ms", "stall=1s@+50ms"]),
        unique=True,
    ),
    seed=st.integers(0, 1000),
    count=st.integers(1, 60),
)
def test_every_frame_that_is_not_dropped_arrives_once_or_twice(texts: list[str], seed: int, count: int) -> None:
    server, faults = server_with(*texts, seed=seed)
    sent = [message for message in play(server, frames(count)) if message != b"ack"]
    by_fault = {fault.text.partition("=")[0]: set[int]() for fault in faults.faults}
    for hit in faults.log.hits:
        by_fault[hit.fault.partition("=")[0]].add(hit.position or 0)
    dropped, twice = by_fault.get("drop", set()), by_fault.get("dup", set())
    assert len(sent) == count - len(dropped) + len(twice)
    for position in range(count):
        whole = b"frame %d #%d" % (position, position)
        arrived = [one for one in sent if one == whole]
        if position not in by_fault.get("truncate", ()):
            assert len(arrived) == (0 if position in dropped else 2 if position in twice else 1)


def test_what_is_held_back_follows_the_wall_clock_and_is_forgotten_on_a_move() -> None:
    server, _ = server_with("delay=50ms")
    play(server, frames(1), ends=False)
    server.on_clock_set(-10 * MS)
    assert server.next_due == START + 40 * MS
    server.on_restart()
    assert server.next_due == 0  # another lap begins: it is late enough
    server.forget()
    assert server.next_due is None


def test_at_the_end_of_steps_all_leaves_at_once() -> None:
    server, _ = server_with("delay=1s", "reorder=100%")
    assert play(server, frames(3), ends=False) == [b"ack"]
    server.finish(at_once=True)
    assert numbers(server.on_due(0)) == [0, 1, 2]
    assert server.next_held is None


def test_heartbeats_go_on_in_a_stall_and_jump_without_what_is_held_back() -> None:
    venue = Venue()
    venue.next_due = START + 15 * MS
    server, _ = server_with("stall=50ms@+0s", venue=venue)
    sent = play(server, frames(6), ends=False)
    assert sent[:3] == [b"ack", b"beat", b"frame 0 #0"]
    assert numbers(sent) == list(range(6))
    server, _ = server_with("stall=50ms@+0s", venue=venue)
    play(server, frames(3), ends=False)
    server.next_due = START + 5000 * MS  # as a playback does after a hole
    assert (venue.next_due, server.next_due) == (START + 5000 * MS, START + 50 * MS)
    venue.next_due = None
    server.next_due = START
    assert venue.next_due is None


def test_who_looks_on_is_told_which_frame_a_message_is() -> None:
    server, _ = server_with("delay=15ms", "reorder=10%")
    told: list[tuple[str, int]] = []
    server.tell = told.extend
    sent = play(server, frames(12))
    assert len(told) == len(sent)
    for message, (kind, time) in zip(sent, told, strict=True):
        assert kind == ("made" if message == b"ack" else "recorded")
        if kind == "recorded":
            assert message.startswith(b"frame %d " % ((time - START) // (10 * MS)))


def test_a_disconnect_closes_who_plays_through_it_and_nobody_who_comes_later() -> None:
    """What was recorded at the moment itself is sent before."""
    server, faults = server_with("disconnect=1012@+50ms", "disconnect=1006@+80ms")
    first, second = START + 50 * MS + 1, START + 80 * MS + 1
    server.begin(frames(1), START)
    assert server.deadline == first
    assert server.on_deadline(first) == [Close(1012)]
    assert server.has_disconnected
    later = FaultyServer(Venue(), server._faults)
    later.on_open(Handshake("/", {}), START)
    later.begin(frames(1), first)
    assert later.deadline == second
    assert later.on_deadline(second) == [Close(1006)]
    assert later.deadline is None
    assert faults.log.counts == {"disconnect=1012@+50ms": 1, "disconnect=1006@+80ms": 1}
    assert [hit.time for hit in faults.log.hits] == [START + 50 * MS, START + 80 * MS]


def test_the_first_authentications_fail_as_the_venue_has_it_and_the_client_is_not_to_blame() -> None:
    faults = AllFaults(read_faults(["auth-failure=1"]), 7, FaultLog(QUIET))
    auth = Auth(now=lambda: 0, fails=faults.auth_failures.fails)
    server = FaultyServer(Venue(auth), faults.of_endpoint("a", START, describe))
    assert auth.check_jwt("token") is None  # of a request over HTTP, say
    (answer, remark) = server.on_message(b"token", START)
    assert answer == Send(b"failed")
    assert isinstance(remark, Remark)
    assert not remark.is_fault
    assert server.on_message(b"token", START) == [Send(b"welcome")]
    assert faults.log.counts == {"auth-failure=1": 1}


@given(st.text(min_size=1), st.integers(0, (1 << 64) - 1))
def test_what_is_cut_is_text_and_not_whole(text: str, where: int) -> None:
    payload = text.encode()
    cut = _cut(payload, where, is_text=True)
    assert text.startswith(cut.decode())
    assert len(cut) < len(payload) or len(payload) == 1
    assert len(_cut(payload, where, is_text=False)) <= max(1, len(payload) - 1)


def test_a_binary_frame_stays_binary_wherever_it_waits() -> None:
    server, _ = server_with("delay=5ms", venue=FeedServerOfEveryFrame())
    play(server, frames(1, binary=True), ends=False)
    assert [type(message) for message in server.on_due(START + 5 * MS)] == [BinaryMessage]


class FeedServerOfEveryFrame(FeedServer):
    """Sends every frame, in pieces."""

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[Pieces]:
        del info
        return (Pieces(frame.payload[:2], frame.payload[2:]),)
