"""What a batch has to do, and what it refuses before anything is done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from feedrec.batch.planning import plan_batch
from feedrec.batch.running import run_batch
from feedrec.errors import NotARecordingError, UsageError
from feedrec.formats import open_recording
from feedrec.model import NANOSECONDS

from .here import Here, run
from .recordings import BEGIN, files_below, small_recording

WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "kind": ("cut", {}, "no batch can 'cut'"),
    "option": ("verify", {"format": "jsonl"}, "unknown field `format`"),
    "format": ("convert", {"format": "csv"}, "Invalid enum value 'csv'"),
    "level": ("convert", {"level": 23}, "level 23 is none of jsonl.zst: give 1 to 22"),
    "level of gzip": ("convert", {"level": 10, "format": "jsonl.gz"}, "give 1 to 9"),
    "book": ("convert", {"trim_book": 0}, "one level of each side at least"),
    "no target": ("export", {}, "an export needs a format"),
    "table": ("export", {"to": "har", "tables": ["trades"]}, "--table is for --to tardis-csv, parquet-ticks"),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    small_recording(folder / "here" / "1.jsonl.zst")
    small_recording(folder / "there" / "1.jsonl.zst", 1)
    return folder


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_told_before_anything_is_done(source: Path, tmp_path: Path, wrong: str) -> None:
    kind, options, said = WRONG[wrong]
    with pytest.raises(UsageError, match=said):
        plan_batch(kind, [source], tmp_path / "target", options)
    assert not (tmp_path / "target").exists()


def test_two_recordings_with_one_output_are_refused(source: Path, tmp_path: Path) -> None:
    """Both are named, and what to do; nothing is done."""
    here, there = source / "here" / "1.jsonl.zst", source / "there" / "1.jsonl.zst"
    with pytest.raises(UsageError) as refused:
        plan_batch("convert", [here.parent, there.parent], tmp_path)
    assert str(refused.value) == (
        f"{here} and {there} would both become 1.jsonl.zst: "
        "name the folder that both are in, or give them to two batches"
    )
    small_recording(tmp_path / "a" / "x.jsonl.zst")
    small_recording(tmp_path / "a" / "x.jsonl.gz", 1)
    with pytest.raises(UsageError, match=r"would both become x.parquet"):
        plan_batch("convert", [tmp_path / "a"], tmp_path / "target", {"format": "parquet"})


def test_a_recording_that_would_be_its_own_output_is_refused(source: Path) -> None:
    with pytest.raises(UsageError, match="is both input and output"):
        plan_batch("convert", [source], source)
    with pytest.raises(UsageError, match="is a file: a batch writes several"):
        plan_batch("convert", [source], source / "here" / "1.jsonl.zst")
    with pytest.raises(UsageError, match="web servers are only read from"):
        plan_batch("convert", [source], "https://example.com/made")


def test_outputs_among_the_sources_are_no_sources(tmp_path: Path) -> None:
    """A batch may write beside what it reads, and a second run takes nothing for new."""
    small_recording(tmp_path / "1.jsonl.zst")
    small_recording(tmp_path / "2.jsonl.zst", 1)
    assert run("convert", [tmp_path], tmp_path, format="jsonl").done == 2
    again = plan_batch("convert", [tmp_path], tmp_path, {"format": "jsonl"})
    assert ([task.key for task in again.tasks], len(again.kept)) == ([], 2)


def test_where_there_is_no_recording_a_line_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotARecordingError, match="no recording in this folder"):
        plan_batch("convert", [tmp_path], tmp_path / "target")


def test_a_signature_in_a_url_is_shown_nowhere() -> None:
    """Neither in the key of a task nor where it is written down."""
    from feedrec.batch.task import Task  # noqa: PLC0415

    task = Task("info x", "info", "https://example.com/1.jsonl?signature=secret")
    assert task.shown == "https://example.com/1.jsonl?…"


def test_the_largest_recordings_come_first(tmp_path: Path) -> None:
    """So the last task to end is a small one, for which no other worker waits for long."""
    for number, frames in enumerate((5, 500, 50)):
        small_recording(tmp_path / f"{number}.jsonl", number, frames)
    batch = plan_batch("convert", [tmp_path], tmp_path / "target")
    assert [task.target for task in batch.tasks] == ["1.jsonl.zst", "2.jsonl.zst", "0.jsonl.zst"]


def test_each_hour_of_a_recording_is_a_task(tmp_path: Path) -> None:
    """Together they have each line once, as it was; the names tell the hour."""
    path = small_recording(tmp_path / "source" / "x.jsonl.zst", frames=30, step=600 * NANOSECONDS)
    batch = plan_batch("convert", [path.parent], tmp_path / "target", {"format": "jsonl"}, by_hour=True)
    assert [task.target for task in batch.tasks] == [f"x.2026-10-26T{hour:02}.jsonl" for hour in range(7, 13)]
    assert run_batch(batch, Here()).done == 6
    frames = []
    for name in sorted(files_below(tmp_path / "target")):
        with open_recording(tmp_path / "target" / name) as recording:
            frames += list(recording)
    with open_recording(path) as recording:
        assert frames == list(recording)
    again = plan_batch("convert", [path.parent], tmp_path / "target", {"format": "jsonl"}, by_hour=True)
    assert (again.tasks, len(again.kept)) == ([], 6)


def test_verify_and_info_are_about_whole_recordings(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be done hour by hour"):
        plan_batch("verify", [source], tmp_path, by_hour=True)


def test_a_recording_whose_name_is_not_utf_8_fails_alone(tmp_path: Path) -> None:
    """Neither a worker can be sent it nor the manifest have it; the others are done."""
    source, target = tmp_path / "source", tmp_path / "target"
    small_recording(source / "1.jsonl.zst")
    small_recording(source / os.fsdecode(b"\xff.jsonl.zst"))
    total = run("verify", [source], target)
    assert (total.done, total.failed) == (1, 1)
    assert next(one.reason for one in total.results if one.reason).startswith("its path is not valid UTF-8")
    assert set(files_below(target)) == {"1.jsonl.zst.verify.json"}
    with pytest.raises(UsageError, match="is not valid UTF-8"):
        plan_batch("verify", [source], tmp_path / os.fsdecode(b"\xff"))


def test_a_recording_of_half_a_million_hours_fails_alone(tmp_path: Path) -> None:
    """Its clock began in 1970 and was set later: nearly all of its hours would be empty files."""
    source, target = tmp_path / "source", tmp_path / "target"
    small_recording(source / "good.jsonl.zst", frames=2, step=3600 * NANOSECONDS)
    small_recording(source / "wrong.jsonl.zst", frames=2, step=-BEGIN)
    batch = plan_batch("convert", [source], target, {"format": "jsonl"}, by_hour=True)
    assert len(batch.tasks) == 2
    total = run_batch(batch, Here())
    assert (total.done, total.failed) == (2, 1)
    assert "its times are of 498,056 hours, 1970-01-01T00 to 2026-10-26T07" in total.results[0].reason
    assert run("convert", [source / "wrong.jsonl.zst"], tmp_path / "whole", format="jsonl").done == 1
