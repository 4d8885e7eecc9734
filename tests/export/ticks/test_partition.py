"""Rows of a product and a day go to their file in row groups; what does not fit is told with its place."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from feedrec.errors import RecordingError
from feedrec.export.staged_folder import StagedFolder
from feedrec.export.ticks.kinds import KINDS
from feedrec.export.ticks.partition import Partition
from feedrec.feeds.market.told import BookChanges
from feedrec.model import parse_time

KIND = KINDS[BookChanges]
START = parse_time("2026-08-09T14:51:01.034216789Z")


def begun(folder: Path) -> tuple[StagedFolder, Partition]:
    stage = StagedFolder(folder)
    return stage, Partition(stage, "x/part-0.parquet", KIND, "BTC-USD", {"feedrec.exchange": "coinbase"})


def add(partition: Partition, first: int, prices: list[str]) -> None:
    for number, price in enumerate(prices, first):
        changes = BookChanges("BTC-USD", START + number - 5, False, [number % 2 == 0], [price], ["1"])
        partition.held += KIND.add(partition.lists, START + number, changes, number)


def test_each_row_group_has_the_span_of_its_times(tmp_path: Path) -> None:
    """So that a reader passes over those that it does not need."""
    stage, partition = begun(tmp_path)
    for group in range(3):
        add(partition, group * 10, ["1.5"] * 10)
        assert (partition.tabulate(), partition.tabulate(), partition.tabled) == (10, 0, 10)
        add(partition, group * 10 + 5, [])
        assert partition.write() == 10
    add(partition, 30, ["2"])
    partition.close()
    stage.commit()
    assert (partition.rows, partition.held, partition.tabled) == (31, 0, 0)
    metadata = pq.read_metadata(partition.path)
    assert [metadata.row_group(group).num_rows for group in range(4)] == [10, 10, 10, 1]
    table = pq.read_table(partition.path, partitioning=None)
    assert table["local_time"].cast(pa.int64()).to_pylist() == [START + number for number in range(31)]
    assert table["side"].to_pylist()[:3] == ["bid", "ask", "bid"]
    assert metadata.metadata[b"feedrec.exchange"] == b"coinbase"
    spans = [metadata.row_group(group).column(1).statistics for group in range(4)]
    places = [table["local_time"][first] for first in (0, 10, 20, 30)]
    assert [one.min_raw for one in spans] == [place.value for place in places]


def test_events_of_no_row_or_several_have_their_times_at_each_row(tmp_path: Path) -> None:
    stage, partition = begun(tmp_path)
    for number, rows in enumerate([0, 2, 0, 0, 1, 3, 0]):
        prices = [str(price) for price in range(rows)]
        changes = BookChanges("BTC-USD", START + number, rows == 3, [True] * rows, prices, ["2"] * rows)
        partition.held += KIND.add(partition.lists, START + number, changes, number)
    partition.close()
    stage.commit()
    table = pq.read_table(partition.path, partitioning=None)
    assert table["event"].to_pylist() == [1, 1, 4, 5, 5, 5]
    assert table["time"].cast(pa.int64()).to_pylist() == [START + number for number in (1, 1, 4, 5, 5, 5)]
    assert table["is_snapshot"].to_pylist() == [False] * 3 + [True] * 3


@pytest.mark.parametrize(
    ("price", "told"),
    [
        ("1e-19", "price 1e-19 does not fit in decimal(38, 18)"),
        ("x" * 1000, f"price {'x' * 40}... is no number"),
    ],
)
def test_a_value_that_does_not_fit_is_one_line_with_product_and_time(tmp_path: Path, price: str, told: str) -> None:
    _, partition = begun(tmp_path)
    add(partition, 0, ["1", price, "2"])
    with pytest.raises(RecordingError) as error:
        partition.close()
    remedy = "leave it out by -c, -p, --table, --from or --until"
    assert str(error.value) == f"{tmp_path}/book_changes: BTC-USD at 2026-08-09T14:51:01.034216790Z: {told}: {remedy}"
