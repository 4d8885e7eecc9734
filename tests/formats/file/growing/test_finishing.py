"""What waits for the storage device is done beside the writing, in order, and is not waited for without limit."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest

from feedrec.errors import RecordingExistsError
from feedrec.formats.file.growing.finishing import Finishing
from feedrec.formats.file.growing.growing_file import begin_file
from feedrec.model import FrameInfo, Header

from ....timing import HANG_TIMEOUT, MS
from .faulty_disk import FaultyDisk


def test_files_are_finished_in_order_and_named() -> None:
    disk, finished = FaultyDisk(), list[Path]()
    finishing = Finishing(None, finished.append)
    for number in (1, 2):
        finishing.commit(disk.begin(number))
    finishing.leave(disk.begin(3))
    assert finishing.wait(HANG_TIMEOUT)
    assert finished == [Path("/x-1.jsonl"), Path("/x-2.jsonl")]
    assert finishing.places == [*finished, Path("/x-3.jsonl.part")]
    assert [target.ending for target in disk.targets] == ["committed", "committed", "left"]
    assert not finishing.failed


def test_a_hanging_storage_device_is_not_waited_for_without_limit() -> None:
    disk, goes_on = FaultyDisk(), threading.Event()
    file = disk.begin(1)
    file.target.sync = lambda: goes_on.wait(HANG_TIMEOUT)  # type: ignore[assignment,method-assign]
    finishing = Finishing(None, lambda _: None)
    finishing.commit(file)
    assert not finishing.wait(5 * MS)
    assert finishing.waiting == 1
    goes_on.set()
    assert finishing.wait(HANG_TIMEOUT)


def test_what_was_synced_is_known() -> None:
    disk = FaultyDisk()
    file = disk.begin(1)
    finishing = Finishing(None, lambda _: None)
    finishing.sync(file)
    assert finishing.wait(HANG_TIMEOUT)
    assert file.synced_size == file.size > 0


def test_syncs_of_a_slow_storage_device_do_not_pile_up_and_count_as_no_unfinished_file() -> None:
    """Else reading would pause for them."""
    disk, goes_on, calls = FaultyDisk(), threading.Event(), list[None]()
    file = disk.begin(1)

    def sync() -> None:
        calls.append(None)
        goes_on.wait(HANG_TIMEOUT)

    file.target.sync = sync  # type: ignore[method-assign]
    finishing = Finishing(None, lambda _: None)
    for _ in range(5):
        finishing.sync(file)
    assert finishing.waiting == 0
    goes_on.set()
    assert finishing.wait(HANG_TIMEOUT)
    assert len(calls) == 1


def test_a_removed_file_that_cannot_be_copied_is_counted_as_lost(caplog: pytest.LogCaptureFixture) -> None:
    disk = FaultyDisk()
    file = disk.begin(1)
    file.add([(b"{}", (1, 0, FrameInfo(), 0, True)), (b"{}", (1, 0, None, 0, True))])
    disk.targets[0].is_gone, disk.targets[0].place = True, None
    disk.syncs.append(errno.EIO)
    finishing = Finishing(600.0, lambda _: None)
    finishing.commit(file)
    assert finishing.wait(HANG_TIMEOUT)
    assert finishing.frames_gone == 1
    assert finishing.places == []
    assert "1 frames are lost" in caplog.text


def test_a_file_that_failed_to_sync_gets_no_final_name() -> None:
    disk = FaultyDisk()
    disk.syncs.append(errno.EIO)
    finishing = Finishing(600.0, lambda _: None)
    finishing.commit(disk.begin(1))
    assert finishing.wait(HANG_TIMEOUT)
    assert disk.targets[0].ending == "left"
    assert finishing.places == [Path("/x-1.jsonl.part")]
    assert len(finishing.failed) == 1


def test_a_name_that_is_taken_and_a_defect_are_failures() -> None:
    disk = FaultyDisk()
    files = [disk.begin(number) for number in (1, 2)]
    disk.taken.add(Path("/x-1.jsonl"))

    def stumble(path: Path) -> None:
        raise LookupError(path)

    finishing = Finishing(None, stumble)
    for file in files:
        finishing.commit(file)
    assert finishing.wait(HANG_TIMEOUT)
    (_, first), (_, second) = finishing.failed
    assert isinstance(first, RecordingExistsError)
    assert "LookupError" in str(second)


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_file_that_was_moved_and_comes_back_gets_its_name(tmp_path: Path, comes_back: bool) -> None:  # noqa: FBT001
    """A tool that moves a file for a moment leaves no file that the next run would refuse."""
    path, part, away = (tmp_path / name for name in ("x.jsonl", "x.jsonl.part", "away"))
    finished = list[Path]()
    finishing = Finishing(None, finished.append)
    file = begin_file(path, Header("raw"))
    part.rename(away)
    finishing.leave(file)
    assert finishing.wait(HANG_TIMEOUT)
    assert finishing.places == [away]
    if comes_back:
        away.rename(part)
    finishing.take_back()
    assert finishing.places == [path if comes_back else away]
    assert finished == ([path] if comes_back else [])
    assert finishing.places[0].exists()


def test_another_file_under_the_name_is_not_taken_for_one_that_came_back(tmp_path: Path) -> None:
    path, part, away = (tmp_path / name for name in ("x.jsonl", "x.jsonl.part", "away"))
    finishing = Finishing(None, lambda _: pytest.fail("it is not ours"))
    file = begin_file(path, Header("raw"))
    part.rename(away)
    finishing.leave(file)
    assert finishing.wait(HANG_TIMEOUT)
    part.write_text("not ours")
    finishing.take_back()
    assert finishing.places == [away]
    assert part.read_text() == "not ours"
