"""A file that gets its name when it is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.formats.checkpoints.aside import AsideFile, OtherWriterError
from feedrec.formats.file.modes import PRIVATE
from feedrec.formats.file.names import part_path


def test_it_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "x"
    file = AsideFile(path, PRIVATE)
    file.write(b"some")
    file.write(b"thing")
    assert file.size == 9
    assert not path.exists()
    file.commit()
    assert path.read_bytes() == b"something"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    part_path(path).write_bytes(b"half")
    file = AsideFile(path, PRIVATE)
    file.write(b"whole")
    file.commit()
    assert path.read_bytes() == b"whole"


def test_of_two_at_once_the_second_gives_way(tmp_path: Path) -> None:
    path = tmp_path / "x"
    first = AsideFile(path, PRIVATE)
    first.write(b"first")
    with pytest.raises(OtherWriterError):
        AsideFile(path, PRIVATE)
    first.commit()
    assert path.read_bytes() == b"first"


def test_if_it_cannot_get_its_name_it_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.mkdir()
    file = AsideFile(path, PRIVATE)
    with pytest.raises(OSError, match="directory"):
        file.commit()
    assert list(tmp_path.iterdir()) == [path]


def test_what_has_taken_its_place_meanwhile_is_left_alone(tmp_path: Path) -> None:
    file = AsideFile(tmp_path / "x", PRIVATE)
    part_path(tmp_path / "x").unlink()
    part_path(tmp_path / "x").write_bytes(b"other")
    file.discard()
    assert part_path(tmp_path / "x").read_bytes() == b"other"


def test_where_nothing_can_be_written_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        AsideFile(tmp_path / "nowhere" / "x", PRIVATE)
    assert list(tmp_path.iterdir()) == []
