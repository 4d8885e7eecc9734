"""The first handshakes and authentications."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.replay.faults.fault import AuthFailure, Refuse
from feedrec.replay.faults.turned_away import AuthFailures, FirstOnes


@given(st.lists(st.integers(1, 5), max_size=4))
def test_the_first_ones_are_hit_and_no_others(counts: list[int]) -> None:
    faults = [Refuse(f"refuse={count}", count) for count in counts]
    first = FirstOnes(faults)
    expected = [fault for fault in faults for _ in range(fault.count)]
    assert [first.take() for _ in range(len(expected) + 2)] == [*expected, None, None]


def test_a_message_fails_once_however_often_it_is_looked_at() -> None:
    fault = AuthFailure("auth-failure=2", 2)
    failures = AuthFailures([fault])
    assert not failures.fails()  # no message of a client: a request over HTTP
    taken = []
    for looks in (0, 2, 1, 1):
        with failures.answering():
            failed = [failures.fails() for _ in range(looks)]
        taken.append((failed, failures.take()))
    assert taken == [([], None), ([True, True], fault), ([True], fault), ([False], None)]
