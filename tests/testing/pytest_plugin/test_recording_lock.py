from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from feedrec.errors import RecordingExistsError, UsageError, WriteError
from feedrec.formats.file.lock import lock
from feedrec.testing.pytest_plugin import recording_lock as recording_lock_module
from feedrec.testing.pytest_plugin.recording_lock import recording_lock

from ...timing import HANG_TIMEOUT

HOLD = """
import sys
from pathlib import Path
from feedrec.testing.pytest_plugin.recording_lock import recording_lock
with recording_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[bytes]:
    """Have another process hold the lock until its stdin is closed."""
    command = [sys.executable, "-c", HOLD, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_nothing_is_left_of_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    with recording_lock(path):
        assert [file.name for file in tmp_path.iterdir()] == ["a.jsonl.zst.lock"]
    assert list(tmp_path.iterdir()) == []


def test_it_is_waited_for_until_the_other_process_is_done(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    process = holder(path)
    waits = 0

    def sleep(_: float) -> None:
        nonlocal waits
        waits += 1
        process.communicate(timeout=HANG_TIMEOUT)

    with recording_lock(path, sleep=sleep):
        assert waits == 1
    assert list(tmp_path.iterdir()) == []


def test_it_is_not_waited_for_forever(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    process = holder(path)
    times = iter([0.0, 1.0, 2.0, 3.0])
    try:
        with (
            pytest.raises(RecordingExistsError, match="another test has been recording it for 2 s"),
            recording_lock(path, patience=2.0, clock=lambda: next(times), sleep=lambda _: None),
        ):
            pass
    finally:
        process.communicate(timeout=HANG_TIMEOUT)


def test_a_process_that_was_killed_holds_nothing_up(tmp_path: Path) -> None:
    """Its file stays, and its lock does not."""
    path = tmp_path / "a.jsonl.zst"
    process = holder(path)
    process.kill()
    process.communicate(timeout=HANG_TIMEOUT)
    assert (tmp_path / "a.jsonl.zst.lock").exists()
    with recording_lock(path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_whose_file_is_gone_is_taken_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever had it has removed it, between the moment in which it was opened and that in which it was locked."""
    path, locked = tmp_path / "a.jsonl.zst", list[int]()

    def lock_once_removed(descriptor: int) -> None:
        if not locked:
            (tmp_path / "a.jsonl.zst.lock").unlink()
        lock(descriptor)
        locked.append(descriptor)

    monkeypatch.setattr(recording_lock_module, "lock", lock_once_removed)
    with recording_lock(path, sleep=lambda _: None):
        assert len(locked) == 2
        assert (tmp_path / "a.jsonl.zst.lock").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_locks_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process is then as good as alone."""

    def refuse(_: int) -> None:
        raise OSError

    monkeypatch.setattr(recording_lock_module, "lock", refuse)
    with recording_lock(tmp_path / "a.jsonl.zst"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_test_that_waits_for_itself_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    with (
        recording_lock(path),
        pytest.raises(UsageError, match="being recorded by this test already"),
        recording_lock(path),
    ):
        pass


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="cannot be created"), recording_lock(tmp_path / "none" / "a.jsonl.zst"):
        pass
