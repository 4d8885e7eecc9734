"""Tasks as they seldom are: on a machine of a cluster, where nobody else looks; with nothing to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.batch.task import Status, Task
from feedrec.batch.working import do_task
from feedrec.batch.workplace import workplace
from feedrec.formats import create_recording
from feedrec.model import Frame, Header

from ..object_server import Bucket
from .here import run
from .recordings import BEGIN, files_below, small_recording


def test_a_worker_removes_what_dead_ones_left_on_its_machine(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who runs the batch may be elsewhere, and sees only its own temporary folder."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with workplace(bucket.url) as work:
        left = work.with_name(f"{work.name}left")
        left.mkdir()
    source = small_recording(tmp_path / "x.jsonl.zst")
    result = do_task(Task("info x.json", "info", str(source), "x.json", destination=str(bucket.url)))
    assert result.status is Status.DONE, result.reason
    assert list(temporary.iterdir()) == []
    assert bucket.store.find("x.json") is not None


def test_an_export_of_a_recording_with_nothing_to_export_is_done(tmp_path: Path) -> None:
    """And is not done again, though it has no output."""
    header = Header("coinbase-exchange", "wss://x", BEGIN, "test")
    with create_recording(tmp_path / "x.jsonl.zst", header) as writer:
        writer.write(Frame(BEGIN, 0, b'{"type":"heartbeat","sequence":1,"product_id":"BTC-USD"}'))
    for done, kept in ((1, 0), (0, 1)):
        total = run("export", [tmp_path / "x.jsonl.zst"], tmp_path / "out", to="parquet-ticks")
        assert (total.done, total.kept, total.failed) == (done, kept, 0), total.results
    assert files_below(tmp_path / "out") == {}
