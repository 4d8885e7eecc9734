"""Blocks made to harm: one named error, little memory, little work; what is good around them is saved."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from feedrec.formats.line.codec import encode_header
from feedrec.formats.stream.zstd_parser import MAGIC
from feedrec.model import Frame

from .damage import HEADER, LINES, RECORDS, START, index_of, pack, read_lines, repair, verify

WHOLE = pack()
INDEX = index_of(WHOLE)
FIRST = INDEX.blocks[0]
BLOCKS = WHOLE[: INDEX.end]


def block(kind: int, size: int, content: bytes, *, is_last: bool = True) -> bytes:
    return (is_last | kind << 1 | size << 3).to_bytes(3, "little") + content


def without_index(frame: bytes) -> bytes:
    """Give a file of feedrec with a hostile frame between its first and second block, and no index."""
    return BLOCKS[: FIRST.end] + frame + BLOCKS[FIRST.end :]


BOMB = MAGIC + b"\x00\x58" + b"".join(block(1, 1 << 17, b"a", is_last=False) for _ in range(16_000))


HOSTILE = {
    "a window of 2 GiB": MAGIC + b"\x00\xa8" + block(0, 4, b"abc\n"),
    "a window of 3 TiB": MAGIC + b"\x00\xf8" + block(0, 4, b"abc\n"),
    "a dictionary": MAGIC + b"\x01\x50\x07" + block(0, 4, b"abc\n"),
    "a block above the limit": MAGIC + b"\x00\x58" + block(0, 1 << 20, bytes(1 << 20)),
    "2 GB in 64 kB": BOMB,
    "a skippable frame of 4 GB": b"\x50\x2a\x4d\x18\xff\xff\xff\xff",
    "beginnings of frames": (MAGIC + b"\x00\x58") * 2_000,
    "frames in raw blocks of frames": b"".join(
        MAGIC + b"\x00\x58" + block(0, 40, b"", is_last=False) for _ in range(2_000)
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_reading_ends_with_one_error_and_the_lines_before_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(without_index(HOSTILE[name]))
    started = time.process_time()
    lines, damage = read_lines(path)
    assert lines == LINES[: FIRST.lines]
    assert damage is not None
    assert FIRST.end <= damage.offset
    assert time.process_time() - started < 5


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_good_around_it_is_saved(name: str, tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    path.write_bytes(without_index(HOSTILE[name]))
    started = time.process_time()
    tracemalloc.start()
    try:
        assert not verify(path, max_line=1 << 20).is_good
        result = repair(path, output, keep_unverified=True, max_line=1 << 20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not result.is_lossless
    lines, damage = read_lines(output)
    assert damage is None
    assert [line for line in lines if b'"event":"damage"' not in line] == LINES
    assert peak < 8 << 20
    assert time.process_time() - started < 10


def test_a_line_above_the_limit_costs_its_block(tmp_path: Path) -> None:
    long = Frame(START + 3, 0, b'{"long":"%b"}' % bytes(3_000).replace(b"\0", b"x"))
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    path.write_bytes(pack([*RECORDS[:6], long, *RECORDS[6:]]))
    assert verify(path).is_good
    result = verify(path, max_line=1_000)
    assert [(problem.kind, "limit of 1000 bytes" in problem.text) for problem in result.problems] == [("damage", True)]
    repaired = repair(path, output, max_line=1_000)
    assert repaired.lines == len(LINES)
    assert (repaired.lines_lost, repaired.frames_lost, repaired.is_exact) == (1, 1, True)


def test_a_line_above_the_limit_in_plain_text_costs_itself(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    path.write_bytes(b"\n".join([encode_header(HEADER), *LINES[:5], b"x" * 5_000, *LINES[5:], b""]))
    repaired = repair(path, output, max_line=1_000)
    assert (repaired.lines, repaired.lines_lost) == (len(LINES), 1)
