"""One feed of a fleet: its runs, one after another."""

from __future__ import annotations

import asyncio

import pytest

from feedrec.errors import ConnectError, RecordingExistsError, UsageError, VenueError, WriteError
from feedrec.recorder.fleet.failures import is_final
from feedrec.recorder.fleet.fleet_run import Result
from feedrec.recorder.fleet.member import Member, MemberState

from .fake_runs import FakeRun, Log, quick, turns


class Runs:
    """Makes runs, of which the first ones fail with these errors when they are opened."""

    def __init__(self, *errors: Exception | None) -> None:
        self.log: Log = []
        self.made: list[FakeRun] = []
        self._errors = list(errors)

    def make(self) -> FakeRun:
        error = self._errors.pop(0) if self._errors else None
        self.made.append(FakeRun(str(len(self.made) + 1), self.log, error))
        return self.made[-1]

    def member(self) -> Member[str]:
        return Member("btc", "plan", self.make, quick())


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (ConnectError("x"), "again"),
        (WriteError("x", "full"), "again"),
        (RuntimeError("a defect"), "again"),
        (UsageError("x"), "left"),
        (VenueError("x"), "left"),
        (RecordingExistsError("x", "there"), "left"),
    ],
)
def test_what_a_retry_may_mend_is_tried_again(error: Exception, verdict: str) -> None:
    assert is_final(error) == (verdict == "left")

    async def live() -> None:
        runs = Runs(error)
        member = runs.member()
        task = asyncio.create_task(member.live())
        await turns()
        if verdict == "left":
            await task
            assert (member.state, member.error, len(runs.made)) == (MemberState.FAILED, error, 1)
        else:
            assert (member.state, len(runs.made)) == (MemberState.RECORDING, 2)
            member.stop()
            await task
            assert (member.state, member.error) == (MemberState.OVER, None)
        assert member.failures == 1
        assert member.released.is_set()

    asyncio.run(live())


def test_a_run_that_fails_after_it_recorded_is_followed_by_another_one() -> None:
    """What the first one recorded counts, and what is done with its files keeps nobody waiting."""

    async def live() -> None:
        runs = Runs()
        member = runs.member()
        task = asyncio.create_task(member.live())
        await turns()
        first = runs.made[0]
        first.counts.frames, first.counts.gaps = 5, 1
        first.settled.clear()
        first.fail(WriteError("x", "full"))
        await turns()
        runs.made[1].counts.frames = 3
        assert runs.log == ["prepare 1", "open 1", "close 1", "prepare 2", "open 2"]
        assert (member.total.counts.frames, member.total.counts.gaps, member.total.file_size) == (8, 1, 14)
        first.settled.set()
        member.stop()
        await task
        assert [result.summary.path for result in member.results.values()] == ["1.jsonl", "2.jsonl"]
        assert (member.total.counts.frames, member.failures, member.error) == (8, 1, None)

    asyncio.run(live())


def test_a_run_that_ends_by_itself_is_the_last() -> None:
    async def live() -> None:
        runs = Runs()
        member = runs.member()
        task = asyncio.create_task(member.live())
        await turns()
        runs.made[0].ended.set()
        await task
        assert (member.state, len(runs.made)) == (MemberState.OVER, 1)

    asyncio.run(live())


def test_stopping_does_not_wait_for_a_venue_that_is_asked_something() -> None:
    async def live() -> None:
        runs = Runs()
        member = runs.member()
        run = runs.make()
        run.is_prepared.clear()
        member._make = lambda: run
        task = asyncio.create_task(member.live())
        await turns()
        member.stop()
        await task
        assert runs.log == ["prepare 1"]

    asyncio.run(live())


def test_the_end_waits_for_what_is_done_with_files_but_nobody_else_does() -> None:
    async def live() -> None:
        runs = Runs()
        member = runs.member()
        task = asyncio.create_task(member.live())
        await turns()
        runs.made[0].settled.clear()
        member.stop_now()
        await turns()
        assert (member.released.is_set(), task.done()) == (True, False)
        runs.made[0].settled.set()
        await task
        assert runs.log[-1] == "settle 1"

    asyncio.run(live())


def test_what_fails_with_finished_files_is_an_error_of_the_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def live() -> None:
        runs = Runs()
        member = runs.member()
        error = WriteError("x", "no Parquet")

        async def fail(_: Result) -> Result:
            raise error

        task = asyncio.create_task(member.live())
        await turns()
        monkeypatch.setattr(runs.made[0], "settle", fail)
        member.stop()
        await task
        assert (member.state, member.error, member.results[1].error) == (MemberState.OVER, error, error)

    asyncio.run(live())


def test_a_feed_that_was_stopped_while_it_could_not_be_reached_has_failed() -> None:
    """Whether it was waiting then, or trying."""

    async def live() -> None:
        error = ConnectError("no")
        runs = Runs(error)
        member = runs.member()
        task = asyncio.create_task(member.live())
        await turns(2)
        member.stop()
        await task
        assert member.error is error

    asyncio.run(live())


def test_where_there_is_nothing_to_record_it_is_over_and_nothing_was_recorded() -> None:
    async def live() -> None:
        runs = Runs()
        member = runs.member()
        run = runs.make()
        run.has_anything = False
        member._make = lambda: run
        await member.live()
        assert (member.state, member.error, member.runs, member.failures) == (MemberState.OVER, None, 0, 0)
        assert runs.log == ["prepare 1"]

    asyncio.run(live())
