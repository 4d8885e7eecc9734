"""A file is opened by the reader that it needs, and under the name that it has by now."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.errors import NotARecordingError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.file.opening import has_own_reader, under_current_name
from feedrec.formats.line.codec import encode_header
from feedrec.model import Header

from .recordings import HEADER, RECORDS, encode, plain, read_all, recording


def test_the_format_of_a_file_is_detected_from_its_content_not_its_name(tmp_path: Path) -> None:
    lines = [encode_header(HEADER), *map(encode, RECORDS)]
    assert read_all(plain(tmp_path / "plain.zst", lines)) == (RECORDS, None)
    assert read_all(recording(tmp_path / "packed.jsonl")) == (RECORDS, None)


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst", ".jsonl.gz", ".parquet"])
def test_every_format_is_opened_under_any_name(tmp_path: Path, suffix: str) -> None:
    with create_recording(tmp_path / f"x{suffix}", HEADER) as writer:
        for one in RECORDS:
            writer.write(one)
    path = writer.path.rename(tmp_path / "anything")
    with open_recording(path) as reader:
        assert reader.header == HEADER
        assert list(reader) == RECORDS
    assert has_own_reader(path.read_bytes()[:4]) == (suffix in (".jsonl.gz", ".parquet"))


def opened(path: Path) -> Path:
    with open_recording(path) as recording:
        return recording.path


@pytest.mark.parametrize(
    ("listed", "now"),
    [
        ("x.jsonl.zst.part", "x.jsonl.zst"),
        ("x.parquet.jsonl.zst.part", "x.parquet.jsonl.zst"),
        ("x.parquet.jsonl.zst.part", "x.parquet"),
        ("x.parquet.jsonl.zst", "x.parquet"),
        ("x.jsonl", "x.jsonl"),
    ],
)
def test_a_recording_that_was_finished_since_it_was_listed_is_found(tmp_path: Path, listed: str, now: str) -> None:
    create_recording(tmp_path / "y.jsonl", Header("raw")).finish().rename(tmp_path / now)
    assert under_current_name(tmp_path / listed, opened) == tmp_path / now


def test_the_error_for_a_missing_recording_has_the_name_passed(tmp_path: Path) -> None:
    with pytest.raises(NotARecordingError, match=r"x\.jsonl\.zst\.part: no such file"):
        under_current_name(tmp_path / "x.jsonl.zst.part", open_recording)


def test_a_bad_file_is_not_looked_for_under_other_names(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl.zst.part").write_bytes(b"bad!")
    create_recording(tmp_path / "y.jsonl", Header("raw")).finish().rename(tmp_path / "x.jsonl.zst")
    with pytest.raises(NotARecordingError, match=r"part: not a recording"):
        under_current_name(tmp_path / "x.jsonl.zst.part", open_recording)
