"""What docs/queries.md says of DuckDB and Polars: every nanosecond, and no more read than must be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from feedrec.feeds import find_feed
from feedrec.formats import create_recording, http_event, open_recording
from feedrec.formats.line.index import mark_of
from feedrec.formats.stream.parquet_encoder import ParquetEncoder
from feedrec.model import Event, Frame

from .cli.command import DEMO
from .formats.line.exchanges import exchange

ROOT = Path(__file__).parents[1]
CHANNEL, SINCE = "ticker", "2026-11-21 17:02:25.008949557"
COLUMNS = "columns = {time: 'TIMESTAMP_NS', conn: 'BIGINT', dir: 'VARCHAR', event: 'VARCHAR', frame: 'JSON'}"
ODD = [
    *(b"1e400", b"[1,2]", b'"text"', b"NaN", b"", b"not json", b"\xff\xfe", b"\0", b'{"s":"\\u0000"}', b"9" * 400),
    b'{"channel":"ticker","timestamp":1e400,"events":[{"tickers":[{"product_id":"BTC-USD","best_bid":1e400}]}]}',
    b'{"channel":"ticker","timestamp":"soon","events":[{"tickers":[{"product_id":"BTC-USD","best_bid":"NaN"}]}]}',
    b'{"channel":"ticker","events":{}}',
]
QUERIES = [
    code
    for code in re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "queries.md").read_text(), re.DOTALL)
    if "today." in code and "create_recording" not in code
]


def rows(query: str) -> list[tuple[Any, ...]]:
    """Ask DuckDB."""
    return duckdb.execute(query).fetchall()


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a Parquet file of the demo's recording, in many row groups."""
    path = tmp_path_factory.mktemp("queries") / "today.parquet"
    encoder = ParquetEncoder(group_rows=100)
    with open_recording(DEMO) as recording:
        describe = find_feed(recording.header.endpoint).describe
        pairs = list(recording.lines_with_records())
        marks = [mark_of(one, describe(one.payload) if isinstance(one, Frame) else None) for _, one in pairs]
        data = encoder.begin(recording.header_line) + encoder.add([line for line, _ in pairs], marks)
    path.write_bytes(data + encoder.finish())
    return path


@pytest.fixture(scope="module")
def times() -> list[int]:
    """Give the times of all lines of the demo's recording, in nanoseconds."""
    with open_recording(DEMO) as recording:
        return [one.time for one in recording]


def test_every_nanosecond_arrives(parquet: Path, times: list[int]) -> None:
    """In DuckDB and Polars, from Parquet and from JSONL.zst."""
    assert any(time % 1000 for time in times)
    parquet_rows = rows(f"SELECT epoch_ns(time) FROM '{parquet}'")
    json_rows = rows(f"SELECT epoch_ns(time) FROM read_json('{DEMO}', {COLUMNS}) WHERE time IS NOT NULL")
    assert [time for (time,) in parquet_rows] == [time for (time,) in json_rows] == times
    assert pl.read_parquet(parquet)["time"].dt.timestamp("ns").to_list() == times
    lines = pl.scan_ndjson(DEMO, schema={"time": pl.String}).drop_nulls().collect()
    read = lines["time"].str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ns")
    assert read.dt.timestamp("ns").to_list() == times


def test_duckdb_left_alone_loses_nanoseconds() -> None:
    """The reason for `columns`; when this fails, the document can be shorter."""
    found = rows(f"SELECT epoch_ns(time) % 1000 FROM read_json('{DEMO}') WHERE time IS NOT NULL")
    assert set(found) == {(0,)}


def test_duckdb_reads_the_row_groups_of_a_span_of_time_only(parquet: Path) -> None:
    """Its own account of what it did, with both conditions within the scan."""
    query = f"SELECT count(*) FROM '{parquet}' WHERE time >= '{SINCE}' AND channel = '{CHANNEL}'"
    plan = rows(f"EXPLAIN ANALYZE {query}")[0][1]
    scanned, groups = map(int, re.findall(r"Row Groups Scanned: (\d+) / (\d+)", plan)[0])
    assert groups == 16
    assert 1 <= scanned <= 4
    scan = plan[plan.index("Table Scan") :]
    assert "time >=" in scan
    assert "channel = 'ticker'" in scan
    assert "Filter ─" not in plan


def test_polars_asks_the_scan_for_both(parquet: Path) -> None:
    """No filter is left above the scan, and only the columns needed are read."""
    chosen = pl.scan_parquet(parquet).filter(
        pl.col("time") >= pl.lit(SINCE).str.to_datetime(time_unit="ns"), pl.col("channel") == CHANNEL
    )
    plan = chosen.select("time").explain()
    assert "FILTER" not in plan
    assert re.search(r"SELECTION:.*channel.*time|SELECTION:.*time.*channel", plan)
    assert "PROJECT 2/10 COLUMNS" in plan


def test_all_give_the_same_answer(parquet: Path) -> None:
    """The boundary is a time of a ticker: with one nanosecond more it is left out."""
    condition = f"time >= '{SINCE}'"
    (from_parquet,) = rows(f"SELECT count(*) FROM '{parquet}' WHERE {condition} AND channel = 'ticker'")
    question = f"{condition} AND dir = 'in' AND frame->>'channel' = 'ticker'"
    (from_json,) = rows(f"SELECT count(*) FROM read_json('{DEMO}', {COLUMNS}) WHERE {question}")
    table = pl.scan_parquet(parquet).filter(pl.col("channel") == CHANNEL)
    since = pl.lit(SINCE).str.to_datetime(time_unit="ns")
    in_polars = table.filter(pl.col("time") >= since).collect().height
    assert from_parquet == from_json == (in_polars,)
    assert table.filter(pl.col("time") > since).collect().height == in_polars - 1


def test_a_payload_comes_back_as_it_was(parquet: Path) -> None:
    """Bytes in both, and the text of them where it is asked for."""
    with open_recording(DEMO) as recording:
        payloads = [one.payload for one in recording if isinstance(one, Frame)]
    found = rows(f"SELECT payload, decode(payload) FROM '{parquet}' WHERE kind = 'json'")
    assert [(payload, text.encode()) for payload, text in found] == [(payload, payload) for payload in payloads]
    assert pl.read_parquet(parquet).filter(pl.col("kind") == "json")["payload"].to_list() == payloads


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the demo's recording in both formats, and in the middle of it frames that are odd."""
    folder = tmp_path_factory.mktemp("odd")
    with open_recording(DEMO) as recording:
        describe = find_feed(recording.header.endpoint).describe
        records = list(recording)
        middle = len(records) // 2
        strange = [
            Frame(records[middle].time, 0, payload, binary=is_binary) for payload in ODD for is_binary in (False, True)
        ]
        asked = [http_event(exchange(records[middle].time, payload)) for payload in ODD]
        asked += [Event(records[middle].time, None, "http", {"started": "never", "method": {}}) for _ in range(2)]
        for name in ("today.jsonl.zst", "today.parquet"):
            writer = create_recording(folder / name, recording.header_line)
            for one in [*records[: middle + 1], *strange, *asked, *records[middle + 1 :]]:
                is_text = isinstance(one, Frame) and not one.binary
                writer.write(one, describe(one.payload) if is_text else None, block=True)  # type: ignore[union-attr]
            writer.finish()
    return folder


def test_the_document_has_its_queries() -> None:
    assert len(QUERIES) == 8


@pytest.mark.parametrize("code", QUERIES, ids=range(len(QUERIES)))
def test_no_odd_frame_ends_a_query(code: str, odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers too large for anything, text that is no JSON, binary messages; the others are still found."""
    monkeypatch.chdir(odd)
    shown: list[Any] = []
    exec(code, {"print": shown.append})
    (table,) = shown
    assert len(table if isinstance(table, pl.DataFrame) else table.fetchall()) > 5
