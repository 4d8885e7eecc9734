"""What a person measures or attacks: `python -m benchmarks [ROW ...]`, `python -m soak [PART ...]`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

__all__ = ["Chosen", "chosen"]


class Chosen(NamedTuple):
    """
    What was asked for.

    Attributes:
        names: The names that were chosen, all by default.
        quick: Whether `--quick` was given.
        json: The file after `--json`; None without it.

    """

    names: list[str]
    quick: bool
    json: Path | None


def chosen(program: str, about: str | None, noun: str, names: Iterable[str], quick: str, json: str = "") -> Chosen:
    """
    Parse the command line; it ends with an error if it names what there is not.

    Args:
        program: How it is run.
        about: What it does, for `--help`.
        noun: What the names are of.
        names: The names to choose from.
        quick: What `--quick` does.
        json: What `--json FILE` does; empty if there is no such option.

    """
    known = list(names)
    parser = argparse.ArgumentParser(prog=program, description=about)
    text = f"one of {', '.join(known)}; all by default"
    parser.add_argument("names", nargs="*", metavar=noun.upper(), help=text)
    parser.add_argument("--quick", action="store_true", help=quick)
    if json:
        parser.add_argument("--json", type=Path, metavar="FILE", help=json)
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(known)
    if unknown:
        parser.error(f"unknown {noun} {', '.join(sorted(unknown))}; choose from {', '.join(known)}")
    return Chosen(arguments.names or known, arguments.quick, arguments.json if json else None)
