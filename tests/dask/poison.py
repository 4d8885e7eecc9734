"""Loaded by the workers of a cluster: a recording of this name kills whoever reads it, as one too large might."""

from __future__ import annotations

import os
import signal

from feedrec.batch import working
from feedrec.batch.task import Result, Task

POISON = "poison"

_do_task = working.do_task


def do_task(task: Task) -> Result:
    """Do a task, or die."""
    if POISON in task.source:
        os.kill(os.getpid(), signal.SIGKILL)
    return _do_task(task)


working.do_task = do_task
