"""What lasts is told when it begins, and when it is over."""

from __future__ import annotations

from feedrec.recorder.watching.rules import DiskRule, StaleRule


def test_a_silence_is_told_once_and_so_is_its_end() -> None:
    rule = StaleRule()
    changes = [rule.judge(silent, 20.0) for silent in (0.0, 19.9, 20.4, 21.4, 90.0, 0.1, 0.0)]
    told = [None if one is None else (one.text, one.details) for one in changes]
    assert told == [
        None,
        None,
        ("nothing has arrived for 20 s", {"seconds": 20.4, "over": False}),
        None,
        None,
        ("data arrives again, after 90 s or more", {"seconds": 90.0, "over": True}),
        None,
    ]


def test_a_disk_that_refuses_is_told_once_and_so_is_its_end() -> None:
    rule = DiskRule()
    reasons = (None, "No space left on device", "No space left on device", None, None)
    changes = [rule.judge(float(now), reason, 5) for now, reason in enumerate(reasons)]
    told = [None if one is None else (one.text, one.details) for one in changes]
    assert told == [
        None,
        (
            "the disk takes nothing: No space left on device",
            {"reason": "No space left on device", "backlog": 5, "over": False},
        ),
        None,
        ("the disk takes data again, after 2 s", {"seconds": 2.0, "over": True}),
        None,
    ]
