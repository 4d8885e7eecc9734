"""What to do about a refused write, when to try again, to report, and to give up."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from feedrec.errors import WriteError
from feedrec.formats.file.growing.disk_rules import REPORT_EVERY, Refusal, Trouble, reason_of, refusal_of


def refused(number: int | None) -> WriteError:
    error = WriteError(Path("x.jsonl"), "cannot be written")
    if number is not None:
        error.__cause__ = OSError(number, os.strerror(number))
    return error


@pytest.mark.parametrize(
    ("numbers", "refusal"),
    [
        ([errno.ENOSPC, errno.EDQUOT, errno.EROFS], Refusal.TRY_AGAIN),
        ([errno.EIO, errno.ESTALE, errno.ENODEV], Refusal.NEW_FILE),
        ([errno.EPERM, errno.EACCES], Refusal.NEW_FILE),
        ([errno.EFBIG, errno.EPIPE, errno.EBADF, None], Refusal.GIVE_UP),
    ],
)
def test_an_error_says_whether_trying_again_may_help_and_proves_anything(
    numbers: list[int | None], refusal: Refusal
) -> None:
    assert [refusal_of(refused(number)) for number in numbers] == [refusal] * len(numbers)


def test_a_reason_has_no_file_in_it() -> None:
    assert reason_of(refused(errno.ENOSPC)) == "No space left on device"
    assert reason_of(refused(errno.ENOENT)) == "its folder is gone"
    assert reason_of(refused(None)) == "cannot be written"


def test_a_disk_that_refuses_is_tried_again_four_times_a_second() -> None:
    trouble = Trouble(600)
    assert not trouble.is_due(10.0)
    trouble.note("full", 10.0)
    assert [trouble.is_due(time) for time in (10.0, 10.2, 10.25)] == [False, False, True]
    trouble.note("full", 10.3, 5.0)
    assert [trouble.is_due(time) for time in (15.0, 15.3)] == [False, True]


def test_patience_counts_from_the_first_refusal() -> None:
    trouble = Trouble(60)
    assert not trouble.is_over(1000.0)
    for second in range(59):
        trouble.note("full", 100.0 + second)
        assert not trouble.is_over(100.0 + second)
    assert trouble.is_over(160.0)
    trouble.end(161.0)
    trouble.note("full", 170.0)
    assert not trouble.is_over(171.0)


def test_it_is_reported_at_once_and_each_half_minute_also_if_it_comes_and_goes() -> None:
    trouble = Trouble(600)
    reported = []
    for second in range(100):
        trouble.note("full", float(second))
        if trouble.wants_report(float(second)):
            reported.append(second)
        if second % 7 == 0:
            trouble.end(float(second))
    assert reported == [0, int(REPORT_EVERY), 2 * int(REPORT_EVERY), 3 * int(REPORT_EVERY)]


def test_the_end_is_told_only_if_the_beginning_was() -> None:
    trouble = Trouble(600)
    trouble.note("full", 5.0)
    assert trouble.end(6.0) is None
    trouble.note("full", 10.0)
    assert trouble.wants_report(10.0)
    assert trouble.end(14.0) == 4.0
    assert trouble.end(15.0) is None
