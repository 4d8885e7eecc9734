"""Whatever happens between runs and amid them: what a batch has made is right, and what it has not made stays."""

from __future__ import annotations

import contextlib
import functools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from feedrec.batch.destination import Destination
from feedrec.batch.planning import plan_batch

from .here import run
from .recordings import files_below, left_in, small_recording

NAMES = ("a", "b/c")
KINDS: dict[str, dict[str, Any]] = {"convert": {"format": "jsonl"}, "export": {"to": "tardis-csv"}}

STEPS = ("promise", "publish", "_create", "_replace", "take_back", "write_manifest")
"""Where a run is killed: before or after one of these of `Destination`."""


class Round(NamedTuple):
    """What happens until a run comes to its end: to the first recording, to an output, and to an earlier run."""

    number: int
    second: bool
    output: str
    step: str
    at: int
    is_before: bool


ROUNDS = st.lists(
    st.builds(
        Round,
        number=st.integers(0, 2),
        second=st.booleans(),
        output=st.sampled_from(["stays", "stays", "is lost", "is another's", "is nearly the same"]),
        step=st.sampled_from(["", *STEPS]),
        at=st.integers(1, 2),
        is_before=st.booleans(),
    ),
    min_size=2,
    max_size=4,
)


class Killed(BaseException):
    """Stands for the end of the process, after which nothing of it is done."""


class Kill:
    """Ends a run at the so-many-th call of one of its steps; nothing is done after that."""

    def __init__(self, step: str, number: int, *, is_before: bool) -> None:
        self.step, self.left, self.is_before = step, number, is_before

    def at(self, name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        """Give a step that may be the last."""

        def done(*arguments: Any) -> Any:
            self.left -= name == self.step
            if self.left <= 0 and self.is_before:
                self.die()
            self.is_before |= self.left <= 0
            result = step(*arguments)
            if self.left <= 0:
                self.die()
            return result

        return done

    def die(self) -> NoReturn:
        """Be gone."""
        raise Killed


def be_killed(one: Round, source: Path, target: Path, kind: str) -> None:
    """End a run at one of its steps: nothing is cleaned up, and what a worker was making stays."""
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed):
        kill = Kill(one.step, one.at, is_before=one.is_before)
        for name in STEPS:
            patch.setattr(Destination, name, kill.at(name, getattr(Destination, name)))
        patch.setattr("shutil.rmtree", lambda *_, **__: None)
        run(kind, [source], target, **KINDS[kind])


@functools.cache
def recorded(number: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return small_recording(Path(folder) / "x.jsonl.zst", number, frames=4).read_bytes()


@functools.cache
def expected_of(kind: str, numbers: tuple[int, ...]) -> dict[str, bytes]:
    """Give what a batch makes of recordings where nothing is yet."""
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder, "source"), numbers)
        run(kind, [Path(folder, "source")], Path(folder, "target"), **KINDS[kind])
        return files_below(Path(folder, "target"))


def record(source: Path, numbers: tuple[int, ...]) -> None:
    shutil.rmtree(source, ignore_errors=True)
    for name, number in zip(NAMES, numbers, strict=False):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / f"{name}.jsonl.zst").write_bytes(recorded(number))


def change_an_output(target: Path, how: str) -> dict[str, bytes]:
    """Remove the first output, or put something else in its place; return what is not a batch's any more."""
    made = sorted(files_below(target)) if target.exists() else []
    if not made or how == "stays":
        return {}
    path = target / made[0]
    if how == "is lost":
        path.unlink()
        return {}
    path.write_bytes(b"mine" if how == "is another's" else b"?" + path.read_bytes()[1:])
    return {made[0]: path.read_bytes()}


@example("convert", [Round(1, False, "stays", "", 1, False), Round(0, False, "stays", "promise", 1, False)])
@given(kind=st.sampled_from(sorted(KINDS)), rounds=ROUNDS)
def test_whatever_happens_each_output_is_right_in_the_end(kind: str, rounds: list[Round]) -> None:
    """Recordings change, runs are killed anywhere, others write into the destination: theirs stays, ours is whole."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        for one in rounds:
            numbers = (one.number, 5) if one.second else (one.number,)
            record(source, numbers)
            foreign = change_an_output(target, one.output)
            if one.step:
                be_killed(one, source, target, kind)
            total = run(kind, [source], target, **KINDS[kind])
            assert {name: (target / name).read_bytes() for name in foreign} == foreign
            for name in foreign:  # its owner moves it away
                (target / name).unlink()
            if foreign:
                total = run(kind, [source], target, **KINDS[kind])
            found, expected = files_below(target), expected_of(kind, numbers)
            assert total.failed == 0, total.results
            assert {name: found.get(name) for name in expected} == expected
            assert left_in(target) - {"promises"} == {"lock", "manifest.jsonl"}
            assert plan_batch(kind, [source], target, KINDS[kind]).tasks == []
