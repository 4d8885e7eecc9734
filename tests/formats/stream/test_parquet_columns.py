"""The rows of a run are those of its lines, and the lines of rows those of each row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.line.frame_run import FrameRun
from feedrec.formats.stream.parquet_columns import (
    batch_of_rows,
    batch_of_run,
    has_columns,
    joined_batches,
    lines_of_batch,
    lines_of_rows,
    rows_of_batch,
)
from feedrec.formats.stream.parquet_rows import SCHEMA, row_of
from feedrec.model import Frame

from .parquet_lines import START, encode, frame_runs, lines


@given(frame_runs())
def test_the_rows_of_a_run_are_those_of_its_lines(run: FrameRun) -> None:
    """Only numbers that no column takes are left to those who look at each line."""
    if not has_columns(run):
        assert run.conn >= 2**63 or run.times[-1] >= 2**63
    else:
        batch = batch_of_run(run)
        batch.validate(full=True)
        assert batch.equals(rows_of([run]))


def rows_of(runs: Sequence[FrameRun]) -> pa.RecordBatch:
    return batch_of_rows([row_of(line, mark) for run in runs for line, mark in run.lines()])


@given(st.lists(lines(), max_size=20), frame_runs())
def test_the_lines_of_rows_are_those_that_they_are_of(some: list[bytes], run: FrameRun) -> None:
    """Also where frames that stand verbatim, and are joined column by column, follow other lines."""
    some += [line for line, _ in run.lines()]
    batch = batch_of_rows([row_of(line) for line in some])
    assert lines_of_batch(batch) == some
    assert lines_of_rows(rows_of_batch(batch)) == some


odd_rows = st.sampled_from(
    [
        {"payload": b"{\n}"},
        {"payload": b"\n"},
        {"payload": None},
        {"dir": "on"},
        {"dir": None},
        {"kind": None},
        {"kind": "event", "payload": b"\n"},
        {"time": -1},
        {"time": None},
        {"conn": None},
        {"conn": -1},
        {"flags": "redacted"},
        {"flags": "secret"},
        {"kind": "text"},
        {},
    ]
)


@given(st.lists(odd_rows, min_size=1, max_size=8))
def test_rows_that_no_line_has_are_refused_as_each_by_itself(changes: list[dict[str, Any]]) -> None:
    """What another program may have put into a file, with checksums and all."""
    ordinary = row_of(encode(Frame(START, 0, b"{}")))
    batch = batch_of_rows([ordinary._replace(**change) for change in changes])

    def restored(how: Callable[[], list[bytes]]) -> list[bytes] | str:
        try:
            return how()
        except (ValueError, TypeError) as error:
            return str(error)

    assert restored(lambda: lines_of_batch(batch)) == restored(lambda: lines_of_rows(rows_of_batch(batch)))


@given(frame_runs(conns=(3,), start=0), frame_runs(conns=(12,), start=0))
def test_batches_are_joined_in_their_order(one: FrameRun, other: FrameRun) -> None:
    batches = [batch_of_run(run) for run in (one, other, one)]
    joined = joined_batches(batches)
    assert joined.schema.equals(SCHEMA)
    assert joined.equals(rows_of([one, other, one]))
    assert joined_batches(batches[:1]) is batches[0]
