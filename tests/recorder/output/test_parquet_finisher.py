"""Journals become Parquet, whatever happens in between."""

from __future__ import annotations

import errno
import fcntl
import subprocess
import time
from pathlib import Path

import pytest

from feedrec.errors import RecordingError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.file.names import journal_path
from feedrec.model import NANOSECONDS, Frame, Header
from feedrec.recorder.output.parquet_finisher import ParquetFinisher, leftover_journals

from ...timing import scaled, wait_until

START = 1_795_280_400 * NANOSECONDS


def journal(path: Path) -> Path:
    """Write the journal of a Parquet file."""
    writer = create_recording(journal_path(path), Header("raw"))
    writer.write(Frame(START, 0, b"[1]"))
    return writer.finish()


def test_each_journal_becomes_parquet_and_is_dropped(tmp_path: Path) -> None:
    finisher = ParquetFinisher()
    for name in ("a", "b"):
        finisher.add(journal(tmp_path / f"{name}.parquet"))
    finisher.finish()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "b.parquet"]
    with open_recording(tmp_path / "b.parquet") as recording:
        assert list(recording) == [Frame(START, 0, b"[1]")]
    assert not finisher.waiting


def test_what_is_parquet_already_goes_on_as_it_is(tmp_path: Path) -> None:
    """A recorder was killed between this step and the next: its mark is there, and the journal is gone."""
    table = tmp_path / "a.parquet"
    before = ParquetFinisher()
    before.add(journal(table))
    before.finish()
    content, done = table.read_bytes(), list[Path]()
    finisher = ParquetFinisher()
    finisher.then = done.append
    finisher.add(table)
    finisher.finish()
    assert done == [table]
    assert list(tmp_path.iterdir()) == [table]
    assert table.read_bytes() == content


def test_a_parquet_file_that_is_there_is_not_replaced_and_the_journal_stays(tmp_path: Path) -> None:
    taken = tmp_path / "a.parquet"
    taken.write_bytes(b"mine")
    finisher = ParquetFinisher()
    kept = journal(taken)
    finisher.add(kept)
    with pytest.raises(RecordingError, match="feedrec repair"):
        finisher.finish()
    assert taken.read_bytes() == b"mine"
    assert kept.exists()


def test_what_another_program_put_in_the_place_of_a_journal_is_not_taken_for_it(tmp_path: Path) -> None:
    ours = journal(tmp_path / "a.parquet")
    theirs = journal(tmp_path / "b.parquet")
    finisher = ParquetFinisher()
    with ours.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # it is waited for
        finisher.add(ours)
        theirs.rename(ours)
    with pytest.raises(RecordingError, match="feedrec repair"):
        finisher.finish()
    assert ours.exists()
    assert not (tmp_path / "a.parquet").exists()


def test_a_journal_that_failed_is_tried_again_at_the_end(tmp_path: Path) -> None:
    """The disk may have been full then."""
    taken = tmp_path / "a.parquet"
    taken.write_bytes(b"mine")
    finisher = ParquetFinisher()
    finisher.add(journal(taken))
    wait_until(lambda: finisher.failed)
    taken.unlink()
    finisher.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_a_journal_that_failed_is_tried_again_when_another_has_become_parquet(tmp_path: Path) -> None:
    """In a run of months the end is far away, and the disk was full for an hour."""
    finisher = ParquetFinisher()
    taken = tmp_path / "a.parquet"
    taken.write_bytes(b"")
    finisher.add(journal(taken))
    wait_until(lambda: finisher.failed)
    taken.unlink()
    finisher.add(journal(tmp_path / "b.parquet"))
    wait_until(lambda: not finisher.waiting)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "b.parquet"]
    finisher.finish()


def test_what_another_run_left_does_not_fail_this_one(tmp_path: Path) -> None:
    torn = tmp_path / "a.parquet.jsonl.zst.part"
    torn.write_bytes(b"nothing")
    finisher = ParquetFinisher()
    finisher.add_leftover(torn)
    finisher.finish()
    assert torn.exists()


def test_journals_are_left_over_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    journals = [journal(tmp_path / f"x-{number}.parquet") for number in (9999, 10000)]
    assert leftover_journals(tmp_path) == journals


def test_only_journals_that_nobody_writes_are_left_over(tmp_path: Path) -> None:
    left = journal(tmp_path / "a.parquet")
    torn = tmp_path / "b.parquet.jsonl.zst.part"
    torn.write_bytes(b"nothing")
    (tmp_path / "e.parquet.jsonl.zst.part").touch()  # a recorder begins it
    (tmp_path / "c.jsonl.zst").touch()
    growing = tmp_path / "d.parquet.jsonl.zst.part"
    with growing.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert leftover_journals(tmp_path) == [left, torn]
    assert leftover_journals(tmp_path / "nowhere") == []


def test_other_files_hide_no_journal(tmp_path: Path) -> None:
    left = journal(tmp_path / "b.parquet")
    (tmp_path / "a.parquet.jsonl.zst").mkdir()
    (tmp_path / "c.parquet.jsonl.zst").symlink_to("went meanwhile")
    assert leftover_journals(tmp_path) == [left]


def test_a_journal_of_ours_that_cannot_be_read_whole_is_a_failure_and_stays(tmp_path: Path) -> None:
    """What can be read is in the Parquet file, and what cannot is not lost in silence."""
    writer = create_recording(journal_path(tmp_path / "a.parquet"), Header("raw"))
    for number in range(3):
        writer.write(Frame(START + number, 0, f'["{number}","{"x" * (1 << 20)}"]'.encode()))
    kept = writer.finish()
    with open_recording(kept) as recording:
        assert recording.index is not None
        second = recording.index.blocks[2]
    data = bytearray(kept.read_bytes())
    data[second.offset + second.size // 2] ^= 1
    kept.write_bytes(data)
    finisher = ParquetFinisher()
    finisher.add(kept)
    with pytest.raises(RecordingError, match="feedrec repair"):
        finisher.finish()
    assert kept.exists()
    with open_recording(tmp_path / "a.parquet") as recording:
        assert [one.time - START for one in recording if isinstance(one, Frame)] == [0, 2]


def test_a_process_that_cannot_be_started_is_reported_and_the_journal_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "no room")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    finisher = ParquetFinisher()
    kept = journal(tmp_path / "a.parquet")
    finisher.add(kept)
    with pytest.raises(RecordingError, match="feedrec repair"):
        finisher.finish()
    assert kept.exists()


def test_a_journal_that_another_recorder_finished_is_not_a_failure(tmp_path: Path) -> None:
    finisher = ParquetFinisher()
    finisher.add(journal_path(tmp_path / "a.parquet"))
    finisher.finish()
    assert finisher.failed == []


def test_a_journal_of_ours_that_another_recorder_is_at_is_waited_for(tmp_path: Path) -> None:
    """Should that one be stopped, the work is done here; no failure is told meanwhile."""
    kept = journal(tmp_path / "a.parquet")
    finisher = ParquetFinisher()
    with kept.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        finisher.add(kept)
        time.sleep(scaled(0.3))
        assert finisher.waiting
        assert finisher.failed == []
    finisher.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_a_leftover_that_another_recorder_is_at_is_left_to_it_in_silence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = journal(tmp_path / "a.parquet")
    finisher = ParquetFinisher()
    with kept.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        finisher.add_leftover(kept)
        finisher.finish()
    assert kept.exists()
    assert "not Parquet yet" not in caplog.text
