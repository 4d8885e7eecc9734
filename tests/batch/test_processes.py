"""Tasks in processes of this machine: those that die, and how all of them end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from feedrec.batch.planning import plan_batch
from feedrec.batch.processes import ProcessEngine
from feedrec.batch.running import run_batch
from feedrec.batch.task import Status, Task
from feedrec.errors import FeedrecError, UsageError

from ..timing import HANG_TIMEOUT, wait_until
from .odd_work import dies, dies_at_first, hangs, tells_its_process
from .recordings import files_below, left_in, small_recording

ROOT = Path(__file__).parents[2]


def task(key: str, source: Path | str = "", **options: object) -> Task:
    return Task(key, "convert", str(source), options=options)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_each_task_is_done_once_by_one_of_the_processes() -> None:
    tasks = [task(str(number)) for number in range(40)]
    results = list(ProcessEngine(2).run(tasks, tells_its_process))
    assert Counter(result.key for result in results) == Counter(one.key for one in tasks)
    processes = {result.facts["pid"] for result in results}
    assert 1 <= len(processes) <= 2
    assert os.getpid() not in processes
    assert not any(map(is_alive, processes))


def test_a_dead_worker_is_replaced_and_its_task_begun_again(tmp_path: Path) -> None:
    tasks = [task("a", tmp_path), task("b", tmp_path, dies=2), task("c", tmp_path)]
    results = {result.key: result for result in ProcessEngine(2).run(tasks, dies_at_first)}
    assert {result.status for result in results.values()} == {Status.DONE}
    assert {key: result.deaths for key, result in results.items()} == {"a": 0, "b": 2, "c": 0}
    assert len(list(tmp_path.glob("b-*"))) == 2


def test_a_task_with_which_three_workers_died_fails_alone() -> None:
    tasks = [task("a"), task("b", dies=True), task("c")]
    results = {result.key: result for result in ProcessEngine(1).run(tasks, dies)}
    assert {key: result.status for key, result in results.items()} == {"a": "done", "b": "failed", "c": "done"}
    assert results["b"].reason == "3 workers died with it, the last one killed by SIGKILL"
    assert results["b"].deaths == 3


def test_workers_that_die_before_they_have_a_task_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something is wrong with all of them: no task is to blame."""
    monkeypatch.setattr("multiprocessing.spawn.get_executable", lambda: b"/bin/false")
    with pytest.raises(FeedrecError, match="die before they have a task"):
        list(ProcessEngine(1).run([task("a")], tells_its_process))


def test_there_is_one_worker_at_least() -> None:
    with pytest.raises(UsageError):
        ProcessEngine(0)


def test_who_waits_may_end_it(tmp_path: Path) -> None:
    """What is running is ended at once, and no process is left."""

    def end() -> None:
        if len(list(tmp_path.iterdir())) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(ProcessEngine(2, end).run([task(name, tmp_path) for name in "abc"], hangs))
    processes = [int(path.name[2:]) for path in tmp_path.iterdir()]
    assert len(processes) == 2
    assert not any(map(is_alive, processes))


PROGRAM = """
import sys
from feedrec.batch.planning import plan_batch
from feedrec.batch.processes import ProcessEngine
from feedrec.batch import running
from tests.batch.odd_work import waits_before_its_name

if __name__ == "__main__":
    running.do_task = waits_before_its_name
    try:
        running.run_batch(plan_batch("convert", [sys.argv[1]], sys.argv[2], {}), ProcessEngine(2))
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_the_next_run_goes_on_where_one_was_ended(tmp_path: Path, number: signal.Signals) -> None:
    """All workers end with it, outputs that were made and had no name are gone, and each is there in the end."""
    source, target, program = tmp_path / "source", tmp_path / "target", tmp_path / "program.py"
    for place in range(3):
        small_recording(source / f"{place}.jsonl.zst", place)
    program.write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, program, source, target], env=environment, start_new_session=True, stderr=subprocess.PIPE
    )
    wait_until(lambda: len(list(target.glob("begun-*"))) == 2)
    workers = [int(path.name[6:]) for path in target.glob("begun-*")]
    for path in target.glob("begun-*"):
        path.unlink()
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.kill()
    _, said = process.communicate(timeout=HANG_TIMEOUT)
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    assert said == b""
    wait_until(lambda: not any(map(is_alive, workers)))
    assert files_below(target) == {}
    held = [name for name in left_in(target) if name.startswith("work-")]
    assert bool(held) == (number == signal.SIGKILL)
    total = run_batch(plan_batch("convert", [source], target, {}), ProcessEngine(2))
    assert (total.done, total.failed) == (3, 0)
    assert set(files_below(target)) == {f"{place}.jsonl.zst" for place in range(3)}
    assert left_in(target) == {"lock", "manifest.jsonl", "promises"}
