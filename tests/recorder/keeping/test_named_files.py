"""Files are found by their names, and nothing else is."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.file.names import pending_path
from feedrec.formats.file.naming.file_naming import FileNaming, NumberedNames
from feedrec.formats.file.naming.template import parse_template
from feedrec.formats.file.naming.template_names import TemplateNames
from feedrec.model import NANOSECONDS
from feedrec.recorder.keeping.named_files import NamedFiles

VALUES = {"endpoint": "raw", "channel": "ticker", "product": "all"}


def names_in(folder: Path, text: str = "{date}/{hour}/{channel}.jsonl.zst") -> TemplateNames:
    return TemplateNames(parse_template(f"{folder}/{text}", ""), VALUES)


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def found(naming: FileNaming) -> list[str]:
    return [str(file.path.relative_to(naming.folder)) for file in NamedFiles(naming).look()]


def test_files_of_a_template_come_in_order(tmp_path: Path) -> None:
    day = "2026-11-26"
    names = [f"{day}/09/ticker.jsonl.zst", f"{day}/10/ticker.jsonl.zst", f"{day}/10/ticker-2.jsonl.zst"]
    names += [f"{day}/10/ticker-10.jsonl.zst.part", "2026-12-01/00/ticker.jsonl.zst"]
    touch(tmp_path, *names)
    others = [
        f"{day}/09/level2.jsonl.zst",
        f"{day}/09/ticker.jsonl.zst.state",
        f"{day}/ticker.jsonl.zst",
        "x/09/ticker.jsonl.zst",
    ]
    touch(tmp_path, *others, f"{day}/24x/ticker.jsonl.zst", f"{day}/11/y/ticker.jsonl.zst")
    (tmp_path / day / "12").mkdir()
    (tmp_path / day / "12" / "ticker.jsonl.zst").symlink_to(tmp_path / names[0])
    (tmp_path / "2026-11-27").symlink_to(tmp_path / day)
    assert found(names_in(tmp_path)) == names


def test_files_of_a_rotation_too(tmp_path: Path) -> None:
    names = ["x-0002.parquet", "x-9999.parquet.jsonl.zst", "x-10000.parquet.jsonl.zst.part"]
    touch(tmp_path, *names, "x.parquet", "y-0001.parquet", "a/x-0001.parquet", "x-0002.parquet.part.old")
    naming = NumberedNames(tmp_path / "x.parquet")
    assert found(naming) == names
    assert [file.is_finished for file in NamedFiles(naming).look()] == [True, False, False]


def test_there_may_be_no_folder(tmp_path: Path) -> None:
    assert found(names_in(tmp_path / "none")) == []


def test_folders_are_empty_if_nothing_at_all_is_in_them(tmp_path: Path) -> None:
    touch(tmp_path, "2026-11-26/09/notes.txt")
    for name in ("2026-11-26/10", "2026-11-27", "other"):
        (tmp_path / name).mkdir()
    files = NamedFiles(names_in(tmp_path))
    files.look()
    found = dict(files.empty_folders())
    assert sorted(str(folder.relative_to(tmp_path)) for folder in found) == ["2026-11-26/10", "2026-11-27"]
    assert found[tmp_path / "2026-11-27"] == (tmp_path / "2026-11-27").stat().st_mtime_ns


def test_what_belongs_to_a_file_is_seen_with_it(tmp_path: Path) -> None:
    day = tmp_path / "2026-11-26"
    touch(tmp_path, "2026-11-26/09/ticker.jsonl.zst", "2026-11-26/10/ticker.jsonl.zst.part")
    (day / "09" / "ticker.jsonl.zst.state").write_text("12345")
    (day / "10" / "ticker.jsonl.zst.pending").touch()
    found = NamedFiles(names_in(tmp_path)).look()
    assert [(file.size, file.is_finished, file.is_pending) for file in found] == [(5, True, False), (0, False, True)]


@given(
    st.lists(st.tuples(st.sampled_from(["add", "remove", "replace", "mark", "folder"]), st.integers(0, 5)), max_size=9)
)
def test_another_look_sees_what_the_first_one_would(changes: list[tuple[str, int]]) -> None:
    """However soon after a change: folders that may still change in the same moment are listed again."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        naming = names_in(folder)
        files = NamedFiles(naming)
        for change, hour in changes:
            path = folder / f"2026-11-26/{hour:02d}/ticker.jsonl.zst"
            if change == "folder":
                shutil.rmtree(path.parent, ignore_errors=True)
            elif change == "remove":
                path.unlink(missing_ok=True)
            else:
                touch(folder, str((pending_path(path) if change == "mark" else path).relative_to(folder)))
            if change == "replace":
                path.rename(path.with_name("other"))
                path.write_text("new")
            assert files.look() == NamedFiles(naming).look()


def test_a_folder_that_is_as_it_was_is_not_listed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, *(f"2026-11-26/{hour:02d}/ticker.jsonl.zst" for hour in range(20)))
    files = NamedFiles(names_in(tmp_path), lambda: time.time_ns() + 10 * NANOSECONDS)
    before = files.look()
    touch(tmp_path, "2026-11-26/07/ticker-2.jsonl.zst")
    listed: list[str] = []
    scandir = os.scandir

    def noted(path: str) -> Any:
        listed.append(Path(path).name)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", noted)
    assert len(files.look()) == len(before) + 1
    assert listed == ["07"]
