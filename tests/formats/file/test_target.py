"""The file under its two names."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import RecordingExistsError, WriteError
from feedrec.formats.file.target import FileTarget, move_into_place


def part_of(path: Path) -> Path:
    return path.with_name(path.name + ".part")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.jsonl"


def test_a_file_has_part_in_its_name_until_it_is_committed(path: Path) -> None:
    target = FileTarget(path)
    target.write(b"one")
    target.write(b"two")
    assert part_of(path).read_bytes() == b"onetwo"
    assert not path.exists()
    assert target.size == 6
    target.sync()
    assert target.commit() == path
    assert path.read_bytes() == b"onetwo"
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_short_write_is_continued(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = FileTarget(path)
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:3]))
    target.write(b"0123456789")
    target.commit()
    assert path.read_bytes() == b"0123456789"
    assert target.size == 10


def test_a_finished_recording_is_not_overwritten(path: Path) -> None:
    path.write_bytes(b"precious")
    with pytest.raises(RecordingExistsError, match="use --overwrite"):
        FileTarget(path)
    assert path.read_bytes() == b"precious"
    assert not part_of(path).exists()


def test_the_recording_of_a_killed_recorder_is_not_overwritten(path: Path) -> None:
    part_of(path).write_bytes(b"precious")
    with pytest.raises(RecordingExistsError, match=r"a\.jsonl\.part already exists"):
        FileTarget(path)
    assert part_of(path).read_bytes() == b"precious"


def test_both_are_overwritten_on_demand(path: Path) -> None:
    path.write_bytes(b"old and long")
    part_of(path).write_bytes(b"older and longer")
    target = FileTarget(path, overwrite=True)
    target.write(b"new")
    assert path.read_bytes() == b"old and long"  # until the new one is whole
    target.commit()
    assert path.read_bytes() == b"new"
    assert not part_of(path).exists()


def old_of(path: Path, number: str = "") -> Path:
    return path.with_name(f"{path.name}.part.old{number}")


def test_what_a_killed_recorder_left_is_put_aside_not_overwritten(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number, name in enumerate((old_of(path), old_of(path, "2"))):
        part_of(path).write_bytes(b"precious %d" % number)
        target = FileTarget(path, overwrite=True)
        target.write(b"new")
        assert part_of(path).read_bytes() == b"new"
        assert name.read_bytes() == b"precious %d" % number
        assert f"it is kept as {name.name}" in caplog.messages[-1]
        assert caplog.records[-1].levelno == logging.WARNING
        target.commit()
    assert old_of(path).read_bytes() == b"precious 0"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("has_links", [True, False])
def test_what_a_killed_recorder_left_gets_its_name_back_if_nothing_is_recorded(
    path: Path, monkeypatch: pytest.MonkeyPatch, has_links: object
) -> None:
    if not has_links:
        monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    part_of(path).write_bytes(b"precious")
    FileTarget(path, overwrite=True).remove()
    assert part_of(path).read_bytes() == b"precious"
    assert list(path.parent.iterdir()) == [part_of(path)]


def test_the_file_of_a_killed_recorder_gets_its_name_back_if_no_other_can_be_created(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part_of(path).write_bytes(b"precious")
    open_file = os.open

    def refuse_new(name: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_EXCL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return open_file(name, flags, mode)

    monkeypatch.setattr(os, "open", refuse_new)
    with pytest.raises(WriteError, match="No space left"):
        FileTarget(path, overwrite=True)
    assert part_of(path).read_bytes() == b"precious"


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_symlink_leads_to_the_file_that_is_written(tmp_path: Path, path: Path, overwrite: object) -> None:
    """Both names are beside the real file, and the link stays a link."""
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "b.jsonl"
    if overwrite:
        real.write_bytes(b"old")
    path.symlink_to(real)
    target = FileTarget(path, overwrite=bool(overwrite))
    target.write(b"new")
    assert part_of(real).read_bytes() == b"new"
    assert target.commit() == real
    assert path.is_symlink()
    assert path.read_bytes() == b"new"


def test_a_symlink_into_a_folder_that_is_not_there_is_refused_at_once(tmp_path: Path, path: Path) -> None:
    path.symlink_to(tmp_path / "missing" / "b.jsonl")
    with pytest.raises(WriteError, match="its folder does not exist"):
        FileTarget(path)
    path.unlink()
    path.symlink_to(path)
    with pytest.raises(RecordingExistsError, match="already exists"):
        FileTarget(path)


@pytest.mark.parametrize(("call", "number"), [("open", errno.EACCES), ("fsync", errno.EINVAL)])
def test_a_folder_that_cannot_be_synced_does_not_fail_a_whole_recording(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    target = FileTarget(path)
    target.write(b"new")
    link = os.link

    def link_and_break(*names: Any, **options: Any) -> None:
        link(*names, **options)
        monkeypatch.setattr(os, call, refuse(number))

    monkeypatch.setattr(os, "link", link_and_break)
    assert target.commit() == path
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_that_came_meanwhile_is_not_overwritten(
    path: Path, monkeypatch: pytest.MonkeyPatch, has_links: object
) -> None:
    if not has_links:
        monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    target = FileTarget(path)
    target.write(b"new")
    path.write_bytes(b"precious")
    with pytest.raises(RecordingExistsError, match=r"safe in a\.jsonl\.part"):
        target.commit()
    assert path.read_bytes() == b"precious"
    assert part_of(path).read_bytes() == b"new"


def test_a_file_system_without_hard_links_will_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    target = FileTarget(path)
    target.write(b"new")
    target.commit()
    assert path.read_bytes() == b"new"
    assert not part_of(path).exists()


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_second_writer_is_refused(path: Path, overwrite: object) -> None:
    target = FileTarget(path)
    target.write(b"first")
    with pytest.raises(RecordingExistsError):
        FileTarget(path, overwrite=bool(overwrite))
    assert part_of(path).read_bytes() == b"first"
    target.remove()


def test_the_lock_goes_with_the_writer(path: Path) -> None:
    FileTarget(path).release()
    target = FileTarget(path, overwrite=True)
    target.remove()


def test_a_recording_that_is_finished_while_another_begins_is_not_cut(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second has opened the file of the first, and locks it when the first has just given it its final name."""
    first = FileTarget(path)
    first.write(b"precious")
    lock = fcntl.flock

    def finish_and_lock(file: int, operation: int) -> None:
        first.commit()
        lock(file, operation)

    monkeypatch.setattr(fcntl, "flock", finish_and_lock)
    with pytest.raises(RecordingExistsError):
        FileTarget(path, overwrite=True)
    assert path.read_bytes() == b"precious"


def test_what_is_removed_leaves_nothing(path: Path) -> None:
    target = FileTarget(path)
    target.write(b"one")
    target.remove()
    assert list(path.parent.iterdir()) == []


def test_what_is_released_stays_under_its_part_name(path: Path) -> None:
    target = FileTarget(path)
    target.write(b"one")
    target.release()
    assert [entry.name for entry in path.parent.iterdir()] == ["a.jsonl.part"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing/a.jsonl", "its folder does not exist"),
        ("file/a.jsonl", "Not a directory"),
        ("x" * 300 + ".jsonl", "File name too long"),
        ("folder.jsonl", "is a folder"),
    ],
)
@pytest.mark.parametrize("overwrite", [True, False])
def test_a_place_that_cannot_be_written_is_named_in_one_line(
    tmp_path: Path, name: str, reason: str, overwrite: object
) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(WriteError, match=reason) as caught:
        FileTarget(tmp_path / name, overwrite=bool(overwrite))
    assert str(caught.value).startswith(str(tmp_path / name))
    assert "\n" not in str(caught.value)


def refuse(number: int) -> object:
    def refusing(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return refusing


@pytest.mark.parametrize(("call", "number"), [("write", errno.ENOSPC), ("fsync", errno.EIO)])
def test_a_disk_that_refuses_is_a_write_error(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    target = FileTarget(path)
    target.write(b"one")
    monkeypatch.setattr(os, call, refuse(number))
    refused = target.sync if call == "fsync" else lambda: target.write(b"two")
    with pytest.raises(WriteError, match=os.strerror(number)):
        refused()
    monkeypatch.undo()
    target.release()
    assert part_of(path).read_bytes().startswith(b"one")


def test_a_file_system_without_locks_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", refuse(errno.ENOLCK))
    with pytest.raises(WriteError, match="No locks available"):
        FileTarget(path)


def test_what_was_released_can_be_removed(path: Path) -> None:
    target = FileTarget(path)
    target.release()
    with path.with_name("another").open("wb", buffering=0) as another:  # its number is that of the target's file now
        target.remove()
        another.write(b"one")
    assert not part_of(path).exists()


def test_a_device_behind_a_symlink_is_not_replaced(path: Path) -> None:
    path.symlink_to(os.devnull)
    with pytest.raises(WriteError, match="is a pipe or device"):
        FileTarget(path, overwrite=True)


def test_a_finished_file_is_the_one_that_was_opened_whatever_has_its_part_name(path: Path) -> None:
    """It was removed, and another program has put something in its place: that stays, and all of ours is there."""
    target = FileTarget(path)
    target.write(b"ours")
    part_of(path).unlink()
    part_of(path).write_bytes(b"theirs")
    assert not target.is_in_place
    assert target.place is None
    assert target.commit() == path
    assert path.read_bytes() == b"ours"
    assert part_of(path).read_bytes() == b"theirs"
    assert sorted(path.parent.iterdir()) == [path, part_of(path)]


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_file_that_was_moved_gets_its_final_name_too(path: Path, overwrite: object) -> None:
    target = FileTarget(path, overwrite=bool(overwrite))
    target.write(b"ours")
    moved = path.with_name("moved")
    part_of(path).rename(moved)
    assert target.place == moved
    if overwrite:
        path.write_bytes(b"old")
    part_of(path).write_bytes(b"theirs")
    assert target.commit() == path
    assert path.read_bytes() == moved.read_bytes() == b"ours"
    assert part_of(path).read_bytes() == b"theirs"


def test_a_second_recorder_under_a_name_that_became_free_keeps_its_file(path: Path) -> None:
    first = FileTarget(path)
    first.write(b"first")
    part_of(path).unlink()
    second = FileTarget(path)
    second.write(b"second")
    first.commit()
    assert path.read_bytes() == b"first"
    assert part_of(path).read_bytes() == b"second"
    with pytest.raises(RecordingExistsError, match=r"safe in a\.jsonl\.part"):
        second.commit()


@pytest.mark.parametrize("has_proc", [True, False])
def test_what_is_not_ours_is_not_removed(path: Path, monkeypatch: pytest.MonkeyPatch, has_proc: object) -> None:
    if not has_proc:
        monkeypatch.setattr("feedrec.formats.file.lock._DESCRIPTORS", "/nowhere")
    target = FileTarget(path)
    part_of(path).unlink()
    part_of(path).write_bytes(b"theirs")
    target.remove()
    assert part_of(path).read_bytes() == b"theirs"


@pytest.mark.parametrize("overwrite", [True, False])
def test_without_a_folder_of_descriptors_the_name_is_checked_first(
    path: Path, monkeypatch: pytest.MonkeyPatch, overwrite: object
) -> None:
    monkeypatch.setattr("feedrec.formats.file.lock._DESCRIPTORS", "/nowhere")
    target = FileTarget(path, overwrite=bool(overwrite))
    target.write(b"ours")
    assert target.commit() == path
    assert path.read_bytes() == b"ours"
    target = FileTarget(path.with_name("b.jsonl"), overwrite=bool(overwrite))
    part_of(target.path).rename(path.with_name("moved"))
    part_of(target.path).write_bytes(b"theirs")
    with pytest.raises(WriteError):
        target.commit()
    assert not target.path.exists()


def make_fifo(part: Path) -> None:
    os.mkfifo(part)


def make_link(part: Path) -> None:
    part.symlink_to("elsewhere")


def make_folder(part: Path) -> None:
    part.mkdir()


def make_socket(part: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(part))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (make_fifo, "is a folder, pipe or device"),
        (make_link, "is a link"),
        (make_folder, "is a folder, pipe or device"),
        (make_socket, "is a folder, pipe or device"),
    ],
)
def test_what_is_no_file_under_the_part_name_is_neither_waited_for_nor_followed(
    path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], reason: str
) -> None:
    monkeypatch.chdir(path.parent)  # the name of a socket must be short
    make(Path(part_of(path).name))
    with pytest.raises(WriteError, match=reason):
        FileTarget(path, overwrite=True)
    assert [one.name for one in path.parent.iterdir()] == [part_of(path).name]


def test_a_file_that_another_program_replaced_is_not_moved_into_place(path: Path) -> None:
    work = path.with_name("work")
    work.write_bytes(b"ours")
    identity = work.stat()
    work.unlink()
    work.with_name("other").write_bytes(b"theirs")
    work.with_name("another").write_bytes(b"theirs")
    work.with_name("another").rename(work)
    if os.path.samestat(work.stat(), identity):  # the file system used the number again
        work.with_name("other").rename(work)
    with pytest.raises(WriteError, match="another program replaced work"):
        move_into_place(work, path, identity)
    assert not path.exists()
    assert work.read_bytes() == b"theirs"


def test_a_file_that_another_program_cut_is_not_written_on(path: Path) -> None:
    """`> NAME.part` leaves name and identity as they are; what came next would stand behind a hole."""
    target = FileTarget(path)
    target.write(b"12345")
    part_of(path).write_bytes(b"12")
    with pytest.raises(WriteError, match="another program cut it to 2 bytes"):
        target.write(b"678")
    assert target.size == 2
    target.release()
    assert part_of(path).read_bytes() == b"12"


def test_what_another_program_appended_is_not_kept(path: Path) -> None:
    target = FileTarget(path)
    target.write(b"12345")
    with part_of(path).open("ab") as file:
        file.write(b"not ours")
    target.write(b"6")
    target.commit()
    assert path.read_bytes() == b"123456"


def test_a_file_follows_its_folder_where_that_was_moved(tmp_path: Path) -> None:
    """There is no other folder to go on in, and the open file is as good as before."""
    folder, other = tmp_path / "folder", tmp_path / "other"
    folder.mkdir()
    target = FileTarget(folder / "x.jsonl")
    target.write(b"1")
    assert not target.follow()
    folder.rename(other)
    assert not target.is_in_place
    assert target.follow()
    assert target.is_in_place
    target.write(b"2")
    assert target.commit() == other / "x.jsonl"
    assert (other / "x.jsonl").read_bytes() == b"12"
    assert [path.name for path in other.iterdir()] == ["x.jsonl"]


def test_a_file_that_was_moved_alone_is_not_followed(path: Path) -> None:
    target = FileTarget(path)
    part_of(path).rename(path.with_name("elsewhere"))
    assert not target.follow()
    target.release()


def test_a_file_that_another_program_cut_is_not_made_longer_by_cutting_it(path: Path) -> None:
    target = FileTarget(path)
    target.write(b"12345")
    part_of(path).write_bytes(b"12")
    target.cut(4)
    assert target.size == 2
    target.release()
    assert part_of(path).read_bytes() == b"12"
