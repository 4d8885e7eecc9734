"""A connection is dead when it does not answer, not when it has nothing to say."""

from __future__ import annotations

import pytest

from feedrec.recorder.watchdog import PING_AFTER, SILENT_AFTER, Verdict, judge_silence


@pytest.mark.parametrize(
    ("since_bytes", "since_frame", "asked", "frame_limit", "verdict"),
    [
        (0, 0, False, None, "alive"),
        (PING_AFTER - 0.1, 3600, False, None, "alive"),
        (PING_AFTER, 3600, False, None, "ask"),
        (PING_AFTER, 3600, True, None, "alive"),
        (SILENT_AFTER - 0.1, 3600, True, None, "alive"),
        (SILENT_AFTER, SILENT_AFTER, True, None, "dead"),
        (SILENT_AFTER, SILENT_AFTER, False, None, "dead"),
        (0, 4.9, False, 5.0, "alive"),
        (0, 5.0, False, 5.0, "dead"),
        (PING_AFTER, 5.0, False, 5.0, "dead"),
    ],
)
def test_verdicts(since_bytes: float, since_frame: float, asked: bool, frame_limit: float, verdict: Verdict) -> None:  # noqa: FBT001
    assert judge_silence(since_bytes, since_frame, asked=asked, frame_limit=frame_limit) == verdict
