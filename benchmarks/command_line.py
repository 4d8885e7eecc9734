"""What a person measures or attacks: `python -m benchmarks [ROW ...]`, `python -m soak [PART ...]`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

__all__ = ["chosen"]


def chosen(program: str, about: str | None, noun: str, names: Iterable[str], quick: str) -> tuple[list[str], bool]:
    """
    Parse the command line; it ends with an error if it names what there is not.

    Args:
        program: How it is run.
        about: What it does, for `--help`.
        noun: What the names are of.
        names: The names to choose from.
        quick: What `--quick` does.

    Returns:
        The names that were chosen, all by default, and whether `--quick` was given.

    """
    known = list(names)
    parser = argparse.ArgumentParser(prog=program, description=about)
    text = f"one of {', '.join(known)}; all by default"
    parser.add_argument("names", nargs="*", metavar=noun.upper(), help=text)
    parser.add_argument("--quick", action="store_true", help=quick)
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(known)
    if unknown:
        parser.error(f"unknown {noun} {', '.join(sorted(unknown))}; choose from {', '.join(known)}")
    return arguments.names or known, arguments.quick
