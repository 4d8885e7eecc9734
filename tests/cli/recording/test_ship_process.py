"""What the process that uploads answers."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import msgspec
import pytest

from feedrec.cli.recording.ship_process import answer_to, main
from feedrec.formats import create_recording
from feedrec.formats.file.names import pending_path, state_path
from feedrec.model import Header
from feedrec.recorder.shipping.destination import Destination
from feedrec.recorder.uploading.messages import Answer, Job, Outcome, ShipPlace


def job_of(path: Path, *, looks: bool = False) -> Job:
    return Job(os.fsencode(path), os.fsencode(path.parent), looks)


def recorded(folder: Path, name: str = "x.jsonl") -> Path:
    folder.mkdir(exist_ok=True)
    create_recording(folder / name, Header("raw")).finish()
    return folder / name


def test_each_job_has_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    jobs = [job_of(recorded(tmp_path / "here", f"{number}.jsonl")) for number in range(5)]
    lines = b"".join(msgspec.json.encode(job) + b"\n" for job in jobs)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    main([msgspec.json.encode(ShipPlace(str(tmp_path / "there"), 3)).decode()])
    answers = [msgspec.json.decode(line, type=Answer) for line in capfdbinary.readouterr().out.splitlines()]
    assert {answer.job for answer in answers} == set(jobs)
    assert {answer.outcome for answer in answers} == {Outcome.SHIPPED}
    assert {answer.size for answer in answers} == {(tmp_path / "there" / "0.jsonl").stat().st_size}


def test_a_place_that_is_none_ends_it_with_a_line() -> None:
    with pytest.raises(SystemExit, match="cannot be shipped to a web server"):
        main([json.dumps({"url": "https://host/"})])


def test_a_mark_that_something_is_to_be_done_is_about_this(tmp_path: Path) -> None:
    path = recorded(tmp_path / "here")
    pending_path(path).touch()
    assert answer_to(job_of(path), Destination(tmp_path / "there")).outcome == Outcome.SHIPPED


def test_no_object_can_have_some_names(tmp_path: Path) -> None:
    path = recorded(tmp_path / "here", "x\n.jsonl")
    answer = answer_to(job_of(path), Destination(tmp_path / "there"))
    assert (answer.outcome, answer.said) == (Outcome.STAYS, "no object is given such a name: rename it")


def test_a_name_that_is_no_text_stays(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    path = tmp_path / "here" / os.fsdecode(b"\xff.jsonl")
    create_recording(path, Header("raw")).finish()
    assert answer_to(job_of(path), Destination(tmp_path / "there")).outcome == Outcome.STAYS


def test_it_is_there_as_long_as_nothing_changed_on_either_side(tmp_path: Path) -> None:
    path, to = recorded(tmp_path / "here"), Destination(tmp_path / "there")

    def look() -> Outcome:
        return answer_to(job_of(path, looks=True), to).outcome

    assert look() == Outcome.GONE
    assert answer_to(job_of(path), to).outcome == Outcome.SHIPPED
    assert look() == Outcome.SHIPPED
    state_path(path).write_bytes(b"made since")
    assert look() == Outcome.GONE
    state_path(path).unlink()
    there = tmp_path / "there" / "x.jsonl"
    there.write_bytes(b"another")
    assert look() == Outcome.GONE
    path.unlink()
    assert look() == Outcome.LATER


def test_what_would_be_its_own_copy_is_not_shipped(tmp_path: Path) -> None:
    """Nor is it there: it would be removed as the copy of itself."""
    path = recorded(tmp_path / "here")
    (tmp_path / "link").symlink_to(tmp_path / "here")
    for place in ("here", "link"):
        answers = [answer_to(job_of(path, looks=looks), Destination(tmp_path / place)) for looks in (False, True)]
        assert {answer.outcome for answer in answers} == {Outcome.STAYS}
