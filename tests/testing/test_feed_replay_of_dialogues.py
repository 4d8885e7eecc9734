"""A dialogue as a fixture of tests: a client that does not say what was recorded fails the test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from feedrec.errors import DialogueFailedError, UsageError
from feedrec.testing import FeedReplay

from ..replay.dialogues import Line, closed, record_dialogue
from ..timing import HANG_TIMEOUT, MS
from .feeds import client

TALK: list[Line] = ['> {"op":"add","id":1}', '< {"id":1,"sum":3}', '> {"op":"end"}', closed("venue")]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return record_dialogue(tmp_path / "talk.jsonl", TALK)


def test_a_client_that_says_what_was_recorded(recording: Path) -> None:
    with FeedReplay(recording, mode="dialogue", match="ignore:id", match_timeout=HANG_TIMEOUT) as feed:
        with client(feed.url) as websocket:
            websocket.send('{"id":"mine","op":"add"}')
            assert websocket.recv() == '{"id":"mine","sum":3}'
            websocket.send('{"op":"end"}')
            with pytest.raises(ConnectionClosed):
                websocket.recv()
        feed.wait_done(HANG_TIMEOUT)
        assert [(message.payload, message.kind) for message in feed.sent] == [(b'{"id":"mine","sum":3}', "recorded")]
        assert [message.payload for message in feed.received] == [b'{"id":"mine","op":"add"}', b'{"op":"end"}']
        assert [one.outcome for one in feed.clients] == ["finished"]
        assert feed.failures == []


def test_another_message_fails_the_wait_and_the_block(recording: Path) -> None:
    """With the difference in the error, and as an object."""
    feed = FeedReplay(recording, mode="dialogue", match_timeout=HANG_TIMEOUT)
    expected = "client 1: message 1 of 2 is not the recorded one (connection 0 of talk.jsonl)\n--- recorded\n"
    feed.start()
    with client(feed.url) as websocket:
        websocket.send('{"op":"sub","id":1}')
        with pytest.raises(ConnectionClosed, match="message 1 of 2 is not the recorded one"):
            websocket.recv()
    with pytest.raises(DialogueFailedError, match=re.escape('+   "op": "sub"')):
        feed.wait_done(HANG_TIMEOUT)
    with pytest.raises(DialogueFailedError, match=re.escape(expected)):
        feed.close()
    assert [failure.kind for failure in feed.failures] == ["message"]


def test_what_was_said_right_before_the_end_is_compared(recording: Path) -> None:
    """Though nothing waits for it."""
    feed = FeedReplay(recording, mode="dialogue", match_timeout=HANG_TIMEOUT)
    feed.start()
    with client(feed.url) as websocket:
        websocket.send("nonsense")
        with pytest.raises(DialogueFailedError):
            feed.close()


def test_an_error_of_the_test_itself_is_raised_with_a_note(recording: Path) -> None:
    with pytest.raises(ZeroDivisionError) as raised:  # noqa: PT012, SIM117
        with FeedReplay(recording, mode="dialogue", match_timeout=HANG_TIMEOUT) as feed, client(feed.url) as websocket:
            websocket.send("nonsense")
            raise ZeroDivisionError
    assert "message 1 of 2 is not the recorded one" in raised.value.__notes__[0]


def test_silence_fails_what_waits(recording: Path) -> None:
    with pytest.raises(DialogueFailedError, match="message 1 of 2 did not come"):  # noqa: SIM117
        with FeedReplay(recording, mode="dialogue", match_timeout="50ms") as feed, client(feed.url):
            feed.wait_until(lambda: False, HANG_TIMEOUT)


def test_it_can_be_paused_but_not_stepped(recording: Path) -> None:
    """Each client has its own time, which stands still meanwhile."""
    with FeedReplay(recording, mode="dialogue", match_timeout=HANG_TIMEOUT) as feed, client(feed.url) as websocket:
        feed.pause()
        websocket.send('{"op":"add","id":1}')
        feed.wait_until(lambda: feed.received, HANG_TIMEOUT)
        with pytest.raises(TimeoutError):
            websocket.recv(50 * MS)
        with pytest.raises(UsageError, match="step needs one timeline for all clients"):
            feed.step()
        feed.resume()
        assert websocket.recv(HANG_TIMEOUT) == '{"id":1,"sum":3}'
        websocket.send('{"op":"end"}')
        with pytest.raises(ConnectionClosed):
            websocket.recv(HANG_TIMEOUT)


def test_options_that_make_no_sense_are_refused(recording: Path) -> None:
    with pytest.raises(UsageError, match="leave out --loop"):
        FeedReplay(recording, mode="dialogue", loop=True)
