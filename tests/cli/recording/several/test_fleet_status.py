"""How several feeds stand."""

from __future__ import annotations

import asyncio

import pytest

from feedrec.cli.recording.several.fleet_report import fleet_facts, is_lossy, report_fleet
from feedrec.cli.recording.several.fleet_status import FleetStatus
from feedrec.errors import ConnectError, UsageError
from feedrec.recorder.backoff import Backoff
from feedrec.recorder.fleet.fleet import Fleet

from ....recorder.fleet.fake_runs import FakeRun, turns

ERRORS = {"wrong": UsageError("no such thing"), "far": ConnectError("cannot connect")}


class Runs:
    """Runs by name, and the fleet of them; one that is called `wrong` fails for good, one called `far` for now."""

    def __init__(self, *names: str) -> None:
        self.runs: dict[str, FakeRun] = {}
        self.fleet: Fleet[str] = Fleet(self._make, delays=lambda: Backoff(40.0, 40.0, lambda: 1.0))
        self.fleet.apply({name: name for name in names})

    def _make(self, name: str) -> FakeRun:
        self.runs[name] = FakeRun(name, [], ERRORS.get(name))
        return self.runs[name]


def test_a_line_counts_all_and_lines_tell_what_each_does() -> None:
    """With rates since the last look; names have a column, and a line no more than the terminal's width."""

    async def look() -> None:
        runs = Runs("btc", "wrong", "far")
        await turns()
        status = FleetStatus(runs.fleet)
        status.looked()
        runs.runs["btc"].counts.frames, runs.runs["btc"].counts.gaps = 5, 1
        assert status.all_of_them().startswith("1 of 3 recording 0.0")
        assert "| 1 gap | no reconnects |" in status.all_of_them()
        assert "| 5 frames |" in status.all_of_them()
        btc, wrong, far = status.each()
        assert btc.startswith("btc    recording 1.0 s | 1 gap | no reconnects |")
        assert wrong == "wrong  failed: no such thing"
        assert far.startswith("far    trying again in ")
        assert far.endswith(" s: cannot connect")
        assert max(map(len, status.each(30))) <= 30
        runs.fleet.stop()
        await runs.fleet.run()

    asyncio.run(look())


def test_the_log_names_those_that_are_not_recording_and_new_gaps() -> None:
    async def look() -> None:
        runs = Runs("a", "b", "wrong")
        await turns()
        status = FleetStatus(runs.fleet)
        status.looked()
        assert [line.split()[0] for line in status.unusual()] == ["wrong"]
        runs.runs["b"].counts.gaps = 2
        assert [line.split()[0] for line in status.unusual()] == ["b", "wrong"]
        assert [line.split()[0] for line in status.each(most=3)] == ["a", "b", "wrong"]
        first, more = status.each(most=2)
        assert (first.split()[0], more) == ("b", "and 2 more")
        assert status.each(most=1) == status.each(most=-5) == ["and 3 more"]
        status.looked()
        assert [line.split()[0] for line in status.unusual()] == ["wrong"]
        runs.fleet.stop()
        await runs.fleet.run()

    asyncio.run(look())


def test_what_came_of_each_is_told_also_of_one_that_was_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    async def live() -> Fleet[str]:
        runs = Runs("a", "wrong")
        await turns()
        runs.runs["a"].counts.frames = 3
        runs.fleet.apply({"a": "other", "wrong": "wrong"})
        await turns()
        runs.fleet.stop()
        await runs.fleet.run()
        return runs.fleet

    fleet = asyncio.run(live())
    facts = fleet_facts(fleet)
    assert facts["frames"] == 3
    assert [(one["feed"], len(one["runs"]), one["failures"], one["error"]) for one in facts["feeds"]] == [
        ("a", 1, 0, None),
        ("a", 1, 0, None),
        ("wrong", 0, 1, "no such thing"),
    ]
    assert not is_lossy(fleet)
    report_fleet(fleet)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "on disk" not in line] == [
        "a: recorded 3 frames (0 B) in 1.0 s to a.jsonl",
        "a: recorded no frames (0 B) in 1.0 s to other.jsonl",
        "wrong: nothing was recorded",
        "  failed 1 time; the last error: no such thing",
        lines[-1],
    ]
    assert lines[-1].startswith("2 feeds: 3 frames (0 B) in 0.")
