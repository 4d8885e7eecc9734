"""Files go on in their order when they are shipped; what is not is left to the next recorder, with a word."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import cast

import pytest

from feedrec.errors import RecordingError
from feedrec.recorder.uploading.messages import Answer, Job, Outcome, ShipPlace
from feedrec.recorder.uploading.ship_finisher import ShipFinisher
from feedrec.recorder.uploading.uploader import Uploader

from ...timing import HANG_TIMEOUT


class Uploading:
    """What uploads, or does not, in place of a process."""

    place = ShipPlace("s3://b/p/")

    def __init__(self, tmp_path: Path) -> None:
        self.asked: dict[str, tuple[Job, Callable[[Answer], object]]] = {}
        self.withdrawn: list[str] = []
        self.through: list[str] = []
        self.hurries = True
        self.failing_for: float | None = None
        self.folder = tmp_path
        self.wanted: Callable[[Path], bool] = lambda _: True
        self.finisher = ShipFinisher(cast(Uploader, self), 2, self._is_wanted, lambda: self.hurries, patience=0.0)
        self.finisher.then = lambda path: self.through.append(path.name)

    def _is_wanted(self, path: Path) -> bool:
        return self.wanted(path)

    def ask(self, job: Job, on_answer: Callable[[Answer], object]) -> None:
        self.asked[Path(os.fsdecode(job.path)).name] = job, on_answer

    def withdraw(self, jobs: Iterable[Job]) -> None:
        self.withdrawn += [Path(os.fsdecode(job.path)).name for job in jobs]

    def is_there(self, job: Job) -> bool | None:
        return job.looks

    def add(self, *names: str) -> None:
        (self.folder / "day").mkdir(exist_ok=True)
        for name in names:
            path = self.folder / "day" / name
            path.write_bytes(b"1234")
            os.utime(path, ns=(7, 7))
            self.finisher.add(path)

    def answer(self, name: str, outcome: Outcome, said: str = "") -> None:
        job, on_answer = self.asked[name]
        on_answer(Answer(job, outcome, said, 4))


def test_files_go_on_in_their_order_and_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The name there is that below the folder of all files."""
    uploading = Uploading(tmp_path)
    uploading.add("a", "b", "c", "d")
    assert uploading.asked["a"][0] == Job(os.fsencode(tmp_path / "day" / "a"), os.fsencode(tmp_path))
    uploading.answer("b", Outcome.SHIPPED)
    uploading.answer("c", Outcome.STAYS, "another is there")
    uploading.answer("a", Outcome.LATER, "no network")
    assert uploading.through == []
    facts = uploading.finisher.shipping
    assert (facts.waiting, facts.waiting_bytes, facts.oldest, facts.files, facts.failures) == (2, 8, 7, 1, 1)
    uploading.answer("a", Outcome.SHIPPED)
    assert uploading.through == ["a", "b"]
    uploading.answer("d", Outcome.GONE)
    assert uploading.through == ["a", "b", "d"]
    uploading.finisher.finish()
    facts = uploading.finisher.shipping
    assert (facts.waiting, facts.oldest, facts.files, facts.bytes) == (0, None, 2, 8)
    assert facts.failed == [str(tmp_path / "day" / "c")]
    assert uploading.withdrawn == []
    texts = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert texts == [
        f"{tmp_path}/day/c stays here, and the recording goes on: another is there",
        f"{tmp_path}/day/d is gone: it was not shipped",
    ]


def test_the_end_of_a_run_leaves_what_the_place_does_not_take(tmp_path: Path) -> None:
    """What is taken then, all the same, is not told any more: the next recorder sees that it is there."""
    uploading = Uploading(tmp_path)
    uploading.add("a", "b")
    uploading.answer("a", Outcome.LATER, "no network")
    uploading.failing_for = 100.0
    with pytest.raises(RecordingError, match=r"day/a: is not shipped yet, nor 1 after it \(no network\): the next"):
        uploading.finisher.finish()
    assert uploading.withdrawn == ["a", "b"]
    uploading.answer("a", Outcome.SHIPPED)
    uploading.add("c")
    assert (uploading.through, "c" in uploading.asked) == ([], False)


def test_where_other_feeds_are_recorded_the_end_of_a_run_waits_as_long_as_it_takes(tmp_path: Path) -> None:
    """No other run would ship what it leaves: it holds the marks."""
    uploading = Uploading(tmp_path)
    uploading.add("a")
    uploading.answer("a", Outcome.LATER, "no network")
    uploading.failing_for, uploading.hurries = 3600.0, False
    thread = threading.Thread(target=uploading.finisher.finish)
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    uploading.answer("a", Outcome.SHIPPED)
    thread.join(HANG_TIMEOUT)
    assert (uploading.through, uploading.withdrawn) == (["a"], [])


def test_what_a_person_wants_no_more_is_not_shipped(tmp_path: Path) -> None:
    uploading = Uploading(tmp_path)
    uploading.wanted = lambda path: path.name != "a"
    uploading.add("a", "b")
    assert (list(uploading.asked), uploading.through) == (["b"], ["a"])


def test_whether_a_file_is_there_is_not_asked_any_more_once_all_ends(tmp_path: Path) -> None:
    uploading = Uploading(tmp_path)
    assert uploading.finisher.is_there(tmp_path / "day" / "a") is True
    uploading.finisher.finish()
    assert uploading.finisher.is_there(tmp_path / "day" / "a") is True  # what is kept is looked at after the last file
    uploading.finisher.give_up()
    assert uploading.finisher.is_there(tmp_path / "day" / "a") is None
