"""Gaps, resets and frames out of order are counted once, with an event for them or without."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats import create_recording, open_recording
from feedrec.formats.facts.sequence_check import SequenceCheck
from feedrec.formats.tools.summary import RecordingSummary, summarise
from feedrec.model import Event, Frame, Header, Record

from ..tools.damage import HEADER
from ..tools.sequences import RULES, describe, event, frame, kinds, verified


def frames(*numbers: int) -> list[Record]:
    return [frame(number) for number in numbers]


def summary_of(path: Path, records: Sequence[Record], header: Header = HEADER) -> RecordingSummary:
    writer = create_recording(path / "b.jsonl", header, overwrite=True)
    for record in records:
        writer.write(record)
    with open_recording(writer.finish()) as recording:
        return summarise(recording, describe, sequence_rule=RULES.sequence_rule)


def figures(path: Path, records: Sequence[Record]) -> tuple[int, int, int, int, int]:
    """Return gaps, those without an event, frames missing, resets, and frames out of order; `verify` agrees."""
    result, summary = verified(path, records), summary_of(path, records)
    assert (result.resets, result.out_of_order) == (summary.resets, summary.out_of_order)
    assert result.lost_gaps == summary.unnoticed_gaps == kinds(result).count("gap")
    return summary.gaps, summary.unnoticed_gaps, summary.missing, summary.resets, summary.out_of_order


def test_a_reset_that_the_recorder_did_not_notice_hides_no_gap_after_it(tmp_path: Path) -> None:
    """It is told, with its connection, and is no problem itself."""
    records = [event("open"), *frames(0, 1, 2, 3, 0, 1, 3)]
    assert figures(tmp_path, records) == (1, 1, 1, 1, 0)
    said = "the count of connection 0 began anew at 2026-11-21T17:00:00.000000000Z (expected 4, received 0)"
    assert verified(tmp_path, records).notes == summary_of(tmp_path, records).notes == [said]
    assert verified(tmp_path, records[:-1]).is_good


def test_what_the_recorder_noticed_counts_once(tmp_path: Path) -> None:
    reset, gap = event("reset", expected=3, received=0), event("gap", expected=2, received=4, missing=2)
    assert figures(tmp_path, [event("open"), *frames(0, 1, 2, 0), reset, *frames(1), gap, *frames(4)]) == (
        1,
        0,
        2,
        1,
        0,
    )


def test_events_count_where_the_frames_do_not_show_it(tmp_path: Path) -> None:
    """As in a file that begins between the two frames that show a reset, or between those around a gap."""
    reset, gap = event("reset", expected=30, received=0), event("gap", expected=2, received=4, missing=2)
    assert figures(tmp_path, [reset, *frames(1, 2)]) == (0, 0, 0, 1, 0)
    assert figures(tmp_path, [gap, *frames(4, 5)]) == (1, 0, 2, 0, 0)
    named = event("reset", expected="x", channel="full", product="A-B")
    (note,) = summary_of(tmp_path, [named]).notes
    assert "the count of full A-B of connection 0" in note


def test_a_gap_beyond_all_bounds_that_feedrec_0_1_wrote_is_an_odd_number(tmp_path: Path) -> None:
    odd = 2**64 - 1
    gap = event("gap", expected=2, received=odd, missing=odd - 2)
    assert figures(tmp_path, [event("open"), *frames(0, 1), gap, *frames(odd, 2, 4)]) == (1, 1, 1, 0, 1)


def test_the_last_frames_of_a_connection_are_counted_whether_it_was_closed_or_not(tmp_path: Path) -> None:
    for end in ([], [event("close")], [event("open")], [event("damage", offset=0, bytes=9)]):
        assert figures(tmp_path, [event("open"), *frames(0, 1, 2, 1), *end]) == (0, 0, 0, 0, 1)


def test_frames_that_are_in_no_sequence_show_nothing(tmp_path: Path) -> None:
    synthetic, unverified = (msgspec.structs.replace(frame(7), **{name: True}) for name in ("synthetic", "unverified"))
    assert figures(tmp_path, [frame(2), synthetic, unverified, frame(3)]) == (0, 0, 0, 0, 0)
    filtered = Header("x", extra={"filtered": {"channels": ["numbers"]}})
    assert summary_of(tmp_path, frames(2, 8, 3), filtered).gaps == 0


def test_of_very_many_resets_the_first_are_told_and_all_are_counted(tmp_path: Path) -> None:
    result = verified(tmp_path, [event("open"), *frames(*[0, 1] * 31)])
    assert (result.resets, len(result.notes), result.notes[-1]) == (30, 21, "and 10 more counts began anew")


def test_a_rule_that_counts_nothing_out_of_order_will_do() -> None:
    class Plain:
        def observe(self, info: object) -> None:
            """Find nothing."""

    check = SequenceCheck(lambda _: Plain())
    check.take_frame(frame(1), describe(b"1"))
    assert check.out_of_order == 0


@given(st.lists(st.integers(0, 6) | st.sampled_from(["open", "close", "gap", "reset"]), max_size=30), st.data())
def test_lines_in_batches_tell_the_same_as_one_by_one(steps: list[int | str], data: st.DataObject) -> None:
    records = [event(step) if isinstance(step, str) else frame(step) for step in steps]
    one_by_one, in_batches = SequenceCheck(RULES.sequence_rule), SequenceCheck(RULES.sequence_rule)
    for record in records:
        if isinstance(record, Event):
            one_by_one.take_event(record)
        else:
            one_by_one.take_frame(record, describe(record.payload))
    run: list[Frame] = []
    for record in [*records, event("end")]:
        if isinstance(record, Frame):
            run.append(record)
        if isinstance(record, Event) or data.draw(st.booleans()):
            infos = [describe(one.payload) for one in run]
            in_batches.take_run([one.time for one in run], [one.conn for one in run], infos)
            run = []
        if isinstance(record, Event):
            in_batches.take_event(record)
    for name in ("noticed_gaps", "lost_gaps", "lost", "resets", "first_resets", "out_of_order"):
        assert getattr(one_by_one, name) == getattr(in_batches, name)


@pytest.mark.parametrize("conn", [0, 3])
def test_a_gap_is_announced_for_its_connection_only(tmp_path: Path, conn: int) -> None:
    gap = Event(event("x").time, conn, "gap", {"expected": 1, "received": 3, "missing": 2})
    result = verified(tmp_path, [frame(0, conn=0), frame(0, conn=3), gap, frame(3, conn=0)])
    assert (result.gaps, result.lost_gaps) == ((1, 0) if conn == 0 else (0, 1))
