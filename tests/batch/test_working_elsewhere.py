"""A task on a machine of a cluster, where nobody else looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.batch.task import Status, Task
from feedrec.batch.working import do_task
from feedrec.batch.workplace import workplace

from ..object_server import Bucket
from .recordings import small_recording


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
