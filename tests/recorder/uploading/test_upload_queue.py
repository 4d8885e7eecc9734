"""Several jobs at a time; after a failure one at a time, after longer and longer pauses; none is ever lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.recorder.uploading.messages import Job
from feedrec.recorder.uploading.upload_queue import LONGEST_PAUSE, UploadQueue


def job(number: int) -> Job:
    return Job(b"%d" % number, b".")


def queue_of(number: int, at_once: int = 2) -> UploadQueue:
    queue = UploadQueue(at_once)
    for one in range(number):
        queue.add(job(one))
    return queue


def test_so_many_at_once_in_their_order() -> None:
    queue = queue_of(3)
    assert [queue.begin(0.0) for _ in range(3)] == [job(0), job(1), None]
    assert queue.wait(0.0) is None
    assert not queue.settle(job(0))
    assert queue.begin(0.0) == job(2)
    assert len(queue) == 2


def test_after_a_failure_one_at_a_time_after_longer_and_longer_pauses() -> None:
    queue, now, pauses = queue_of(3), 0.0, list[float]()
    assert queue.begin(now) == job(0)
    assert queue.fail([job(0)], now)
    for number in range(10):
        wait = queue.wait(now)
        assert wait is not None
        pauses.append(wait)
        now += wait
        tried = queue.begin(now)
        assert tried == job((number + 1) % 3)  # each in its turn: it may be one alone that is refused
        assert queue.begin(now) is None
        assert not queue.fail([tried], now)
    assert pauses == [min(2.0**number, LONGEST_PAUSE) for number in range(10)]
    assert queue.failing_since == 0.0


def test_an_answer_ends_the_failure() -> None:
    queue = queue_of(4)
    assert queue.begin(0.0) == job(0)
    assert queue.begin(0.0) == job(1)
    assert queue.fail([job(0)], 0.0)
    assert queue.settle(job(1))
    assert queue.failing_since is None
    assert [queue.begin(0.0) for _ in range(2)] == [job(2), job(3)]


def test_what_was_begun_before_the_pause_makes_it_no_longer() -> None:
    queue = queue_of(4, at_once=4)
    for _ in range(4):
        queue.begin(0.0)
    assert [queue.fail([job(one)], 0.1) for one in range(4)] == [True, False, False, False]
    assert queue.wait(0.1) == 1.0


def test_what_nobody_wants_is_forgotten() -> None:
    queue = queue_of(3)
    queue.begin(0.0)
    queue.withdraw([job(0), job(2), job(9)])
    assert (len(queue), queue.begun, queue.begin(0.0)) == (1, [], job(1))
    queue.fail([job(0)], 0.0)  # whose answer comes late
    assert len(queue) == 1


@given(st.lists(st.sampled_from(["add", "begin", "settle", "fail", "lose", "withdraw", "wait"])), st.integers(1, 4))
def test_each_job_is_settled_once_or_still_there(steps: list[str], at_once: int) -> None:
    queue, now, added, gone = UploadQueue(at_once), 0.0, 0, set[Job]()
    for step in steps:
        begun = queue.begun
        if step == "add":
            queue.add(job(added))
            added += 1
        elif step == "begin":
            one = queue.begin(now)
            assert one is None or one not in gone
        elif step == "wait":
            now += queue.wait(now) or 0.0
        elif begun:
            if step == "lose":
                queue.fail(begun, now)
                continue
            one = begun[-1]
            if step == "settle":
                queue.settle(one)
            elif step == "fail":
                queue.fail([one], now)
            else:
                queue.withdraw([one])
            gone |= set() if step == "fail" else {one}
        assert len(queue.begun) <= at_once
    assert len(queue) == added - len(gone)
    while len(queue):
        now += queue.wait(now) or 0.0
        one = queue.begin(now) or queue.begun[0]
        queue.settle(one)
        gone.add(one)
    assert gone == set(map(job, range(added)))
