"""What an observer hears of the messages to a client: each once, in order, before it is written."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import cast

import pytest
from websockets.protocol import State

from feedrec.model import Frame, FrameInfo
from feedrec.replay import Observer, SentMessage
from feedrec.replay.client.crowd import Crowd
from feedrec.replay.client.sending.observed_outlet import ObservedOutlet
from feedrec.replay.client.sending.outlet import ClientEnded
from feedrec.replay.client.venue_session import VenueSession

from ..fake_connection import FakeConnection

LARGE = 1 << 16


class Heard(Observer):
    """Notes what was sent, and how much had been written before."""

    def __init__(self, connection: FakeConnection) -> None:
        self.sent: list[tuple[bytes, int | None, str]] = []
        self.written: list[int] = []
        self._connection = connection

    def on_sent(self, messages: Sequence[SentMessage]) -> None:
        for message in messages:
            assert (message.client, message.binary) == (7, False)
            self.sent.append((message.payload, message.time, message.kind))
            self.written.append(len(self._connection.written))


class Place:
    """A replay that is somewhere."""

    present = 1000
    frame_at_hand: Frame | None = None


class Session:
    """A session with a venue that renumbers frames, acknowledges something, and passes on what it knows of another."""

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[bytes]:  # noqa: ARG002
        return (b"ack", frame.payload.upper(), frame.payload)


def outlet_to(connection: FakeConnection, place: Place) -> tuple[ObservedOutlet, Heard, Session]:
    heard, session = Heard(connection), Session()
    crowd = Crowd(logging.getLogger(), paced=True)
    outlet = ObservedOutlet(connection.as_connection(), deflate=False, crowd=crowd, client=7, observer=heard)
    outlet.follow(place, cast(VenueSession, session), lambda payload: FrameInfo(payload.decode().lower()))
    return outlet, heard, session


def test_it_is_told_before_the_message_is_written() -> None:
    """A client that has a message finds it among those that were sent."""
    connection = FakeConnection()
    outlet, heard, _ = outlet_to(connection, Place())
    for payload in (b"a" * LARGE, b"b", b"c"):
        outlet.add(payload, binary=False)
    outlet.hand_over()
    assert [payload[:1] for payload, *_ in heard.sent] == [b"a", b"b", b"c"]
    assert heard.written == [0, 2, 2]


def test_frames_are_recorded_if_they_were_renumbered_and_answers_are_made() -> None:
    connection = FakeConnection()
    outlet, heard, session = outlet_to(connection, Place())
    outlet.add(b"snapshot", binary=False)
    for message in session.on_frame(Frame(5, 0, b"ticker"), FrameInfo("ticker")):
        outlet.add(message, binary=False)
    outlet.add(b"heartbeat", binary=False)
    outlet.hand_over()
    assert heard.sent == [
        (b"snapshot", 1000, "made"),
        (b"ack", 5, "made"),
        (b"TICKER", 5, "recorded"),
        (b"ticker", 5, "recorded"),
        (b"heartbeat", 1000, "made"),
    ]


def test_every_frame_of_a_replay_without_a_venue_is_recorded() -> None:
    connection, place = FakeConnection(), Place()
    outlet, heard, _ = outlet_to(connection, place)
    frame = Frame(6, 0, b"any")
    place.frame_at_hand = frame
    outlet.add(frame.payload, binary=False)
    outlet.hand_over()
    assert heard.sent == [(b"any", 6, "recorded")]


def test_what_a_client_that_left_was_not_sent_is_not_told() -> None:
    connection = FakeConnection()
    outlet, heard, _ = outlet_to(connection, Place())
    outlet.add(b"a", binary=False)
    connection.state = State.CLOSED
    with pytest.raises(ClientEnded):
        outlet.hand_over()
    assert heard.sent == []
