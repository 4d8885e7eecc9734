"""Build the wheel, install it into an empty environment outside the checkout, and run the demo and a test there."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

TEST = """
import feedrec.replay
import pytest
from websockets.sync.client import connect

@pytest.mark.feed("demo.jsonl.zst")
def test_demo(feed):
    with connect(feed.url, max_size=None) as venue:
        venue.send('{"type":"subscribe","channel":"heartbeats"}')
        assert len(list(venue)) > 20

def test_pytest_leaves_feedrec_as_it_is():
    assert "pytest" not in type(feedrec.replay.__loader__).__module__
"""
"""For pytest, which finds the plug-in in the wheel, and would compile all of it anew."""


def run(*command: str | Path, cwd: Path) -> None:
    """Run a command; exit with its exit code if it fails."""
    print("$", *command, flush=True)
    code = subprocess.run(command, cwd=cwd, check=False).returncode
    if code:
        sys.exit(code)


def check_contents(wheel: Path) -> None:
    """Exit if a wheel has more in it than the package: no tests, no examples."""
    with zipfile.ZipFile(wheel) as archive:
        others = [name for name in archive.namelist() if not re.match(r"feedrec(-[^/]+\.dist-info)?/", name)]
    if others:
        sys.exit(f"{wheel.name} has {', '.join(others)} in it: nothing but feedrec/ belongs there")


def main() -> None:
    """Build, install and use the wheel."""
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check")
    with tempfile.TemporaryDirectory(prefix="feedrec-wheel-") as name:
        folder = Path(name)
        run(sys.executable, *pip, "wheel", "--no-deps", "--wheel-dir", folder, CHECKOUT, cwd=folder)
        (wheel,) = folder.glob("feedrec-*.whl")
        check_contents(wheel)
        venv.create(folder / "env", with_pip=True)
        python = folder / "env" / "bin" / "python"
        run(python, *pip, "install", "-c", CHECKOUT / "constraints.txt", wheel, cwd=folder)
        command = folder / "env" / "bin" / "feedrec"
        run(command, "--version", cwd=folder)
        run(command, "demo", "-o", folder / "demo.jsonl.zst", cwd=folder)
        run(python, "-m", "feedrec", "info", folder / "demo.jsonl.zst", cwd=folder)
        run(python, *pip, "install", "-c", CHECKOUT / "constraints.txt", "pytest", cwd=folder)
        (folder / "test_demo.py").write_text(TEST)
        run(python, "-m", "pytest", "-q", "--strict-markers", "-W", "error", "test_demo.py", cwd=folder)


if __name__ == "__main__":
    main()
