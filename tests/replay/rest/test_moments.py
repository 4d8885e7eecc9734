"""The moment that is now for a request: of a client, of the one timeline, or the beginning."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from feedrec.model import NANOSECONDS
from feedrec.replay.clock.time_types import RecordedSteady, RecordedWall
from feedrec.replay.rest.audience import Audience
from feedrec.replay.rest.derived.moment import Moment, Now
from feedrec.replay.rest.moments import Moments
from feedrec.replay.timeline.frame_batches import FrameBatch
from feedrec.replay.timeline.survey import Survey
from feedrec.replay.venue.position import Position

from ..recordings import START, numbered

BEGINNING = RecordedWall(START)
HERE = "127.0.0.1"
FRAMES = numbered(4)
BATCH = FrameBatch(70, 74, FRAMES, [RecordedSteady(frame.time) for frame in FRAMES], [])


class Client(NamedTuple):
    """A client whose venue has a clock of its own."""

    number: int
    reached: tuple[FrameBatch, int] | None
    host: str = HERE
    present: RecordedWall = RecordedWall(START + 5)

    def venue_time(self, present: RecordedWall) -> int:
        return present + 100


class One:
    """The timeline of all clients."""

    def __init__(self, present: int | None, reached: Any) -> None:
        self.present = present
        self._reached = reached

    def reached(self, frames: str) -> Any:
        assert frames == "frames"
        return self._reached


def moments(one: One | None = None, survey: Survey | None = None, audience: Audience | None = None) -> Moments:
    endpoint = SimpleNamespace(
        name="a",
        frames="frames",
        timing=SimpleNamespace(beginning=BEGINNING),
        venue=None if survey is None else SimpleNamespace(survey=survey),
    )
    return Moments(cast(Any, endpoint), audience or Audience(), cast(Any, SimpleNamespace(one=one)))


def test_it_is_that_of_the_client_as_the_clock_of_its_venue_shows_it() -> None:
    audience = Audience()
    audience.come("a", Client(1, (BATCH, 2)))
    now = moments(audience=audience).now(HERE)
    assert now == Now(RecordedWall(START + 5), START + 105, (BATCH, 2))
    since = [frame.payload for frame in FRAMES[:2]]
    assert now.moment == Moment(START + 105, Position(70, since, START + 5, FRAMES[0].time))
    assert now.place == (70, 2)


def test_while_nobody_has_begun_it_is_the_beginning() -> None:
    audience = Audience()
    audience.come("a", Client(1, None))
    for its in (moments(audience=audience), moments(One(None, None)), moments()):
        now = its.now(HERE)
        assert now == Now(BEGINNING, START, None)
        assert now.moment == Moment(START)


def test_the_time_of_all_goes_on_without_clients() -> None:
    """Up to a time, or to a frame where that is known."""
    present, time = START + 9, RecordedSteady(START + 10)
    assert moments(One(present, time)).now(HERE).moment == Moment(present, before=time)
    assert moments(One(present, time)).now(HERE).place == time
    assert moments(One(present, (BATCH, 1))).now(HERE) == Now(RecordedWall(present), present, (BATCH, 1))


def test_before_a_client_has_begun_the_clock_of_the_venue_is_as_far_ahead_as_its_frames_show() -> None:
    """Not as far behind as the oldest time that they name, which may be that of a trade long ago."""
    survey = Survey({}, START, START, 60 * NANOSECONDS, -100 * NANOSECONDS)
    assert moments(survey=survey).now(HERE).time == START + 60 * NANOSECONDS
