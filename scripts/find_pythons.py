"""
Find interpreters of given Python versions on this machine: on the PATH, or where pyenv, uv and conda keep theirs.

    python scripts/find_pythons.py 3.12 3.13 3.14

It prints a line for each one found, e.g. `3.12 /usr/bin/python3.12`, and lists the missing ones on stderr.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_QUESTION = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
_PATIENCE = 30


def candidates(version: str) -> Iterator[Path]:
    """Yield possible paths of an interpreter of a version, most likely first."""
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield Path(on_path)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local" / "share" / "uv" / "python")
    conda = [Path(root) for root in (os.environ.get("CONDA_PREFIX"), os.environ.get("MAMBA_ROOT_PREFIX")) if root]
    for folders in (
        (pyenv / "versions").glob(f"{version}.*"),
        uv.glob(f"cpython-{version}.*"),
        (folder for root in conda for folder in (root, *(root / "envs").glob("*"))),
    ):
        for folder in sorted(folders, key=_patch_number, reverse=True):
            yield folder / "bin" / f"python{version}"


def _patch_number(folder: Path) -> int:
    """Return the patch number of the version in a folder's name; -1 without one, and for pre-releases."""
    match = re.match(r"(?:cpython-)?\d+\.\d+\.(\d+)(?![\da-z])", folder.name)
    return int(match[1]) if match else -1


def is_version(python: Path, version: str) -> bool:
    """Return whether a file runs, has this version, and can make virtual environments (a pyenv shim may do neither)."""
    try:
        done = subprocess.run([python, "-c", _QUESTION], capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() == version


def main() -> None:
    """Print the interpreters found."""
    missing = []
    for version in sys.argv[1:]:
        found = next((python for python in candidates(version) if is_version(python, version)), None)
        if found is None:
            missing.append(version)
        else:
            print(version, found)
    if missing:
        print(f"not installed here, so not tested: Python {', '.join(missing)}", file=sys.stderr)


if __name__ == "__main__":
    main()
