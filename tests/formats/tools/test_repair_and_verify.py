"""Cut at every offset, every byte flipped: reading, verifying and repairing do what docs/format.md says."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path

import pytest

from feedrec.errors import CorruptRecordingError, NotARecordingError, TruncatedRecordingError
from feedrec.formats.line.codec import line_time

from ...offsets import offsets
from .damage import LINES, index_of, pack, read_lines, repair, verify

WHOLE = pack()
INDEX = index_of(WHOLE)
FIRST_LINES = [sum(block.lines for block in INDEX.blocks[:number]) for number in range(len(INDEX.blocks) + 1)]
FLIPS = (0x01, 0x80, 0xFF)


def flipped(offset: int, flip: int) -> bytes:
    return WHOLE[:offset] + bytes([WHOLE[offset] ^ flip]) + WHOLE[offset + 1 :]


def cuts() -> list[int]:
    """Give where a file is cut: at the ends of all blocks, and at each third place between; anywhere if thorough."""
    ends = [0, *(block.offset for block in INDEX.blocks), INDEX.end, len(WHOLE)]
    around = {end + by for end in ends for by in range(-2, 6)}
    return sorted(around.intersection(range(len(WHOLE))).union(offsets(len(WHOLE), 0, (0, 1, 2))))


def lines_of_other_blocks(offset: int) -> list[bytes]:
    """Give the lines of all blocks but the one that holds a byte."""
    if offset >= INDEX.end:
        return LINES
    number = bisect_right([block.offset for block in INDEX.blocks], offset) - 1
    return LINES[: FIRST_LINES[number]] + LINES[FIRST_LINES[number + 1] :]


def lines_saved(path: Path) -> list[bytes]:
    """Give the lines of a repaired recording, but for what the repair says itself."""
    lines, damage = read_lines(path)
    assert damage is None
    return [line for line in lines if b'"event":"damage"' not in line]


def test_the_recording_has_several_blocks() -> None:
    assert len(INDEX.blocks) >= 5
    assert sum(block.lines for block in INDEX.blocks) == len(LINES)


def test_a_recording_that_is_whole_is_read_verified_and_repaired_without_a_complaint(memory_path: Path) -> None:
    path = memory_path / "a.jsonl.zst"
    path.write_bytes(WHOLE)
    assert read_lines(path) == (LINES, None)
    result = verify(path)
    assert (result.problems, result.notes, result.has_index) == ([], [], True)
    repaired = repair(path, memory_path / "b.jsonl.zst")
    assert repaired.is_lossless
    assert lines_saved(memory_path / "b.jsonl.zst") == LINES


@pytest.mark.parametrize("flip", FLIPS)
def test_every_byte_flipped_is_read_up_to_there_and_one_error_says_where(memory_path: Path, flip: int) -> None:
    path = memory_path / "a.jsonl.zst"
    for offset in offsets(len(WHOLE), flip, FLIPS):
        path.write_bytes(flipped(offset, flip))
        try:
            lines, damage = read_lines(path)
        except NotARecordingError:
            assert offset < 4  # the magic number
            continue
        assert lines == LINES[: len(lines)], offset
        if damage is None:
            assert lines == LINES, offset
            continue
        number = bisect_right([block.offset for block in INDEX.blocks], offset) - 1
        assert len(lines) >= FIRST_LINES[number], offset
        assert damage.offset <= (len(WHOLE) if offset >= INDEX.end else INDEX.blocks[number].end), offset
        assert damage.last_time == (line_time(lines[-1]) if lines else None), offset


@pytest.mark.parametrize("flip", FLIPS)
def test_every_byte_flipped_is_noticed_by_verify(memory_path: Path, flip: int) -> None:
    path = memory_path / "a.jsonl.zst"
    for offset in offsets(len(WHOLE), flip, FLIPS):
        path.write_bytes(flipped(offset, flip))
        result = verify(path)
        assert not result.is_good, offset


@pytest.mark.parametrize("flip", FLIPS)
def test_every_byte_flipped_costs_no_more_than_its_block(memory_path: Path, flip: int) -> None:
    path, output = memory_path / "a.jsonl.zst", memory_path / "b.jsonl.zst"
    for offset in offsets(len(WHOLE), flip, FLIPS):
        path.write_bytes(flipped(offset, flip))
        result = repair(path, output)
        saved = lines_saved(output)
        assert verify(output).is_good, offset
        if result.is_lossless:
            assert saved == LINES, offset
            continue
        assert offset < INDEX.end, offset
        assert saved == lines_of_other_blocks(offset), offset
        assert result.is_exact
        assert result.lines_lost == len(LINES) - len(saved)
        assert result.losses[0].offset <= offset < result.losses[0].offset + result.losses[0].bytes


def test_salvage_keeps_more_and_marks_it(memory_path: Path) -> None:
    path, output = memory_path / "a.jsonl.zst", memory_path / "b.jsonl.zst"
    kept = 0
    for offset in range(0, INDEX.end, 3):
        path.write_bytes(flipped(offset, 0xFF))
        result = repair(path, output, keep_unverified=True)
        saved = lines_saved(output)
        good = [line for line in saved if b'"unverified":true' not in line]
        assert [line for line in good if line not in LINES] == [], offset
        assert len(saved) - len(good) == result.unverified
        assert result.lines_lost == len(LINES) - len(saved)
        assert verify(output).is_good, offset
        kept += result.unverified
    assert kept > 100


def test_cut_anywhere_every_whole_line_before_the_cut_is_read(memory_path: Path) -> None:
    path = memory_path / "a.jsonl.zst"
    counts = []
    for cut in range(len(WHOLE)):
        path.write_bytes(WHOLE[:cut])
        try:
            lines, damage = read_lines(path)
        except NotARecordingError:
            assert cut < 4
            continue
        assert lines == LINES[: len(lines)], cut
        assert isinstance(damage, TruncatedRecordingError), cut
        assert damage.offset == cut
        counts.append(len(lines))
    assert counts == sorted(counts)
    assert counts[-1] == len(LINES)


def test_cut_anywhere_verify_says_so_and_repair_closes_it(memory_path: Path) -> None:
    path, output = memory_path / "a.jsonl.zst", memory_path / "b.jsonl.zst"
    for cut in cuts():
        path.write_bytes(WHOLE[:cut])
        try:
            lines, _ = read_lines(path)
        except NotARecordingError:
            lines = []
        try:
            verification = verify(path)
        except NotARecordingError:
            assert not lines
        else:
            assert not verification.is_good, cut
        try:
            result = repair(path, output)
        except NotARecordingError:
            assert not lines
            continue
        assert lines_saved(output) == lines, cut
        assert result.is_lossless or result.losses[-1].offset <= cut
        assert verify(output).is_good, cut
    assert result.is_lossless


def test_a_block_that_claims_to_end_behind_a_finished_file_is_damage_not_a_cut(memory_path: Path) -> None:
    last = INDEX.blocks[-1]
    path = memory_path / "a.jsonl.zst"
    found = 0
    for flip in range(1, 256):
        path.write_bytes(flipped(last.offset + 8, flip))
        _, damage = read_lines(path)
        assert isinstance(damage, CorruptRecordingError)
        found += "beyond the end" in damage.reason
    assert found
