"""
Tasks on a cluster of Dask.

Dask begins a task again when its worker dies, also when it was done and nobody had fetched its result: an output may be
made twice, as `Work` allows. How many workers died with a task is counted by what workers say (`dask_attempt.py`).
"""

from __future__ import annotations

import contextlib
import logging
import queue
import time
import uuid
from collections.abc import Callable, Generator, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from .. import __version__
from ..errors import FeedrecError, UsageError
from .dask_attempt import Count, attempt, died
from .task import MOST_DEATHS, Result, Status, Task, Work

__all__ = ["DaskEngine"]

log = logging.getLogger("feedrec")

_SCHEMES = ("tcp", "tls", "ws", "wss", "ucx", "ucxx")
"""What Dask speaks over, some of it with packages of its own."""

_CONNECT = 15
"""Seconds within which a scheduler has to answer."""

_STEP = 0.2
"""Seconds between looks at the connection."""

_LONELY = 10
"""Seconds without a result after which it is said that there is no worker."""

_FETCH = 10
"""Seconds that a result gets to come here, before others are fetched."""


class DaskEngine:
    """
    Has tasks done by the workers of a scheduler. Use it in a `with` block, which disconnects at its end.

    Args:
        address: Of the scheduler, e.g. `tcp://10.0.0.5:8786`, or `tls://` with the certificates of Dask's settings.
        on_waiting: Called again and again while tasks are done; if it raises, what waits is forgotten.

    Raises:
        UsageError: If it is no address, or dask.distributed is not installed.
        FeedrecError: If there is no such scheduler, or it or a worker has no feedrec, or another version.

    """

    def __init__(self, address: str, on_waiting: Callable[[], object] = lambda: None) -> None:
        self._address, self._on_waiting = address, on_waiting
        self._client = _connected(address)
        try:
            _check_versions(address, self._client.get_versions(packages=["feedrec"]))
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(Exception):  # the scheduler may be gone
            self._client.close(timeout=1)

    def run(self, tasks: Sequence[Task], work: Work) -> Generator[Result, None, None]:
        """
        Yield the result of each task; see `Engine`. What runs when this is closed ends by itself, its output whole.

        Raises:
            FeedrecError: If the scheduler is lost.

        """
        run = _Run(self._client, self._address, work)
        try:
            run.send(tasks)
            while run.sent:
                if (result := run.next()) is not None:
                    yield result
                self._on_waiting()
        finally:
            run.end()


class _Sent(msgspec.Struct):
    """A task that was sent: how often, and what it gives."""

    task: Task
    count: Count
    times: int = 0
    future: Any = None


class _Run:
    """The tasks of one run, of which `sent` has those without a result."""

    def __init__(self, client: Any, address: str, work: Work) -> None:
        self._client = client
        self._address = address
        self._work = work
        self._name = f"feedrec-{uuid.uuid4().hex}"
        self._ended: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._lonely_at = time.monotonic() + _LONELY
        self.sent: dict[str, _Sent] = {}

    def send(self, tasks: Sequence[Task]) -> None:
        """Send tasks to the scheduler."""
        for number, task in enumerate(tasks):
            key = f"{self._name}-{number}"
            self.sent[key] = _Sent(task, Count([self._name, str(number)]))
            self._send(key)

    def next(self) -> Result | None:
        """Wait for one that ended, for a while; return None if none did."""
        try:
            key = self._ended.get(timeout=_STEP)
        except queue.Empty:
            self._look_around()
            return None
        one = self.sent[key]
        if one.future.status == "finished":
            result = self._fetched(one)
        elif one.future.status == "error":
            result = self._failed(one)
        elif one.future.status == "cancelled":
            raise self._lost()
        else:
            result = None
        if result is not None:
            del self.sent[key]
        elif one.future.status == "error":
            self._send(key)
        else:
            self._await(key)
        return result

    def end(self) -> None:
        """Have what waits forgotten, if there is still a scheduler."""
        if self._client.status == "running":
            with contextlib.suppress(Exception):
                self._client.cancel([one.future for one in self.sent.values()], force=True)
                self._client.set_metadata([self._name], None)

    def _send(self, key: str) -> None:
        one = self.sent[key]
        one.times += 1
        name = f"{key}-{one.times}"
        one.future = self._client.submit(attempt, one.task, self._work, one.count, __version__, key=name, pure=False)
        self._await(key)

    def _await(self, key: str) -> None:
        self.sent[key].future.add_done_callback(lambda _: self._ended.put(key))

    def _fetched(self, one: _Sent) -> Result | None:
        """Return a result; None if the worker that has it dies just then, and the task is done once more."""
        try:
            result: Result = one.future.result(timeout=_FETCH)
        except Exception:  # noqa: BLE001  what happened is seen next time: the future has it
            return None
        return result

    def _failed(self, one: _Sent) -> Result | None:
        """Return why a task failed; None if Dask gave it up for workers that died of other things."""
        error = one.future.exception()
        if type(error).__name__ != "KilledWorker":
            return Result(one.task.key, Status.FAILED, _line_of(error))
        deaths = one.count.read(self._client)
        is_its_own = deaths >= MOST_DEATHS or one.times >= MOST_DEATHS
        return died(one.task, max(deaths, MOST_DEATHS)) if is_its_own else None

    def _look_around(self) -> None:
        """Notice that the scheduler is lost, and tell if there are no workers."""
        if self._client.status != "running":
            raise self._lost()
        if time.monotonic() >= self._lonely_at:
            self._lonely_at = float("inf")
            if not self._client.nthreads():
                log.warning("%s has no workers: the tasks wait for one", self._address)

    def _lost(self) -> FeedrecError:
        text = f"{self._address}: the scheduler was lost: what is done is kept, and the same command goes on"
        return FeedrecError(text)


def _connected(address: str) -> Any:
    """Return a client of a scheduler."""
    try:
        import distributed  # noqa: PLC0415  the extra `dask`
    except ImportError as error:
        raise UsageError("--dask needs dask.distributed: pip install 'feedrec[dask]'") from error
    needs_certificates = _scheme_of(address) == "tls"
    if needs_certificates and distributed.Security().get_connection_args("client").get("ssl_context") is None:
        raise UsageError(f"{address}: tls:// needs the certificates that Dask's settings name (distributed.comm.tls)")
    try:
        return distributed.Client(
            address, timeout=_CONNECT, set_as_default=False, direct_to_workers=False, name="feedrec"
        )
    except ValueError as error:
        raise UsageError(f"{address} is no address of a scheduler ({_line_of(error)})") from error
    except OSError as error:
        raise FeedrecError(f"{address}: no scheduler of Dask answers there ({_line_of(error)})") from error
    except Exception as error:  # of tls without certificates, of a protocol that is not installed
        raise FeedrecError(f"{address}: cannot be connected to: {_line_of(error)}") from error


def _scheme_of(address: str) -> str:
    """
    Return what is spoken at an address.

    What is no address is refused before a client is begun with it: one that cannot connect takes half a minute to end.
    """
    try:
        parts = urlsplit(address)
        is_whole = bool(parts.hostname and parts.port)
    except ValueError:  # the port is no number
        is_whole = False
    if not is_whole or parts.scheme not in _SCHEMES:
        raise UsageError(f"{address} is no address of a scheduler, such as tcp://10.0.0.5:8786")
    return parts.scheme


def _check_versions(address: str, found: dict[str, Any]) -> None:
    """
    Refuse a cluster on which tasks could not run, and warn of what Dask itself would have the same.

    Args:
        address: Of the scheduler.
        found: What `distributed.Client.get_versions` gives.

    """
    everyone = {address: found["scheduler"], **found["workers"]}
    versions = {place: one["packages"] for place, one in everyone.items() if one}
    ours = found["client"]["packages"]
    for place, packages in versions.items():
        if (theirs := packages.get("feedrec")) != ours["feedrec"]:
            has = f"feedrec {theirs}" if theirs else "no feedrec"
            raise FeedrecError(f"{place} has {has}: scheduler and workers need feedrec {ours['feedrec']}, as is here")
    for name in ("distributed", "msgpack", "cloudpickle"):
        others = sorted({str(one.get(name)) for one in versions.values()} - {ours[name]})
        if others:
            log.warning("%s has %s %s, here is %s: Dask wants the same", address, name, ", ".join(others), ours[name])


def _line_of(error: BaseException | None) -> str:
    """Return what an error says, in a line."""
    text = " ".join(str(error).split())
    is_told = isinstance(error, FeedrecError | OSError | ValueError) and text
    return text if is_told else f"{type(error).__name__}: {text}"
