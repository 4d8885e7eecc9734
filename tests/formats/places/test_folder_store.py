from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from feedrec.errors import ObjectMissingError, PlaceError
from feedrec.formats.places.folder_store import FolderStore


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", "a\0b"])
def test_no_key_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    """Keys may come from a listing of a bucket, and whoever writes there."""
    (tmp_path / "x").write_bytes(b"of others")
    folder = tmp_path / "folder"
    store = FolderStore(folder)
    for call in (
        lambda: store.find(key),
        lambda: store.read(key, 0, 9),
        lambda: store.create(key, b""),
        lambda: store.write(key, b""),
        lambda: store.delete(key),
    ):
        with pytest.raises(PlaceError, match="no file in it can have the name"):
            call()
    assert (tmp_path / "x").read_bytes() == b"of others"
    assert not folder.exists()


def test_a_pipe_and_a_folder_are_no_objects_and_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    store = FolderStore(tmp_path)
    for key in ("pipe", "folder", "pipe/x"):
        assert store.find(key) is None
        with pytest.raises(ObjectMissingError):
            store.read(key, 0, 1)
    assert list(store.list()) == []


def test_a_link_to_itself_is_no_object_and_hides_no_other(tmp_path: Path) -> None:
    """As one to nothing; a listing goes on."""
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    store = FolderStore(tmp_path)
    assert store.find("loop") is None
    assert [one.key for one in store.list()] == ["file"]
    with pytest.raises(ObjectMissingError, match="a link to itself"):
        store.read("loop", 0, 1)


def test_what_could_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.write("x", b"first")
    with pytest.raises(PlaceError):
        store.write("x", tmp_path / "none")
    with pytest.raises(PlaceError):
        store.create("x/y", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert store.read("x", 0, 9).data == b"first"


def test_a_listing_has_no_file_that_is_being_written(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.write("a/x", b"")
    (tmp_path / "a" / ".feedrec-abc").touch()
    assert [one.key for one in store.list()] == ["a/x"]


def test_what_is_written_has_the_rights_that_new_files_have(tmp_path: Path) -> None:
    FolderStore(tmp_path).create("x", b"")
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
