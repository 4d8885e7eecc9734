"""A batch from its plan to its manifest, by tasks that are done here."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from feedrec.batch.planning import plan_batch
from feedrec.batch.running import run_batch
from feedrec.batch.task import Result, Status, Task, Work
from feedrec.batch.workplace import workplace
from feedrec.errors import RecordingExistsError, WriteError
from feedrec.formats import open_recording
from feedrec.formats.file.lock import lock

from ..object_server import Bucket
from .here import Here, run
from .recordings import files_below, left_in, small_recording

KEPT = {"manifest.jsonl", "lock", "promises"}
"""What a batch leaves in its folder of a destination."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with recordings in two folders below it."""
    folder = tmp_path_factory.mktemp("source")
    for number, name in enumerate(("monday/1", "monday/2", "tuesday/1")):
        small_recording(folder / f"{name}.jsonl.zst", number)
    return folder


def manifest_of(folder: Path) -> dict[str, dict[str, Any]]:
    lines = (folder / ".batch" / "manifest.jsonl").read_text().splitlines()
    return {entry["key"]: entry for entry in map(json.loads, lines)}


def test_each_recording_is_converted_once(source: Path, tmp_path: Path) -> None:
    """Folders below are kept, nothing else is left, and a second run does nothing."""
    total = run("convert", [source], tmp_path, format="jsonl")
    assert (total.done, total.failed, total.kept) == (3, 0, 0)
    assert set(files_below(tmp_path)) == {"monday/1.jsonl", "monday/2.jsonl", "tuesday/1.jsonl"}
    with open_recording(tmp_path / "monday/2.jsonl") as made, open_recording(source / "monday/2.jsonl.zst") as recorded:
        assert list(made) == list(recorded)
    assert left_in(tmp_path) == KEPT
    before = {path: path.stat() for path in tmp_path.rglob("*")}
    again = run("convert", [source], tmp_path, format="jsonl")
    assert (again.done, again.kept, again.results) == (0, 3, [])
    assert {path: path.stat() for path in tmp_path.rglob("*")}.keys() == before.keys()
    assert all(path.stat().st_mtime_ns == one.st_mtime_ns for path, one in before.items() if path.is_file())


def test_the_manifest_says_of_what_an_output_is(source: Path, tmp_path: Path) -> None:
    run("convert", [source / "monday"], tmp_path, format="jsonl", products=["BTC-USD"])
    entry = manifest_of(tmp_path)["convert 1.jsonl"]
    made = (tmp_path / "1.jsonl").read_bytes()
    assert entry["source"] == str(source / "monday" / "1.jsonl.zst")
    assert str(entry["identity"]).split()[0::2] == ["crc", str((source / "monday/1.jsonl.zst").stat().st_size)]
    assert entry["options"] == {"format": "jsonl", "products": ["BTC-USD"]}
    assert entry["status"] == "done"
    (file,) = entry["files"]
    assert (file["name"], file["size"]) == ("1.jsonl", len(made))
    assert entry["facts"]["frames"] == 20


def test_what_changed_is_done_again_and_nothing_else(tmp_path: Path) -> None:
    """Another recording under the same name; other options; an output that is gone."""
    source, target = tmp_path / "source", tmp_path / "target"
    for number in range(3):
        small_recording(source / f"{number}.jsonl.zst", number)
    run("convert", [source], target, format="jsonl")
    (source / "0.jsonl.zst").unlink()
    small_recording(source / "0.jsonl.zst", 7)
    (target / "2.jsonl").unlink()
    before = (target / "1.jsonl").stat().st_mtime_ns
    total = run("convert", [source], target, format="jsonl")
    assert {result.key for result in total.results} == {"convert 0.jsonl", "convert 2.jsonl"}
    assert (total.done, total.kept, total.failed) == (2, 1, 0)
    assert (target / "1.jsonl").stat().st_mtime_ns == before
    with open_recording(target / "0.jsonl") as made, open_recording(source / "0.jsonl.zst") as recorded:
        assert list(made) == list(recorded)
    small_recording(source / "3.jsonl.zst", 3)
    total = run("convert", [source], target, format="jsonl", products=["ETH-USD"])
    assert (total.done, total.kept) == (4, 0)
    assert b"BTC-USD\\" not in (target / "1.jsonl").read_bytes()
    assert left_in(target) == KEPT


def test_a_recording_that_was_moved_is_the_same(tmp_path: Path) -> None:
    """Its index tells, wherever it is and whenever it was written."""
    small_recording(tmp_path / "source" / "1.jsonl.zst")
    run("info", [tmp_path / "source"], tmp_path / "target")
    shutil.copytree(tmp_path / "source", tmp_path / "moved", copy_function=shutil.copyfile)
    assert run("info", [tmp_path / "moved"], tmp_path / "target").kept == 1


@pytest.mark.parametrize("kind", ["convert", "verify", "export"])
def test_the_file_of_another_program_stays(source: Path, tmp_path: Path, kind: str) -> None:
    """Its task fails with a line that says so, the others are done; without it, the same command does the rest."""
    options = {"convert": {"format": "jsonl"}, "verify": {}, "export": {"to": "har"}}[kind]
    target = tmp_path / "monday" / {"convert": "1.jsonl", "verify": "1.jsonl.zst.verify.json", "export": "1.har"}[kind]
    target.parent.mkdir()
    target.write_text("mine\n")
    total = run(kind, [source], tmp_path, **options)
    assert (total.done, total.failed) == (2, 1)
    (failed,) = [result for result in total.results if result.status == Status.FAILED]
    assert (
        failed.reason == f"{target}: already exists, and no batch made it: move it away, or choose another destination"
    )
    assert target.read_text() == "mine\n"
    target.unlink()
    assert (run(kind, [source], tmp_path, **options).done, target.exists()) == (1, True)


def test_an_output_that_somebody_changed_stays(tmp_path: Path) -> None:
    """Also if it is as long as it was: it is compared, byte for byte, before anything takes its place."""
    source, target = small_recording(tmp_path / "1.jsonl.zst"), tmp_path / "target"
    run("convert", [source], target, format="jsonl")
    changed = (target / "1.jsonl").read_bytes().replace(b"BTC", b"BTX")
    (target / "1.jsonl").write_bytes(changed)
    (total,) = run("convert", [source], target, format="jsonl", channels=["ticker"]).results
    assert total.status == Status.FAILED
    assert "no batch made it" in total.reason
    assert (target / "1.jsonl").read_bytes() == changed


def test_a_file_that_comes_while_its_task_is_done_stays(source: Path, tmp_path: Path) -> None:
    class Beside(Here):
        def run(self, tasks: Sequence[Task], work: Work) -> Generator[Result, None, None]:
            (tmp_path / "1.jsonl").write_text("mine\n")
            yield from super().run(tasks, work)

    total = run_batch(plan_batch("convert", [source / "monday"], tmp_path, {"format": "jsonl"}), Beside())
    assert (total.done, total.failed) == (1, 1)
    assert (tmp_path / "1.jsonl").read_text() == "mine\n"


def test_a_recording_that_cannot_be_read_does_not_end_the_rest(source: Path, tmp_path: Path) -> None:
    """It fails in a line, is told again by the next run, and is done once it can be read."""
    folder = tmp_path / "source"
    shutil.copytree(source, folder)
    whole = (folder / "monday" / "1.jsonl.zst").read_bytes()
    (folder / "monday" / "1.jsonl.zst").write_bytes(b"no recording at all")
    for done in (2, 0):
        total = run("convert", [folder], tmp_path / "target", format="jsonl")
        assert (total.done, total.failed) == (done, 1)
        (failed,) = [result for result in total.results if result.status == Status.FAILED]
        assert failed.reason.startswith(f"{folder}/monday/1.jsonl.zst: ")
    (folder / "monday" / "1.jsonl.zst").write_bytes(whole)
    assert run("convert", [folder], tmp_path / "target", format="jsonl").is_good


def test_damage_is_a_loss_in_this_run_and_the_next(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "source"
    shutil.copytree(source, folder)
    path = folder / "monday" / "1.jsonl.zst"
    path.write_bytes(path.read_bytes()[:-20])
    total = run("verify", [folder], tmp_path / "target")
    assert (total.done, total.loss, total.failed, total.is_good) == (2, 1, 0, False)
    assert json.loads((tmp_path / "target/monday/1.jsonl.zst.verify.json").read_text())["good"] is False
    total = run("verify", [folder], tmp_path / "target")
    assert (total.kept, total.kept_loss, total.is_good) == (3, 1, False)


def test_two_batches_at_a_time_are_refused(source: Path, tmp_path: Path) -> None:
    batch = plan_batch("info", [source], tmp_path)
    run("info", [source], tmp_path)
    descriptor = os.open(tmp_path / ".batch" / "lock", os.O_RDONLY)
    try:
        lock(descriptor)
        with pytest.raises(RecordingExistsError, match="another batch is writing there"):
            run_batch(batch, Here())
    finally:
        os.close(descriptor)
    assert run_batch(batch, Here()).kept == 3  # what was done since it was planned is not done again


def test_where_nothing_can_be_written_a_line_says_so(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match="cannot be written: Not a directory"):
        run("info", [source], tmp_path / "file" / "target")


def test_what_dead_workers_left_is_swept_but_not_what_one_has(source: Path, tmp_path: Path) -> None:
    with workplace(tmp_path) as held:
        left = held.with_name(f"{held.name}left")
        (left / "made").mkdir(parents=True)
        total = run("info", [source], tmp_path)
        assert (total.swept, left.exists(), held.exists()) == (1, False, True)
    assert left_in(tmp_path) == KEPT


def test_a_batch_from_a_bucket_to_a_bucket(
    source: Path, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Etags tell what changed, outputs are whole objects, and nothing is left here."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    url = str(bucket.url)
    for path in source.rglob("*.zst"):
        bucket.store.create(f"raw/{path.relative_to(source).as_posix()}", path)
    total = run("convert", [f"{url}/raw"], f"{url}/made", format="jsonl.gz")
    assert (total.done, total.failed) == (3, 0), total.results
    keys = {one.key for one in bucket.store.list()}
    assert {key for key in keys if key.startswith("made/")} == {
        "made/monday/1.jsonl.gz",
        "made/monday/2.jsonl.gz",
        "made/tuesday/1.jsonl.gz",
        "made/.batch/manifest.jsonl",
    }
    assert run("convert", [f"{url}/raw"], f"{url}/made", format="jsonl.gz").kept == 3
    bucket.store.write("raw/monday/1.jsonl.zst", small_recording(tmp_path / "other.jsonl.zst", 5))
    bucket.store.delete("made/monday/2.jsonl.gz")
    bucket.store.write("made/monday/2.jsonl.gz", b"mine")
    total = run("convert", [f"{url}/raw/*/*.zst"], f"{url}/made", format="jsonl.gz")
    assert (total.done, total.failed, total.kept) == (1, 1, 1)
    assert bucket.store.read("made/monday/2.jsonl.gz", 0, 100).data == b"mine"
    assert list((tmp_path / "temporary").iterdir()) == []


def test_another_worker_with_the_same_task_may_be_first(source: Path, tmp_path: Path) -> None:
    """Both outputs are right, with other ids each: the one that has the name counts."""

    class Twice(Here):
        def run(self, tasks: Sequence[Task], work: Work) -> Generator[Result, None, None]:
            first = [work(task) for task in tasks]
            second = [work(task) for task in tasks]
            assert first == second
            yield from second

    total = run_batch(plan_batch("convert", [source], tmp_path, {"anonymize": True}), Twice())
    assert (total.done, total.failed) == (3, 0)
    assert run("convert", [source], tmp_path, anonymize=True).kept == 3
    assert left_in(tmp_path) == KEPT


def test_a_finished_recording_is_the_same_as_long_as_its_index_is(tmp_path: Path) -> None:
    """What a disk damages later is found in a new destination, as docs/batch.md says."""
    source = small_recording(tmp_path / "x.jsonl.zst")
    assert run("verify", [source], tmp_path / "first").done == 1
    damaged = bytearray(source.read_bytes())
    damaged[len(damaged) // 3] ^= 0xFF
    source.write_bytes(damaged)
    assert run("verify", [source], tmp_path / "first").kept == 1
    assert run("verify", [source], tmp_path / "second").loss == 1
