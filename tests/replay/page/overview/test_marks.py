"""What happened is a mark, and what happens every minute is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.feeds import find_feed
from feedrec.formats import open_recording
from feedrec.formats.facts.file_facts import FileFacts, decode_facts
from feedrec.model import NANOSECONDS, Event
from feedrec.replay.page.overview.marks import Mark, MarkFinder, chosen_marks, gaps_told, may_have_marks

from ...books.making import START, beat, event, record, second


def found(*events: Event) -> list[tuple[str, str]]:
    finder = MarkFinder()
    return [(mark.kind, mark.text) for one in events for mark in finder.take(one)]


def facts_of(tmp_path: Path, *lines: Event) -> FileFacts:
    path = record(tmp_path / "x.jsonl.zst", [event(0, "open"), beat(1, 0), *lines, beat(20, 1)])
    with open_recording(path) as recording:
        assert recording.index is not None
        assert recording.index.summary is not None
        facts = decode_facts(recording.index.summary)
    assert facts is not None
    return facts


def clock(time: float, set_by: float = 0) -> Event:
    return event(time + set_by, "clock", wall=second(time + set_by), monotonic=round(time * NANOSECONDS))


def test_what_tells_that_frames_are_missing_is_a_mark() -> None:
    assert found(event(1, "gap", expected=3, received=5, missing=2)) == [
        ("gap", "gap on connection 0: expected 3, received 5, missing 2")
    ]
    assert found(event(1, "refused", status=503)) == [("refused", "refused on connection 0: status 503")]
    assert found(event(1, "pause", backlog=7), event(2, "resume"), event(3, "subscribed")) == [
        ("pause", "pause on connection 0: backlog 7")
    ]


def test_a_connection_that_is_closed_and_opened_again_is_two_marks_and_the_first_and_last_are_none() -> None:
    events = [event(0, "open"), event(1, "close", code=1006, reason=""), event(2, "open", 1), event(3, "close", 1)]
    assert found(*events) == [
        ("reconnect", "close on connection 0: code 1006"),
        ("reconnect", "open on connection 1"),
    ]


def test_a_clock_that_was_set_is_a_mark_and_one_that_runs_is_none() -> None:
    assert found(clock(0), clock(60), clock(120, -2.5), clock(180, -2.5)) == [
        ("clock", "the clock was set by -2.500 s")
    ]
    assert found(clock(1000), event(1001, "clock", wall=second(1001), monotonic=5)) == [("clock", "another clock")]


def test_what_a_venue_wrote_is_short_and_visible() -> None:
    ((_, text),) = found(event(0, "error", message="\x1b[2J" + "x" * 1000))
    assert text.startswith("error on connection 0: message \\x1b[2J")
    assert len(text) < 220


@pytest.mark.parametrize("name", ["gap", "refused", "pause", "open", "strange"])
def test_a_summary_tells_whether_events_may_be_marks(tmp_path: Path, name: str) -> None:
    assert may_have_marks(facts_of(tmp_path, event(5, name))) == (name != "strange")


def test_a_summary_tells_whether_the_clock_may_have_been_set(tmp_path: Path) -> None:
    assert not may_have_marks(facts_of(tmp_path, clock(2), clock(5)))
    assert may_have_marks(facts_of(tmp_path, clock(2), clock(5, -3)))
    assert may_have_marks(None)


def test_a_summary_tells_about_when_gaps_were(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, event(5, "gap", missing=1), event(10, "gap", missing=1), event(10, "gap", missing=1))
    marks = list(gaps_told(facts))
    assert [mark.text for mark in marks] == ["a gap", "2 gaps"]
    for mark, time in zip(marks, (5, 10), strict=True):
        assert abs(mark.time - second(time)) <= facts.gaps_over_time.width


def test_of_too_many_marks_the_rare_ones_stay() -> None:
    marks = [Mark(START + number, "gap", "") for number in range(1000)] + [Mark(START + 500, "clock", "")]
    chosen, left_out = chosen_marks(marks, START, START + 1000, 101)
    assert (len(chosen), left_out) == (101, 900)
    assert [mark.kind for mark in chosen].count("clock") == 1
    assert chosen == sorted(chosen, key=lambda mark: mark.time)
    assert chosen_marks(marks, START + 10, START + 20, 101)[0] == marks[10:20]


def test_no_gap_is_told_where_nothing_is_known_of_the_venue() -> None:
    assert list(gaps_told(FileFacts(0))) == []
    assert find_feed("raw").describe(b"{}").sequence is None
