"""Measure the rows and print them as a table."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from . import formats, late_book, lateness, record, replay, shared_clients

ROWS = {
    "record": record.rows,
    "replay": replay.rows,
    "lateness": lateness.rows,
    "shared": shared_clients.rows,
    "late_book": late_book.rows,
    "formats": formats.rows,
}


def main() -> None:
    """Measure the rows that were named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"one of {', '.join(ROWS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="use a tenth of the frames, so that start-up time matters")
    arguments = parser.parse_args()
    unknown = set(arguments.rows) - set(ROWS)
    if unknown:
        parser.error(f"unknown row {', '.join(sorted(unknown))}; choose from {', '.join(ROWS)}")
    print(f"{'what':<66}{'baseline':>16}{'feedrec':>16}{'ratio':>8}")
    with tempfile.TemporaryDirectory(prefix="feedrec-bench-") as folder:
        for name in arguments.rows or ROWS:
            for row in ROWS[name](Path(folder), quick=arguments.quick):
                print(f"{row.what:<66}{row.baseline:>16}{row.feedrec:>16}{row.ratio:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
