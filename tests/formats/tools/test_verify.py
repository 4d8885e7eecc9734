"""Verifying: what is wrong is found, what is right is left in peace."""

from __future__ import annotations

import fcntl
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
import zstandard

from feedrec.errors import NotARecordingError
from feedrec.feeds.base import ConnectionSequence
from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_header
from feedrec.formats.tools.verify import Rules, Verification, verify_recording
from feedrec.model import Event, Frame, FrameInfo, Header, Record

from .damage import HEADER, LINES, START, index_of, pack, verify

WHOLE = pack()
INDEX = index_of(WHOLE)


def describe(payload: bytes) -> FrameInfo:
    return FrameInfo("numbers", sequence=int(payload))


RULES = Rules(describe, lambda from_start: ConnectionSequence(0 if from_start else None))


def frame(number: int, time: int = 0, conn: int = 0) -> Frame:
    return Frame(START + time, conn, b"%d" % number)


def event(name: str, time: int = 0, **details: object) -> Event:
    return Event(START + time, 0, name, details)


def verified(path: Path, records: Sequence[Record], header: Header = HEADER) -> Verification:
    writer = create_recording(path / "a.jsonl.zst", header, overwrite=True)
    for one in records:
        writer.write(one, describe(one.payload) if isinstance(one, Frame) else None)
    return verify_recording(writer.finish(), lambda _: RULES)


def kinds(result: Verification) -> list[str]:
    return [problem.kind for problem in result.problems]


def test_a_gap_that_the_recording_tells_of_is_no_problem(tmp_path: Path) -> None:
    gap = event("gap", expected=1, received=4, missing=3)
    result = verified(tmp_path, [event("open"), frame(0), gap, frame(4), frame(5)])
    assert (result.is_good, result.gaps, result.lost_gaps) == (True, 1, 0)


def test_a_gap_that_it_does_not_tell_of_was_lost_from_it(tmp_path: Path) -> None:
    result = verified(tmp_path, [event("open"), frame(0), frame(4, time=7)])
    assert (result.gaps, result.lost_gaps) == (0, 1)
    assert "lacks 3 frames" in result.problems[0].text
    assert result.problems[0].time == "2026-11-21T17:00:00.000000007Z"


def test_a_gap_before_the_first_frame_counts_if_the_opening_is_there(tmp_path: Path) -> None:
    assert kinds(verified(tmp_path, [event("open"), frame(2)])) == ["gap"]
    assert kinds(verified(tmp_path, [frame(2), frame(3)])) == []


def test_each_connection_has_a_sequence_of_its_own(tmp_path: Path) -> None:
    assert verified(tmp_path, [frame(2), frame(9, conn=1), frame(3), frame(10, conn=1)]).is_good


def test_synthetic_frames_and_filtered_recordings_are_in_no_sequence(tmp_path: Path) -> None:
    synthetic = msgspec.structs.replace(frame(7), synthetic=True)
    assert verified(tmp_path, [frame(2), synthetic, frame(3)]).is_good
    filtered = Header("x", extra={"filtered": {"channels": ["numbers"]}})
    result = verified(tmp_path, [frame(2), frame(8)], filtered)
    assert result.is_good
    assert "no looking for gaps" in result.notes[0]


def test_time_steps_back_only_at_a_clock_event(tmp_path: Path) -> None:
    assert verified(tmp_path, [frame(0, time=5), event("clock", time=2), frame(1, time=2)]).is_good
    assert verified(tmp_path, [frame(0, time=5), event("clock", time=5), frame(1, time=2)]).is_good
    assert kinds(verified(tmp_path, [frame(0, time=5), frame(1, time=4)])) == ["time"]


def test_what_a_repair_lost_is_a_note(tmp_path: Path) -> None:
    result = verified(tmp_path, [event("open"), frame(0), event("damage", offset=1, bytes=2), frame(9)])
    assert result.is_good
    assert "repaired" in result.notes[0]


def test_problems_are_counted_and_the_first_hundred_kept(tmp_path: Path) -> None:
    result = verified(tmp_path, [frame(2 * number) for number in range(300)])
    assert (len(result.problems), result.problem_count) == (100, 299)


def test_all_damage_is_told_not_only_the_first(tmp_path: Path) -> None:
    data = bytearray(WHOLE)
    for number in (1, 3):
        data[INDEX.blocks[number].offset + 20] ^= 0xFF
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(data)
    result = verify(path)
    assert [(one.kind, one.offset) for one in result.problems] == [
        ("damage", INDEX.blocks[1].offset),
        ("damage", INDEX.blocks[3].offset),
    ]
    assert result.blocks == len(INDEX.blocks) - 2


def test_a_recording_that_was_not_closed_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst.part"
    path.write_bytes(WHOLE[: INDEX.end])
    assert kinds(verify(path)) == ["unfinished"]


def test_a_recording_that_is_being_written_is_verified_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst.part"
    path.write_bytes(WHOLE[: INDEX.end - 5])
    with path.open("rb") as recorder:
        fcntl.flock(recorder, fcntl.LOCK_EX)
        result = verify(path)
    assert (result.is_good, result.is_live) == (True, True)
    assert result.lines > 0


def test_a_recording_that_another_program_compressed_has_no_index_and_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(zstandard.compress(b"\n".join([encode_header(HEADER), *LINES, b""])))
    result = verify(path)
    assert (result.is_good, result.lines, result.notes) == (
        True,
        len(LINES),
        ["no index: another program compressed it"],
    )


def test_plain_lines_are_verified_as_well(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([encode_header(HEADER), *LINES, b""]))
    assert verify(path).is_good
    path.write_bytes(path.read_bytes() + b"torn\n" + b"more")
    assert kinds(verify(path)) == ["line", "cut"]


def test_an_index_that_was_made_without_knowing_the_feed_is_right(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", HEADER)
    for number in range(5):
        writer.write(frame(number))
    assert verify_recording(writer.finish(), lambda _: RULES).is_good


@pytest.mark.parametrize("content", [b"", b"hello\n", bytes(100), WHOLE[:5], WHOLE[INDEX.end :]])
def test_what_is_no_recording_is_an_error_not_a_finding(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(content)
    with pytest.raises(NotARecordingError):
        verify(path)


def test_an_index_that_we_do_not_know_the_feed_of_is_right(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(WHOLE)
    assert any(INDEX.products)
    assert verify_recording(path, lambda _: Rules()).is_good


def test_what_follows_an_unverified_opening_may_have_been_lost(tmp_path: Path) -> None:
    damage = event("damage", offset=0, bytes=100)
    assert verified(tmp_path, [damage, event("open", unverified=True), frame(7), frame(8)]).is_good
