"""What the venue's clock said, as far as frames are known."""

from __future__ import annotations

import asyncio

import pytest

from feedrec.feeds.venue import Handshake, Reply, Send
from feedrec.model import NANOSECONDS, Frame
from feedrec.replay.client.venue_time import VenueTime
from feedrec.replay.clock.time_types import RecordedWall

from .test_venue_session import HERE, NOTHING_AHEAD, NOW, Server, Stage

LATE = -40  # nanoseconds, as all times here


@pytest.mark.parametrize("ahead", [0, 1000])
def test_it_is_never_later_than_the_next_frame(ahead: int) -> None:
    time = VenueTime(ahead, ahead + LATE, lambda payload: int(payload) if payload else None)
    assert time.clock.at(500) == 500 + ahead + LATE  # no frame is known yet: as if one came that was long on its way
    time.next_payload = lambda: b"%d" % (490 + ahead)
    assert time.clock.at(500) == 490 + ahead
    assert time.clock.at(450) == 450 + ahead
    time.next_payload = lambda: b""  # it names no time
    assert time.clock.at(500) == 500 + ahead
    time.next_payload = lambda: None  # it was the last one
    assert time.clock.at(500) == 500 + ahead


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        ([], 5),
        ([900_000_000, -3], 5),  # they were only long on their way
        ([-20 * NANOSECONDS, -21 * NANOSECONDS], -20 * NANOSECONDS),
        ([20 * NANOSECONDS, 20 * NANOSECONDS - 7], 20 * NANOSECONDS),
    ],
)
def test_after_the_last_frames_it_goes_on_where_they_were(late: list[int], expected: int) -> None:
    time = VenueTime(5, own_time=lambda payload: int(payload) if payload else None)
    frames = [Frame(NOW + number, 0, b"%d" % (NOW + number + own)) for number, own in enumerate(late)]
    made_up = Frame(NOW, 0, b"7", synthetic=True)
    time.end([*frames, Frame(NOW, 0, b""), made_up])
    assert time.clock.at(NOW + 9) == NOW + 9 + expected


def test_the_server_half_has_it_from_the_beginning_and_snapshots_are_as_of_it() -> None:
    class Greeting(Server):
        def on_open(self, handshake: Handshake, time: int) -> list[Reply]:  # noqa: ARG002
            return [Send(b"%d" % self.clock.at(time))]

    stage = Stage(Greeting(), VenueTime(1000, 1000 + LATE))
    stage.session.open(Handshake("/", {}), NOW)
    assert stage.sent == [b"%d" % (NOW + 1000 + LATE)]
    stage.session.hear("subscribe", NOW)
    asyncio.run(stage.session.give_state(HERE, NOTHING_AHEAD))
    assert [call[1] for call in stage.rebuild.calls] == [HERE._replace(time=RecordedWall(NOW + 1000 + LATE))]
    assert stage.sent[1:] == [b"3 state: book"]  # the server half goes by recorded time
