"""A failing test is named when it fails, not when minutes of other tests are over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .timing import HANG_TIMEOUT

ROOT = Path(__file__).parent.parent
TWO_TESTS = """
def test_that_fails():
    assert False


def test_after_it():
    print("the next one runs")
"""


def test_a_failure_is_named_before_the_next_test_runs(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_two.py").write_text(TWO_TESTS)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-s",
        "-p",
        "tests.conftest",
        "-c",
        tmp_path / "pytest.ini",
        tmp_path,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANG_TIMEOUT, check=False)
    so_far, found, _ = done.stdout.partition("the next one runs")
    assert found
    assert "FAILED test_two.py::test_that_fails" in so_far
