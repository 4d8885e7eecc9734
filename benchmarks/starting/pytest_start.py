"""What the plug-in costs a suite that does not use it: CPU time of pytest from start to end, with one empty test."""

from __future__ import annotations

import compileall
import contextlib
import importlib.metadata
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ..measuring import Row, figure_at_most, measured

__all__ = ["rows"]

ROUNDS = 30
GOAL = 20
"""Milliseconds of CPU time that it may add."""

PACKAGE = Path(__file__).parents[2] / "feedrec"
NEEDED = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")
"""Distributions that pytest consists of."""


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Run a suite with feedrec installed, without, and with the plug-in switched off, in turn."""
    others, installed = folder / "others", folder / "installed"
    _link_pytest(others)
    _install(installed)
    (folder / "test_nothing.py").write_text("def test_nothing(): pass\n")
    absent, present, off = list[float](), list[float](), list[float]()
    for number in range((2 if quick else ROUNDS) + 1):
        for costs, paths, arguments in (
            (absent, [others], []),
            (present, [installed, others], []),
            (off, [installed, others], ["-p", "no:feedrec"]),
        ):
            cost = _run(folder, paths, arguments)
            if number:  # the first writes what pytest keeps compiled
                costs.append(cost)
    for what, baseline in (("without feedrec", absent), ("with -p no:feedrec", off)):
        added = statistics.median(with_it - without for without, with_it in zip(baseline, present, strict=True)) * 1e3
        title = f"unused pytest plug-in: CPU added to a suite {what}"
        yield measured(title, "ms", [added], goal=figure_at_most(GOAL))


def _run(folder: Path, paths: Sequence[Path], arguments: Sequence[str]) -> float:
    """Run the suite with packages from these places only; return CPU seconds."""
    command = [sys.executable, "-S", "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, "test_nothing.py"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} failed with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def _link_pytest(folder: Path) -> None:
    """Make a folder with nothing but pytest."""
    folder.mkdir()
    for name in NEEDED:
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or [] if ".." not in file.parts}:
            with contextlib.suppress(FileExistsError):
                (folder / top).symlink_to(Path(str(distribution.locate_file(top))))
    assert Path(pytest.__file__).parent.samefile(folder / "pytest")


def _install(folder: Path) -> None:
    """Lay feedrec down as pip does: compiled, with a list of its files, which pytest reads for each plug-in."""
    shutil.copytree(PACKAGE, folder / "feedrec", ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(folder / "feedrec", quiet=1)
    distribution = importlib.metadata.distribution("feedrec")
    about = folder / f"feedrec-{distribution.version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(distribution.read_text("METADATA") or "")
    (about / "entry_points.txt").write_text(distribution.read_text("entry_points.txt") or "")
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    (about / "RECORD").write_text("".join(f"{file},sha256={'x' * 43},1234\n" for file in files))
