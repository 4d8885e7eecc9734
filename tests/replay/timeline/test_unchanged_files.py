"""What is remembered of files, and for how long."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from feedrec.replay.timeline.unchanged_files import UnchangedFiles


class Looks:
    """Counts how often something is found out."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> int:
        self.count += 1
        return self.count


def test_files_that_do_not_change_are_looked_at_once(tmp_path: Path) -> None:
    paths, files, look = [tmp_path / "a", tmp_path / "b"], UnchangedFiles[int](), Looks()
    for path in paths:
        path.touch()
    assert [files.find(paths, look) for _ in range(3)] == [1, 1, 1]
    assert files.find(paths[:1], look) == 2
    assert files.find(paths, look, about="another feed") == 3


def test_a_file_that_changed_is_looked_at_again(tmp_path: Path) -> None:
    """In size, in time, or because another one took its name."""
    path, files, look = tmp_path / "a", UnchangedFiles[int](), Looks()
    path.write_bytes(b"1")
    assert files.find([path], look) == 1
    path.write_bytes(b"12")
    assert files.find([path], look) == 2
    os.utime(path, ns=(0, 0))
    assert files.find([path], look) == 3
    (tmp_path / "b").write_bytes(b"34")
    os.utime(tmp_path / "b", ns=(0, 0))
    (tmp_path / "b").rename(path)
    assert files.find([path], look) == 4


def test_only_so_much_is_remembered(tmp_path: Path) -> None:
    """What was not asked for the longest is forgotten."""
    files, look = UnchangedFiles[int](most=2), Looks()
    for name in "abc":
        (tmp_path / name).touch()
    found = [files.find([tmp_path / name], look) for name in "abacab"]
    assert found == [1, 2, 1, 3, 1, 4]


def test_what_is_missing_is_for_the_look_to_tell(tmp_path: Path) -> None:
    def look() -> int:
        raise FileNotFoundError("told")

    with pytest.raises(FileNotFoundError, match="told"):
        UnchangedFiles[int]().find([tmp_path / "none"], look)
