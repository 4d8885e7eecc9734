"""Files are found by their names, and nothing else is."""

from __future__ import annotations

from pathlib import Path

from feedrec.formats.file.naming.file_naming import FileNaming, NumberedNames
from feedrec.formats.file.naming.template import parse_template
from feedrec.formats.file.naming.template_names import TemplateNames
from feedrec.recorder.keeping.named_files import empty_folders, files_named

VALUES = {"endpoint": "raw", "channel": "ticker", "product": "all"}


def names_in(folder: Path, text: str = "{date}/{hour}/{channel}.jsonl.zst") -> TemplateNames:
    return TemplateNames(parse_template(f"{folder}/{text}", ""), VALUES)


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def found(naming: FileNaming) -> list[str]:
    return [str(file.path.relative_to(naming.folder)) for file in sorted(files_named(naming))]


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
    assert [file.is_finished for file in sorted(files_named(naming))] == [True, False, False]


def test_there_may_be_no_folder(tmp_path: Path) -> None:
    assert found(names_in(tmp_path / "none")) == []


def test_folders_are_empty_if_nothing_at_all_is_in_them(tmp_path: Path) -> None:
    touch(tmp_path, "2026-11-26/09/notes.txt")
    for name in ("2026-11-26/10", "2026-11-27", "other"):
        (tmp_path / name).mkdir()
    found = sorted(str(folder.relative_to(tmp_path)) for folder in empty_folders(names_in(tmp_path)))
    assert found == ["2026-11-26/10", "2026-11-27"]
