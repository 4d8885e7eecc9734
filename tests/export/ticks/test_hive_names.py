"""Any product has a folder of its own, from whose name all readers take it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.export.ticks.hive_names import partition_folder

ODD = [
    *("BTC-USD", "A/B", "../../etc", "..", ".", "a=b", "50%", "%2F", "é-USD", "日本", "x y", "x+y", "a\nb", "*?[x]"),
    *("'q\"", "\u202e", "a:b", "C\\D", "{a}", "#", "&", "~", "1INCH-USD", "\0", "__HIVE"),
]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), st.integers(0, 100_000))
def test_a_name_says_the_product_and_is_one_folder(product: str, day: int) -> None:
    table, of_day, of_product = partition_folder("trades", day, product).parts
    assert table == "trades"
    assert of_day.startswith("date=")
    assert unquote(of_product.removeprefix("product=")) == product
    assert of_product.isprintable()
    assert not set(of_product) & set("/\\*?[]\"'{}#:&+ ")


@pytest.mark.parametrize("product", ["__HIVE_DEFAULT_PARTITION__", "__hive_default_partition__"])
def test_a_product_called_as_none_is_has_a_folder_of_its_own(product: str) -> None:
    assert partition_folder("trades", 0, product).name.casefold() != partition_folder("trades", 0, "").name.casefold()
    assert unquote(partition_folder("trades", 0, product).name) == f"product={product}"


@pytest.mark.parametrize("character", ["x", "\0", "日"])
def test_a_name_that_no_folder_can_have_is_cut_and_still_another_than_all_others(character: str) -> None:
    names = [partition_folder("trades", 0, character * length).name for length in (300, 301)]
    assert names[0][:50] == names[1][:50]
    assert names[0] != names[1]
    for name in names:
        assert 200 < len(name.encode()) <= 255
        assert not re.search(r"%(?![0-9A-F]{2})", name)


def test_days_are_those_of_utc() -> None:
    assert str(partition_folder("trades", 20_674, "BTC-USD")) == "trades/date=2026-08-09/product=BTC-USD"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a table with a row for each of many products, whose number it has."""
    root = tmp_path_factory.mktemp("hive")
    for number, product in enumerate([*ODD, ""]):
        folder = root / partition_folder("trades", 20_674, product)
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"id": [number]}), folder / "part-0.parquet")
    return root / "trades"


def test_duckdb_polars_and_pyarrow_read_each_product_as_it_is(table: Path) -> None:
    """And one without a name as null; pyarrow has what Spark does: `hive` is its convention."""
    duck = duckdb.execute(f"SELECT product, date FROM '{table}/*/*/*.parquet' ORDER BY id").fetchall()
    polar = pl.scan_parquet(table, hive_partitioning=True).sort("id").select("product", "date").collect().rows()
    arrow = ds.dataset(table, partitioning="hive").to_table().sort_by("id")
    expected = [*ODD, None]
    assert [product for product, _ in duck] == [product for product, _ in polar] == expected
    assert arrow["product"].to_pylist() == expected
    assert {day for _, day in duck} == {day for _, day in polar}
    assert {str(day) for _, day in duck} == set(arrow["date"].to_pylist()) == {"2026-08-09"}
