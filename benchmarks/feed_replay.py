"""What a test through `FeedReplay` takes, against one with a server of the library that sends the same frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .material import Row
from .processes import run

__all__ = ["rows"]

TESTS = 60
PROCESSES = 5
MOST_FIRST, MOST_FURTHER = 0.3, 0.02
"""Goals: seconds that feedrec may add to the first test of a suite, and to each further one."""


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Run tests in processes of their own, whose modules are compiled before, as those of an installed package are."""
    tests, compiled = TESTS // (3 if quick else 1), {"PYTHONPYCACHEPREFIX": str(folder), "PYTHONDONTWRITEBYTECODE": ""}
    seconds: dict[str, list[tuple[float, ...]]] = {"bare": [], "feedrec": []}
    for number in range(1 + PROCESSES):
        for server, figures in seconds.items():
            output = run("benchmarks.feed_tests", server, tests if number else 2, environment=compiled).output
            if number:  # the first of each only compiles
                figures.append(tuple(map(float, output.split())))
    (bare_first, bare), (first, further) = (map(min, zip(*figures, strict=True)) for figures in seconds.values())
    yield _row("the first", first - bare_first, MOST_FIRST)
    yield _row(f"each further one, besides {bare * 1e3:.0f} ms", further - bare, MOST_FURTHER)


def _row(which: str, added: float, most: float) -> Row:
    """Return a row of what is added, in the process that was disturbed least."""
    what = f"test through FeedReplay, {which}: added"
    return Row(what, f"goal {most * 1e3:.0f} ms", f"{added * 1e3:.1f} ms", added / most)
