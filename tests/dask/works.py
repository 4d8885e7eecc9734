"""What the workers of a cluster do in these tests, where they find it by its name."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from feedrec.batch.task import Result, Status, Task

__all__ = ["begun", "noted"]


def noted(task: Task) -> Result:
    """Note that it began, in the file of its source, and do what its options say."""
    with Path(task.source).open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(task.options.get("seconds", 0))
    if task.options.get("waits"):
        while not Path(task.source).with_suffix(".go").exists():
            time.sleep(0.01)
    if task.options.get("dies"):
        os.kill(os.getpid(), signal.SIGKILL)
    if task.options.get("raises"):
        raise ZeroDivisionError("a defect\nof the work")
    return Result(task.key, Status.DONE, facts={"process": os.getpid()})


def begun(task: Task) -> int:
    """Return how often it began."""
    path = Path(task.source)
    return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0
