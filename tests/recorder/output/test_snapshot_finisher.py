"""States are put into finished files by a process of its own; what it cannot do holds up nothing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from feedrec.formats.file.names import carried_path
from feedrec.recorder.output.finisher import DISK_FULL
from feedrec.recorder.output.snapshot_finisher import NO_STATE, SnapshotFinisher


class Finisher(SnapshotFinisher):
    """Notes what the process would be told, and ends it as a test says."""

    def __init__(self, before: dict[Path, Path], *codes: int, is_followed: bool = True) -> None:
        self.told: list[Sequence[str]] = []
        self.through: list[Path] = []
        self.pauses = 0
        self.codes = list(codes)
        super().__init__(before.get, lambda _, is_ending: is_followed and not is_ending, self._pause)
        self.then = self.through.append

    def _pause(self, *_: object) -> None:
        self.pauses += 1

    def _run(self, arguments: Sequence[str]) -> tuple[int, str]:
        self.told.append(arguments)
        return (self.codes.pop(0) if self.codes else 0), "a reason"


def test_each_file_is_told_the_one_before(tmp_path: Path) -> None:
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    finisher = Finisher({second: first})
    finisher._files.extend([first, second])
    finisher._work()
    assert finisher.told == [[str(first), "", "carry"], [str(second), str(first), "carry"]]
    assert finisher.through == [first, second]


def test_the_state_at_the_end_of_the_last_file_is_for_nobody(tmp_path: Path) -> None:
    first, last = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    carried_path(last).touch()
    finisher = Finisher({})
    finisher._is_ending.set()
    finisher.add(first)
    finisher.finish()
    assert finisher.told == [[str(first), "", ""]]
    other = Finisher({})
    other._files.append(last)
    other._work()
    assert other.told == [[str(last), "", "carry"]]
    other.finish()
    assert not carried_path(last).exists()
    alone = Finisher({}, is_followed=False)
    alone._files.append(last)
    alone._work()
    assert alone.told == [[str(last), "", ""]]


@pytest.mark.parametrize(
    ("codes", "attempts", "said"),
    [((137, 0), 2, 0), ((1, 1, 1), 3, 1), ((NO_STATE,), 1, 1), ((1, NO_STATE), 2, 1)],
)
def test_what_fails_is_tried_again_and_then_goes_without(
    tmp_path: Path, codes: tuple[int, ...], attempts: int, said: int, caplog: pytest.LogCaptureFixture
) -> None:
    finisher = Finisher({}, *codes)
    finisher._files.append(tmp_path / "x.jsonl")
    finisher._work()
    assert (len(finisher.told), finisher.pauses) == (attempts, attempts - 1)
    assert finisher.through == [tmp_path / "x.jsonl"]
    assert caplog.text.count("does not begin with the state of the market: a reason") == said


def test_a_full_disk_is_waited_for_and_nothing_goes_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = tmp_path / "1.jsonl"
    finisher = Finisher({}, *[DISK_FULL] * 7, 0)
    finisher._files.append(first)
    finisher._work()
    assert (finisher.through, finisher.pauses) == ([first], 7)
    assert caplog.text.count("waits to begin with the state of the market: a reason") == 1


def test_what_a_full_disk_kept_from_its_state_is_left_to_the_next_recorder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    zeroth, first, second = (tmp_path / f"{number}.jsonl" for number in range(3))
    carried_path(zeroth).touch()
    finisher = Finisher({first: zeroth, second: first}, 0, *[DISK_FULL] * 9)
    finisher._files.append(zeroth)
    finisher._work()
    finisher._is_ending.set()
    finisher._files.extend([first, second])
    finisher._work()
    finisher.finish()
    assert finisher.through == [zeroth]
    assert finisher.told[1:] == [[str(first), str(zeroth), ""]]
    assert carried_path(zeroth).exists()
    assert "waits for the next recorder" in caplog.text


def test_who_gives_up_passes_nothing_on(tmp_path: Path) -> None:
    finisher = Finisher({}, 1)
    run = finisher._run

    def run_and_give_up(arguments: Sequence[str]) -> tuple[int, str]:
        finisher.give_up()
        return run(arguments)

    finisher._run = run_and_give_up  # type: ignore[method-assign]
    finisher.add(tmp_path / "x.jsonl")
    for thread in threading.enumerate():
        if thread.name == "feedrec-finisher":
            thread.join()
    assert finisher.through == []
