"""Messages that are made once for all clients who get the same."""

from __future__ import annotations

import gc
from collections.abc import Hashable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from feedrec.model import Frame, FrameInfo
from feedrec.replay.client.sending.message_runs import MessageRun, RunsOfClient, SharedRuns
from feedrec.replay.client.sending.wire import message
from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.timeline.frame_batches import FrameBatch


def batch_of(payloads: Sequence[bytes], binary: Sequence[bool] = ()) -> FrameBatch:
    flags = [*binary, *[False] * len(payloads)]
    frames = [Frame(number, 0, payload, binary=flags[number]) for number, payload in enumerate(payloads)]
    times = [RecordedSteady(frame.time) for frame in frames]
    return FrameBatch(0, len(frames), frames, times, [FrameInfo()] * len(frames))


class Session:
    """
    Gives the client every second frame.

    Args:
        key: What decides on its frames, beside their number.
        most: How many frames it decides on at once.

    """

    def __init__(self, key: Hashable = "some", most: int = 1000) -> None:
        self.changes = 0
        self.key: Hashable | None = key
        self.asked = 0
        self.passed: list[bytes | None] = []
        self._most = most

    def passage_key(self, frame: Frame, info: FrameInfo) -> Hashable | None:  # noqa: ARG002
        return self.key

    def passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo]) -> Sequence[bytes | None]:  # noqa: ARG002
        self.asked += 1
        return [None if frame.time % 2 else frame.payload for frame in frames][: self._most]

    def on_passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo], messages: Sequence[bytes | None]) -> None:
        assert len(frames) == len(infos) == len(messages)
        self.passed += messages


@given(
    st.lists(st.tuples(st.binary(max_size=200), st.booleans(), st.booleans()), min_size=1, max_size=20),
    st.data(),
)
def test_a_piece_of_a_run_is_the_messages_of_its_frames(
    drawn: list[tuple[bytes, bool, bool]], data: st.DataObject
) -> None:
    frames = [Frame(0, 0, payload, binary=binary) for payload, binary, _ in drawn]
    start = data.draw(st.integers(0, len(frames) - 1))
    messages = [frame.payload if sent else None for frame, (_, _, sent) in zip(frames, drawn, strict=True)]
    run = MessageRun(frames, start, messages[start:])
    first = data.draw(st.integers(start, len(frames)))
    last = data.draw(st.integers(first, len(frames)))
    sent = [frame for frame, one in zip(frames[first:last], messages[first:last], strict=True) if one is not None]
    assert run.data(first, last) == b"".join(message(frame.payload, binary=frame.binary) for frame in sent)
    assert run.size(first, last) == sum(len(frame.payload) for frame in sent)


def test_what_a_venue_makes_of_a_binary_frame_is_text() -> None:
    run = MessageRun([Frame(0, 0, b"\xff", binary=True)], 0, [b"made"])
    assert run.data(0, 1) == message(b"made")


def test_clients_who_get_every_frame_share_one_run_and_it_goes_with_the_last_of_them() -> None:
    shared, batch = SharedRuns(), batch_of([b"a", b"b"])
    clients = [RunsOfClient(shared, None) for _ in range(3)]
    for client in clients:
        client.begin(batch._replace(first=1))
    runs = {client.at(1) for client in clients}
    assert len(runs) == 1
    assert len(shared) == 1
    del runs
    for client in clients:
        client.begin(batch_of([b"c"]))
    gc.collect()
    assert len(shared) == 0


def test_clients_with_the_same_key_share_what_one_of_them_decided() -> None:
    shared, batch = SharedRuns(), batch_of([b"%d" % number for number in range(20)])
    sessions = [Session("one"), Session("one"), Session("other")]
    clients = [RunsOfClient(shared, session) for session in sessions]
    for client, session in zip(clients, sessions, strict=True):
        client.begin(batch)
        run = client.at(4)
        assert run is not None
        assert (run.start, run.end) == (4, 20)
        assert list(client.pass_on(run, 4, 7)) == [True, False, True]
        assert session.passed == [b"4", None, b"6"]
    assert [session.asked for session in sessions] == [1, 0, 1]


def test_what_a_client_says_ends_its_run() -> None:
    session = Session()
    client = RunsOfClient(SharedRuns(), session)
    client.begin(batch_of([b"x"] * 20))
    run = client.at(0)
    assert client.at(5) is run
    session.changes += 1
    session.key = "changed"
    again = client.at(5)
    assert again is not run
    assert again is not None
    assert again.start == 5
    session.changes += 1
    session.key = None
    assert client.at(6) is None


def test_runs_of_a_few_frames_are_not_asked_for_all_the_time() -> None:
    """Where two recorded connections take turns, each run would have one frame."""
    session = Session(most=1)
    client = RunsOfClient(SharedRuns(), session)
    client.begin(batch_of([b"x"] * 80))
    assert not any(client.at(number) for number in range(80))
    assert session.asked <= 11


def test_large_frames_are_in_no_run() -> None:
    """They would be copied."""
    batch = batch_of([b"x" * (1 << 17)] * 3)
    for session in (None, Session()):
        client = RunsOfClient(SharedRuns(), session)
        client.begin(batch)
        assert client.at(0) is None


def test_without_runs_each_frame_is_asked_for() -> None:
    """An observer hears of each message, and compressing needs each by itself."""
    client = RunsOfClient(None, Session())
    client.begin(batch_of([b"x"] * 20))
    assert client.at(0) is None
