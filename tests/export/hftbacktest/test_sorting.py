"""Any number of rows, sorted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedrec.export.hftbacktest.rows import NARROW, keys_of
from feedrec.export.hftbacktest.sorting import SortedRows
from feedrec.export.hftbacktest.spool import Spool

from .drawn_rows import DRAWN, in_blocks, rows_of


@pytest.fixture
def spool(memory_path: Path) -> Iterator[Spool]:
    made = Spool(memory_path)
    yield made
    made.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DRAWN, st.integers(1, 20), st.lists(st.integers(0, 25)))
def test_rows_go_in_order_and_those_of_one_time_as_they_came(
    spool: Spool, drawn: list[tuple[int, int, int]], at_once: int, limits: list[int]
) -> None:
    """Up to one limit after another."""
    rows = rows_of(drawn)
    sorted_rows = SortedRows(spool, at_once)
    for some in in_blocks(rows, 7):
        sorted_rows.add(some)
    assert sorted_rows.count == len(rows)
    whole = rows[np.argsort(keys_of(rows), kind="stable")]
    done = 0
    for limit in [*sorted(limits), 1 << 62]:
        found = np.concatenate([np.empty(0, NARROW), *sorted_rows.below(limit)])
        assert (keys_of(found) < limit).all()
        assert found.tolist() == whole[done : done + len(found)].tolist()
        done += len(found)
        assert not (keys_of(whole[done:]) < limit).any()
    assert done == len(rows)


def test_no_more_are_read_at_once_than_are_to_be(spool: Spool) -> None:
    """Here all pieces overlap."""
    sorted_rows = SortedRows(spool, at_once=1024)
    rows = rows_of((1, number * 7919 % 8192, 0) for number in range(8192))
    for some in in_blocks(rows, 100):
        sorted_rows.add(some)
    parts = list(sorted_rows.below(1 << 62))
    assert max(map(len, parts)) <= 2048
    assert np.concatenate(parts)["exch_ts"].tolist() == list(range(8192))
