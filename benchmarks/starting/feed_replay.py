"""What a test through `FeedReplay` takes, against one with a server of the library that sends the same frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..measuring import Row, figure_at_most, measured
from ..processes import run

__all__ = ["rows"]

TESTS = 60
PROCESSES = 5
MOST_FIRST, MOST_FURTHER = 300, 20
"""Goals: milliseconds that feedrec may add to the first test of a suite, and to each further one."""


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Run tests in processes of their own, whose modules are compiled before, as those of an installed package are."""
    tests, compiled = TESTS // (10 if quick else 1), {"PYTHONPYCACHEPREFIX": str(folder), "PYTHONDONTWRITEBYTECODE": ""}
    seconds: dict[str, list[tuple[float, ...]]] = {"bare": [], "feedrec": []}
    for number in range(1 + (1 if quick else PROCESSES)):
        for server, figures in seconds.items():
            output = run("benchmarks.starting.feed_tests", server, tests if number else 2, environment=compiled).output
            if number:  # the first of each only compiles
                figures.append(tuple(map(float, output.split())))
    for place, (which, most) in enumerate((("the first", MOST_FIRST), ("each further one", MOST_FURTHER))):
        pairs = zip(seconds["bare"], seconds["feedrec"], strict=True)
        added = [(ours[place] - theirs[place]) * 1e3 for theirs, ours in pairs]
        yield measured(f"test through FeedReplay, {which}: added", "ms", added, goal=figure_at_most(most))
