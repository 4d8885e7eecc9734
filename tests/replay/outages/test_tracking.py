"""An outage is a time without any connection that the venue ended, and that another connection ended."""

from __future__ import annotations

from typing import Any

from feedrec.feeds.venue import Close
from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.outages.plan import DROPPED, FOREVER, Outage, Refusal
from feedrec.replay.outages.tracking import RunTrack, Step, combined

T = RecordedSteady


def opened(time: int | None, conn: int) -> Step:
    return Step("open", conn, None if time is None else T(time))


def closed(time: int | None, conn: int, **details: Any) -> Step:
    return Step("close", conn, None if time is None else T(time), {"code": 1006, "reason": "", **details})


def refused(time: int, conn: int, **details: Any) -> Step:
    return Step("refused", conn, T(time), details)


def track(*steps: Step, until: int | None = None) -> RunTrack:
    run = RunTrack()
    for step in steps:
        run.take(step)
    if until is not None:
        run.saw(T(until))
    return run


def spans(*runs: RunTrack) -> list[tuple[int, int]]:
    return [(one.begin, one.end) for one in combined(runs).outages]


def test_from_the_last_closing_to_the_next_opening() -> None:
    run = track(opened(0, 0), closed(10, 0, code=1012, reason="restart"), refused(11, 1, status=503), opened(15, 1))
    assert run.outages == [Outage(T(10), T(15), Close(1012, "restart"), 0, (Refusal(T(11), 503),))]


def test_the_connection_has_the_number_that_it_has_in_the_timeline() -> None:
    run = RunTrack()
    for step in (opened(0, 4), closed(10, 4), opened(15, 5)):
        run.take(step, 2_000_000)
    assert [one.conn for one in run.outages] == [2_000_004]


def test_no_connection_ends_while_another_one_is_open() -> None:
    """Whether that was to take its place, or was open beside it."""
    assert track(opened(0, 0), opened(9, 1), closed(10, 0), opened(20, 2), closed(21, 1)).outages == []
    assert spans(track(opened(0, 0), opened(0, 1), closed(5, 0), closed(10, 1), opened(12, 2))) == [(10, 12)]


def test_the_end_of_a_run_is_none_unless_it_tried_again() -> None:
    assert track(opened(0, 0), closed(10, 0)).outages == []
    assert spans(track(opened(0, 0), closed(10, 0), refused(11, 1), refused(14, 1))) == [(10, 14)]


def test_one_amid_which_the_run_goes_on_has_no_end_yet() -> None:
    run = track(opened(0, 0), closed(10, 0), refused(11, 1))
    run.goes_on = True
    assert spans(run) == [(10, FOREVER)]


def test_what_the_application_ended_is_none() -> None:
    for by in ("client", "proxy"):
        assert track(opened(0, 0), closed(10, 0, by=by), opened(20, 1)).outages == []
    assert spans(track(opened(0, 0), closed(10, 0, by="venue"), opened(20, 1))) == [(10, 20)]


def test_refusals_before_the_first_connection_are_none() -> None:
    assert track(refused(0, 0), refused(1, 0), opened(2, 0)).outages == []


def test_a_connection_of_which_no_closing_is_known_is_open() -> None:
    """As that of a recorder that was killed."""
    assert spans(track(opened(0, 0)), track(opened(20, 0))) == []


def test_one_after_another_runs_say_nothing_of_the_time_between_them() -> None:
    first = track(opened(0, 0), closed(10, 0, code=1000))
    second = track(opened(50, 0), closed(60, 0), opened(70, 1))
    assert spans(first, second) == [(60, 70)]


def test_of_runs_at_the_same_time_all_must_be_without_a_connection() -> None:
    one = track(opened(0, 0), closed(10, 0), refused(12, 1, status=503), opened(20, 1), until=99)
    always = track(opened(0, 0), until=99)
    assert spans(one, always) == []
    other = track(opened(0, 0), closed(11, 0, code=1001), refused(13, 1), opened(18, 1), until=99)
    (shared,) = combined([one, other]).outages
    assert (shared.begin, shared.end, shared.close) == (11, 18, Close(1001, ""))
    assert shared.refusals == (Refusal(T(12), 503), Refusal(T(13), None))


def test_a_run_that_begins_amid_an_outage_of_another_one_ends_it() -> None:
    one = track(opened(0, 0), closed(10, 0), opened(30, 1), until=99)
    assert spans(one, track(opened(20, 0), until=99)) == [(10, 20)]


def test_two_that_are_lost_at_once_make_one_outage() -> None:
    both = [track(opened(0, 0), closed(10, 0), opened(20, 1), until=99) for _ in range(2)]
    assert spans(*both) == [(10, 20)]


def test_an_outage_lasts_a_moment_at_least() -> None:
    (one,) = track(opened(0, 0), closed(10, 0), opened(10, 1)).outages
    assert (one.begin, one.end, one.close) == (10, 11, DROPPED)
