"""Which files of a folder are the recordings in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedrec.errors import NotARecordingError, RecordingError
from feedrec.formats import create_recording
from feedrec.formats.several.folder import find_recordings
from feedrec.model import Header

if TYPE_CHECKING:
    from tests.object_server import Bucket


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


def test_files_that_began_at_once_come_by_number(tmp_path: Path) -> None:
    """The files of one run all have its `created`."""
    names = [f"x-{number}.jsonl" for number in (9998, 9999, 10000, 10001)]
    for name in reversed(names):
        create_recording(tmp_path / name, Header("raw", created=7)).finish()
    assert [path.name for path in find_recordings([tmp_path])] == names
    assert names_in(tmp_path) == names


def test_files_in_the_order_of_a_shell_come_by_number_too(tmp_path: Path) -> None:
    names = ["x-10000.jsonl", "x-9998.jsonl", "x-9999.jsonl.part", "y.jsonl"]
    found = find_recordings([tmp_path / name for name in names])
    assert [path.name for path in found] == ["x-9998.jsonl", "x-9999.jsonl.part", "x-10000.jsonl", "y.jsonl"]


def test_a_path_that_cannot_be_examined_is_left_to_the_reader(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300)
    assert find_recordings([path]) == [path]


def test_a_file_in_a_folder_that_cannot_be_read_is_reported_and_left_out(tmp_path: Path) -> None:
    create_recording(tmp_path / "a.jsonl", Header("raw")).finish()
    (tmp_path / "b.jsonl").write_bytes(b"bad!")
    bad: list[RecordingError] = []
    assert find_recordings([tmp_path], on_bad=bad.append) == [tmp_path / "a.jsonl"]
    assert [error.path.name for error in bad] == ["b.jsonl"]
    with pytest.raises(NotARecordingError):
        find_recordings([tmp_path])


def test_a_folder_without_recordings_stands_for_those_below_it(tmp_path: Path) -> None:
    """In the order of the whole path; hidden folders and links are left out."""
    names = ["a/2/x.jsonl", "a/10/x.jsonl", "a/10/y.jsonl", "b/c/d/x.jsonl", ".hidden/x.jsonl"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        create_recording(tmp_path / name, Header("raw", created=7)).finish()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert [str(path.relative_to(tmp_path)) for path in find_recordings([tmp_path])] == names[:-1]
    assert [path.name for path in find_recordings([tmp_path / "a" / "10"], by_name=True)] == ["x.jsonl", "y.jsonl"]


def test_a_folder_with_recordings_stands_for_them_alone(tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    for name in ("x.jsonl", "saved/x.jsonl"):
        create_recording(tmp_path / name, Header("raw")).finish()
    assert find_recordings([tmp_path]) == [tmp_path / "x.jsonl"]


def test_a_prefix_of_a_bucket_is_a_folder_that_is_listed_once(bucket: Bucket, tmp_path: Path) -> None:
    for name, created in (
        ("p/b.jsonl", 1),
        ("p/a.jsonl", 2),
        ("d/1/x.jsonl", 4),
        ("d/2/x.jsonl", 3),
        ("d/.h/x.jsonl", 5),
    ):
        path = tmp_path / str(created)
        create_recording(path.with_suffix(".jsonl"), Header("raw", created=created)).finish()
        bucket.store.create(name, path.with_suffix(".jsonl"))
    for name in ("p/a.jsonl.part", "p/notes.txt", "p/q/c.jsonl", "pq.jsonl"):
        bucket.store.create(name, b"x")
    bucket.requests.clear()
    assert find_recordings([bucket.url / "p"], by_name=True) == [bucket.url / "p/a.jsonl", bucket.url / "p/b.jsonl"]
    assert len(bucket.requests) == 1
    assert find_recordings([bucket.url / "p"]) == [bucket.url / "p/b.jsonl", bucket.url / "p/a.jsonl"]
    assert find_recordings([bucket.url / "d"]) == [bucket.url / "d/2/x.jsonl", bucket.url / "d/1/x.jsonl"]
    assert find_recordings([bucket.url / "p/a.jsonl"]) == [bucket.url / "p/a.jsonl"]
    assert find_recordings([bucket.url / "none"]) == [bucket.url / "none"]
    bucket.store.create("texts/notes.txt", b"x")
    with pytest.raises(NotARecordingError, match="no recording in this folder"):
        find_recordings([bucket.url / "texts"])


def test_a_bad_object_of_a_prefix_is_named(bucket: Bucket) -> None:
    bucket.store.create("p/a.jsonl", b"nothing\n")
    bad: list[RecordingError] = []
    assert find_recordings([bucket.url / "p"], on_bad=bad.append) == []
    assert [error.path for error in bad] == [bucket.url / "p/a.jsonl"]
