"""The work of `feedrec batch`: what is to be done is found and done, and what comes of it is told as it comes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ...batch.planning import Batch, plan_batch
from ...batch.running import run_batch
from ...batch.task import Result, Status, Task
from .. import output
from ..live.progress import reading
from ..signals import ending_between_steps
from ..terminal import LEVELS, coloured, echo_json, echo_prose
from .engines import engine_of
from .report import code_of, json_of, json_of_all, lines_of, shown_source

__all__ = ["Asked", "run_and_report"]

log = logging.getLogger("feedrec")

_DOING = {"convert": "converting", "verify": "verifying", "info": "summarising", "export": "exporting"}


class Asked(NamedTuple):
    """
    What is asked for.

    Attributes:
        kind: What is done.
        sources: With what.
        target: Where the outputs go.
        options: Of the tasks.
        by_hour: Whether each hour is a task.
        workers: Processes of this machine; None for one a CPU.
        scheduler: The address of a scheduler of Dask; None for processes of this machine.
        as_json: Whether a line of JSON is printed for each task, and one for all.

    """

    kind: str
    sources: Sequence[Path]
    target: Path
    options: dict[str, Any]
    by_hour: bool
    workers: int | None
    scheduler: str | None
    as_json: bool

    @property
    def noun(self) -> str:
        """What a task is about."""
        return "part" if self.by_hour else "recording"


def run_and_report(asked: Asked) -> int:
    """
    Do a batch, and print what came of it; return the exit code.

    Raises:
        UsageError: If it cannot be asked for so.
        FeedrecError: If there is nothing to do it with, or the place of the outputs or the cluster is lost.

    """
    begun = time.monotonic()
    with ending_between_steps() as end_if_noted, engine_of(asked.workers, asked.scheduler, end_if_noted) as engine:
        batch = _planned(asked, end_if_noted)
        with _telling(batch, asked) as tell:
            total = run_batch(batch, engine, tell)
    if asked.as_json:
        echo_json(json_of_all(total))
    else:
        lines = lines_of(total, asked.kind, str(asked.target), asked.noun, time.monotonic() - begun)
        echo_prose(*map(_shown, lines))
    return code_of(total)


def _planned(asked: Asked, end_if_noted: Callable[[], object]) -> Batch:
    with reading("looking at the recordings", "{:,}".format) as show:

        def on_looked(done: int, of: int) -> None:
            end_if_noted()
            show(done, of)

        batch = plan_batch(
            asked.kind,
            [_absolute(path) for path in asked.sources],
            _absolute(asked.target),
            asked.options,
            by_hour=asked.by_hour,
            on_looked=on_looked,
        )
    for path, reason in batch.left_out:
        log.info("%s: %s", path, reason)
    return batch


def _absolute(path: Path) -> Path:
    """Return a path as every process finds it, wherever it runs."""
    from ...formats.places.url_path import UrlPath

    return path if isinstance(path, UrlPath) else path.absolute()


@contextmanager
def _telling(batch: Batch, asked: Asked) -> Iterator[Callable[[Result], None]]:
    """Give what tells what came of a task, beside a line that says how far all has come; Ctrl-C is told of too."""
    tasks = {task.key: task for task, _ in batch.wanted}
    done, every = len(batch.kept), len(tasks)
    say = lambda number: f"{number:,}" if number < every else output.count(number, asked.noun)  # noqa: E731
    try:
        with reading(_DOING[asked.kind], say) as show:

            def tell(result: Result) -> None:
                nonlocal done
                done += 1
                show(done, every)
                if asked.as_json:
                    echo_json(json_of(tasks[result.key], result))
                _tell_what_is_wrong(tasks[result.key], result)

            for result in batch.kept:
                _tell_what_is_wrong(tasks[result.key], result)
            show(done, every)
            yield tell
    except (KeyboardInterrupt, SystemExit):
        log.warning("stopped: %d of %d are done; the same command goes on with the rest", done, every)
        raise


def _tell_what_is_wrong(task: Task, result: Result) -> None:
    source = shown_source(task)
    reason = result.reason.removeprefix(f"{source}: ")
    if result.status is Status.FAILED:
        log.error("%s: failed: %s", source, reason)
    elif result.status is Status.LOSS:
        log.warning("%s: %s", source, reason)


def _shown(line: str) -> str:
    word = next((word for word in ("LOSS", "FAILED") if line.startswith(f"  {word}:")), "")
    return coloured(line, word, LEVELS["error"]) if word else line
