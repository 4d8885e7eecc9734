"""`feedrec convert --max-size`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ..command import DEMO, feedrec


def test_a_recording_is_cut_to_what_fits(tmp_path: Path) -> None:
    """Whole lines from the beginning, in a good file; it is said how far that went."""
    for suffix in ("jsonl", "jsonl.zst"):
        target = tmp_path / f"a.{suffix}"
        done = feedrec("convert", DEMO, "-o", target, "--max-size", "50kB", "--trim-book", 5)
        assert re.search(rb" frames rewritten, cut after \d+\.\d+ s to fit\n", done.stdout)
        assert 45_000 < target.stat().st_size <= 50_000
        assert feedrec("verify", target).returncode == 0
    target = tmp_path / "b.jsonl"
    facts = json.loads(feedrec("convert", DEMO, "-o", target, "--max-size", "50kB", "--json").stdout)
    assert facts["first_time"] < facts["last_time"] <= facts["cut_at"]
    assert facts["frames"] + facts["others"] == len(target.read_bytes().splitlines()) - 1
    whole = json.loads(feedrec("convert", DEMO, "-o", tmp_path / "c.jsonl.gz", "--max-size", "50MB", "--json").stdout)
    assert (whole["frames"], whole["cut_at"]) == (1545, None)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("a.parquet", (), "choose .jsonl.zst, .jsonl.gz or .jsonl"),
        ("a.jsonl", ("--split", "1h"), "--split and --max-size exclude each other"),
    ],
)
def test_what_cannot_be_bounded_is_said(tmp_path: Path, name: str, options: tuple[str, ...], said: str) -> None:
    done = feedrec("convert", DEMO, "-o", tmp_path / name, "--max-size", "50kB", *options)
    assert done.returncode in (1, 2)
    assert said in done.stderr.decode()
    assert list(tmp_path.iterdir()) == []
