"""Checkpoints go where their recording goes: whatever takes its name, or removes it, removes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from feedrec.formats import create_recording, open_recording
from feedrec.formats.facts.sequence_check import Rules
from feedrec.formats.file.growing.growing_file import begin_file
from feedrec.formats.file.names import state_path
from feedrec.formats.several.folder import find_recordings
from feedrec.formats.several.inputs import inspect_recording
from feedrec.formats.tools.convert import convert
from feedrec.formats.tools.repair import repair_recording
from feedrec.model import Frame, Header

HEADER = Header("raw", "wss://x.test", 1)


def record(path: Path, *, overwrite: bool = False) -> Path:
    writer = create_recording(path, HEADER, overwrite=overwrite)
    writer.write(Frame(1, 0, b"{}"))
    writer.finish()
    return path


def record_again(path: Path, _: Path) -> None:
    record(path, overwrite=True)


def record_where_one_was(path: Path, _: Path) -> None:
    path.unlink()
    record(path)


def convert_over(path: Path, other: Path) -> None:
    convert([inspect_recording(partial(open_recording, other))], path, create=partial(begin_file, overwrite=True))


def repair_in_place(path: Path, _: Path) -> None:
    repair_recording(path, rules_for=lambda _: Rules(), in_place=True)


def repair_over(path: Path, other: Path) -> None:
    repair_recording(other, path, rules_for=lambda _: Rules(), overwrite=True)


@pytest.mark.parametrize("replace", [record_again, record_where_one_was, convert_over, repair_in_place, repair_over])
def test_they_go_with_the_recording_that_is_replaced(tmp_path: Path, replace: Callable[[Path, Path], None]) -> None:
    path, other = record(tmp_path / "a.jsonl.zst"), record(tmp_path / "b.jsonl.zst")
    for one in (path, other):
        state_path(one).write_bytes(b"checkpoints")
    replace(path, other)
    assert path.exists()
    assert not state_path(path).exists()
    assert state_path(other).exists()


def test_they_are_not_taken_for_a_recording(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl.zst")
    state_path(path).write_bytes(b"checkpoints")
    assert find_recordings([tmp_path]) == [path]


def test_a_folder_in_their_place_is_left_alone(tmp_path: Path) -> None:
    state_path(tmp_path / "a.jsonl.zst").mkdir()
    record(tmp_path / "a.jsonl.zst")
    assert state_path(tmp_path / "a.jsonl.zst").is_dir()
