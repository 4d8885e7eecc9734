"""Which files of a folder are the recordings in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.formats import create_recording
from feedrec.formats.folder import find_recordings
from feedrec.model import Header


def names_in(folder: Path) -> list[str]:
    return [path.name for path in find_recordings([folder], by_name=True)]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.jsonl", "b.jsonl.gz", "c.parquet", "notes.txt"], ["a.jsonl", "b.jsonl.gz", "c.parquet"]),
        (["a.jsonl.zst", "a.jsonl.zst.part", "b.jsonl.zst.part"], ["a.jsonl.zst", "b.jsonl.zst.part"]),
        (["a.parquet", "a.parquet.jsonl.zst", "b.parquet.jsonl.zst.part"], ["a.parquet", "b.parquet.jsonl.zst.part"]),
        (["a.parquet", "a.parquet.jsonl.zst.part"], ["a.parquet"]),
        (["a.jsonl.zst", "b.repairing.parquet.part", "c.repairing.jsonl.zst", "d.parquet.part"], ["a.jsonl.zst"]),
    ],
)
def test_each_recording_counts_once_and_by_the_best_of_its_names(
    names: list[str], expected: list[str], tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / name).touch()
    assert names_in(tmp_path) == expected


def test_recordings_of_a_folder_come_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    for name, created in (("a", 3), ("b", 1), ("c", 2)):
        create_recording(tmp_path / f"{name}.jsonl", Header("raw", created=created)).finish()
    assert [path.name for path in find_recordings([tmp_path])] == ["b.jsonl", "c.jsonl", "a.jsonl"]


def test_a_path_that_cannot_be_looked_at_is_left_to_who_opens_it(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300)
    assert find_recordings([path]) == [path]
