"""Run the parts, and print what came of them as a table; the exit code is 1 if a promise does not hold."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.command_line import chosen

from . import crowd, disk, endurance, kills
from .finding import Finding
from .live import part as live

PARTS: dict[str, Callable[..., Iterator[Finding]]] = {
    "kills": kills.findings,
    "disk": disk.findings,
    "crowd": crowd.findings,
    "endurance": endurance.findings,
    "live": live.findings,
}


def main() -> None:
    """Run the parts that were named, or all of them."""
    names, quick, _ = chosen(
        "python -m soak", __doc__, "part", PARTS, "a short form, which shows that the attacks still work"
    )
    started = time.monotonic()
    broken = 0
    print(f"{'what':<62}{'came out':>28}  promise")
    for name in names:
        with tempfile.TemporaryDirectory(prefix=f"feedrec-soak-{name}-") as folder:
            for found in PARTS[name](Path(folder), quick=quick):
                broken += not found.holds
                verdict = "" if found.holds else "  BROKEN"
                print(f"{found.what:<62}{found.figure:>28}  {found.promise}{verdict}", flush=True)
    print(f"{broken} promises broken, in {time.monotonic() - started:.0f} s")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
