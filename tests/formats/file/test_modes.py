"""Who may read a recording: from its creation on, under each of its names, and when others are made from it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedrec.errors import RecordingExistsError
from feedrec.formats import create_recording
from feedrec.formats.file.lock import locked
from feedrec.formats.file.modes import PRIVATE, USUAL, FileMode, mode_as_strict_as, parse_mode, same_mode_as
from feedrec.formats.file.names import part_path
from feedrec.formats.file.target import FileTarget
from feedrec.model import Header


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """Let a usual umask be set, whatever it is where the tests run."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def bits(path: Path) -> int:
    return path.stat().st_mode & 0o7777


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (USUAL, 0o644),
        (PRIVATE, 0o600),
        (FileMode(0o660), 0o640),
        (FileMode(0o666, is_exact=True), 0o666),
        (FileMode(0o640, is_exact=True), 0o640),
    ],
)
@pytest.mark.parametrize("suffix", [".jsonl.zst", ".jsonl", ".jsonl.gz", ".parquet"])
def test_a_recording_has_its_mode_before_and_after_it_is_finished(
    tmp_path: Path, mode: FileMode, expected: int, suffix: str
) -> None:
    path = tmp_path / f"x{suffix}"
    with create_recording(path, Header("raw"), mode=mode):
        assert bits(part_path(path)) == expected
    assert bits(path) == expected


@pytest.mark.parametrize("mode", [PRIVATE, FileMode(0o666, is_exact=True)])
def test_a_file_is_created_with_no_permission_that_it_must_not_have(
    tmp_path: Path, mode: FileMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no moment at which others could open it: what is asked of the system is private from the start."""
    asked = []
    system_open = os.open

    def noted(path: Path, flags: int, permissions: int = 0o777) -> int:
        if flags & os.O_CREAT:
            asked.append(permissions)
        return system_open(path, flags, permissions)

    monkeypatch.setattr(os, "open", noted)
    FileTarget(tmp_path / "x.jsonl", mode=mode).commit()
    assert asked == [0o600]


def test_what_a_recording_replaces_has_no_say(tmp_path: Path) -> None:
    """A wider file of that name, finished or left by a killed recorder: neither makes the new one wider."""
    path = tmp_path / "x.jsonl"
    for name in (path, part_path(path)):
        name.write_bytes(b"old")
        name.chmod(0o666)
    target = FileTarget(path, overwrite=True, mode=PRIVATE)
    assert bits(part_path(path)) == 0o600
    target.commit()
    assert bits(path) == 0o600
    assert bits(tmp_path / "x.jsonl.part.old") == 0o600


def test_an_empty_file_that_was_left_is_not_wider_either(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    part_path(path).touch()
    part_path(path).chmod(0o666)
    FileTarget(path, overwrite=True, mode=PRIVATE).commit()
    assert bits(path) == 0o600


def test_what_is_moved_aside_gets_no_wider(tmp_path: Path) -> None:
    """The exact mode is that of the new file: the old one may hold what others must not read."""
    path = tmp_path / "x.jsonl"
    part_path(path).write_bytes(b"secret")
    part_path(path).chmod(0o600)
    FileTarget(path, overwrite=True, mode=FileMode(0o664, is_exact=True)).commit()
    assert bits(tmp_path / "x.jsonl.part.old") == 0o600
    assert bits(path) == 0o664


@pytest.mark.parametrize("mode", [PRIVATE, FileMode(0o666, is_exact=True)])
def test_the_file_of_another_recorder_keeps_its_mode(tmp_path: Path, mode: FileMode) -> None:
    path = tmp_path / "x.jsonl"
    part_path(path).touch()
    part_path(path).chmod(0o644)
    with locked(part_path(path)), pytest.raises(RecordingExistsError):
        FileTarget(path, overwrite=True, mode=mode)
    assert bits(part_path(path)) == 0o644


def test_a_file_system_without_modes_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "no modes here")

    part_path(tmp_path / "x.jsonl").touch()
    part_path(tmp_path / "x.jsonl").chmod(0o666)
    monkeypatch.setattr(os, "fchmod", refuse)
    FileTarget(tmp_path / "x.jsonl", overwrite=True, mode=PRIVATE).commit()
    assert "keeps no modes" in caplog.text


def test_a_file_made_from_others_is_for_those_who_may_read_them_all(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path, mode in zip(paths, (0o664, 0o640, 0o444), strict=True):
        path.touch()
        path.chmod(mode)
    assert mode_as_strict_as([]) == USUAL
    assert mode_as_strict_as(paths[:1]) == FileMode(0o664)
    assert mode_as_strict_as(paths[:2]) == FileMode(0o640)
    assert mode_as_strict_as(paths) == FileMode(0o640)  # the owner has to write it
    assert same_mode_as(paths[0]) == FileMode(0o664, is_exact=True)


def test_a_pipe_has_no_say_and_a_file_that_is_gone_may_have_been_private(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert mode_as_strict_as([tmp_path / "pipe"]) == USUAL
    assert mode_as_strict_as([tmp_path / "gone"]) == PRIVATE
    (tmp_path / "x.jsonl").touch()
    (tmp_path / "x.jsonl").chmod(0o640)
    assert mode_as_strict_as([tmp_path / "x.jsonl.part"]) == FileMode(0o640)  # it was finished meanwhile


@pytest.mark.parametrize(("text", "expected"), [("0640", 0o640), ("600", 0o600), ("0o644", 0o644), ("666", 0o666)])
def test_a_mode_is_written_as_for_chmod(text: str, expected: int) -> None:
    assert parse_mode(text) == FileMode(expected, is_exact=True)


@pytest.mark.parametrize(
    "text", ["", "0", "64", "0888", "0755", "0440", "0610", "00640", "1640", "u=rw", "-640", " 640"]
)
def test_what_is_no_mode_for_a_recording(text: str) -> None:
    assert parse_mode(text) is None
