"""The engine: each task has one result, whatever dies, and what cannot work is said in a line."""

from __future__ import annotations

import random
import signal
from collections import Counter
from pathlib import Path

import pytest
from distributed import Client

from feedrec.batch.dask_engine import DaskEngine
from feedrec.batch.task import Result, Status, Task
from feedrec.errors import FeedrecError, UsageError
from tests.timing import wait_until

from .cluster import Cluster, killing
from .works import begun, noted


def tasks_in(folder: Path, count: int, **options: object) -> list[Task]:
    return [Task(f"{number}", "info", str(folder / f"{number}"), options=options) for number in range(count)]


def test_each_task_is_done_once(cluster: Cluster, tmp_path: Path) -> None:
    tasks = tasks_in(tmp_path, 30)
    with DaskEngine(cluster.address) as engine:
        results = list(engine.run(tasks, noted))
        assert list(engine.run([], noted)) == []
    assert Counter(result.key for result in results) == Counter(task.key for task in tasks)
    assert {(result.status, result.deaths) for result in results} == {(Status.DONE, 0)}
    assert {begun(task) for task in tasks} == {1}
    assert len({result.facts["process"] for result in results}) > 1


def test_a_task_that_kills_its_workers_is_failed_and_all_others_are_done(cluster: Cluster, tmp_path: Path) -> None:
    """It is begun three times, and not a fourth time; those that waited at its workers are not suspected."""
    good, bad = tasks_in(tmp_path / "good", 20, seconds=0.02), tasks_in(tmp_path / "bad", 2, dies=True)
    for folder in ("good", "bad"):
        (tmp_path / folder).mkdir()
    bad = [Task(f"bad {task.key}", task.kind, task.source, options=task.options) for task in bad]
    with DaskEngine(cluster.address) as engine:
        results = {result.key: result for result in engine.run([*bad, *good], noted)}
    assert [results[task.key].status for task in good] == [Status.DONE] * 20
    assert {(results[task.key].status, results[task.key].deaths) for task in bad} == {(Status.FAILED, 3)}
    assert [begun(task) for task in bad] == [3, 3]
    assert "3 workers died with it" in results["bad 0"].reason


def test_whatever_is_killed_each_task_has_one_result(
    cluster: Cluster, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    tasks = tasks_in(tmp_path, 40, seconds=0.2)
    chance = random.Random(pytestconfig.getoption("seed"))
    with DaskEngine(cluster.address) as engine, killing(cluster, pytestconfig.getoption("kills"), chance) as killed:
        results = list(engine.run(tasks, noted))
    assert sorted(result.key for result in results) == sorted(task.key for task in tasks)
    assert all(result.status == Status.DONE or result.deaths == 3 for result in results)
    assert sum(begun(task) for task in tasks) <= len(tasks) + len(killed)
    assert killed


def test_what_a_task_raises_is_its_result(cluster: Cluster, tmp_path: Path) -> None:
    (task,) = tasks_in(tmp_path, 1, raises=True)
    with DaskEngine(cluster.address) as engine:
        (result,) = engine.run([task], noted)
    assert result == Result(task.key, Status.FAILED, "ZeroDivisionError: a defect of the work")


def test_what_waits_is_not_begun_when_nobody_wants_it_any_more(cluster: Cluster, tmp_path: Path) -> None:
    """As with Ctrl-C. What runs ends by itself."""
    first, *rest = tasks_in(tmp_path, 40, waits=True)
    Path(first.source).with_suffix(".go").touch()
    with DaskEngine(cluster.address) as engine:
        results = engine.run([first, *rest], noted)
        assert next(results).key == first.key
        wait_until(lambda: sum(map(begun, rest)) == 4)
        results.close()
        with Client(cluster.address, set_as_default=False) as client:
            wait_until(lambda: not any(client.processing().values()))  # the scheduler has heard of it
        for task in rest:
            Path(task.source).with_suffix(".go").touch()
        fresh = Task("fresh", "info", str(tmp_path / "fresh"))
        assert [result.key for result in engine.run([fresh], noted)] == ["fresh"]
    assert sum(map(begun, rest)) == 4


def test_a_scheduler_that_is_lost_ends_the_run_with_a_line(tmp_path: Path) -> None:
    with Cluster(tmp_path, 1) as lost, DaskEngine(lost.address) as engine:
        first, second = tasks_in(tmp_path, 2, waits=True)
        Path(first.source).with_suffix(".go").touch()
        results = engine.run([first, second], noted)
        assert next(results).key == first.key
        lost.scheduler.send_signal(signal.SIGKILL)
        with pytest.raises(FeedrecError, match="the scheduler was lost: what is done is kept"):
            next(results)


@pytest.mark.parametrize(
    ("address", "error", "said"),
    [
        ("10.0.0.5:8786", UsageError, "is no address of a scheduler, such as tcp://10.0.0.5:8786"),
        ("nonsense://10.0.0.5:8786", UsageError, "is no address of a scheduler"),
        ("tcp://127.0.0.1:1", FeedrecError, "no scheduler of Dask answers there"),
        ("tcp://:x", UsageError, "is no address of a scheduler"),
        ("tcp://10.0.0.5", UsageError, "is no address of a scheduler"),
        ("tls://127.0.0.1:1", UsageError, "needs the certificates that Dask's settings name"),
    ],
)
def test_an_address_without_a_scheduler_is_one_clear_line(
    address: str, error: type[FeedrecError], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedrec.batch.dask_engine._CONNECT", 1)
    with pytest.raises(error, match=said) as raised:
        DaskEngine(address)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith(address)
