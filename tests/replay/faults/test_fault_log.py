"""What was hit, noted once and in bounded memory."""

from __future__ import annotations

import logging

from hypothesis import given
from hypothesis import strategies as st

from feedrec.model import FrameInfo
from feedrec.replay.faults import fault_log
from feedrec.replay.faults.fault_log import FaultHit, FaultLog, _Positions

QUIET = logging.getLogger("feedrec.tests.quiet")
QUIET.setLevel(logging.CRITICAL)
TICKER = FrameInfo("ticker", ("BTC-USD",))
TIME = 1_795_280_522_000_000_000


def test_a_frame_is_noted_once_for_each_fault_and_endpoint() -> None:
    heard: list[FaultHit] = []
    log = FaultLog(QUIET, heard.append)
    for fault, endpoint in (("drop=1%", "a"), ("drop=1%", "b"), ("dup=1%", "a"), ("drop=1%", "a")):
        log.note_frame(fault, endpoint, 17, TIME, TICKER)
    assert log.hits == heard
    assert [(hit.fault, hit.endpoint) for hit in heard] == [("drop=1%", "a"), ("drop=1%", "b"), ("dup=1%", "a")]
    assert heard[0] == FaultHit("drop=1%", "a", TIME, "ticker", ("BTC-USD",), 17)
    assert log.counts == {"drop=1%": 2, "dup=1%": 1}


def test_what_happens_once_at_an_endpoint_is_noted_once() -> None:
    log = FaultLog(QUIET)
    for _ in range(2):
        log.note_once(FaultHit("disconnect=1012@+1s", "a", TIME))
        log.note(FaultHit("refuse=3", "a"))
    assert log.counts == {"disconnect=1012@+1s": 1, "refuse=3": 2}


def test_the_list_is_bounded_and_the_count_is_not() -> None:
    log = FaultLog(QUIET)
    for position in range(fault_log.MOST_HITS + 5):
        log.note_frame("delay=1s", "a", position, TIME, TICKER)
    assert len(log.hits) == fault_log.MOST_HITS
    assert log.counts["delay=1s"] == fault_log.MOST_HITS + 5


def test_a_hit_is_one_line_in_which_nothing_hides() -> None:
    hit = FaultHit("drop=1%", "a", TIME, "ti\x1b[2Jcker\n", ("BTC-USD",), 17)
    assert str(hit) == "drop=1% hits a ti\\x1b[2Jcker\\n BTC-USD at 2026-11-21T17:02:02.000000000Z (line 17)"
    assert str(FaultHit("refuse=3", "a")) == "refuse=3 hits a"


@given(st.lists(st.integers(0, 5000)))
def test_a_position_is_new_once(places: list[int]) -> None:
    positions, seen = _Positions(), set[int]()
    for place in places:
        assert positions.add(place) == (place not in seen)
        seen.add(place)


def test_positions_take_bounded_memory() -> None:
    positions = _Positions()
    for page in range(fault_log._MOST_PAGES + 100):
        assert positions.add(page * fault_log._PAGE)
    assert len(positions._pages) == fault_log._MOST_PAGES
    assert not positions.add(0)  # long past
