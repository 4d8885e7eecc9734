"""Times in what a client is sent are moved to when it is due, and keep their distances."""

from __future__ import annotations

from feedrec.feeds.rewriting.time_fields import TimeFields
from feedrec.feeds.venue import Pieces
from feedrec.model import format_time
from feedrec.replay.client.sending.restamping import Restamping
from feedrec.replay.clock.schedule import Schedule
from feedrec.replay.clock.time_types import Monotonic, RecordedSteady, RecordedWall

SECOND = 10**9
START = 1_786_309_548_000_000_000  # recorded, wall and steady
NOW = 1_900_000_000_000_000_000  # when the replay begins


class Stand:
    """Two clocks that go together, a schedule that begins at once, and what stamps."""

    def __init__(self) -> None:
        self.passed = 0
        self.schedule = Schedule(RecordedSteady(START), self.clock())
        self.restamping = Restamping(TimeFields(texts=("time",)), self.clock, lambda: NOW + self.passed)

    def clock(self) -> Monotonic:
        return Monotonic(5 * SECOND + self.passed)

    def stamp(self, offset: int, shift: int = 0) -> int:
        """Stamp a message of a moment so long after the start; return how long after `NOW` it says that it is."""
        wall = START + offset - shift
        self.restamping.be_at(RecordedSteady(START + offset), RecordedWall(wall))
        message = b'{"time":"%b"}' % format_time(wall).encode()
        sent = self.restamping.restamped(Pieces(message[:5], message[5:]))
        found = [n for n in range(-100, 100) if b'{"time":"%b"}' % format_time(NOW + n * SECOND).encode() == sent]
        assert len(found) == 1, sent
        return found[0]


def test_before_anything_is_due_a_message_is_of_now() -> None:
    stand = Stand()
    assert stand.stamp(0) == 0
    stand.passed = 3 * SECOND
    assert stand.stamp(1 * SECOND) == 3


def test_a_message_is_of_when_it_is_due_also_if_it_is_late() -> None:
    stand = Stand()
    stand.restamping.follow(stand.schedule)
    assert [stand.stamp(0), stand.stamp(7 * SECOND)] == [0, 7]
    stand.passed = 4 * SECOND
    assert [stand.stamp(1 * SECOND), stand.stamp(7 * SECOND)] == [1, 7]


def test_after_a_pause_times_are_later_by_as_much() -> None:
    stand = Stand()
    stand.restamping.follow(stand.schedule)
    stand.passed = 2 * SECOND
    stand.schedule.pause(stand.clock())
    stand.passed = 12 * SECOND
    assert stand.stamp(2 * SECOND) == 12  # an answer while time stands still
    stand.schedule.resume(stand.clock())
    assert stand.stamp(3 * SECOND) == 13


def test_after_a_seek_times_go_on_from_now() -> None:
    stand = Stand()
    stand.restamping.follow(stand.schedule)
    stand.passed = 2 * SECOND
    stand.schedule.seek(RecordedSteady(START + 3600 * SECOND), stand.clock())
    assert stand.stamp(3601 * SECOND) == 3


def test_a_recorder_whose_clock_was_set_makes_no_difference() -> None:
    stand = Stand()
    stand.restamping.follow(stand.schedule)
    assert [stand.stamp(1 * SECOND), stand.stamp(2 * SECOND, shift=50 * SECOND)] == [1, 2]


def test_the_wall_clock_is_looked_at_where_the_schedule_is_anchored_and_not_between() -> None:
    stand = Stand()
    ahead = 0
    stand.restamping = Restamping(TimeFields(texts=("time",)), stand.clock, lambda: NOW + stand.passed + ahead)
    stand.restamping.follow(stand.schedule)
    assert stand.stamp(0) == 0
    ahead = 30 * SECOND
    assert stand.stamp(1 * SECOND) == 1
    stand.schedule.seek(RecordedSteady(START + 2 * SECOND), stand.clock())
    assert stand.stamp(2 * SECOND) == 30
