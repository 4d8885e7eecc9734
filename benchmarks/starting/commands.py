"""CPU time that short commands take, against an interpreter that does nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from ..material import DEMO
from ..measuring import Row, at_most, compared, in_turn
from ..measuring.rows import Goal
from ..processes import run

__all__ = ["rows"]

ROUNDS = 20


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Run each command, as it is installed, in turn with the interpreter and with one that imports click."""
    small = folder / "small.jsonl.zst"
    run("feedrec", "convert", DEMO, "-o", small)  # so that it has the index of today
    commands: dict[str, tuple[Sequence[object], Goal | None]] = {
        "feedrec --help": (("--help",), at_most(5.5)),
        f"feedrec info of {small.stat().st_size / 1e3:.0f} kB": (("info", small), at_most(8)),
        "feedrec cat of the same": (("cat", small), None),
        "feedrec verify of the same": (("verify", small), None),
        "feedrec record, refused": (("record", "--url", "ws://127.0.0.1:1", "-o", folder / "x.jsonl.zst"), None),
    }
    program = str(Path(sys.executable).with_name("feedrec"))
    sides = [
        partial(_cpu, (sys.executable, "-c", "pass")),
        partial(_cpu, (sys.executable, "-c", "import click")),
        *(partial(_cpu, (program, *arguments)) for arguments, _ in commands.values()),
    ]
    in_turn(1, *sides)  # the first run writes what Python keeps compiled
    nothing, click, *figures = in_turn(2 if quick else ROUNDS, *sides)
    yield compared("start: python that imports click, against one that does nothing: CPU", "ms", nothing, click)
    for (name, (_, goal)), costs in zip(commands.items(), figures, strict=True):
        yield compared(f"start: {name}: CPU", "ms", nothing, costs, goal=goal)


def _cpu(command: Sequence[object]) -> float:
    """Run a command, whatever its exit code; return its CPU time in milliseconds."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
    arguments = list(map(str, command))
    process = os.posix_spawn(arguments[0], arguments, environment, file_actions=silent)
    _, _, usage = os.wait4(process, 0)
    return (usage.ru_utime + usage.ru_stime) * 1e3
