"""The process that uploads may be killed whenever that is: another one does what it has not answered."""

from __future__ import annotations

import logging
import os
import signal
from pathlib import Path

import pytest

from feedrec.formats import create_recording
from feedrec.model import Header
from feedrec.recorder.uploading.messages import Answer, Job, Outcome, ShipPlace
from feedrec.recorder.uploading.uploader import Uploader

from ...timing import wait_until


def recording(path: Path) -> Job:
    path.parent.mkdir(exist_ok=True)
    create_recording(path, Header("raw")).finish()
    return Job(os.fsencode(path), os.fsencode(path.parent))


class Asked:
    """Answers to some jobs."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.said: list[str] = []

    def __call__(self, answer: Answer) -> None:
        self.said.append(answer.said)
        self.outcomes.append(answer.outcome)


def processes_of(uploader: Uploader) -> list[int]:
    process = uploader._process
    return [] if process is None else [process.pid]


def test_files_are_there_and_what_has_another_content_stays_here(tmp_path: Path) -> None:
    jobs = [recording(tmp_path / "here" / f"{name}.jsonl") for name in "abc"]
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "b.jsonl").write_text("another")
    (tmp_path / "here" / "c.jsonl").unlink()
    uploader, asked = Uploader(ShipPlace(str(tmp_path / "there"), 1)), Asked()
    for job in jobs:
        uploader.ask(job, asked)
    wait_until(lambda: len(asked.outcomes) == 3)
    assert asked.outcomes == [Outcome.SHIPPED, Outcome.STAYS, Outcome.GONE]
    assert "is another recording" in asked.said[1]
    looks = [Job(job.path, job.folder, looks=True) for job in jobs]
    assert [uploader.is_there(one) for one in looks[:2]] == [True, False]
    (tmp_path / "there" / "a.jsonl").unlink()
    assert uploader.is_there(looks[0]) is False


def test_a_process_that_is_killed_is_replaced_and_what_it_did_is_done_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "feedrec")
    job, later = (recording(tmp_path / "here" / f"{name}.jsonl") for name in "ab")
    there, asked = tmp_path / "there", Asked()
    os.mkfifo(tmp_path / "blocked")
    uploader = Uploader(ShipPlace(str(there), 2))
    blocking = Job(os.fsencode(tmp_path / "blocked"), os.fsencode(tmp_path))
    uploader.ask(blocking, Asked())
    wait_until(lambda: processes_of(uploader))
    (before,) = processes_of(uploader)
    os.kill(before, signal.SIGSTOP)
    uploader.ask(job, asked)
    uploader.ask(later, asked)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: asked.outcomes.count(Outcome.SHIPPED) == 2)
    assert processes_of(uploader) != [before]
    assert sorted(path.name for path in there.iterdir()) == ["a.jsonl", "b.jsonl"]
    ended = "the process that uploads has ended with -9"
    said = [record.getMessage() for record in caplog.records if record.name == "feedrec"]
    assert [line for line in said if "waits" in line or "goes on" in line] == [
        f"shipping to {there} waits, finished files stay here and are tried again: {ended}",
        f"shipping to {there} goes on",
    ]


def test_when_nobody_wants_an_answer_the_process_ends(tmp_path: Path) -> None:
    place = ShipPlace(str(tmp_path / "there"), 1)
    uploader, job = Uploader.of(place), recording(tmp_path / "here" / "a.jsonl")
    assert Uploader.of(place) is uploader
    asked = Asked()
    uploader.ask(job, asked)
    wait_until(lambda: processes_of(uploader))
    (process,) = processes_of(uploader)
    os.kill(process, signal.SIGSTOP)
    uploader.withdraw([job])
    os.kill(process, signal.SIGCONT)
    wait_until(lambda: processes_of(uploader) != [process])
    assert Outcome.LATER not in asked.outcomes


def test_a_place_that_is_none_is_told_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    job, asked = recording(tmp_path / "here" / "a.jsonl"), Asked()
    uploader = Uploader(ShipPlace(str(tmp_path / "file"), 1))
    uploader.ask(job, asked)
    wait_until(lambda: asked.outcomes == [Outcome.LATER])
    assert uploader.is_there(job) is None
    assert uploader.failing_for is not None
    (tmp_path / "file").unlink()
    wait_until(lambda: asked.outcomes[-1] == Outcome.SHIPPED)
    assert uploader.failing_for is None
    assert sum("waits" in record.getMessage() for record in caplog.records) == 1


def test_what_no_process_can_be_started_for_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job, asked = recording(tmp_path / "here" / "a.jsonl"), Asked()
    monkeypatch.setattr("feedrec.recorder.uploading.uploader.low_priority", lambda *_: ["/nothing"])
    uploader = Uploader(ShipPlace(str(tmp_path / "there"), 1))
    uploader.ask(job, asked)
    wait_until(lambda: asked.outcomes == [Outcome.LATER])
    monkeypatch.undo()
    wait_until(lambda: asked.outcomes[-1] == Outcome.SHIPPED)
