"""What a recording says of itself is compared with what it is: order, sequence, index and seek table."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from feedrec.errors import DamagedRecordingError
from feedrec.formats.file.line_reader import RecordingReader
from feedrec.formats.line.index import Index, IndexedBlock, SnapshotPlace, encode_index
from feedrec.formats.line.seek_table import encode_seek_table
from feedrec.model import TIME_LIMIT, Header

from .damage import LINES, START, index_of, pack, read_lines, repair, verify
from .sequences import event, frame, kinds, verified


def test_a_gap_with_a_gap_event_is_not_a_problem(tmp_path: Path) -> None:
    gap = event("gap", expected=1, received=4, missing=3)
    result = verified(tmp_path, [event("open"), frame(0), gap, frame(4), frame(5)])
    assert (result.is_good, result.gaps, result.lost_gaps) == (True, 1, 0)


def test_a_gap_without_a_gap_event_is_a_problem(tmp_path: Path) -> None:
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
    assert "not checked for gaps" in result.notes[0]


def test_time_steps_back_only_at_a_clock_event(tmp_path: Path) -> None:
    assert verified(tmp_path, [frame(0, time=5), event("clock", time=2), frame(1, time=2)]).is_good
    assert verified(tmp_path, [frame(0, time=5), event("clock", time=5), frame(1, time=2)]).is_good
    assert kinds(verified(tmp_path, [frame(0, time=5), frame(1, time=4)])) == ["time"]


def test_what_follows_an_unverified_opening_may_have_been_lost(tmp_path: Path) -> None:
    damage = event("damage", offset=0, bytes=100)
    assert verified(tmp_path, [damage, event("open", unverified=True), frame(7), frame(8)]).is_good


# An index or a seek table that lies.

WHOLE = pack()
INDEX = index_of(WHOLE)
FIRST, SECOND = INDEX.blocks[:2]
BLOCKS = WHOLE[: INDEX.end]


def with_index(index: Index, table: list[tuple[int, int]] | None = None) -> bytes:
    packed = encode_index(index)
    sizes = [(one.size, one.text) for one in index.blocks] if table is None else table
    return BLOCKS + packed + encode_seek_table([*sizes, (len(packed), 0)])


def lie(number: int, **changes: Any) -> Index:
    blocks = list(INDEX.blocks)
    blocks[number] = msgspec.structs.replace(blocks[number], **changes)
    return Index(INDEX.products, blocks)


REQUESTED = next(number for number, block in enumerate(INDEX.blocks) if block.requests)

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
    "requests": lie(1, http=[0]),
    "no requests": msgspec.structs.replace(lie(REQUESTED, http=msgspec.UNSET), http=1),
    "requests behind the block": lie(0, http=[10**12]),
    "requests before it": lie(0, http=[-1]),
    "number of requests": Index(INDEX.products, INDEX.blocks, http=7),
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
    tracemalloc.start()
    try:
        with RecordingReader(path) as reader:
            assert reader.index is None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20  # it would be 100 MB


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
