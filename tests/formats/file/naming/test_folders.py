"""Folders are made as files are begun, but none where a file system may be gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from feedrec.errors import WriteError
from feedrec.formats.file.naming.file_naming import NumberedNames
from feedrec.formats.file.naming.folders import Folders
from feedrec.formats.file.naming.template import parse_template
from feedrec.formats.file.naming.template_names import TemplateNames


def folders_of(root: Path, text: str = "{endpoint}/{date}.jsonl") -> Folders:
    values = {"endpoint": "raw", "channel": "all", "product": "all"}
    return Folders(TemplateNames(parse_template(f"{root}/{text}", ""), values), is_live=True)


def name_in(folders: Folders) -> Path:
    return next(folders.naming.names(1, 0))


def test_all_folders_are_made_at_the_start(tmp_path: Path) -> None:
    folders = folders_of(tmp_path / "a" / "b")
    folders.make(name_in(folders), is_first=True)
    assert (tmp_path / "a" / "b" / "raw").is_dir()
    folders.take_back()
    assert list(tmp_path.iterdir()) == []


def test_what_is_made_is_not_taken_back_if_it_is_used(tmp_path: Path) -> None:
    folders = folders_of(tmp_path)
    folders.make(name_in(folders), is_first=True)
    (tmp_path / "raw" / "x").touch()
    folders.take_back()
    assert (tmp_path / "raw" / "x").exists()


def test_later_what_all_names_are_below_must_be_there(tmp_path: Path) -> None:
    folders = folders_of(tmp_path / "a")
    with pytest.raises(WriteError, match="its folder does not exist") as refused:
        folders.make(name_in(folders), is_first=False)
    assert isinstance(refused.value.__cause__, FileNotFoundError)
    (tmp_path / "a").mkdir()
    folders.make(name_in(folders), is_first=False)
    assert (tmp_path / "a" / "raw").is_dir()


def test_the_folder_of_a_plain_name_is_never_made(tmp_path: Path) -> None:
    naming = NumberedNames(tmp_path / "a" / "x.jsonl")
    Folders(naming, is_live=True).make(next(naming.names(1, 0)), is_first=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mount", ["", "raw"])
def test_nothing_is_begun_where_a_file_system_was(mount: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of the folders it was mounted at."""
    folders, mounts = folders_of(tmp_path), {tmp_path / mount}
    monkeypatch.setattr(os.path, "ismount", lambda path: path in mounts)
    folders.make(name_in(folders), is_first=True)
    mounts.clear()
    with pytest.raises(WriteError, match="its file system is not mounted"):
        folders.make(name_in(folders), is_first=False)


def test_a_folder_that_cannot_be_made_is_an_error_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "raw").touch()
    folders = folders_of(tmp_path, "{endpoint}/{channel}/{date}.jsonl")
    with pytest.raises(WriteError, match="cannot be written: Not a directory"):
        folders.make(name_in(folders), is_first=True)


def test_names_follow_a_folder_that_was_moved(tmp_path: Path) -> None:
    folders = folders_of(tmp_path / "a")
    name = name_in(folders)
    folders.make(name, is_first=True)
    (tmp_path / "a").rename(tmp_path / "b")
    folders.follow(tmp_path / "b" / name.relative_to(tmp_path / "a"))
    assert name_in(folders) == tmp_path / "b" / "raw" / "1970-01-01.jsonl"
