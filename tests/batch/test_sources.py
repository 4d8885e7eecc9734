"""Which recordings are meant by files, folders, prefixes and patterns."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from feedrec.batch.sources import find_sources
from feedrec.errors import NotARecordingError
from feedrec.formats.file.lock import lock

from ..object_server import Bucket

NAMES = ("1.jsonl.zst", "monday/1.jsonl.zst", "monday/2.parquet", "monday/deep/1.jsonl", "tuesday/1.jsonl.gz")
OTHERS = ("monday/notes.txt", ".batch/made.jsonl", "monday/.hidden/1.jsonl", "tuesday/1.jsonl.gz.part")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folder")
    for name in (*NAMES, *OTHERS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    return folder


PATTERNS = {
    "*/*": ["monday/1.jsonl.zst", "monday/2.parquet", "tuesday/1.jsonl.gz"],
    "mon*/*.zst": ["monday/1.jsonl.zst"],
    "monday/[13].*": ["1.jsonl.zst"],
    "monday/?.parquet": ["2.parquet"],
    "**/1.*": ["1.jsonl.zst", "monday/1.jsonl.zst", "monday/deep/1.jsonl", "tuesday/1.jsonl.gz"],
    "**": list(NAMES),
    "monday/**/*.jsonl": ["deep/1.jsonl"],
}
"""What each pattern means, with names below the part of it that is none."""


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_stands_for_the_recordings_that_it_fits(folder: Path, pattern: str) -> None:
    assert sorted(one.name for one in find_sources([folder / pattern]).found) == sorted(PATTERNS[pattern])


def test_a_pattern_means_the_same_in_a_bucket(bucket: Bucket) -> None:
    for name in (*NAMES, *OTHERS):
        bucket.store.create(f"raw/{name}", b"x")
    for pattern, names in PATTERNS.items():
        found = find_sources([bucket.url / "raw" / pattern]).found
        assert sorted(one.name for one in found) == sorted(names), pattern
        assert all(one.stored.tag for one in found)
    monday = find_sources([bucket.url / "raw" / "monday"]).found
    assert sorted(one.name for one in monday) == [
        "1.jsonl.zst",
        "2.parquet",
    ]
    (one,) = find_sources([bucket.url / "raw" / "1.jsonl.zst"]).found
    assert (one.name, one.stored.size) == ("1.jsonl.zst", 1)


def test_a_file_and_a_folder_stand_for_themselves_once(folder: Path) -> None:
    both = find_sources([folder / "monday" / "1.jsonl.zst", folder / "monday", folder / "monday" / "1.jsonl.zst"]).found
    assert [one.name for one in both] == ["1.jsonl.zst", "2.parquet"]


def test_a_name_with_a_star_that_is_there_is_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "a*.jsonl").write_text("x")
    (tmp_path / "ab.jsonl").write_text("x")
    assert [one.name for one in find_sources([tmp_path / "a*.jsonl"]).found] == ["a*.jsonl"]


def test_what_is_being_written_is_left_for_later(folder: Path) -> None:
    descriptor = os.open(folder / "monday" / "1.jsonl.zst", os.O_RDONLY)
    try:
        lock(descriptor)
        sources = find_sources([folder / "monday"])
    finally:
        os.close(descriptor)
    assert [one.name for one in sources.found] == ["2.parquet"]
    assert [(one.path.name, one.reason) for one in sources.left_out] == [
        ("1.jsonl.zst", "is being written: a later run takes it")
    ]


@pytest.mark.parametrize("name", ["nothing.jsonl", "nothing/*.jsonl", "monday/*.csv"])
def test_where_there_is_nothing_a_line_says_so(folder: Path, name: str) -> None:
    with pytest.raises(NotARecordingError, match=r"there is no such file|no recording has a name like this"):
        find_sources([folder / name])
