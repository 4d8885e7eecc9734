"""All runs of a process, which come and go."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from feedrec.errors import UsageError
from feedrec.recorder.watching.clock_quality import ClockQuality
from feedrec.recorder.watching.clock_watch import ClockWatch
from feedrec.recorder.watching.incidents import Incident, Incidents
from feedrec.recorder.watching.process_watch import CommandFacts, ProcessWatch

from ..venue import run
from .watched import Watched


def begun(watch: ProcessWatch, name: str) -> Watched:
    """Begin a run of a feed."""
    one = Watched()
    one.watch = watch.begin(name, "coinbase-advanced")
    one.watch.begin(one, one)
    return one


def test_a_feed_that_is_removed_is_shown_no_more() -> None:
    """One that is new is shown before it has a run; those that stay are as they were."""
    watch = ProcessWatch(Incidents(), steady=lambda: 1000.0)
    watch.expect({"a": "coinbase-advanced", "b": "coinbase-advanced"})
    assert watch.readiness.feeds == {"a": ["it has not begun"], "b": ["it has not begun"]}
    begun(watch, "a").open()
    begun(watch, "b")
    watch.expect({"a": "coinbase-advanced", "c": "coinbase-exchange"})
    assert [(one.feed, one.endpoint, one.state) for one in watch.facts().runs] == [
        ("a", "coinbase-advanced", "recording"),
        ("c", "coinbase-exchange", "waiting"),
    ]
    assert watch.readiness.feeds == {"a": [], "c": ["it has not begun"]}


def test_a_feed_of_which_no_run_can_begin_is_told_of_once() -> None:
    """However often that is tried again."""
    told, incidents = list[Incident](), Incidents()
    incidents.listen(told.append)
    watch = ProcessWatch(incidents)
    watch.expect({"a": "coinbase-advanced"})
    for _ in range(3):
        watch.fail("a", UsageError("no such product"))
        watch.fail("b", UsageError("of a feed that was removed"))
    assert [(one.feed, one.kind, one.text) for one in told] == [
        ("a", "ended", "the recording has ended: no such product")
    ]
    assert watch.readiness.feeds == {"a": ["it has failed"]}
    assert watch.facts().runs[0].state == "failed"


def test_a_run_takes_the_place_of_the_one_before_it() -> None:
    """The old one may still be on; of its feed, it is the new one that is shown."""
    watch = ProcessWatch(Incidents(), steady=lambda: 1000.0)
    begun(watch, "a").open()
    begun(watch, "a")
    assert watch.readiness.feeds == {"a": ["no connection is open"]}


def test_all_feeds_must_be_ready_and_there_must_be_one() -> None:
    watch = ProcessWatch(Incidents(), steady=lambda: 1000.0)
    assert not watch.readiness.ready
    first, second = begun(watch, "a"), begun(watch, "b")
    first.open()
    assert (watch.readiness.ready, watch.readiness.feeds) == (False, {"a": [], "b": ["no connection is open"]})
    second.open()
    assert watch.readiness.ready


def test_the_clock_is_told_of_once_for_all_feeds() -> None:
    """What is of all of them has no feed."""
    quality = ClockQuality(True, 0, 0, 0)
    clock, told, incidents = SimpleNamespace(wall=10**18, quality=quality), list[Incident](), Incidents()
    incidents.listen(told.append)
    watch = ProcessWatch(incidents, ClockWatch(lambda: clock.wall, lambda: 0, lambda: clock.quality), wall=lambda: 5)
    begun(watch, "a")
    begun(watch, "b")
    clock.wall += 10**9
    watch.tick()
    assert [(one.kind, one.feed, one.time, one.details) for one in told] == [("clock", "", 5, {"step": 10**9})]
    assert watch.facts().clock.steps == 1


def test_the_commands_of_a_kind_are_added_up() -> None:
    watch = ProcessWatch(Incidents(), steady=lambda: 1000.0)
    for kind, runs, failures, dropped, waiting in (
        ("on-rotate", 5, 2, 0, 1),
        ("on-rotate", 1, 1, 3, 0),
        ("alert", 1, 0, 0, 0),
    ):
        watch.add_commands(SimpleNamespace(kind=kind, runs=runs, failures=failures, dropped=dropped, waiting=waiting))
    assert watch.facts().commands == {"on-rotate": CommandFacts(3, 3, 3, 1), "alert": CommandFacts(1, 0, 0, 0)}
    for _ in range(5000):  # runs come and go for years
        watch.add_commands(SimpleNamespace(kind="on-rotate", runs=1, failures=0, dropped=0, waiting=0))
    assert watch.facts().commands["on-rotate"] == CommandFacts(5003, 3, 3, 1)
    assert len(watch._commands) <= 1000


def test_what_fails_is_told_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """In the log, once: it might fail each second."""
    watch, looks = ProcessWatch(Incidents()), list[int]()

    def fail() -> None:
        looks.append(1)
        raise OSError("no clock")

    monkeypatch.setattr(watch, "tick", fail)
    monkeypatch.setattr("feedrec.recorder.watching.process_watch._TICK", 0.001)

    async def use() -> None:
        async with watch:
            while len(looks) < 3:
                await asyncio.sleep(0.001)

    run(use())
    assert [one.getMessage() for one in caplog.records] == ["watching has failed (OSError('no clock')); it goes on"]


def test_at_the_end_everything_is_told() -> None:
    told, incidents = list[Incident](), Incidents()
    incidents.listen(told.append)

    async def use() -> None:
        async with ProcessWatch(incidents):
            for text in ("one", "two"):
                incidents.tell(Incident("gap", 0, "a", "a", text))

    run(use())
    assert [one.text for one in told] == ["one", "two"]


def test_a_feed_of_which_there_is_nothing_here_is_not_waited_for() -> None:
    watch = ProcessWatch(Incidents())
    watch.expect({"a": "coinbase-advanced", "b": "coinbase-advanced"})
    watch.forget("a")
    watch.forget("a")
    assert watch.readiness.feeds == {"b": ["it has not begun"]}
