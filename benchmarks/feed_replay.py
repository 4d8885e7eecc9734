"""What a test through `FeedReplay` takes, against one with a server of the library that sends the same frames."""

from __future__ import annotations

import statistics
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
    """Run tests in processes of their own; their modules are compiled before, as those of an installed package are."""
    part, compiled = 3 if quick else 1, {"PYTHONPYCACHEPREFIX": str(folder / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
    for server in ("bare", "feedrec"):
        run("benchmarks.feed_tests", server, 2, environment=compiled)
    bare_first, bare = _medians("bare", TESTS // part, compiled)
    first, further = _medians("feedrec", TESTS // part, compiled)
    goal = f"goal +{MOST_FIRST * 1e3:.0f} ms"
    yield Row(
        "test through FeedReplay, the first: added", goal, _added(first, bare_first), (first - bare_first) / MOST_FIRST
    )
    what = f"test through FeedReplay, each further one: added to {bare * 1e3:.0f} ms"
    yield Row(what, f"goal +{MOST_FURTHER * 1e3:.0f} ms", _added(further, bare), (further - bare) / MOST_FURTHER)


def _medians(server: str, tests: int, environment: dict[str, str]) -> tuple[float, float]:
    """Return the medians over processes: of the first test, and of the further ones."""
    outputs = [run("benchmarks.feed_tests", server, tests, environment=environment).output for _ in range(PROCESSES)]
    firsts, furthers = zip(*(map(float, output.split()) for output in outputs), strict=True)
    return statistics.median(firsts), statistics.median(furthers)


def _added(seconds: float, baseline: float) -> str:
    return f"+{(seconds - baseline) * 1e3:.1f} ms"
