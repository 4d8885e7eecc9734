"""The Parquet files of a catalogue: what DuckDB and Polars read, and what is written when."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.catalogue.catalogue import read_catalogue, update_catalogue
from feedrec.formats.catalogue.entry import Entry
from feedrec.formats.catalogue.folder_entries import entries_in, write_catalogue
from feedrec.formats.catalogue.table import decode_table, encode_table, has_row
from feedrec.formats.several.folder import find_recordings

from ...replay.books.making import START
from .hourly import at, run, write

if TYPE_CHECKING:
    from tests.object_server import Bucket

DAY = 24


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a folder with recordings of two days, and its catalogue."""
    run(tmp_path, 3)
    write(tmp_path / "next.jsonl.zst", [], created=at(DAY))
    write_catalogue(entries_in(tmp_path))
    return tmp_path


def test_there_is_a_file_for_each_day_and_recorder(place: Path) -> None:
    names = sorted(path.name for path in (place / ".catalogue").iterdir())
    assert [name.rsplit(".", 2)[0] for name in names] == [
        "2026-11-21.coinbase-advanced",
        "2026-11-22.coinbase-advanced",
    ]
    assert len(find_recordings([place])) == 4, "none of them is taken for a recording"


def test_its_columns_are_documented(place: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "catalogue.md").read_text()
    rows = re.findall(r"^\| (`.*?) \| (?:text|integer|timestamp|list) \|", page, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(pl.read_parquet(f"{place}/.catalogue/*.parquet").columns)


def test_duckdb_and_polars_query_it(place: Path) -> None:
    files = f"{place}/.catalogue/*.parquet"
    query = f"select path, first_time, frames from read_parquet('{files}') where frames > 0 order by part"
    rows = duckdb.execute(query).fetchall()
    assert [row[0] for row in rows] == [f"x-000{number}.jsonl.zst" for number in (1, 2, 3)]
    channels = f"(select unnest(channels) as c from read_parquet('{files}'))"
    assert duckdb.execute(f"select sum(c.frames) from {channels} where c.channel = 'level2'").fetchall() == [(4,)]
    frame = pl.read_parquet(files).filter(pl.col("frames") > 0).sort("part")
    assert frame["frames"].to_list() == [row[2] for row in rows]
    assert frame["begin"].dtype == pl.Datetime("ns", "UTC")
    assert frame["begin"].to_list()[1] == dt.datetime.fromtimestamp(at(1) // 10**9, dt.UTC)


def test_the_queries_of_the_documentation_are_answered(place: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "catalogue.md").read_text()
    sql, polars = (re.search(rf"```{name}\n(.*?)```", page, re.DOTALL) for name in ("sql", "python-polars"))
    assert sql is not None
    assert polars is not None
    here = f"{place}/.catalogue"
    query = sql[1].replace("recordings/.catalogue", here)
    assert duckdb.execute(query).fetchall() == []
    assert [row[0] for row in duckdb.execute(query.replace("gaps > 0", "gaps = 0")).fetchall()] == [
        f"x-000{number}.jsonl.zst" for number in (1, 2, 3)
    ]
    shown: list[pl.DataFrame] = []
    exec(polars[1].replace("recordings/.catalogue", here), {"print": shown.append})
    assert shown[0]["frames"].to_list() == [0, 7], "one has no line, and so no day"


def test_what_did_not_change_is_neither_looked_at_nor_written(place: Path) -> None:
    again = entries_in(place)
    assert again.looked_at == 0
    assert write_catalogue(again) == ([], 2, [])
    write(place / "more.jsonl.zst", [], created=at(DAY + 1))
    more = entries_in(place)
    assert more.looked_at == 1
    written = write_catalogue(more)
    assert ([name[:10] for name in written.written], written.unchanged) == (["2026-11-22"], 1)


def test_recordings_that_are_gone_leave_it(place: Path) -> None:
    (place / "next.jsonl.zst").unlink()
    written = write_catalogue(entries_in(place))
    assert ([name[:10] for name in written.removed], written.unchanged) == (["2026-11-22"], 1)
    assert len(list((place / ".catalogue").iterdir())) == 1


def test_another_folder_may_have_the_catalogues_of_several(tmp_path: Path) -> None:
    """With full names; what is gone of one leaves those of the other."""
    one, other, there = tmp_path / "one", tmp_path / "other", tmp_path / "there"
    run(one, 2)
    run(other, 1)
    for folder in (one, other):
        write_catalogue(entries_in(folder, there), there)
    assert not (one / ".catalogue").exists()
    (one / "x-0002.jsonl.zst").unlink()
    write_catalogue(entries_in(one, there), there)
    assert entries_in(other, there).looked_at == 0
    rows = [row.path for rows in read_catalogue(there).values() for row in rows]
    assert sorted(rows) == [f"{one}/x-0001.jsonl.zst", f"{other}/x-0001.jsonl.zst"]


def test_files_that_are_no_catalogue_are_left_alone(place: Path) -> None:
    folder = place / ".catalogue"
    name = next(folder.iterdir()).name
    (folder / name).write_bytes(b"PAR1 and no more")
    (folder / "notes.txt").write_text("mine")
    assert entries_in(place).looked_at > 0
    write_catalogue(entries_in(place))
    assert decode_table((folder / name).read_bytes())
    assert (folder / "notes.txt").read_text() == "mine"


def test_what_was_recorded_does_not_say_where_a_file_goes(tmp_path: Path) -> None:
    entry = Entry("x", 1, "", 1, "finished", endpoint="../../\x1b[2J/evil", created=START)
    [name] = update_catalogue(tmp_path / "c", {}, [entry], []).written
    assert name.startswith("2026-11-21.2j-evil.")
    assert [path.name for path in (tmp_path / "c").iterdir()] == [name]


def test_two_at_once_leave_one_of_what_they_wrote(place: Path) -> None:
    """Each file is whole; what the one that wrote last did not know of is looked at again."""
    early = entries_in(place)
    write(place / "more.jsonl.zst", [], created=at(DAY + 1))
    write_catalogue(entries_in(place))
    write_catalogue(early._replace(catalogue={}))
    after = entries_in(place)
    assert (after.looked_at, len(after.entries)) == (1, 5)


def test_in_a_bucket_each_file_is_an_object(bucket: Bucket, tmp_path: Path) -> None:
    for path in run(tmp_path, 3):
        bucket.store.create(f"p/{path.name}", path)
    entries = entries_in(bucket.url / "p")
    assert entries.looked_at == 3
    assert len(write_catalogue(entries).written) == 1
    bucket.requests.clear()
    again = entries_in(bucket.url / "p")
    assert (again.looked_at, again.entries) == (0, entries.entries)
    assert len(bucket.requests) == 3, "two listings, and the catalogue's file: no recording is opened"
    assert all(entry.etag for entry in again.entries)


texts = st.text(max_size=20)
numbers = st.integers(0, 2**63 - 1)


@given(
    st.lists(
        st.builds(Entry, texts, numbers, texts, numbers, st.just("finished"), texts, texts, texts, texts), max_size=3
    )
)
def test_entries_come_back_as_they_were(entries: list[Entry]) -> None:
    if all(map(has_row, entries)):
        assert decode_table(encode_table(entries)) == entries
        assert encode_table(entries) == encode_table(entries)


@given(st.binary(max_size=200))
def test_what_is_no_table_is_none(data: bytes) -> None:
    assert decode_table(data) is None


def test_a_row_holds_what_parquet_can_hold() -> None:
    entry = Entry("x", 1, "", 1, "finished")
    assert has_row(entry)
    assert not has_row(msgspec.structs.replace(entry, created=1 << 63))
    assert not has_row(msgspec.structs.replace(entry, path="\udcff"))
