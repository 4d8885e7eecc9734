"""Short pauses are reported together, and what lasts no more often than each half minute."""

from __future__ import annotations

from feedrec.recorder.throttle import REPORT_EVERY, Reminder, Throttle


def pause(throttle: Throttle, start: float, seconds: float) -> None:
    throttle.begin(start)
    throttle.end(start + seconds)


def test_what_lasts_is_reported_at_once_and_then_each_half_minute() -> None:
    reminder = Reminder()
    times = [5.0, 5.1, 34.9, 35.0, 64.0, 65.0]
    assert [reminder.is_due(time) for time in times] == [True, False, False, True, False, True]


def test_pauses_that_do_not_matter_are_told_at_the_end() -> None:
    throttle = Throttle()
    assert throttle.rest() is None
    pause(throttle, 1.0, 0.2)
    pause(throttle, 2.0, 0.3)
    assert throttle.report(3.0) is None
    assert throttle.rest() == {"pauses": 2, "seconds": 0.5}
    assert throttle.rest() is None


def test_many_pauses_are_reported_once_in_half_a_minute() -> None:
    throttle = Throttle()
    reports = []
    for number in range(700):
        pause(throttle, number * 0.1, 0.05)
        if (report := throttle.report(number * 0.1 + 0.06)) is not None:
            reports.append(report)
    assert len(reports) == 3
    assert reports[0] == {"pauses": 20, "seconds": 1.0}
    assert reports[1]["pauses"] == REPORT_EVERY / 0.1


def test_a_pause_that_is_not_one_ends_nothing() -> None:
    throttle = Throttle()
    throttle.end(7.0)
    assert throttle.rest() is None
