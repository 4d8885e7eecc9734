"""Of a folder, finished recordings are shipped, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from feedrec.errors import RecordingError
from feedrec.recorder.shipping.folder_content import FolderContent, look_into

NONE = [
    "a.jsonl.zst.state",
    "a.jsonl.zst.shipped",
    "a.repairing.jsonl.zst",
    "a.untested.jsonl",
    "a.jsonl.failed",
    "a.jsonl.lock",
    "notes.txt",
    ".hidden/x.jsonl",
    "place/x.jsonl",
]


def names(folder: Path, content: FolderContent) -> list[list[str]]:
    return [sorted(path.relative_to(folder).as_posix() for path in paths) for paths in content]


def test_what_is_finished_is_found_in_the_order_of_names(tmp_path: Path) -> None:
    some = ["b/x-0001.jsonl", "a-9999.jsonl.zst", "a-10000.jsonl.zst", "c.parquet", *NONE]
    for name in some:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "c.parquet")
    (tmp_path / "links").symlink_to(tmp_path / "b")
    (tmp_path / "folder.jsonl").mkdir()
    os.mkfifo(tmp_path / "pipe.jsonl")
    content = look_into(tmp_path, tmp_path / "place")
    assert [path.name for path in content.finished] == [
        "a-9999.jsonl.zst",
        "a-10000.jsonl.zst",
        "x-0001.jsonl",
        "c.parquet",
    ]
    assert names(tmp_path, content)[1:] == [[], [], [], ["a.jsonl.zst"]]  # of a mark, the recording is gone


def test_what_is_not_finished_or_pending_is_told_apart(tmp_path: Path) -> None:
    for name in [
        "x-0001.jsonl",
        "x-0002.jsonl",
        "x-0002.jsonl.pending",
        "x-0003.jsonl.part",
        "x-0003.jsonl.pending",
        "t.parquet.jsonl.zst",
        "t.parquet.pending",
        "u.parquet.jsonl.zst",
        "u.parquet",
    ]:
        (tmp_path / name).touch()
    finished, unfinished, pending, needed, _ = names(tmp_path, look_into(tmp_path))
    assert finished == ["u.parquet", "x-0001.jsonl"]
    assert unfinished == ["t.parquet.jsonl.zst", "x-0003.jsonl.part"]
    assert pending == ["x-0002.jsonl"]
    assert needed == ["x-0001.jsonl", "x-0002.jsonl"]


def test_a_folder_that_cannot_be_read_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read"):
        look_into(tmp_path / "none")


def test_where_they_are_shipped_to_is_left_out_by_whatever_name(tmp_path: Path) -> None:
    (tmp_path / "recordings" / "place").mkdir(parents=True)
    (tmp_path / "recordings" / "place" / "x.jsonl").touch()
    (tmp_path / "link").symlink_to(tmp_path / "recordings" / "place")
    assert look_into(tmp_path / "recordings", tmp_path / "link").finished == []
