"""Run the parts, and print what came of them as a table; the exit code is 1 if a promise does not hold."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from . import crowd, disk, kills
from .finding import Finding

PARTS: dict[str, Callable[..., Iterator[Finding]]] = {
    "kills": kills.findings,
    "disk": disk.findings,
    "crowd": crowd.findings,
}


def main() -> None:
    """Run the parts that were named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="a short form, which shows that the attacks still work")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}")
    started = time.monotonic()
    broken = 0
    print(f"{'what':<62}{'came out':>28}  promise")
    for name in arguments.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix=f"feedrec-soak-{name}-") as folder:
            for found in PARTS[name](Path(folder), quick=arguments.quick):
                broken += not found.holds
                verdict = "" if found.holds else "  BROKEN"
                print(f"{found.what:<62}{found.figure:>28}  {found.promise}{verdict}", flush=True)
    print(f"{broken} promises broken, in {time.monotonic() - started:.0f} s")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
