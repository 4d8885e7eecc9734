"""A connection that the venue closes in the middle, as settings say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from feedrec.errors import UsageError
from feedrec.feeds.defaults import ServerDefaults
from feedrec.feeds.server_half.closing import ClosingServer, read_closing
from feedrec.feeds.venue import Close, Handshake, Key, Message, Remark, Reply, Send
from feedrec.model import NANOSECONDS, Frame, FrameInfo

START = 1_795_280_400 * NANOSECONDS
HELLO = Handshake("/", {})
CLOSE = Close(1012)


class Talkative(ServerDefaults):
    """Answers each message with itself and a remark, sends each frame twice, and has times of its own."""

    next_due = START
    deadline: int | None = None

    def __init__(self) -> None:
        self.heard: list[object] = []

    def on_message(self, message: bytes, time: int) -> list[Reply]:
        self.heard.append(time)
        return [Send(message), Remark("spoke")]

    def on_state(self, snapshots: Mapping[Key, bytes | None], time: int) -> list[Reply]:
        self.heard.append(time)
        return [Send(one) for one in snapshots.values() if one is not None]

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[bytes]:
        self.heard.append(info)
        return (frame.payload, frame.payload)

    def on_due(self, time: int) -> Sequence[bytes]:
        self.heard.append(time)
        return (b"due",)

    def on_deadline(self, time: int) -> list[Reply]:
        self.heard.append(time)
        return [Send(b"late")]

    def on_clock_set(self, by: int) -> None:
        self.heard.append(by)

    def on_restart(self) -> None:
        self.heard.append("again")

    def on_close(self) -> None:
        self.heard.append("closed")


def closing(**settings: str) -> ClosingServer:
    read = read_closing(settings, "venue", {1011: "Send failure"})
    assert read is not None
    server = ClosingServer(Talkative(), read)
    server.on_open(HELLO, START)
    return server


def play(server: ClosingServer, second: float) -> Sequence[Message]:
    return server.on_frame(Frame(START + round(second * NANOSECONDS), 0, b"frame"), FrameInfo())


def test_the_client_gets_exactly_so_many_frames_and_then_the_close() -> None:
    """Whatever they are: the answer to its message, the state, what is due, what was recorded."""
    server = closing(close_after="6")
    assert server.on_message(b"hi", START) == [Send(b"hi"), Remark("spoke")]
    assert server.on_state({("a", "b"): b"book", ("a", "c"): None}, START) == [Send(b"book")]
    assert server.on_due(START) == (b"due",)
    assert play(server, 1) == (b"frame", b"frame")
    assert server.deadline is None
    assert play(server, 2) == (b"frame",)
    assert server.deadline == START + 2 * NANOSECONDS
    assert play(server, 2) == ()
    assert server.on_deadline(server.deadline) == [CLOSE]


def test_the_close_follows_the_answer_that_is_the_last_frame() -> None:
    assert closing(close_after="1").on_message(b"hi", START) == [Send(b"hi"), Remark("spoke"), CLOSE]
    server = closing(close_after="1", close_code="1011")
    replies = server.on_state({("a", "b"): b"one", ("a", "c"): b"two"}, START)
    assert replies == [Send(b"one"), Close(1011, "Send failure")]


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("1m30s", 90), ("500ms", 0.5), ("1h", 3600)])
def test_the_close_comes_after_some_recorded_time(text: str, seconds: float) -> None:
    server = closing(close_after=text, close_code="1013", close_reason="bye")
    due = START + round(seconds * NANOSECONDS)
    assert server.deadline == due
    assert len(play(server, 0.1)) == 2
    assert server.deadline == due
    assert server.on_deadline(due) == [Close(1013, "bye")]


def test_recorded_time_goes_on_over_laps_and_steps_of_the_clock() -> None:
    server = closing(close_after="30s")
    play(server, 10)
    server.on_restart()
    play(server, 0)
    assert server.deadline == START + 20 * NANOSECONDS
    server.on_clock_set(-NANOSECONDS)
    assert server.deadline == START + 19 * NANOSECONDS


def test_where_nothing_is_recorded_yet_time_counts_from_the_first_frame() -> None:
    read = read_closing({"close_after": "30s"}, "venue", {})
    assert read is not None
    server = ClosingServer(Talkative(), read)
    server.on_open(HELLO, 0)
    assert server.deadline is None
    play(server, 0)
    assert server.deadline == START + 30 * NANOSECONDS


def test_the_other_server_half_keeps_its_own_deadlines() -> None:
    talkative = Talkative()
    read = read_closing({"close_after": "30s"}, "venue", {})
    assert read is not None
    server = ClosingServer(talkative, read)
    server.on_open(HELLO, START)
    talkative.deadline = START + 5
    assert server.deadline == START + 5
    assert server.on_deadline(START + 5) == [Send(b"late")]
    server.next_due = 7
    assert (talkative.next_due, server.next_due) == (7, 7)
    server.on_close()
    assert talkative.heard == [START + 5, "closed"]


def test_without_a_moment_nothing_is_closed() -> None:
    assert read_closing({}, "venue", {}) is None
    assert read_closing({"close_after": ""}, "venue", {}) is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"close_after": "soon"}, "close_after 'soon' is neither a time such as 30s or 1m30s, nor frames such as 500"),
        ({"close_after": "0"}, "neither a time"),
        ({"close_after": "0s"}, "neither a time"),
        ({"close_after": "1.5"}, "neither a time"),
        ({"close_after": "-3"}, "neither a time"),
        ({"close_after": "\u0663"}, "neither a time"),
        (
            {"close_after": "5", "close_code": "1005"},
            "close_code of venue cannot be '1005': use a close code: 1000 to",
        ),
        ({"close_after": "5", "close_code": "1015"}, "a close code"),
        ({"close_after": "5", "close_code": "0"}, "a close code: 1000 to"),
        ({"close_after": "5", "close_code": "2000"}, "a close code"),
        ({"close_after": "5", "close_code": "soon"}, "cannot be 'soon'"),
        ({"close_after": "5", "close_reason": "\u20ac" * 42}, "more than 123 bytes"),
        ({"close_code": "1012"}, "says how to close, not when: set close_after=30s"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_closing(settings, "venue", {})
