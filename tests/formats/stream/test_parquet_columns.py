"""The rows of a run are those of its lines."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from hypothesis import given

from feedrec.formats.line.frame_run import FrameRun
from feedrec.formats.stream.parquet_columns import batch_of_rows, batch_of_run, joined_batches
from feedrec.formats.stream.parquet_rows import SCHEMA, row_of

from .parquet_lines import frame_runs


@given(frame_runs())
def test_the_rows_of_a_run_are_those_of_its_lines(run: FrameRun) -> None:
    """Only numbers that no column takes are left to those who look at each line."""
    batch = batch_of_run(run)
    if batch is None:
        assert run.conn >= 2**63 or run.times[-1] >= 2**63
    else:
        batch.validate(full=True)
        assert batch.equals(rows_of([run]))


def rows_of(runs: Sequence[FrameRun]) -> pa.RecordBatch:
    return batch_of_rows([row_of(line, mark) for run in runs for line, mark in run.lines()])


@given(frame_runs(conns=(3,), start=0), frame_runs(conns=(12,), start=0))
def test_batches_are_joined_in_their_order(one: FrameRun, other: FrameRun) -> None:
    batches = [batch_of_run(run) for run in (one, other, one)]
    joined = joined_batches(batches)
    assert joined.schema.equals(SCHEMA)
    assert joined.equals(rows_of([one, other, one]))
    assert joined_batches(batches[:1]) is batches[0]
