"""A command is run for each file in their order, again and again until it succeeds; the run's end asks once more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import RecordingError
from feedrec.recorder.commands.command import Command
from feedrec.recorder.commands.process import Ended
from feedrec.recorder.commands.runner import CommandRunner
from feedrec.recorder.output.command_finisher import LONGEST_PAUSE, CommandFinisher

from ...timing import wait_until


class Shipping:
    """What ships files, or fails to, in place of a command."""

    def __init__(self, tmp_path: Path, *answers: str | None) -> None:
        self.tried: list[str] = []
        self.through: list[str] = []
        self.pauses: list[float] = []
        self.answers = list(answers)
        self.folder = tmp_path
        self.wanted: Callable[[Path], bool] = lambda _: True
        runner = CommandRunner("on-rotate", Command(("ship", "{name}")), 10, run=self._run)
        self.runner = runner
        self.finisher = CommandFinisher(
            runner, lambda path: {"name": path.name, "frames": None}, self._is_wanted, self._pause
        )
        self.finisher.then = lambda path: self.through.append(path.name)

    def add(self, *names: str) -> None:
        for name in names:
            (self.folder / name).touch()
            self.finisher.add(self.folder / name)

    def _run(self, arguments: list[str], _: bytes, **__: Any) -> Ended:
        self.tried.append(arguments[1])
        return Ended(self.answers.pop(0) if self.answers else None)

    def _is_wanted(self, path: Path) -> bool:
        return self.wanted(path)

    def _pause(self, ending: threading.Event, seconds: float) -> None:
        if not ending.is_set():
            self.pauses.append(seconds)


def test_one_after_another(tmp_path: Path) -> None:
    shipping = Shipping(tmp_path)
    shipping.add("a", "b", "c")
    shipping.finisher.finish()
    assert shipping.tried == shipping.through == ["a", "b", "c"]


def test_no_file_overtakes_one_that_fails(tmp_path: Path) -> None:
    shipping = Shipping(tmp_path, *["no network"] * 12)
    shipping.add("a", "b")
    wait_until(lambda: shipping.through == ["a", "b"])
    assert shipping.tried == [*["a"] * 13, "b"]
    assert shipping.pauses == [min(2.0**number, LONGEST_PAUSE) for number in range(12)]
    shipping.finisher.finish()
    assert (shipping.runner.runs, shipping.runner.failures) == (14, 12)


def test_what_fails_at_the_end_is_left_to_the_next_recorder(tmp_path: Path) -> None:
    """The pause ends at once, it is tried once more, and what comes after it is not tried at all."""
    paused = threading.Event()
    shipping = Shipping(tmp_path, *["no network"] * 100)

    def pause(ending: threading.Event, _: float) -> None:
        paused.set()
        ending.wait()

    shipping.finisher._wait_for = pause
    shipping.add("a", "b", "c")
    paused.wait()
    with pytest.raises(RecordingError, match="has not succeeded for it, nor for 2 after it"):
        shipping.finisher.finish()
    assert (shipping.tried, shipping.through) == (["a", "a"], [])
    assert [path.name for path in shipping.finisher.failed] == ["a", "b", "c"]


def test_what_nobody_wants_any_more_or_is_gone_holds_up_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shipping = Shipping(tmp_path, *["it is odd"] * 3)
    shipping.wanted = lambda path: len(shipping.tried) < 3 or path.name != "a"
    shipping.add("a")
    shipping.finisher.add(tmp_path / "moved")
    shipping.add("b")
    wait_until(lambda: "b" in shipping.through)
    assert shipping.tried == ["a", "a", "a", "b"]
    assert shipping.through == ["a", "moved", "b"]
    assert "moved is gone" in caplog.text


def test_who_gives_up_leaves_all_as_it_is(tmp_path: Path) -> None:
    shipping = Shipping(tmp_path, *["no network"] * 100)
    paused = threading.Event()

    def pause(ending: threading.Event, _: float) -> None:
        paused.set()
        ending.wait()

    shipping.finisher._wait_for = pause
    shipping.add("a", "b")
    paused.wait()
    shipping.finisher.give_up()
    wait_until(lambda: not shipping.finisher.waiting)
    assert (shipping.tried, shipping.through) == (["a"], [])
