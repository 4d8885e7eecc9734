"""A process that works for a recorder."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from feedrec.recorder.output.finisher import low_priority

from ...timing import HANG_TIMEOUT

ROOT = Path(__file__).parents[3]
RECORDER = f"""
import subprocess
from feedrec.recorder.output.finisher import low_priority
subprocess.run(low_priority({f"{__name__}:wait_for_ever"!r}, "x"))
"""


def tell(arguments: Sequence[str]) -> None:
    sys.stdout.write(" ".join(arguments) + "\n")
    sys.stdout.flush()


def wait_for_ever(arguments: Sequence[str]) -> None:
    tell(arguments)
    time.sleep(10 * HANG_TIMEOUT)


def test_it_calls_a_function_with_arguments() -> None:
    command = low_priority(f"{__name__}:tell", "a b", "c")
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANG_TIMEOUT, check=True)
    assert said.stdout == "a b c\n"


def test_it_does_not_outlive_a_recorder_that_is_killed() -> None:
    """Else the next one would find its locks, and say that another recorder is at work."""
    with subprocess.Popen([sys.executable, "-c", RECORDER], cwd=ROOT, stdout=subprocess.PIPE, text=True) as recorder:
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == "x\n"
        recorder.kill()
        rest, _ = recorder.communicate(timeout=HANG_TIMEOUT)  # ends when nobody has its output open any more
    assert rest == ""
