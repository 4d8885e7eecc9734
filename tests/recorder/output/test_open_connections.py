"""Which connections of a run are reconnects, and which are replacements."""

from __future__ import annotations

from typing import Any

from feedrec.recorder.output.counting_writer import Counts
from feedrec.recorder.output.open_connections import OpenConnections


def counted(*steps: tuple[Any, ...]) -> tuple[int, int, int, int, int]:
    """Return connections, most open, replacements, those in vain, and reconnects, after some steps."""
    counts = Counts()
    connections = OpenConnections(counts)
    for name, conn, *other in steps:
        match name:
            case "open":
                connections.expect(conn, other[0] if other else None)
                assert connections.opened(conn) == (other[0] if other else None)
            case "close":
                connections.closed(conn)
            case "replaced":
                connections.replaced(conn, other[0])
            case _:
                connections.closed(conn, is_over=True)
    return counts.connections, counts.most_open, counts.replacements, counts.vain_replacements, counts.reconnects


def test_one_after_the_other_is_a_reconnect_and_side_by_side_is_none() -> None:
    assert counted(("open", 0), ("close", 0), ("open", 1)) == (2, 1, 0, 0, 1)
    assert counted(("open", 0), ("open", 1), ("close", 0), ("open", 2)) == (3, 2, 0, 0, 1)


def test_one_that_is_replaced_is_no_reconnect_before_after_or_in_between() -> None:
    steps = [("open", 0), ("open", 1, 0), ("replaced", 0, 1), ("close", 0), ("open", 2, 1), ("replaced", 1, 2)]
    assert [counted(*steps[:count])[1:] for count in range(1, len(steps) + 1)] == [
        (1, 0, 0, 0),
        (1, 0, 1, 0),
        (1, 1, 0, 0),
        (1, 1, 0, 0),
        (1, 1, 1, 0),
        (1, 2, 0, 0),
    ]


def test_a_reconnect_after_replacements_is_counted() -> None:
    steps = [("open", 0), ("open", 1, 0), ("replaced", 0, 1), ("close", 0), ("close", 1), ("open", 2)]
    assert counted(*steps) == (3, 1, 1, 0, 1)


def test_one_that_fails_was_in_vain_and_the_next_counts_as_before() -> None:
    steps = [("open", 0), ("open", 1, 0), ("close", 1), ("open", 2, 0), ("replaced", 0, 2), ("close", 0)]
    assert counted(*steps) == (3, 1, 1, 1, 0)


def test_one_whose_place_is_empty_before_it_took_it_is_a_reconnect() -> None:
    assert counted(("open", 0), ("open", 1, 0), ("close", 0)) == (2, 1, 0, 0, 1)
    assert counted(("open", 0), ("open", 1, 0), ("end", 0), ("end", 1)) == (2, 1, 0, 1, 0)
