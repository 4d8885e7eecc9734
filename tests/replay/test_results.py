"""Results: numbers for people, and their sum."""

from __future__ import annotations

import msgspec

from feedrec.replay.clock.lateness import LateFrame, LatenessHistogram
from feedrec.replay.results import ClientResult, Outcome, Tally


def result(outcome: Outcome = "finished", frames: int = 3) -> ClientResult:
    return ClientResult(
        1, "127.0.0.1:9", outcome, frames, 30, elapsed=500_000_000, recorded=5_000_000_000, lateness=None
    )


def test_the_achieved_speed_is_recorded_time_by_real_time() -> None:
    assert (result().seconds, result().achieved_speed) == (0.5, 10.0)


def test_where_no_time_passed_there_is_no_speed() -> None:
    assert ClientResult(1, "", "client left", 0, 0, elapsed=0, recorded=0, lateness=None).achieved_speed is None


def test_the_total_is_the_sum_over_all_clients() -> None:
    tally, late = Tally(), LatenessHistogram()
    late.add(40)
    tally.add(result(), late)
    tally.add(result("client left", frames=1), late)
    total = tally.total()
    assert (total.clients, total.frames, total.size) == (2, 4, 60)
    assert total.outcomes == {"finished": 1, "client left": 1}
    assert total.lateness is not None
    assert total.lateness.count == 2


def test_nobody_came_and_the_total_is_nothing() -> None:
    assert Tally().total().lateness is None


def test_the_worst_frame_of_all_is_that_of_the_client_that_waited_longest() -> None:
    tally = Tally()
    for client, lateness in ((1, 5_000_000), (2, 61_000_000), (3, 7)):
        worst = LateFrame(lateness, 1_000, "level2", ("BTC-USD",), client)
        tally.add(msgspec.structs.replace(result(), worst=worst), LatenessHistogram())
    tally.add(result(), LatenessHistogram())
    assert tally.total().worst == LateFrame(61_000_000, 1_000, "level2", ("BTC-USD",), 2)
