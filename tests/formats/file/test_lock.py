"""A lock says that somebody is writing a file, and nothing else does."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedrec.errors import RecordingExistsError
from feedrec.formats.file.lock import (
    is_at,
    is_being_written,
    is_locked,
    link_to_free_name,
    lock,
    locked,
    name_of,
    unlink_if_at,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a file that nobody is writing."""
    path = tmp_path / "x.jsonl"
    path.touch()
    return path


@pytest.fixture
def descriptor(path: Path) -> Iterator[int]:
    """Open that file."""
    descriptor = os.open(path, os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a file system that has none, as some of a network."""

    def refuse(descriptor: int, operation: int) -> None:  # noqa: ARG001
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_a_file_is_being_written_while_the_lock_is_held(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    assert not is_being_written(path)
    lock(descriptor)
    assert is_being_written(path)
    os.close(descriptor)
    assert not is_being_written(path)


def test_only_one_holds_the_lock(path: Path, descriptor: int) -> None:
    lock(descriptor)
    other = os.open(path, os.O_WRONLY)
    try:
        assert is_locked(other)
        with pytest.raises(BlockingIOError):
            lock(other)
    finally:
        os.close(other)


def test_to_look_for_the_lock_takes_it_from_nobody(path: Path, descriptor: int) -> None:
    other = os.open(path, os.O_RDONLY)
    try:
        assert not is_locked(other)
        lock(descriptor)
        assert is_locked(other)
    finally:
        os.close(other)


def test_several_may_look_at_once(path: Path, descriptor: int) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    assert not is_being_written(path)


def test_what_is_not_a_file_is_not_being_written(tmp_path: Path) -> None:
    """To open a pipe without a writer would wait for one."""
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing", "pipe", ".", "x" * 300, "\0"):
        assert not is_being_written(tmp_path / name)


def test_recorders_are_kept_away_from_a_file_while_it_is_repaired(path: Path, descriptor: int) -> None:
    with locked(path):
        assert is_being_written(path)
        with pytest.raises(BlockingIOError):
            lock(descriptor)
    assert not is_being_written(path)
    lock(descriptor)


def test_a_file_that_a_recorder_writes_is_refused(path: Path, descriptor: int) -> None:
    lock(descriptor)
    with pytest.raises(RecordingExistsError, match="is being written"), locked(path):
        raise AssertionError
    assert is_being_written(path)


@pytest.mark.usefixtures("no_locks")
def test_without_locks_nothing_counts_as_locked(path: Path, descriptor: int) -> None:
    with pytest.raises(OSError, match="No locks"):
        lock(descriptor)
    assert not is_locked(descriptor)
    assert not is_being_written(path)
    with locked(path):
        pass


def test_an_open_file_is_known_by_what_it_is_not_by_its_name(path: Path, descriptor: int) -> None:
    other = path.with_name("other")
    assert is_at(descriptor, path)
    assert name_of(descriptor) == path
    path.rename(other)
    path.touch()
    assert not is_at(descriptor, path)
    assert name_of(descriptor) == other
    unlink_if_at(descriptor, path)
    assert path.exists()
    unlink_if_at(descriptor, other)
    assert not other.exists()
    assert name_of(descriptor) is None


def test_an_open_file_gets_another_name_wherever_it_was_moved(path: Path, descriptor: int) -> None:
    moved, target = path.with_name("moved"), path.with_name("target")
    path.rename(moved)
    path.write_bytes(b"theirs")
    link_to_free_name(descriptor, path, target)
    assert is_at(descriptor, target)
    with pytest.raises(FileExistsError):
        link_to_free_name(descriptor, path, path)
    assert path.read_bytes() == b"theirs"


def test_a_symlink_is_not_the_file_to_which_it_leads(path: Path, descriptor: int) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    assert not is_at(descriptor, link)
