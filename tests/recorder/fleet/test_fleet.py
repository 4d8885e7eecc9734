"""All feeds of a process: which there are, and when they end."""

from __future__ import annotations

import asyncio

from feedrec.errors import UsageError
from feedrec.recorder.fleet.fleet import Fleet, ReplacingTimes
from feedrec.recorder.fleet.member import MemberState

from .fake_runs import FakeRun, Log, quick, turns


class Runs:
    """Makes the runs of plans; a plan is a text, whose first letter is the file that it is written to."""

    def __init__(self) -> None:
        self.log: Log = []
        self.are_connected = True
        self.by_plan: dict[str, FakeRun] = {}
        self.fleet: Fleet[str] = Fleet(
            self.make, lambda one, other: one[0] == other[0], quick, ReplacingTimes(60.0, 0.0, 0.0)
        )

    @property
    def files(self) -> Log:
        """What was opened and closed."""
        return [line for line in self.log if line.startswith(("open", "close"))]

    def make(self, plan: str) -> FakeRun:
        error = UsageError("wrong") if plan.endswith("wrong") else None
        self.by_plan[plan] = FakeRun(plan, self.log, error)
        self.by_plan[plan].is_connected = self.are_connected
        return self.by_plan[plan]


def test_what_is_the_same_goes_on_untouched() -> None:
    async def live() -> None:
        runs = Runs()
        runs.fleet.apply({"a": "x1", "b": "y1"})
        task = asyncio.create_task(runs.fleet.run())
        await turns()
        kept = runs.fleet.members["b"]
        runs.fleet.apply({"b": "y1", "c": "z1"})
        await turns()
        assert runs.fleet.members["b"] is kept
        assert runs.files == ["open x1", "open y1", "close x1", "open z1"]
        runs.fleet.stop()
        await task

    asyncio.run(live())


def test_a_new_run_that_writes_elsewhere_begins_before_the_old_one_ends() -> None:
    async def live() -> None:
        runs = Runs()
        runs.are_connected = False
        runs.fleet.apply({"a": "x1"})
        await turns()
        runs.log.clear()
        runs.fleet.apply({"a": "y1"})
        await turns()
        assert runs.log == ["prepare y1", "open y1"]
        runs.by_plan["y1"].is_connected = True
        await turns()
        assert runs.log[2:] == ["close x1", "settle x1"]
        runs.fleet.stop()
        await runs.fleet.run()

    asyncio.run(live())


def test_a_feed_whose_new_run_is_refused_is_recorded_as_before() -> None:
    """And the change is tried again when the configuration is read the next time."""

    async def live() -> None:
        runs = Runs()
        runs.fleet.apply({"a": "x1"})
        await turns()
        old = runs.fleet.members["a"]
        for _ in range(2):
            assert runs.fleet.apply({"a": "y wrong"}).changed == ["a"]
            await turns()
            assert (runs.fleet.members["a"], old.is_recording) == (old, True)
        runs.fleet.apply({"a": "y1"})
        await turns()
        assert (runs.fleet.members["a"].plan, old.released.is_set()) == ("y1", True)
        runs.fleet.stop()
        await runs.fleet.run()
        assert runs.fleet.progress.counts.connections == 2

    asyncio.run(live())


def test_a_new_run_that_writes_to_the_same_file_waits_until_that_is_closed() -> None:
    """But not for what is done with it then."""

    async def live() -> None:
        runs = Runs()
        runs.fleet.apply({"a": "x1"})
        await turns()
        runs.log.clear()
        runs.by_plan["x1"].settled.clear()
        runs.fleet.apply({"a": "x2"})
        assert runs.fleet.members["a"].state is MemberState.QUEUED
        await turns()
        assert runs.log == ["close x1", "prepare x2", "open x2"]
        runs.by_plan["x1"].settled.set()
        runs.fleet.stop()
        await runs.fleet.run()

    asyncio.run(live())


def test_no_run_begins_before_a_file_of_another_feed_is_closed_for_it() -> None:
    """A feed that gets another name, and two that change places."""

    async def live() -> None:
        runs = Runs()
        runs.fleet.apply({"a": "x1"})
        await turns()
        runs.log.clear()
        runs.fleet.apply({"b": "x1"})
        await turns()
        assert runs.files == ["close x1", "open x1"]
        runs.fleet.apply({"b": "x1", "c": "y1"})
        await turns()
        runs.log.clear()
        runs.fleet.apply({"b": "y2", "c": "x2"})
        await turns()
        assert (sorted(runs.files[:2]), sorted(runs.files[2:])) == (["close x1", "close y1"], ["open x2", "open y2"])
        runs.fleet.stop()
        await runs.fleet.run()

    asyncio.run(live())


def test_changes_upon_changes_leave_what_the_last_one_says() -> None:
    async def live() -> None:
        runs = Runs()
        for plan in ("x1", "x2", "y3", "x4", "x5"):
            runs.fleet.apply({"a": plan})
        await turns(100)
        recording = [one.plan for one in runs.fleet.members.values() if one.state is MemberState.RECORDING]
        assert recording == ["x5"]
        assert all(one.released.is_set() for one in runs.fleet.former)
        runs.fleet.stop()
        await runs.fleet.run()

    asyncio.run(live())


def test_a_feed_that_was_left_is_tried_when_the_configuration_is_read_again() -> None:
    """It hurts no other; when all are over, so is the fleet."""

    async def live() -> None:
        runs = Runs()
        runs.fleet.apply({"a": "x wrong", "b": "y1"})
        await turns()
        assert runs.fleet.members["a"].state is MemberState.FAILED
        assert runs.fleet.members["b"].state is MemberState.RECORDING
        first = runs.by_plan["x wrong"]
        runs.fleet.apply({"a": "x wrong", "b": "y1"})
        await turns()
        assert runs.by_plan["x wrong"] is not first
        runs.by_plan["y1"].ended.set()
        await runs.fleet.run()
        assert runs.fleet.progress.counts.connections == 1

    asyncio.run(live())


def test_a_fleet_with_nothing_to_record_may_stay_for_other_plans() -> None:
    """It ends as usual once anything was recorded, or when it is told to."""

    async def live() -> None:
        runs = Runs()
        fleet = runs.fleet
        fleet.apply({})
        await fleet.run()
        task = asyncio.create_task(fleet.run(stays=True))
        await turns()
        assert (task.done(), fleet.progress.state) == (False, "idle")
        fleet.apply({"a": "x1"})
        await turns()
        assert fleet.progress.state == "recording"
        fleet.apply({})
        await task
        assert runs.files == ["open x1", "close x1"]

    async def stop() -> None:
        fleet = Runs().fleet
        task = asyncio.create_task(fleet.run(stays=True))
        await turns()
        fleet.stop_now()
        await task

    asyncio.run(live())
    asyncio.run(stop())
