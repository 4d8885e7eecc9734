"""So much at once, and so much a second: with times passed in."""

from __future__ import annotations

from feedrec.admission.token_bucket import TokenBucket


def test_what_is_in_it_at_first_can_be_taken_at_once() -> None:
    bucket = TokenBucket(3, 2.0, now=10.0)
    for _ in range(3):
        assert bucket.wait(10.0) == 0
        bucket.take(1, 10.0)
    assert bucket.wait(10.0) == 0.5
    assert bucket.wait(10.25) == 0.25
    assert bucket.wait(10.5) == 0


def test_a_debt_is_paid_off_first() -> None:
    bucket = TokenBucket(10, 2.0, now=0.0)
    bucket.take(20, 0.0)
    assert bucket.wait(0.0) == 5.5
    bucket.take(2, 5.5)
    assert bucket.wait(5.5) == 1.0


def test_no_more_is_saved_than_it_holds() -> None:
    bucket = TokenBucket(2, 1.0, now=0.0)
    bucket.take(2, 1000.0)
    assert bucket.wait(1000.0) == 1.0
