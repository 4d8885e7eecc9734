"""Measure the rows and print them as a table."""

from __future__ import annotations

import tempfile
from pathlib import Path

from . import feed_replay, formats, late_book, lateness, proxy, pytest_start, record, replay, shared_clients
from .command_line import chosen

ROWS = {
    "record": record.rows,
    "proxy": proxy.rows,
    "replay": replay.rows,
    "feed_replay": feed_replay.rows,
    "lateness": lateness.rows,
    "shared": shared_clients.rows,
    "late_book": late_book.rows,
    "formats": formats.rows,
    "pytest": pytest_start.rows,
}


def main() -> None:
    """Measure the rows that were named, or all of them."""
    names, quick = chosen(
        "python -m benchmarks", __doc__, "row", ROWS, "use a tenth of the frames, so that start-up time matters"
    )
    print(f"{'what':<66}{'baseline':>16}{'feedrec':>16}{'ratio':>8}")
    with tempfile.TemporaryDirectory(prefix="feedrec-bench-") as folder:
        for name in names:
            for row in ROWS[name](Path(folder), quick=quick):
                print(f"{row.what:<66}{row.baseline:>16}{row.feedrec:>16}{row.ratio:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
