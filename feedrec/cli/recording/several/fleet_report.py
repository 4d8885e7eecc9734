"""What came of several feeds: for a person, as JSON, and as an exit code."""

from __future__ import annotations

from typing import Any

from ....errors import FeedrecError
from ....recorder.fleet.fleet import Fleet
from ....recorder.fleet.member import Member
from ... import output
from ...terminal import echo_prose
from ..run import facts_of, report

__all__ = ["fleet_facts", "is_lossy", "refuse_failed", "report_fleet"]


def fleet_facts(fleet: Fleet[Any]) -> dict[str, Any]:
    """Return the object of `--json`: totals, and each feed with its runs; those that were ended before come first."""
    total = fleet.progress
    return {
        "seconds": round(total.seconds, 3),
        "frames": total.counts.frames,
        "bytes": total.counts.bytes,
        "gaps": total.counts.gaps,
        "feeds": [_facts_of_member(member) for member in _all_of(fleet)],
    }


def report_fleet(fleet: Fleet[Any]) -> None:
    """Print what came of each feed, and of all."""
    for member in _all_of(fleet):
        if member.runs > len(member.results):
            echo_prose(f"{member.name}: {output.count(member.runs - len(member.results), 'earlier run')}")
        for result in member.results.values():
            report(result.summary, result.error, name=member.name)
        if not member.results:
            echo_prose(f"{member.name}: nothing was recorded")
        if member.failures:
            last = f"; the last error: {member.error}" if member.error is not None else ""
            echo_prose(f"  failed {output.count(member.failures, 'time')}{last}")
    total = fleet.progress
    frames = f"{output.count(total.counts.frames, 'frame')} ({output.size(total.counts.bytes)})"
    feeds = output.count(len({member.name for member in _all_of(fleet)}), "feed")
    echo_prose(f"{feeds}: {frames} in {output.duration(total.seconds)}, {output.count(total.counts.gaps, 'gap')}")


def refuse_failed(fleet: Fleet[Any]) -> None:
    """
    Raise an error if a feed has failed.

    Raises:
        FeedrecError: If the last run of a feed that was to be recorded failed; it names them.

    """
    failed = [member for member in fleet.members.values() if member.error is not None]
    if failed:
        names = ", ".join(member.name for member in failed)
        raise FeedrecError(f"{len(failed)} of {output.count(len(fleet.members), 'feed')} failed: {names}")


def is_lossy(fleet: Fleet[Any]) -> bool:
    """Tell whether a run lacks what `fail-on-gap` and `strict` of its feed are about."""
    return any(result.is_lossy for member in _all_of(fleet) for result in member.results.values())


def _all_of(fleet: Fleet[Any]) -> list[Member[Any]]:
    return [*(member for member in fleet.former if member.results), *fleet.members.values()]


def _facts_of_member(member: Member[Any]) -> dict[str, Any]:
    return {
        "feed": member.name,
        "runs": [facts_of(result.summary, result.error) for result in member.results.values()],
        "failures": member.failures,
        "error": None if member.error is None else str(member.error),
    }
