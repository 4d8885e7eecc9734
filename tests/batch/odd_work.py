"""Works for tests, which spawned processes import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from feedrec.batch.task import Result, Status, Task
from feedrec.batch.working import do_task

__all__ = ["dies", "dies_at_first", "hangs", "tells_its_process", "waits_before_its_name"]


def tells_its_process(task: Task) -> Result:
    """Say which process has it."""
    time.sleep(0.01)
    return Result(task.key, Status.DONE, facts={"pid": os.getpid()})


def dies(task: Task) -> Result:
    """Kill the process, if its task says so."""
    if task.options.get("dies"):
        os.kill(os.getpid(), signal.SIGKILL)
    return tells_its_process(task)


def dies_at_first(task: Task) -> Result:
    """Kill the process as often as the task says."""
    marks = Path(task.source)
    if len(list(marks.glob(f"{task.key}-*"))) < int(task.options.get("dies", 0)):
        (marks / f"{task.key}-{os.getpid()}").touch()
        os._exit(7)
    return tells_its_process(task)


def hangs(task: Task) -> Result:
    """Begin something, and never end it."""
    Path(task.source, f"{task.key}-{os.getpid()}").touch()
    while True:
        time.sleep(60)


def waits_before_its_name(task: Task) -> Result:
    """Do a task, and stand still where its output is made and has no name yet."""
    from feedrec.batch.destination import Destination  # noqa: PLC0415

    def wait(*_: object) -> None:
        Path(task.options.get("mark", task.destination), f"begun-{os.getpid()}").touch()
        time.sleep(600)

    Destination.publish = wait  # type: ignore[method-assign, assignment]
    return do_task(task)
