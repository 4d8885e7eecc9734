"""Files made to harm: one named error, little memory, little time; what is good in them is still saved."""

from __future__ import annotations

import resource
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from feedrec.errors import CorruptRecordingError, DamagedRecordingError, RecordingError
from feedrec.formats.file.line_reader import RecordingReader
from feedrec.formats.line.codec import encode_header
from feedrec.formats.line.index import Index, IndexedBlock, SnapshotPlace, encode_index
from feedrec.formats.line.seek_table import encode_seek_table
from feedrec.formats.stream.zstd_frames import MAGIC
from feedrec.model import TIME_LIMIT, Frame

from .damage import HEADER, LINES, RECORDS, START, index_of, pack, read_lines, repair, verify

WHOLE = pack()
INDEX = index_of(WHOLE)
FIRST, SECOND = INDEX.blocks[:2]
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
    started = time.perf_counter()
    lines, damage = read_lines(path)
    assert lines == LINES[: FIRST.lines]
    assert damage is not None
    assert FIRST.end <= damage.offset
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_good_around_it_is_saved(name: str, tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    path.write_bytes(without_index(HOSTILE[name]))
    started = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert not verify(path, max_line=1 << 20).is_good
    result = repair(path, output, keep_unverified=True, max_line=1 << 20)
    assert not result.is_lossless
    lines, damage = read_lines(output)
    assert damage is None
    assert [line for line in lines if b'"event":"damage"' not in line] == LINES
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB
    assert time.perf_counter() - started < 10


def test_a_line_above_the_limit_costs_its_block(tmp_path: Path) -> None:
    long = Frame(START + 3, 0, b'{"long":"%b"}' % bytes(3_000).replace(b"\0", b"x"))
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    path.write_bytes(pack([*RECORDS[:6], long, *RECORDS[6:]]))
    assert verify(path).is_good
    result = verify(path, max_line=1_000)
    assert [(problem.kind, "longer than 1000" in problem.text) for problem in result.problems] == [("damage", True)]
    repaired = repair(path, output, max_line=1_000)
    assert repaired.lines == len(LINES)
    assert (repaired.lines_lost, repaired.frames_lost, repaired.is_exact) == (1, 1, True)


def test_a_line_above_the_limit_in_plain_text_costs_itself(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    path.write_bytes(b"\n".join([encode_header(HEADER), *LINES[:5], b"x" * 5_000, *LINES[5:], b""]))
    repaired = repair(path, output, max_line=1_000)
    assert (repaired.lines, repaired.lines_lost) == (len(LINES), 1)


def with_index(index: Index, table: list[tuple[int, int]] | None = None) -> bytes:
    packed = encode_index(index)
    sizes = [(one.size, one.text) for one in index.blocks] if table is None else table
    return BLOCKS + packed + encode_seek_table([*sizes, (len(packed), 0)])


def lie(number: int, **changes: Any) -> Index:
    blocks = list(INDEX.blocks)
    blocks[number] = msgspec.structs.replace(blocks[number], **changes)
    return Index(INDEX.products, blocks)


LIES = {
    "offset": lie(1, offset=SECOND.offset + 1),
    "size": lie(1, size=SECOND.size + 1),
    "a shifted border": Index(
        INDEX.products,
        [
            msgspec.structs.replace(FIRST, size=FIRST.size + 3),
            msgspec.structs.replace(SECOND, offset=SECOND.offset + 3, size=SECOND.size - 3),
            *INDEX.blocks[2:],
        ],
    ),
    "text": lie(1, text=SECOND.text + 1),
    "lines": lie(1, lines=SECOND.lines + 1),
    "lines beyond measure": lie(1, lines=10**30),
    "crc": lie(1, crc=SECOND.crc ^ 1),
    "first": lie(1, first=START - 1),
    "last": lie(1, last=START + 10**9),
    "times before 1970": lie(1, first=-1),
    "times after 9999": lie(1, last=TIME_LIMIT),
    "times beyond measure": lie(1, first=10**40, last=10**40),
    "frames": lie(1, frames={"0": {"numbers": 10**20}}),
    "snapshots": lie(1, snapshots=[SnapshotPlace(0, "x", ("y",))]),
    "snapshots behind the block": lie(1, snapshots=[SnapshotPlace(10**12, "x", ("y",))]),
    "products": Index({"numbers": ["B"]}, INDEX.blocks),
    "products beyond measure": Index({"numbers": ["x" * 1_000_000]}, INDEX.blocks),
    "one block too few": Index(INDEX.products, INDEX.blocks[:-1]),
    "no block": Index({}, []),
}


@pytest.mark.parametrize("name", LIES)
def test_an_index_that_lies_is_found_out_by_verify_and_harms_no_reading(name: str, tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    path.write_bytes(with_index(LIES[name]))
    assert read_lines(path) == (LINES, None)
    assert any(problem.kind == "index" for problem in verify(path).problems)
    result = repair(path, output)
    assert result.is_lossless
    assert verify(output).is_good
    for start, end in ((START + 4, START + 7), (0, 1), (START + 10**15, None)):
        with RecordingReader(path) as reader:
            try:
                lines = [line for lines in reader.batches(start, end) for line in lines]
            except DamagedRecordingError as error:
                assert name == "a shifted border"
                assert error.offset in range(len(WHOLE))  # noqa: PT017
            else:
                assert [line for line in lines if line not in LINES] == []
    with RecordingReader(path) as reader:
        assert reader.seek(START + 6) >= 0


@pytest.mark.parametrize("name", LIES)
def test_behind_damage_an_index_that_lies_costs_no_good_block_more(name: str, tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    data = bytearray(with_index(LIES[name]))
    data[SECOND.offset + 20] ^= 0xFF
    path.write_bytes(data)
    result = repair(path, output)
    lines, _ = read_lines(output)
    good = LINES[: FIRST.lines] + LINES[FIRST.lines + SECOND.lines :]
    assert [line for line in lines if b'"event":"damage"' not in line] == good
    assert not result.is_lossless


def test_an_index_of_ten_million_blocks_is_not_unpacked(tmp_path: Path) -> None:
    row = msgspec.json.encode(IndexedBlock(0, 1, 0, 0, 0)) + b"\n"
    text = b'{"blocks":10000000,"products":{}}\n' + row * 1_000_000
    packed = zstandard.ZstdCompressor().compress(text)
    content = b"feedrec\x01" + zlib.crc32(packed).to_bytes(4, "little") + packed
    frame = b"\x5d\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(BLOCKS + frame + encode_seek_table([(len(BLOCKS), 0), (len(frame), 0)]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with RecordingReader(path) as reader:
        assert reader.index is None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 250_000  # kB


TABLES: dict[str, Callable[[list[tuple[int, int]]], list[tuple[int, int]]]] = {
    "a size": lambda sizes: [(sizes[0][0] + 1, sizes[0][1]), *sizes[1:]],
    "a text": lambda sizes: [(sizes[0][0], sizes[0][1] + 1), *sizes[1:]],
    "an entry too few": lambda sizes: sizes[1:],
    "an entry too many": lambda sizes: [*sizes, (0, 0)],
    "none": lambda _: [],
}


@pytest.mark.parametrize("name", TABLES)
def test_a_seek_table_that_lies_is_found_out(name: str, tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    sizes = [(one.size, one.text) for one in INDEX.blocks]
    path.write_bytes(with_index(INDEX, TABLES[name](sizes)))
    assert read_lines(path) == (LINES, None)
    assert {problem.kind for problem in verify(path).problems} & {"seek table", "index"}
    assert repair(path, output).is_lossless
    assert verify(output).is_good


def test_two_recordings_in_one_file_lose_no_line(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    path.write_bytes(WHOLE + WHOLE)
    lines, damage = read_lines(path)
    assert lines == LINES
    assert isinstance(damage, CorruptRecordingError)
    assert damage.offset == len(WHOLE)
    assert any("a second header: two recordings in one file" in problem.text for problem in verify(path).problems)
    result = repair(path, output)
    assert (result.is_lossless, result.joined) == (True, 1)
    lines = read_lines(output)[0]
    clock = lines.pop(len(LINES))
    assert b'"event":"clock","wall":' in clock
    assert lines == LINES + LINES


def test_an_index_in_the_middle_is_passed_over(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    tail = WHOLE[INDEX.end :]
    path.write_bytes(BLOCKS[: SECOND.end] + tail + BLOCKS[SECOND.end :] + tail)
    assert read_lines(path) == (LINES, None)
    assert not verify(path).is_good
    assert repair(path, output).is_lossless
    assert read_lines(output) == (LINES, None)


def test_a_version_that_is_unknown_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(zstandard.compress(b'{"feedrec":2}\n'))
    with pytest.raises(RecordingError, match="version 2"):
        verify(path)
