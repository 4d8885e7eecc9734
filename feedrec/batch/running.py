"""Runs a batch: has its tasks done, and brings the manifest up to date."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from ..errors import RecordingExistsError, WriteError
from ..formats.file.lock import lock_if_possible
from ..formats.places.url_path import UrlPath
from ..model import NANOSECONDS, format_time
from .destination import Destination, Promise
from .manifest import Entry, entry_of
from .planning import Batch, still_to_do
from .task import Engine, Result, Status, Task
from .working import do_task
from .workplace import BATCH_FOLDER, sweep

__all__ = ["Total", "run_batch"]

_LOCK = "lock"

_LONGEST_PUBLISHING = 24 * 3600 * NANOSECONDS
"""After how long a worker that has promised an output, and has not given it its name, is dead."""


class Total(msgspec.Struct):
    """
    What came of a batch.

    Attributes:
        done: Tasks that were done now.
        loss: Those that were, while something of the recording is damaged or missing.
        failed: Those that were not, also since something else has the name of their output.
        kept: Tasks that earlier runs have done.
        kept_loss: Those of them whose recording is damaged, or lacks something.
        size: Bytes of the outputs that were made now.
        deaths: Workers that died.
        swept: Folders of dead workers that were removed.
        results: What came of each task that was done now or failed.

    """

    done: int = 0
    loss: int = 0
    failed: int = 0
    kept: int = 0
    kept_loss: int = 0
    size: int = 0
    deaths: int = 0
    swept: int = 0
    results: list[Result] = []

    @property
    def is_good(self) -> bool:
        """Whether all of it is done, and nothing is lost."""
        return not (self.failed or self.loss or self.kept_loss)

    def take(self, result: Result) -> None:
        """Count a result."""
        self.done += result.status == Status.DONE
        self.loss += result.status == Status.LOSS
        self.failed += result.status == Status.FAILED
        self.size += result.size
        self.deaths += result.deaths
        self.results.append(result)


def run_batch(batch: Batch, engine: Engine, on_result: Callable[[Result], object] = lambda result: None) -> Total:  # noqa: ARG005
    """
    Do what is to be done.

    Whatever ends this, the outputs that were made are known to the next run.

    Args:
        batch: What `plan_batch` returned.
        engine: What has tasks done.
        on_result: Called with what came of each task that was to be done, and of those that are refused.

    Raises:
        RecordingExistsError: If another batch is writing to the same folder.
        WriteError: If nothing can be written there.
        FeedrecError: If the engine cannot go on.

    """
    total = Total()
    destination = Destination(batch.destination)
    with _alone(batch.destination):
        total.swept = sweep(batch.destination)
        batch = still_to_do(batch, destination)
        total.kept = len(batch.kept)
        total.kept_loss = sum(one.status == Status.LOSS for one in batch.kept)
        for result in batch.refused:
            total.take(result)
            on_result(result)
        ended: dict[str, tuple[Task, Result]] = {}
        tasks = {task.key: task for task in batch.tasks}
        try:
            if batch.tasks:
                with contextlib.closing(engine.run(batch.tasks, do_task)) as results:
                    for result in results:
                        ended[result.key] = tasks[result.key], result
                        total.take(result)
                        on_result(result)
        finally:
            total.swept += sweep(batch.destination)
            _write_down(destination, ended)
    return total


def _write_down(destination: Destination, ended: dict[str, tuple[Task, Result]]) -> None:
    """Bring the manifest up to date; of a task that failed, what it made before stays known."""
    promises = destination.promises()
    before = destination.manifest()
    done = {key for key, (_, result) in ended.items() if result.status != Status.FAILED}
    now = destination.with_kept(before, [one for one in promises if one.entry.key not in done])
    for key, (task, result) in ended.items():
        entry = entry_of(task, result, time.time_ns())
        if result.status == Status.FAILED:
            entry = msgspec.structs.replace(entry, files=now[key].files if key in now else ())
        now[key] = entry
    folded = [one for one in promises if _is_over(one, now)]
    if now != before or folded:
        destination.write_manifest(now, folded)


def _is_over(promise: Promise, known: Mapping[str, Entry]) -> bool:
    """Return whether nobody will keep a promise any more: its task is done, or it is long since it was made."""
    entry = known.get(promise.entry.key)
    is_old = promise.entry.time < format_time(time.time_ns() - _LONGEST_PUBLISHING)
    return is_old or (entry is not None and entry.status != Status.FAILED)


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[None]:
    """See that no other batch writes to the same folder; a store has no locks."""
    if isinstance(place, UrlPath):
        yield
        return
    path = place / BATCH_FOLDER / _LOCK
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise WriteError(place, f"cannot be written: {error.strerror}") from error
    try:
        lock_if_possible(descriptor)
        yield
    except BlockingIOError:
        raise RecordingExistsError(place, "another batch is writing there: wait until it has ended") from None
    finally:
        os.close(descriptor)
