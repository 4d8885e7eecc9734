"""
What the engine makes of what Dask says, with a Dask that says it on purpose.

With a real one, whose workers are killed: `make test-batch`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest

import feedrec
from feedrec.batch import dask_engine
from feedrec.batch.dask_engine import DaskEngine
from feedrec.batch.task import MOST_DEATHS, Result, Status, Task
from feedrec.errors import FeedrecError, UsageError

ADDRESS = "tcp://10.0.0.5:8786"
TASKS = [Task(f"{number}", "info", f"{number}.jsonl") for number in range(3)]


class KilledWorker(Exception):  # noqa: N818  as Dask calls it
    """Says that Dask gave a task up."""


class Future:
    """One whose end is known at once."""

    def __init__(self, status: str, value: Any) -> None:
        self.status = status
        self._value = value

    def result(self, timeout: float) -> Any:
        assert timeout
        return self._value

    def exception(self) -> Any:
        return self._value

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        if self.status != "pending":
            callback(self)


class Security:
    """Settings without certificates."""

    def get_connection_args(self, role: str) -> dict[str, Any]:
        assert role == "client"
        return {"ssl_context": None}


class Client:
    """A scheduler and its only worker; `fate` says what happens instead of a task, each time that it is sent."""

    fate: ClassVar[dict[str, list[str]]] = {}
    error: ClassVar[Exception | None] = None
    versions: ClassVar[dict[str, Any]] = {}
    made: ClassVar[list[Client]] = []

    def __init__(self, address: str, **_: object) -> None:
        if self.error is not None:
            raise self.error
        self.address = address
        self.status = "running"
        self.metadata: dict[tuple[str, ...], Any] = {}
        self.cancelled: list[Any] = []
        self.made.append(self)

    def submit(self, function: Callable[..., Any], task: Task, *arguments: Any, key: str, pure: bool) -> Future:
        assert not pure
        assert key
        fates = self.fate.get(task.key, [])
        fate = fates.pop(0) if fates else "done"
        if fate == "done":
            try:
                return Future("finished", function(task, *arguments))
            except FeedrecError as error:
                return Future("error", error)
        if fate == "dies":
            path = arguments[1].path
            self.set_metadata(path, self.get_metadata(path, 0) + 1)
        return Future("error", KilledWorker()) if fate in ("dies", "suspected") else Future(fate, None)

    def get_metadata(self, keys: Sequence[str], default: Any) -> Any:
        return self.metadata.get(tuple(keys), default)

    def set_metadata(self, key: Sequence[str], value: Any) -> None:
        self.metadata[tuple(key)] = value

    def get_versions(self, packages: list[str]) -> dict[str, Any]:
        assert packages == ["feedrec"]
        ours = {"feedrec": feedrec.__version__, "distributed": "2026.8.0", "msgpack": "1", "cloudpickle": "3"}
        found = {"scheduler": ours, "tcp://w:1": ours, "client": ours} | self.versions
        packed = {place: {"packages": one} for place, one in found.items()}
        return {"scheduler": packed.pop("scheduler"), "client": packed.pop("client"), "workers": packed}

    def nthreads(self) -> dict[str, int]:
        return {}

    def cancel(self, futures: list[Any], *, force: bool) -> None:
        assert force
        self.cancelled = futures

    def close(self, **_: float) -> None:
        self.status = "closed"


@pytest.fixture(autouse=True)
def _dask(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("distributed")
    vars(module).update(
        Client=Client,
        Security=Security,
        get_client=lambda: Client.made[-1],
        get_worker=lambda: SimpleNamespace(address="tcp://w:1"),
    )
    monkeypatch.setitem(sys.modules, "distributed", module)
    for name, value in (("fate", {}), ("error", None), ("versions", {}), ("made", [])):
        monkeypatch.setattr(Client, name, value)
    monkeypatch.setattr(dask_engine, "_STEP", 0.01)


def work(task: Task) -> Result:
    return Result(task.key, Status.DONE)


def run() -> dict[str, Result]:
    with DaskEngine(ADDRESS) as engine:
        results = list(engine.run(TASKS, work))
    assert len(results) == len(TASKS)
    assert Client.made[-1].status == "closed"
    return {result.key: result for result in results}


def test_each_task_has_its_result() -> None:
    assert {result.status for result in run().values()} == {Status.DONE}


def test_a_task_that_was_suspected_for_others_is_sent_again() -> None:
    """Dask gives up what waited at workers that died; a worker never said that it began this."""
    Client.fate = {"1": ["suspected", "suspected"]}
    assert run()["1"] == Result("1", Status.DONE, deaths=0)


def test_a_task_with_which_workers_died_is_failed() -> None:
    """Also when Dask would have it begun more often, or they die before they can say that they began."""
    Client.fate = {"0": ["dies"] * MOST_DEATHS, "1": ["suspected"] * MOST_DEATHS, "2": ["dies"]}
    found = run()
    assert [(found[key].status, found[key].deaths) for key in "012"] == [("failed", 3), ("failed", 3), ("done", 1)]


def test_a_task_with_which_enough_workers_died_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, "get_metadata", lambda *_: MOST_DEATHS)
    assert {(result.status, result.deaths) for result in run().values()} == {("failed", 3)}


def test_a_scheduler_that_is_lost_is_one_clear_line() -> None:
    Client.fate = {"1": ["cancelled"]}
    with pytest.raises(FeedrecError, match=f"{ADDRESS}: the scheduler was lost"):
        run()


def test_a_connection_that_is_closed_is_one_too(caplog: pytest.LogCaptureFixture) -> None:
    """And before that, a cluster without workers is told of."""
    Client.fate = {"1": ["pending"]}
    with DaskEngine(ADDRESS) as engine, pytest.MonkeyPatch.context() as patch:
        patch.setattr(dask_engine, "_LONELY", 0)
        results = engine.run(TASKS, work)
        assert {next(results).key, next(results).key} == {"0", "2"}
        patch.setattr(Client, "nthreads", lambda client: client.close())
        with pytest.raises(FeedrecError, match="the scheduler was lost"):
            next(results)
    assert caplog.messages == [f"{ADDRESS} has no workers: the tasks wait for one"]


def test_what_waits_is_cancelled_when_nobody_wants_it() -> None:
    Client.fate = {"1": ["pending"]}
    with DaskEngine(ADDRESS) as engine:
        results = engine.run(TASKS, work)
        assert next(results).key == "0"
        results.close()
        assert [future.status for future in Client.made[-1].cancelled] == ["pending", "finished"]


def test_a_worker_of_another_feedrec_fails_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that came after the versions were looked at."""
    monkeypatch.setattr(dask_engine, "__version__", "9.9")
    reason = f"worker tcp://w:1 has feedrec {feedrec.__version__}, not 9.9"
    assert run()["0"] == Result("0", Status.FAILED, reason)


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ({"tcp://w:2": {"feedrec": "9.9"}}, "tcp://w:2 has feedrec 9.9: scheduler and workers need feedrec"),
        ({"scheduler": {"feedrec": None}}, f"{ADDRESS} has no feedrec"),
    ],
)
def test_a_cluster_without_this_feedrec_is_refused(versions: dict[str, Any], said: str) -> None:
    Client.versions = versions
    with pytest.raises(FeedrecError, match=said):
        DaskEngine(ADDRESS)
    assert Client.made[-1].status == "closed"


def test_another_dask_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    Client.versions = {
        "scheduler": {"feedrec": feedrec.__version__, "distributed": "2025.1.0", "msgpack": "1", "cloudpickle": "3"}
    }
    run()
    assert caplog.messages == [f"{ADDRESS} has distributed 2025.1.0, here is 2026.8.0: Dask wants the same"]


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (ValueError("unknown address scheme 'x'"), UsageError, "is no address of a scheduler (unknown address scheme"),
        (OSError("timed out\nafter 15 s"), FeedrecError, "no scheduler of Dask answers there (timed out after 15 s)"),
        (TypeError("no certificate"), FeedrecError, "cannot be connected to: TypeError: no certificate"),
    ],
)
def test_what_cannot_be_connected_to_is_one_clear_line(error: Exception, kind: type[FeedrecError], said: str) -> None:
    Client.error = error
    with pytest.raises(kind) as raised:
        DaskEngine(ADDRESS)
    assert str(raised.value).startswith(ADDRESS)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "address", ["10.0.0.5:8786", "tcp://", "tcp://10.0.0.5", "tcp://a:b", "foo://a:1", "tls://a:1"]
)
def test_what_is_no_address_is_not_tried(address: str) -> None:
    """A client that cannot connect takes half a minute to end, and fails then."""
    why = "needs the certificates" if address.startswith("tls") else "is no address of a scheduler, such as tcp://"
    with pytest.raises(UsageError, match=why) as raised:
        DaskEngine(address)
    assert str(raised.value).startswith(address)
    assert Client.made == []


def test_without_dask_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'feedrec\[dask\]'"):
        DaskEngine(ADDRESS)
