"""A batch from its plan to its manifest, by tasks that are done here."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from feedrec.batch.planning import plan_batch
from feedrec.batch.running import Total, run_batch
from feedrec.batch.task import Result, Task, Work
from feedrec.formats import open_recording

from .recordings import files_below, left_in, small_recording

KEPT = {"manifest.jsonl", "lock", "promises"}
"""What a batch leaves in its folder of a destination."""


class Here:
    """Does tasks in this process."""

    def run(self, tasks: Sequence[Task], work: Work) -> Generator[Result, None, None]:
        yield from map(work, tasks)


def run(kind: str, sources: Sequence[Path | str], target: Path | str, **options: object) -> Total:
    return run_batch(plan_batch(kind, sources, target, options), Here())


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with recordings in two folders below it."""
    folder = tmp_path_factory.mktemp("source")
    for number, name in enumerate(("monday/1", "monday/2", "tuesday/1")):
        small_recording(folder / f"{name}.jsonl.zst", number)
    return folder


def test_each_recording_is_converted_once(source: Path, tmp_path: Path) -> None:
    """Folders below are kept, nothing else is left, and a second run does nothing."""
    total = run("convert", [source], tmp_path, format="jsonl")
    assert (total.done, total.failed, total.kept) == (3, 0, 0)
    assert set(files_below(tmp_path)) == {"monday/1.jsonl", "monday/2.jsonl", "tuesday/1.jsonl"}
    with open_recording(tmp_path / "monday/2.jsonl") as made, open_recording(source / "monday/2.jsonl.zst") as recorded:
        assert list(made) == list(recorded)
    assert left_in(tmp_path) == KEPT
    before = files_below(tmp_path)
    again = run("convert", [source], tmp_path, format="jsonl")
    assert (again.done, again.kept, again.results) == (0, 3, [])
    assert files_below(tmp_path) == before
