"""Verifying: what is wrong is found, what is right is left in peace."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest
import zstandard

from feedrec.errors import NotARecordingError, RecordingError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.facts.sequence_check import Rules
from feedrec.formats.line.codec import encode_header
from feedrec.formats.tools.repair import repair_recording
from feedrec.formats.tools.verify import verify_recording

from .damage import HEADER, LINES, index_of, pack, verify
from .sequences import RULES, event, frame, kinds, verified

WHOLE = pack()
INDEX = index_of(WHOLE)


def test_what_a_repair_lost_is_a_note(tmp_path: Path) -> None:
    result = verified(tmp_path, [event("open"), frame(0), event("damage", offset=1, bytes=2), frame(9)])
    assert result.is_good
    assert "repaired" in result.notes[0]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_lines_of_another_program_beside_an_index_are_a_problem(tmp_path: Path, count: int) -> None:
    """A reader cuts payloads out of them by position, and would take what follows for a part of it; repair mends it."""
    foreign = b'{"time":"2026-11-21T17:00:00.000000000Z","conn":0,"dir":"in","frame":{"a":1},"note":{"b":2}}'
    ours = b'{"time":"2026-11-21T17:00:00.000000000Z","conn":0,"dir":"in","note":{"b":2},"frame":{"a":1}}'
    writer = create_recording(tmp_path / "a.jsonl.zst", HEADER)
    for line in [ours, *[foreign] * count]:
        writer.write_line(line)
    found = [(one.kind, one.text) for one in verify(writer.finish()).problems]
    said = {0: "", 1: "a line is of another program", 2: "2 lines are of another program"}[count]
    assert found == ([("index", f"there must be none: {said}; repair writes them anew")] if count else [])
    repair_recording(tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst", rules_for=lambda _: Rules())
    assert verify(tmp_path / "b.jsonl.zst").problems == []
    with open_recording(tmp_path / "b.jsonl.zst") as recording:
        assert {line for lines in recording.batches() for line in lines} == {ours}


def test_problems_are_counted_and_the_first_hundred_kept(tmp_path: Path) -> None:
    result = verified(tmp_path, [frame(2 * number) for number in range(300)])
    assert (len(result.problems), result.problem_count) == (100, 299)


def test_all_damage_is_reported_not_only_the_first(tmp_path: Path) -> None:
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
        ["no index: compressed by another program"],
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
def test_a_file_that_is_not_a_recording_is_an_error_not_a_finding(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(content)
    with pytest.raises(NotARecordingError):
        verify(path)


def test_an_index_that_we_do_not_know_the_feed_of_is_right(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(WHOLE)
    assert any(INDEX.products)
    assert verify_recording(path, lambda _: Rules()).is_good


def test_a_version_that_is_unknown_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(zstandard.compress(b'{"feedrec":2}\n'))
    with pytest.raises(RecordingError, match="version 2"):
        verify(path)
