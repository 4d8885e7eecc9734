"""Threads that do the slow part of something."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable

__all__ = ["thread_for"]


def thread_for(work: Callable[[], object], name: str) -> threading.Thread:
    """
    Return a thread, to be started, that nobody waits for at the end of the program.

    It works in the context of whoever calls this: what it logs has the name of the run that it works for.
    """
    return threading.Thread(target=contextvars.copy_context().run, args=(work,), name=name, daemon=True)
