"""Repairing block by block writes what repairing line by line writes, and copies what it need not change."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import RecordingError
from feedrec.formats import open_recording
from feedrec.formats.facts.file_facts import decode_facts
from feedrec.formats.line.codec import encode_event, encode_frame, encode_header
from feedrec.formats.line.index import Index, find_index
from feedrec.formats.stream import whole_block as blocks
from feedrec.formats.tools import salvage_writer
from feedrec.formats.tools.repair import repair_recording
from feedrec.formats.tools.verify import verify_recording
from feedrec.model import Event, Frame, format_time

from ...offsets import offsets
from . import odd_recordings
from .damage import pack as pack_small
from .odd_recordings import HEADER, RULES, START, pack
from .test_verify_more import one_by_one

_MEMORY = "/dev/shm"
FLIPS = (0x01, 0xFF)


@contextlib.contextmanager
def copying_all() -> Any:
    with mock.patch.object(blocks, "_LEAST_COPIED", 0):
        yield


@contextlib.contextmanager
def line_by_line() -> Any:
    with (
        mock.patch.object(salvage_writer, "stretches", one_by_one),
        mock.patch.object(salvage_writer, "whole_block", return_value=None),
    ):
        yield


def repaired(path: Path, *, keep_unverified: bool) -> Any:
    output = path.with_name("b.jsonl.zst")
    try:
        result = repair_recording(
            path, output, rules_for=lambda _: RULES, overwrite=True, keep_unverified=keep_unverified
        )
    except RecordingError as error:
        return str(error)
    with open_recording(output) as recording:
        lines = [recording.header_line, *(line for lines in recording.batches() for line in lines)]
        assert recording.index is not None
        summary = decode_facts(recording.index.summary or b"{}")
    found = verify_recording(output, lambda _: RULES)
    assert not {problem.kind for problem in found.problems} - {"gap", "time"}
    if summary is not None:
        summary = msgspec.structs.replace(summary, first_reading=None, last_reading=None)  # these go by blocks
    return result.as_dict(), lines, summary, found.problems, found.notes


def same_both_ways(content: bytes, suffix: str = ".jsonl.zst", *, keep_unverified: bool = False) -> None:
    with tempfile.TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None) as folder:
        path = Path(folder) / f"a{suffix}"
        path.write_bytes(content)
        with copying_all():
            fast = repaired(path, keep_unverified=keep_unverified)
        with line_by_line():
            assert fast == repaired(path, keep_unverified=keep_unverified)


@given(odd_recordings.recordings, st.booleans())
def test_whatever_is_odd_or_damaged(content: bytes, keep_unverified: bool) -> None:  # noqa: FBT001
    same_both_ways(content, keep_unverified=keep_unverified)


@given(odd_recordings.recordings, odd_recordings.recordings)
def test_a_recording_that_was_appended_to_another(first: bytes, second: bytes) -> None:
    same_both_ways(first + second)


@given(odd_recordings.lines, st.integers(0, 3))
def test_plain_lines_with_whatever_before_the_header(lines: list[bytes], before: int) -> None:
    text = b"\n".join([*lines[:before], encode_header(HEADER), *lines[before:], b""])
    same_both_ways(text, ".jsonl")


@pytest.mark.parametrize("flip", FLIPS)
def test_every_byte_flipped(flip: int) -> None:
    whole = pack_small()
    for offset in offsets(len(whole), flip, FLIPS, 7):
        same_both_ways(whole[:offset] + bytes([whole[offset] ^ flip]) + whole[offset + 1 :])


def test_cut_anywhere() -> None:
    whole = pack_small()
    for cut in range(0, len(whole), 7):
        same_both_ways(whole[:cut])


def index_of(content: bytes) -> Index:
    return find_index(lambda offset, size: content[offset : offset + size], len(content))


def test_a_request_does_not_change_of_which_connection_what_is_missing_after_it_was(tmp_path: Path) -> None:
    """It has none itself: that of the line before it counts, also where both are in a block that is copied."""
    first = encode_frame(Frame(START, 1, b'{"s":0,"c":"a","x":"%b"}' % (b"x" * 200)))
    second = encode_frame(Frame(START + 1, 0, b'{"s":0,"c":"a"}'))
    request = b'{"time":"%b","event":"http","status":200}' % format_time(START + 2).encode()
    damaged = encode_frame(Frame(START + 3, 1, b'{"s":1,"c":"a"}')).replace(b'"s":1', b'"s":1,]')
    content = pack([first, second, request, damaged], 200)
    assert [block.lines for block in index_of(content).blocks] == [0, 1, 2, 1]
    same_both_ways(content)
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(content)
    with copying_all():
        _, lines, *_ = repaired(path, keep_unverified=False)
    assert [json.loads(line)["conn"] for line in lines if b'"damage"' in line] == [0]


LINES = [encode_frame(Frame(START + number, 0, b'{"s":%d,"c":"a"}' % number)) for number in range(20_000)]


def blocks_of(content: bytes) -> list[bytes]:
    return [content[block.offset : block.end] for block in index_of(content).blocks]


def repaired_blocks(tmp_path: Path, content: bytes) -> list[bytes]:
    path, output = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    path.write_bytes(content)
    repair_recording(path, output, rules_for=lambda _: RULES)
    problems = verify_recording(output, lambda _: RULES).problems
    assert {problem.kind for problem in problems} <= {"gap"}
    return blocks_of(output.read_bytes())


def test_blocks_are_copied_but_for_the_first_and_small_ones(tmp_path: Path) -> None:
    content = pack(LINES, 1 << 19)
    before = blocks_of(content)
    after = repaired_blocks(tmp_path, content[:-1])
    assert len(before) == 4
    assert after[1:3] == before[1:3]


@pytest.mark.parametrize("change", ["a line of another program", "a bit that means nothing", "small"])
def test_a_block_that_no_writer_would_write_so_is_not_copied(tmp_path: Path, change: str) -> None:
    lines = list(LINES)
    if change == "a line of another program":
        lines[8_000] = lines[8_000].replace(b'"conn":0', b'"conn": 0')
    content = bytearray(pack(lines, 100_000 if change == "small" else 1 << 19))
    before = blocks_of(bytes(content))
    if change == "a bit that means nothing":
        content[len(before[0]) + 4] |= 0x10
    after = repaired_blocks(tmp_path, bytes(content))
    assert before[1] not in after
    assert bytes(content[len(before[0]) : len(before[0]) + len(before[1])]) not in after
    assert (before[2] in after) == (change != "small")


def test_frames_of_several_connections_and_events_are_copied_too(tmp_path: Path) -> None:
    lines = [line.replace(b'"conn":0', b'"conn":%d' % (number % 3)) for number, line in enumerate(LINES)]
    event = encode_event(Event(START + 9_000, 7, "note"))
    content = pack([*lines[:9_000], event, *lines[9_000:]], 1 << 19)
    assert blocks_of(content)[1] in repaired_blocks(tmp_path, content)


def test_what_is_appended_to_a_block_that_has_a_line_in_part_is_not_copied(tmp_path: Path) -> None:
    """A zstd frame of another program may begin within a line: its content is not the lines that end in it."""
    text = b"\n".join([encode_header(HEADER), *LINES, b""])
    pack_one = zstandard.ZstdCompressor(write_checksum=True, write_content_size=False)

    def packed(part: bytes) -> bytes:
        one = pack_one.compressobj()
        return one.compress(part) + one.flush()

    parts = [text[:400_000], text[400_000:800_000], text[800_000:]]
    after = repaired_blocks(tmp_path, b"".join(map(packed, parts)))
    assert not {packed(part) for part in parts} & set(after)
    with open_recording(tmp_path / "b.jsonl.zst") as recording:
        assert [line for lines in recording.batches() for line in lines] == LINES
