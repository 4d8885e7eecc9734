"""One thing ends a run, once; what goes wrong while it ends is not lost."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from feedrec.errors import ConnectError, VenueError, WriteError
from feedrec.recorder.run_end import Outcome, RunEnd

ERRORS = {
    Outcome.UNREACHABLE: ConnectError("cannot connect"),
    Outcome.REFUSED: VenueError("bad key"),
    Outcome.CRASHED: LookupError("a defect"),
    Outcome.DISK_FAILED: WriteError("x.jsonl", "no space left"),
}
HARMLESS = [outcome for outcome in Outcome if outcome not in ERRORS]


def ended(*outcomes: Outcome) -> tuple[Outcome | None, Exception | None]:
    end = RunEnd()
    for outcome in outcomes:
        end.end(outcome, ERRORS.get(outcome))
    return end.outcome, end.error


def named(outcome: Outcome) -> str:
    return outcome.name


def test_a_run_goes_on_until_something_ends_it() -> None:
    end = RunEnd()
    assert (end.has_begun, end.outcome, end.error) == (False, None, None)


@pytest.mark.parametrize("outcome", Outcome, ids=named)
def test_each_outcome_ends_the_run_with_its_error(outcome: Outcome) -> None:
    end = RunEnd()
    end.end(outcome, ERRORS.get(outcome))
    assert (end.has_begun, end.outcome, end.error) == (True, outcome, ERRORS.get(outcome))


@pytest.mark.parametrize(("first", "second"), list(itertools.product(HARMLESS, repeat=2)), ids=named)
def test_the_first_of_two_outcomes_without_an_error_stays(first: Outcome, second: Outcome) -> None:
    assert ended(first, second) == (first, None)


@pytest.mark.parametrize(("first", "second"), list(itertools.product(HARMLESS, ERRORS)), ids=named)
def test_an_error_replaces_an_outcome_without_one_whichever_comes_first(first: Outcome, second: Outcome) -> None:
    assert ended(first, second) == ended(second, first) == (second, ERRORS[second])


def test_the_first_of_two_errors_stays() -> None:
    assert ended(Outcome.REFUSED, Outcome.CRASHED)[0] is Outcome.REFUSED
    assert ended(Outcome.CRASHED, Outcome.REFUSED)[0] is Outcome.CRASHED


@pytest.mark.parametrize("other", [outcome for outcome in Outcome if outcome is not Outcome.DISK_FAILED], ids=named)
def test_a_disk_that_fails_outweighs_everything_because_the_recording_is_incomplete(other: Outcome) -> None:
    expected = (Outcome.DISK_FAILED, ERRORS[Outcome.DISK_FAILED])
    assert ended(other, Outcome.DISK_FAILED) == ended(Outcome.DISK_FAILED, other) == expected


def test_whoever_waits_for_the_end_is_woken_by_the_first_outcome() -> None:
    async def wait() -> None:
        end = RunEnd()
        waiting = asyncio.ensure_future(end.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        end.end(Outcome.STOPPED)
        await waiting
        await end.wait()

    asyncio.run(wait())
