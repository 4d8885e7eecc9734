"""Commands of a kind run one after another; what waits, fails or is dropped is counted and said."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from feedrec.recorder.commands.command import Command
from feedrec.recorder.commands.process import Ended
from feedrec.recorder.commands.runner import CommandRunner

from ...timing import wait_until

COMMAND = Command(("ship", "{path}"))


class Runs:
    """What runs commands, in place of processes."""

    def __init__(self, how: Callable[[list[str]], Ended] = lambda _: Ended(None)) -> None:
        self.seen: list[tuple[list[str], Any]] = []
        self.most = self._now = 0
        self._how = how

    def __call__(self, arguments: list[str], given: bytes, **_: Any) -> Ended:
        self._now += 1
        self.most = max(self.most, self._now)
        self.seen.append((arguments, json.loads(given)))
        try:
            return self._how(arguments)
        finally:
            self._now -= 1


def runner(runs: Callable[..., Ended], kind: str = "on-rotate", **options: Any) -> CommandRunner:
    return CommandRunner(kind, COMMAND, 10, run=runs, **options)


def test_each_event_gets_its_command_in_order() -> None:
    runs = Runs()
    done: list[Ended] = []
    one = runner(runs)
    for number in range(5):
        one.submit({"path": f"/{number}"}, {"number": number}, done.append)
    one.finish()
    assert runs.seen == [(["ship", f"/{number}"], {"number": number}) for number in range(5)]
    assert done == [Ended(None)] * 5
    assert (one.runs, one.failures, one.dropped, one.waiting) == (5, 0, 0, 0)


def test_two_runners_of_a_kind_take_turns() -> None:
    go = threading.Event()

    def wait(_: list[str]) -> Ended:
        go.wait()
        return Ended(None)

    runs = Runs(wait)
    both = [runner(runs), runner(runs)]
    for one in both:
        one.submit({"path": "/"}, {})
    wait_until(lambda: runs.seen)
    assert [one.waiting for one in both] == [1, 1]
    go.set()
    for one in both:
        one.finish()
    assert (len(runs.seen), runs.most) == (2, 1)


def test_a_failure_is_counted_and_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    one = runner(lambda *_, **__: Ended("exit code 7", "no network"))
    assert one.run({"path": "/"}, {}) == Ended("exit code 7", "no network")
    two = runner(lambda *_, **__: Ended(None, "sent"), "alert")
    two.run({"path": "/"}, {})
    assert caplog.messages == [
        "the on-rotate command failed (exit code 7): no network",
        "the alert command has ended: sent",
    ]
    assert (one.runs, one.failures, two.runs, two.failures) == (1, 1, 1, 0)


def test_what_would_wait_too_long_is_dropped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    go = threading.Event()
    runs = Runs(lambda _: Ended(None) if go.wait() else Ended("never"))
    one = runner(runs, most_waiting=2)
    one.submit({"path": "/"}, {})
    wait_until(lambda: runs.seen)
    for _ in range(3):
        one.submit({"path": "/"}, {})
    assert (one.waiting, one.dropped) == (3, 1)
    assert caplog.messages == ["the on-rotate command is not run: 2 wait for it already"]
    go.set()
    one.finish()
    assert one.runs == 3


def test_who_gives_up_ends_what_runs_and_forgets_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def until_stopped(*_: object, stop: threading.Event, **__: object) -> Ended:
        stop.wait()
        return Ended("stopped", was_stopped=True)

    one = runner(until_stopped)
    for _ in range(3):
        one.submit({"path": "/"}, {})
    join = threading.Thread.join
    calls = iter([KeyboardInterrupt])

    def interrupt(thread: threading.Thread, timeout: float | None = None) -> None:
        for error in calls:
            raise error
        join(thread, timeout)

    monkeypatch.setattr(threading.Thread, "join", interrupt)
    with pytest.raises(KeyboardInterrupt):
        one.finish()
    assert (one.runs, one.failures, one.waiting) == (0, 0, 0)
    one.submit({"path": "/"}, {})
    assert one.run({"path": "/"}, {}).was_stopped
    assert one.waiting == 0


def test_an_error_of_ours_costs_one_event_not_the_others(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Ended) -> None:
        raise ValueError("odd")

    runs = Runs()
    one = runner(runs)
    one.submit({}, {})
    one.submit({"path": "/"}, {}, fail)
    one.submit({"path": "/"}, {"name": "\udcff"})
    one.finish()
    assert [given for _, given in runs.seen] == [{}, {"name": "\udcff"}]
    assert caplog.messages == ["the on-rotate command could not be run"] * 2
    assert one.waiting == 0
