"""Files get their names together, when all are whole; else nothing is left."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from feedrec.errors import RecordingExistsError, WriteError
from feedrec.export.staged_folder import StagedFolder
from feedrec.formats.file.modes import PRIVATE

from ..timing import HANG_TIMEOUT


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_have_their_names_only_when_all_are_whole(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    stage = StagedFolder(folder)
    for name in ("a.csv", "b.csv"):
        stage.create(name)
        stage.append(name, b"1\n")
    stage.append("a.csv", b"2\n")
    (hidden,) = names(folder)
    assert hidden.startswith(".export-")
    assert stage.commit() == [folder / "a.csv", folder / "b.csv"]
    assert names(folder) == ["a.csv", "b.csv"]
    assert (folder / "a.csv").read_bytes() == b"1\n2\n"


def test_what_is_taken_back_gets_no_name(tmp_path: Path) -> None:
    stage = StagedFolder(tmp_path)
    stage.create("a")
    stage.create("b")
    stage.remove("a")
    stage.commit()
    assert names(tmp_path) == ["b"]


def test_nothing_is_left_of_what_is_discarded(tmp_path: Path) -> None:
    for folder in (tmp_path / "out", tmp_path):
        stage = StagedFolder(folder)
        stage.create("a")
        stage.discard()
        stage.discard()
    assert names(tmp_path) == []


def test_a_file_is_not_replaced_unless_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("before")
    stage = StagedFolder(tmp_path)
    with pytest.raises(RecordingExistsError, match="a: already exists"):
        stage.create("a")
    stage.discard()
    stage = StagedFolder(tmp_path, overwrite=True)
    stage.create("a")
    assert (tmp_path / "a").read_text() == "before"
    stage.commit()
    assert (tmp_path / "a").read_text() == ""


def test_a_name_that_is_taken_meanwhile_leaves_no_file(tmp_path: Path) -> None:
    stage = StagedFolder(tmp_path)
    for name in ("a", "b", "c"):
        stage.create(name)
    (tmp_path / "b").write_text("of another")
    with pytest.raises(RecordingExistsError):
        stage.commit()
    assert names(tmp_path) == ["b"]
    assert (tmp_path / "b").read_text() == "of another"


def test_files_may_be_in_folders_of_which_none_is_left_empty(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "kept").touch()
    for is_taken in (True, False):
        stage = StagedFolder(tmp_path)
        for name in ("x/1/a", "x/2/b", "y/3/c"):
            stage.create(name)
        if is_taken:
            (tmp_path / "y").touch()  # no folder can be made there
            with pytest.raises(WriteError):
                stage.commit()
            assert sorted(path.name for path in (tmp_path / "x").iterdir()) == ["kept"]
            (tmp_path / "y").unlink()
            assert names(tmp_path) == ["x"]
        else:
            assert stage.commit() == [tmp_path / name for name in ("x/1/a", "x/2/b", "y/3/c")]


def test_a_file_may_be_read_by_whom_the_mode_says(tmp_path: Path) -> None:
    stage = StagedFolder(tmp_path, mode=PRIVATE)
    stage.create("a")
    stage.commit()
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="cannot be written: "):
        StagedFolder(tmp_path / "file")
    stage = StagedFolder(tmp_path / "out")
    with pytest.raises(WriteError, match=r"missing: cannot be written: No such file"):
        stage.append("missing", b"x")
    stage.discard()


def test_what_a_killed_process_left_goes_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    code = f"""if True:
        import os
        from pathlib import Path
        from feedrec.export.staged_folder import StagedFolder
        StagedFolder(Path({str(tmp_path)!r})).create("a")
        os._exit(0)"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=HANG_TIMEOUT)
    assert len(names(tmp_path)) == 1
    first = StagedFolder(tmp_path)
    first.create("a")
    second = StagedFolder(tmp_path)
    assert len(names(tmp_path)) == 2
    second.create("b")
    second.commit()
    first.commit()
    assert names(tmp_path) == ["a", "b"]


def test_a_link_in_place_of_what_was_left_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    out = tmp_path / "out"
    out.mkdir()
    (out / ".export-x.part").symlink_to(tmp_path / "kept")
    StagedFolder(out).discard()
    assert (tmp_path / "kept" / "file").exists()


def test_a_link_to_nothing_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(WriteError, match="is a link to what does not exist: name a folder"):
        StagedFolder(tmp_path / "link")
    assert not (tmp_path / "nowhere").exists()
