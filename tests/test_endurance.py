"""
A recorder that is left alone accounts for every frame, whatever venue, disk, clock and supervisor do: for 20 seconds.

`make soak` does the same for ten minutes, at 5,000 frames a second.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from soak.ordeal import QUICK, endure

from .timing import scaled

SHORT = QUICK._replace(
    seconds=scaled(18),
    keep="300KB",
    whims=msgspec.structs.replace(QUICK.whims, rate=1000.0, snapshot=1_000_000),
    warm_up=0,
)
MOST_LOST = 1.0
SLACK = scaled(0.5)
"""Seconds that a process may be late, on a machine that runs many tests at once."""


def test_every_frame_that_was_sent_is_recorded_or_the_files_name_its_absence(tmp_path: Path) -> None:
    """With real processes, one of which is killed and started again; a kill costs a second at most."""
    done = endure(tmp_path, SHORT)
    assert done.tally.wrong == []
    assert done.tally.is_complete
    assert max(done.mortal.kill_spans, default=0) / 1e9 <= MOST_LOST + SLACK
    assert done.failures == []
    assert done.verified[0] == 0, done.verified[1]
    assert done.left_undone == []
    assert done.mortal.crossed == 0
    assert (done.scrapes.failed, done.scrapes.went_back) == (0, 0)
    assert 0 < done.scrapes.frames <= done.steady.frames
    # All of it took place; where nothing can be mounted, or there is no libfaketime, the rest did.
    assert done.kills >= 2
    assert done.tally.recorded > 0.3 * done.tally.sent
    assert done.tally.left_out > 0
    assert done.tally.resets > 0
    assert done.steady.resyncs > 0
    assert done.shipped > 2
    assert done.removed > 0
    assert done.steady.closes > 1  # the last one is its own
    assert done.times_full != 0
    assert done.steps != 0
    assert done.memory
