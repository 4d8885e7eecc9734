"""Running the linters of this environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ..timing import HANG_TIMEOUT

__all__ = ["lint"]


def lint(name: str, *arguments: object) -> None:
    """Run a linter, which must have nothing to say."""
    tool = Path(sys.executable).parent / name
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, timeout=HANG_TIMEOUT, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
