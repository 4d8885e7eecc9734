"""One time for all clients."""

from __future__ import annotations

from feedrec.replay.clock.shared_clock import SharedTime
from feedrec.replay.clock.tempo import Tempo
from feedrec.replay.clock.time_types import Monotonic, RecordedSteady

START = RecordedSteady(1_786_309_548_000_000_000)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 5_000

    def __call__(self) -> Monotonic:
        return Monotonic(self.now)


def shared_time(beginning: RecordedSteady | None, speed: float, clock: Clock) -> SharedTime:
    return SharedTime(beginning, Tempo(speed, clock), clock)


def test_it_begins_with_the_first_client_at_the_common_beginning() -> None:
    """Though that client's own first frame is later; until then there is no present."""
    clock = Clock()
    time = shared_time(START, 2.0, clock)
    assert time.present is None
    schedule = time.begin(RecordedSteady(START + 900))
    assert schedule.deadline(RecordedSteady(START + 900)) == 5_000 + 450
    clock.now += 100
    assert time.present == START + 200


def test_it_begins_with_the_first_frame_where_no_beginning_is_known() -> None:
    """As for a recording that nobody can describe."""
    time = shared_time(None, 1.0, Clock())
    time.begin(RecordedSteady(START + 7))
    assert time.present == START + 7


def test_who_comes_later_goes_by_the_same_schedule() -> None:
    """Its own first frame changes nothing."""
    clock = Clock()
    time = shared_time(START, 1.0, clock)
    first = time.begin(START)
    clock.now += 10
    assert time.begin(RecordedSteady(START + 1_000_000)) is first
    assert time.present == START + 10


def test_it_goes_on_while_nobody_is_there() -> None:
    """A client that left before the end and comes back joins at the present."""
    clock = Clock()
    time = shared_time(START, 1.0, clock)
    time.come()
    time.begin(START)
    time.leave(finished=False)
    clock.now += 10
    time.come()
    assert time.present == START + 10


def test_it_begins_anew_once_a_client_was_given_everything_and_nobody_is_left() -> None:
    """Not before: the others would be thrown back."""
    clock = Clock()
    time = shared_time(START, 1.0, clock)
    for _ in range(2):
        time.come()
        time.begin(START)
    time.leave(finished=True)
    assert time.present == START
    time.leave(finished=False)
    assert time.present is None
    clock.now += 10
    time.come()
    time.begin(START)
    time.leave(finished=False)
    assert time.present == START
