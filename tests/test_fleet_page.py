"""The tables of docs/fleet.md are what the scripts beside it compute."""

from __future__ import annotations

import re
from pathlib import Path

from scripts import simulate_shards

PAGE = Path(__file__).parents[1] / "docs" / "fleet.md"


def part(name: str) -> str:
    """Return what stands between two marks of the page."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end of {name} -->", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1].strip()


def test_the_table_of_the_simulation_is_what_it_gives() -> None:
    """And nothing moves that need not: one product or two begin, and what a machine takes over is its share."""
    rows = simulate_shards.table()
    assert part("simulation").splitlines() == rows
    numbers = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[4:]]
    assert [row[1:3] for row in numbers[:2]] == [["1", "2"], ["0", "0"]]
    for row in numbers[2:]:
        assert abs(int(row[1]) - 1000 / (6 if "sixth" in row[0] else 5)) < 20
