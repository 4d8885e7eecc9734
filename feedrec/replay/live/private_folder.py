"""The folder of the socket between both processes, which the recorder removes at its end, unless it is killed."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from ...live_messages import ServePlan

__all__ = ["remove_if_orphaned"]

_MOMENT = 0.1  # seconds within which the end of a process is told after that of its sockets


def remove_if_orphaned(plan: ServePlan) -> None:
    """
    Remove the folder if the recorder was killed; either process may be the only one that is left to do it.

    Who was started just before that has never seen the recorder: its number tells.
    """
    time.sleep(_MOMENT)
    if plan.recorder and os.getppid() != plan.recorder:
        with contextlib.suppress(OSError):
            Path(plan.states).unlink(missing_ok=True)
            Path(plan.states).parent.rmdir()
