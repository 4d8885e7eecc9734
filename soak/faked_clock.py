"""
A wall clock that is set while programs run, by libfaketime; the steady clock goes on as it is.

The library is that of Debian's package `libfaketime`, of Python's package `libfaketime` (`make` installs it), or the
one that the variable `LIBFAKETIME` names.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["FakedClock", "find_library"]

_SYSTEM = ("/usr/lib", "/usr/local/lib", "/opt/homebrew/lib")


class FakedClock:
    """
    The wall clock of the processes that have its `environment`.

    Args:
        library: Where libfaketime is.
        file: Where it reads how far the clock is ahead.

    """

    def __init__(self, library: Path, file: Path) -> None:
        self._file = file
        self.ahead = 0.0
        self.set(0.0)
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",  # seconds until it reads the file again
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set(self, ahead: float) -> None:
        """Set it so many seconds ahead of the true time, within a second."""
        self.ahead = ahead
        new = self._file.with_suffix(".new")
        new.write_text(f"{ahead:+.3f}\n")
        new.replace(self._file)  # a process never reads half of it


def find_library(folder: Path) -> Path | None:
    """Return a libfaketime that works here, tried with files in a folder; None if there is none."""
    return next((path for path in _candidates() if _works(path, folder)), None)


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("LIBFAKETIME"):
        yield Path(named)
    package = importlib.util.find_spec("libfaketime")  # which, imported, would set the clock of this process
    for folder in package.submodule_search_locations or () if package is not None else ():
        yield from Path(folder).rglob("libfaketime.so*")
    for root in _SYSTEM:
        yield from Path(root).glob("**/faketime/libfaketime.so*")


def _works(library: Path, folder: Path) -> bool:
    clock = FakedClock(library, folder / "tried")
    clock.set(1e8)
    program = "import time; print(time.time(), time.monotonic())"
    try:
        outputs = [
            subprocess.run(
                [sys.executable, "-c", program],
                env={**os.environ, **more},
                capture_output=True,
                text=True,
                check=True,
                timeout=30,
            ).stdout.split()
            for more in ({}, clock.environment)
        ]
    except (OSError, subprocess.SubprocessError):
        return False
    (wall, steady), (faked_wall, faked_steady) = (map(float, output) for output in outputs)
    return abs(faked_wall - wall - 1e8) < 60 and abs(faked_steady - steady) < 60
