"""Of gzip and Parquet, everything before the damage is saved."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from feedrec.formats import open_recording
from feedrec.formats.line.codec import encode_header
from feedrec.formats.stream.gzip_members import GzipEncoder
from feedrec.formats.stream.parquet_encoder import ParquetEncoder
from feedrec.formats.stream.parquet_rows import GROUPS_KEY, decode_groups
from feedrec.formats.stream.protocols import Encoder
from feedrec.formats.tools.repair import repair_recording

from .damage import HEADER, LINES, RECORDS, read_lines, repair, rules_for


@pytest.mark.parametrize("suffix", ["jsonl.gz", "parquet"])
def test_all_before_the_damage_is_saved(tmp_path: Path, suffix: str) -> None:
    path, output = tmp_path / f"a.{suffix}", tmp_path / "b.jsonl"
    encoder: Encoder = GzipEncoder() if suffix == "jsonl.gz" else ParquetEncoder(group_rows=len(RECORDS) // 2)
    packed = [encoder.begin(encode_header(HEADER))]
    half = len(LINES) // 2
    packed += [encoder.add(LINES[:half]), encoder.finish() if suffix == "jsonl.gz" else b""]
    offset = len(b"".join(packed))
    packed += [encoder.add(LINES[half:]), encoder.finish()]
    data = bytearray(b"".join(packed))
    path.write_bytes(data)
    if suffix == "parquet":
        offset = decode_groups(pq.read_metadata(path).metadata[GROUPS_KEY])[1].offset
    data[offset + 30] ^= 0xFF
    path.write_bytes(data)
    result = repair(path, output)
    (loss,) = result.losses
    assert (loss.offset, loss.bytes, loss.lines) == (offset, len(data) - offset, None)
    assert (result.lines, result.is_exact, result.is_lossless) == (half, False, False)
    lines, damage = read_lines(output)
    assert damage is None
    assert lines[:half] == LINES[:half]
    assert b'"event":"damage"' in lines[half]
    assert len(lines) == half + 1
    assert repair_recording(path, rules_for=rules_for, in_place=True).output == path
    with open_recording(path) as recording:
        assert [line for batch in recording.batches() for line in batch] == lines


def test_a_gzip_that_was_cut_off_gives_its_whole_lines(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl"
    data = gzip.compress(b"\n".join([encode_header(HEADER), *LINES, b""]))
    path.write_bytes(data[: len(data) // 2])
    result = repair(path, output)
    assert 0 < result.lines < len(LINES)
    assert "cut off" in result.losses[0].reason
    assert read_lines(output)[0][: result.lines] == LINES[: result.lines]


def test_a_bad_line_in_gzip_has_its_member_as_place(tmp_path: Path) -> None:
    path, output = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl"
    first = gzip.compress(b"\n".join([encode_header(HEADER), *LINES, b""]))
    path.write_bytes(first + gzip.compress(b'{"no":"line"}\n'))
    result = repair(path, output)
    assert [(loss.offset, loss.lines) for loss in result.losses] == [(len(first), 1)]
