"""What a venue counts over all its connections."""

from __future__ import annotations

from feedrec.model import NANOSECONDS
from feedrec.replay.venue.answering.visitors import RealVisitors


def test_connections_are_counted_by_who_has_them() -> None:
    visitors = RealVisitors()
    assert [visitors.come(who) for who in ("a", "a", "b", None)] == [1, 2, 1, 1]
    visitors.leave("a")
    assert visitors.come("a") == 2
    visitors.leave("b")
    assert visitors.come("b") == 1


def test_a_rate_is_of_real_time_and_of_each_visitor() -> None:
    """What was not allowed costs nothing."""
    now = [0]
    visitors = RealVisitors(lambda: now[0])

    def burst(who: str, *, at_once: float = 0.0) -> list[bool]:
        return [visitors.may(who, "messages", 2.0, at_once) for _ in range(4)]

    assert burst("a") == [True, True, False, False]
    assert burst("b", at_once=3) == [True, True, True, False]
    now[0] += NANOSECONDS // 2
    assert burst("a") == [True, False, False, False]
    assert visitors.may("a", "connections", 2.0)


def test_what_is_remembered_is_bounded() -> None:
    visitors = RealVisitors()
    assert visitors.may("first", "messages", 1.0)
    assert not visitors.may("first", "messages", 1.0)
    for number in range(10_000):
        visitors.may(str(number), "messages", 1.0)
    assert visitors.may("first", "messages", 1.0)
