"""How facts look to a person."""

from __future__ import annotations

import logging
import re
import subprocess
import sys

import pytest

from feedrec.cli.output import columns, count, duration, ratio, size

from ..timing import HANG_TIMEOUT


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5_079_379, "5.1 MB"), (2.5e12, "2.5 TB")]
)
def test_sizes(number: float, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0461, "0.046 s"), (24.2, "24.2 s"), (725, "12m 05s"), (10920, "3h 02m"), (3 * 86400 + 7200, "3d 02h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_counts() -> None:
    assert count(0, "gap") == "no gaps"
    assert count(1, "gap") == "1 gap"
    assert count(1030, "frame") == "1,030 frames"


def test_ratio_of_nothing_is_a_dash() -> None:
    assert ratio(None) == "-"
    assert ratio(12.34) == "12.3:1"


def test_columns_line_up() -> None:
    assert columns([("a", "1"), ("bbb", "22")], right=(1,)) == ["a     1", "bbb  22"]


def test_a_cell_that_holds_a_newline_stays_in_its_column() -> None:
    assert columns([("a\nb", "1"), ("c", "2")]) == [r"a\nb  1", "c     2"]


@pytest.mark.parametrize("verbose", [0, 1, 2, 3])
def test_more_v_never_logs_less(verbose: int) -> None:
    """Below DEBUG lies the level at which a logger has that of the root."""
    code = f"""
import logging
from feedrec.cli.logs import set_up_logging
set_up_logging(logging.INFO - 10 * {verbose})
logging.getLogger("feedrec").info("said")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=HANG_TIMEOUT)
    assert b"said" in done.stderr


CODE = r"""
import asyncio, logging, sys, threading, warnings
from feedrec.cli import _report_stray_errors
from feedrec.cli.logs import set_up_logging

set_up_logging(int(sys.argv[1]))
_report_stray_errors()
for _ in range(3):
    logging.getLogger("asyncio").warning("socket.send() raised exception.")
warnings.warn("something is old", DeprecationWarning)
logging.getLogger("websockets.server").error("handler failed\nsecret", exc_info=ValueError("secret"))

class Stray:
    def __del__(self):
        raise KeyError("lost")

Stray()
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()

async def fail():
    raise OSError("never retrieved")

async def main():
    asyncio.get_running_loop().create_task(fail())
    await asyncio.sleep(0)

asyncio.run(main())
"""


def lines_logged(level: int) -> list[str]:
    """Return what a process writes to stderr in which libraries and threads complain."""
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", CODE, str(level)], capture_output=True, timeout=HANG_TIMEOUT, check=True
    )
    lines = done.stderr.decode().splitlines()
    return [re.sub(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", "TIME ", line) for line in lines]


def test_what_libraries_log_is_one_line_each_and_only_errors() -> None:
    """No traceback, no second line, no text of an exception, which may quote a secret."""
    defect = "(please report it; FEEDREC_DEBUG=1 shows the traceback)"
    assert lines_logged(logging.INFO) == [
        "TIME error: websockets.server: handler failed (ValueError)",
        f"feedrec: internal error: KeyError: 'lost' {defect}",
        f"feedrec: internal error in a thread: ZeroDivisionError: division by zero {defect}",
        "TIME error: asyncio: Task exception was never retrieved (OSError)",
    ]


def test_warnings_of_libraries_are_shown_on_demand() -> None:
    """With -v, in the form of feedrec's own lines."""
    lines = lines_logged(logging.DEBUG)
    assert lines.count("TIME warning: asyncio: socket.send() raised exception.") == 3
    assert any("something is old" in line for line in lines)
    assert all(line.startswith(("TIME ", "feedrec: ")) for line in lines)
