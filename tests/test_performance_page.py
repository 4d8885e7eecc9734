"""The tables of docs/performance.md are those of the figures that are checked in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from benchmarks.__main__ import GROUPS, measure
from benchmarks.measuring import (
    Goal,
    Row,
    at_least,
    at_most,
    compared,
    compared_slopes,
    figure_at_least,
    figure_at_most,
    growth_of,
    measured,
    slope,
)
from benchmarks.measuring.figures import Figures, Group, read_figures, write_figures
from benchmarks.measuring.machine import this_machine
from benchmarks.page import FIGURES, PAGE, groups_on, rendered, shown


def test_its_tables_are_made_of_the_figures() -> None:
    """`python -m benchmarks.page` changes nothing."""
    page = PAGE.read_text()
    assert rendered(page, read_figures(FIGURES)) == page


def test_every_group_has_its_place_there() -> None:
    """Whatever is measured is shown, once, and nothing is shown that is not measured."""
    assert sorted(groups_on(PAGE.read_text())) == sorted(GROUPS)
    assert read_figures(FIGURES).groups.keys() <= GROUPS.keys()


def test_what_is_written_by_hand_stays() -> None:
    """And a group that was not measured says so."""
    page = "Before\n<!-- figures: one -->\nold\n<!-- end of figures -->\nafter\n"
    group = Group(this_machine(), 1.0, [compared("x", "us", [2.0], [1.0], goal=at_most(0.4))], "OSError: no")
    once = rendered(page, Figures({"one": group}))
    busy = msgspec.structs.replace(group, machine=msgspec.structs.replace(group.machine, cores=2, load=7.6))
    assert "; other work ran beside it (load 8)." in rendered(page, Figures({"one": busy}))
    assert once.startswith("Before\n<!-- figures: one -->\n")
    assert once.endswith("<!-- end of figures -->\nafter\n")
    assert "| x | 2.00 us | 1.00 us | 0.50 |  | 0.4 or less **not reached** |" in once
    assert "Then it ended: OSError: no." in once
    assert "old" not in once
    assert rendered(once, Figures({"one": group})) == once
    assert "Not measured yet." in rendered(once, Figures())


@pytest.mark.parametrize(
    ("goal", "is_short"),
    [
        (None, False),
        (at_least(0.5), False),
        (at_least(0.51), True),
        (at_most(0.5), False),
        (at_most(0.49), True),
        (figure_at_least(10), False),
        (figure_at_least(11), True),
        (figure_at_most(10), False),
        (figure_at_most(9), True),
    ],
)
def test_a_row_says_whether_it_reaches_its_goal(goal: Goal | None, *, is_short: bool) -> None:
    """Of its ratio, 0.5, or of feedrec's figure, 10."""
    assert compared("x", "us", [20.0], [10.0], goal=goal).is_short == is_short


def test_a_row_has_the_medians_of_its_rounds() -> None:
    """The ratio is that of each round, so that a machine which was busy for one does not show."""
    row = compared("x", "MB/s", [10.0, 1.0, 10.0], [20.0, 3.0, 15.0], growth=1.25)
    assert (row.baseline, row.feedrec, row.ratio, row.spread) == (10.0, 15.0, 2.0, (1.5, 3.0))
    assert shown(row) == ["x", "10.0 MB/s", "15.0 MB/s", "2.00 (1.50 to 3.00)", "1.25", ""]
    assert shown(measured("y", "ms", [1.0, 1234.5, 2.0]))[:4] == ["y", "", "2.00 ms (1.00 to 1,234)", ""]


def test_the_slope_leaves_out_what_does_not_grow() -> None:
    """And growth tells a cost that grows as its load does from one that grows faster."""
    assert slope(lambda load: 100 + 3 * load, 1) == (3.0, 1.0)
    assert slope(lambda load: 5 + load * load, 1).growth == 2.0
    assert growth_of([1.0, 1.5, 3.0]) == 3.0
    row = compared_slopes(
        "x", 10, lambda load: 1 + 2e-6 * load, lambda load: 4 + 1e-6 * load, rounds=2, per_second="frames"
    )
    assert row.unit == "frames/s"
    assert row.ratio == pytest.approx(2.0)
    assert compared_slopes("x", 10, lambda load: 2e-6 * load, lambda load: 1e-6 * load, rounds=2).ratio == 0.5


def test_a_group_that_fails_has_the_rows_before(tmp_path: Path) -> None:
    """And why; the next group is measured all the same, and its figures are written and read again."""
    told: list[Row] = []

    def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
        assert quick
        yield measured("x", "us", [1 / 3])
        raise RuntimeError(f"{folder.is_dir()}")

    group = measure(rows, told.append, quick=True)
    assert group.error == "RuntimeError: True"
    assert group.rows == told
    write_figures(tmp_path / "f.json", Figures({"one": group}))
    assert json.loads((tmp_path / "f.json").read_text())["groups"]["one"]["rows"][0]["feedrec"] == 0.3333
    assert read_figures(tmp_path / "f.json").groups["one"].error == group.error
