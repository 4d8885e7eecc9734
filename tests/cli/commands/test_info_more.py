"""`feedrec info` with a span of time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feedrec.model import format_time

from ...formats.catalogue.hourly import at, run
from ..command import feedrec

SPAN = "--from", format_time(at(1.01)), "--to", format_time(at(2.02))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a run of four hours."""
    folder = tmp_path_factory.mktemp("run")
    run(folder, 4)
    return folder


def test_info_counts_those_of_the_span(place: Path, tmp_path: Path) -> None:
    facts = json.loads(feedrec("info", place, *SPAN, "--json").stdout)
    assert [Path(one["path"]).name for one in facts["files"]] == ["x-0002.jsonl.zst", "x-0003.jsonl.zst"]
    for path in place.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "bad.jsonl.zst").write_bytes(b"")
    done = feedrec("info", tmp_path, *SPAN, "--json")
    assert done.returncode == 1
    assert b"bad.jsonl.zst" in done.stderr
    assert len(json.loads(done.stdout)["files"]) == 2
