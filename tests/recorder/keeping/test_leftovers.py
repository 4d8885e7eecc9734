"""What killed recorders left is finished without loss, or stays as it is."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import random
from pathlib import Path

import pytest

from feedrec.cli.recording import finish_leftover
from feedrec.errors import WriteError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.file.names import pending_path
from feedrec.formats.file.naming.file_naming import NumberedNames
from feedrec.formats.file.naming.template import parse_template
from feedrec.formats.file.naming.template_names import TemplateNames
from feedrec.model import Frame, Header, Record
from feedrec.recorder.keeping.leftovers import LeftoverFinisher, left_over, remove_unbegun
from feedrec.recorder.output.finisher import DISK_FULL

from ...timing import wait_until

FRAMES = [Frame(number, 0, b'{"n":%d}' % number) for number in range(500)]


def leave(path: Path, endpoint: str = "raw", size: int = 0) -> Path:
    """Leave a file as a killed recorder does; of several blocks, if frames are large."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = create_recording(path, Header(endpoint, created=7))
    for frame in FRAMES:
        writer.write(frame if not size else Frame(frame.time, 0, b'"%b"' % random.randbytes(size // 2).hex().encode()))
    writer.abandon()
    return path.with_name(path.name + ".part")


def records(path: Path) -> list[Record]:
    with open_recording(path) as recording:
        return list(recording)


def finish(paths: list[Path]) -> tuple[LeftoverFinisher, list[Path]]:
    finisher, done = LeftoverFinisher("raw"), list[Path]()
    finisher.then = done.append
    for path in paths:
        finisher.add(path)
    finisher.finish()
    return finisher, done


def test_only_what_nobody_writes_is_left_over(tmp_path: Path) -> None:
    values = {"endpoint": "raw", "channel": "all", "product": "all"}
    naming = TemplateNames(parse_template(f"{tmp_path}/{{date}}/x.jsonl.zst", ""), values)
    days = [tmp_path / f"2026-11-{day}" / "x.jsonl.zst" for day in range(24, 28)]
    left = [leave(path) for path in days[:2]]
    days[2].parent.mkdir()
    create_recording(days[2], Header("raw")).finish()
    leave(tmp_path / "2026-11-24" / "y.jsonl.zst")
    days[3].parent.mkdir()
    days[3].with_name("x.jsonl.zst.part").touch()
    assert left_over(naming) == (left, [])
    with left[0].open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert left_over(naming) == (left[1:], left[:1])


def test_journals_are_left_over_until_they_are_parquet(tmp_path: Path) -> None:
    for name in ("x-0001.parquet", "x-0002.parquet.jsonl.zst", "x-0003.parquet.jsonl.zst.part"):
        (tmp_path / name).write_text("x")
    names = [path.name for path in left_over(NumberedNames(tmp_path / "x.parquet")).free]
    assert names == ["x-0002.parquet.jsonl.zst", "x-0003.parquet.jsonl.zst.part"]


def test_what_ends_within_its_header_is_removed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Unless somebody has locked it, or it was changed just now: another recorder may be beginning it."""
    caplog.set_level(logging.INFO)
    names = [f"x-{number:04d}.jsonl.zst" for number in range(1, 8)]
    empty, cut, locked, young, whole, damaged, finished = left = [leave(tmp_path / name) for name in names]
    for path in (empty, locked, young):
        path.write_bytes(b"")
    cut.write_bytes(cut.read_bytes()[:40])
    damaged.write_bytes(b"(\xb5/\xfd\xff\xff\xff\xff\xff\xff")
    finished = finished.rename(finished.with_suffix(""))
    finished.write_bytes(b"")
    other = leave(tmp_path / "y-0001.jsonl.zst")
    other.write_bytes(b"")
    os.utime(young, ns=(2000, 2000))
    for path in left[:3]:
        os.utime(path, ns=(1000, 1000))
    with locked.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        remove_unbegun(NumberedNames(tmp_path / "x.jsonl.zst"), 1500)
    assert sorted(tmp_path.iterdir()) == [locked, young, whole, damaged, finished, other]
    said = "removed %s, which an earlier recorder left: it ends within its header"
    assert caplog.messages == [said % empty, said % cut]


@pytest.mark.parametrize("suffix", ["jsonl.zst", "jsonl", "jsonl.gz"])
def test_it_is_finished_with_all_that_is_in_it(suffix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """But a line at the end that was never written wholly."""
    caplog.set_level(logging.INFO)
    path = tmp_path / f"x.{suffix}"
    left = leave(path)
    before = records(left)
    left.chmod(0o640)
    if suffix == "jsonl":
        with left.open("ab") as file:
            file.write(b'{"time":"20')
    _, done = finish([left])
    assert done == [path]
    assert list(tmp_path.iterdir()) == [path]
    assert [one for one in records(path) if isinstance(one, Frame)] == before == FRAMES
    assert path.stat().st_mode & 0o777 == 0o640
    assert caplog.messages[-1] == f"finished {path}, which an earlier recorder left"


def test_what_is_damaged_stays_and_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    left = leave(tmp_path / "x.jsonl.zst", size=8000)
    content = bytearray(left.read_bytes())
    content[len(content) * 3 // 4] ^= 0xFF
    left.write_bytes(content)
    finisher, done = finish([left])
    assert (finisher.stayed, done) == ([left], [])
    assert list(tmp_path.iterdir()) == [left]
    assert left.read_bytes() == content
    assert f"{left}, which an earlier recorder left, stays as it is (is damaged: " in caplog.text


def test_what_is_of_another_endpoint_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    left = leave(tmp_path / "x.jsonl.zst", "coinbase-exchange")
    finisher, _ = finish([left])
    assert finisher.stayed == [left] == list(tmp_path.iterdir())
    assert "(it is of coinbase-exchange)" in caplog.text


def test_what_another_recorder_finishes_is_its_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    left = leave(tmp_path / "x.jsonl.zst")
    with left.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        finisher, done = finish([left, tmp_path / "gone.jsonl.zst.part"])
    warnings = [record for record in caplog.records if record.levelno > logging.INFO]
    assert (finisher.stayed, done, warnings) == ([], [], [])


def test_what_a_process_of_a_killed_recorder_has_locked_is_finished_when_it_lets_go(tmp_path: Path) -> None:
    """Or what is to be done next with it is done, if that process has finished it."""
    left, done = [leave(tmp_path / f"{name}.jsonl.zst") for name in "abc"], list[Path]()
    files = [path.open() for path in left]
    for file in files:
        fcntl.flock(file, fcntl.LOCK_EX)
    finisher = LeftoverFinisher("raw")
    finisher.then = done.append
    for path in left:
        finisher.add_locked(path)
    pending_path(left[1]).touch()
    for path in left[1:]:
        path.rename(path.with_suffix(""))
    for file in files:
        file.close()
    wait_until(lambda: not finisher.waiting)
    finisher.finish()
    assert done == [tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"]


def test_the_end_of_a_run_does_not_wait_for_another_recorder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    left = leave(tmp_path / "x.jsonl.zst")
    finisher = LeftoverFinisher("raw")
    with left.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        finisher.add_locked(left)
        finisher.finish()
    assert (finisher.waiting, finisher.stayed, list(tmp_path.iterdir())) == (0, [], [left])
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


def test_what_a_full_disk_keeps_from_being_finished_waits_for_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """At the end of the run it stays for the next recorder."""
    monkeypatch.setattr("feedrec.recorder.keeping.leftovers.PAUSE_OF_FULL_DISK", 0.001)
    left = leave(tmp_path / "x.jsonl.zst")
    finisher, done, room = LeftoverFinisher("raw"), list[Path](), [False] * 3
    finisher.then = done.append
    run = finisher._run
    monkeypatch.setattr(finisher, "_run", lambda arguments: (DISK_FULL, "full") if room else run(arguments))
    monkeypatch.setattr(finisher._is_ending, "wait", lambda _=None: room and room.pop())
    finisher.add(left)
    wait_until(lambda: not finisher.waiting)
    finisher.finish()
    assert (done, finisher.stayed) == ([tmp_path / "x.jsonl.zst"], [])
    assert caplog.text.count("waits to be finished: full") == 1

    other, room[:] = leave(tmp_path / "y.jsonl.zst"), [False] * 9
    finisher.add(other)  # the run is ending
    finisher.finish()
    assert finisher.stayed == [other]


def test_a_full_disk_has_an_exit_code_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        within = WriteError(tmp_path / "w", "no space left")
        within.__cause__ = OSError(errno.ENOSPC, "")
        raise WriteError(tmp_path / "x", "no space left") from within

    monkeypatch.setattr(finish_leftover, "repair_recording", refuse)
    with pytest.raises(SystemExit) as ended:
        finish_leftover.main(["raw", str(leave(tmp_path / "x.jsonl.zst"))])
    assert (ended.value.code, capsys.readouterr().err) == (DISK_FULL, "no space left\n")


def test_a_file_that_has_its_name_already_has_it_alone_then(tmp_path: Path) -> None:
    """Its recorder was killed when it had given it the name."""
    path = create_recording(tmp_path / "x.jsonl.zst", Header("raw", created=7)).finish()
    left = path.with_name(path.name + ".part")
    left.hardlink_to(path)
    content = path.read_bytes()
    finisher, done = finish([left])
    assert (finisher.stayed, done) == ([], [path])
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [content]


@pytest.mark.parametrize(("suffix", "torn"), [("jsonl.zst", b""), ("jsonl", b'{"time":"20')])
def test_what_a_finished_copy_has_all_of_is_removed(suffix: str, torn: bytes, tmp_path: Path) -> None:
    """Whoever finished it was killed before it removed it; the copy may begin with a state meanwhile."""
    path = tmp_path / f"x.{suffix}"
    left = leave(path)
    with left.open("ab") as file:
        file.write(torn)
    with create_recording(tmp_path / f"copy.{suffix}", Header("raw", created=7)) as writer:
        for record in [Frame(0, 0, b"{}", synthetic=True), *FRAMES]:
            writer.write(record)
    writer.path.rename(path)
    content = path.read_bytes()
    finisher, done = finish([left])
    assert (finisher.stayed, done) == ([], [path])
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [content]


@pytest.mark.parametrize(
    ("created", "lacking"), [(7, 0), (7, 250), (7, 499), (8, None)], ids=["first", "amid", "last", "another recording"]
)
def test_what_a_finished_file_lacks_stays(created: int, lacking: int | None, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.zst"
    left = leave(path)
    with create_recording(tmp_path / "copy.jsonl.zst", Header("raw", created=created)) as writer:
        for number, frame in enumerate(FRAMES):
            if number != lacking:
                writer.write(frame)
    (tmp_path / "copy.jsonl.zst").rename(path)
    finisher, done = finish([left])
    assert (finisher.stayed, done) == ([left], [])
    assert sorted(tmp_path.iterdir()) == [path, left]


def test_a_name_that_is_taken_stays_taken(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.zst"
    left = leave(path)
    path.write_text("other")
    finisher, _ = finish([left])
    assert (finisher.stayed, path.read_text()) == ([left], "other")
