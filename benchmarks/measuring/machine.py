"""What is known of the machine, and of what runs on it."""

from __future__ import annotations

import datetime as dt
import os
import platform
from importlib.metadata import version

import msgspec

__all__ = ["Machine", "this_machine"]

LIBRARIES = ("click", "msgspec", "pyarrow", "websockets", "zstandard")


class Machine(msgspec.Struct, frozen=True):
    """
    Where figures come from.

    Attributes:
        cores: Those that this process may use.
        system: Kernel and processor architecture.
        python: Version of Python.
        libraries: Versions by name.
        load: Processes that ran or waited in the minute before: on a quiet machine, 0.
        date: Of the measurement, UTC.

    """

    cores: int
    system: str
    python: str
    libraries: dict[str, str]
    load: float
    date: str


def this_machine() -> Machine:
    """Return what is known now."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(
        cores,
        f"{platform.system()} {platform.machine()}",
        platform.python_version(),
        {name: version(name) for name in LIBRARIES},
        round(os.getloadavg()[0], 2),
        dt.datetime.now(dt.UTC).date().isoformat(),
    )
