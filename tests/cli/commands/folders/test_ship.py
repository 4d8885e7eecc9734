"""`feedrec ship`: what is in a folder goes to a bucket, and a kill at any moment costs nothing but time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ....object_server import Bucket
from ...command import feedrec


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with three recordings, and one that is not finished."""
    folder = tmp_path / "recordings"
    (folder / "day").mkdir(parents=True)
    for number in (1, 2, 3):
        (folder / "day" / f"x-000{number}.jsonl").write_bytes(b"%d" % number * 1000)
    (folder / "day" / "x-0004.jsonl.part").touch()
    return folder


def test_a_person_is_told_what_came_of_it(folder: Path, bucket: Bucket) -> None:
    done = feedrec("ship", folder, f"{bucket.url}/p")
    assert done.returncode == 0, done.stderr
    first, sent, unfinished = done.stdout.decode().splitlines()
    assert first == f"3 recordings are at {bucket.url}/p, checked (3.0 kB)"
    assert sent.startswith("  sent now:      3 (3.0 kB in ")
    assert unfinished == "  not finished:  1 (being written, or feedrec repair finishes them)"
    assert max(map(len, done.stdout.decode().splitlines())) < 80
    assert {one.key for one in bucket.store.list()} == {f"p/day/x-000{number}.jsonl" for number in (1, 2, 3)}


def test_what_is_there_is_removed_here_after_its_time(folder: Path, bucket: Bucket) -> None:
    os.utime(folder / "day" / "x-0001.jsonl", ns=(0, 0))
    done = feedrec("ship", folder, bucket.url, "--keep", "1d", "--json")
    told = {Path(one["path"]).name: one for one in map(json.loads, done.stdout.splitlines())}
    assert [name for name, one in told.items() if one["removed"]] == ["x-0001.jsonl"]
    assert told["x-0002.jsonl"]["url"] == f"{bucket.url}/day/x-0002.jsonl"
    done = feedrec("ship", folder, bucket.url, "--keep", "0s", "--sweep")
    assert done.returncode == 0, done.stderr
    assert b"removed here:  2" in done.stdout
    assert [path.name for path in (folder / "day").iterdir()] == ["x-0004.jsonl.part"]


def test_the_exit_code_tells_conflicts_from_a_place_that_takes_nothing(folder: Path, bucket: Bucket) -> None:
    bucket.store.create("day/x-0001.jsonl", b"another")
    done = feedrec("ship", folder, bucket.url)
    assert done.returncode == 3
    assert b"is another recording, and stays as it is" in done.stderr
    assert b"NOT SHIPPED:   1 (1.0 kB, 1 conflict among them)" in done.stdout
    assert feedrec("ship", folder, "s3://no-such-bucket").returncode == 1


def test_pending_recordings_wait_unless_they_are_asked_for(folder: Path, tmp_path: Path) -> None:
    (folder / "day" / "x-0002.jsonl.pending").touch()
    place = tmp_path / "place"
    assert b"pending:       1" in feedrec("ship", folder, place).stdout
    assert not (place / "day" / "x-0002.jsonl").exists()
    feedrec("ship", folder, place, "--pending", "--keep", "0s")
    assert (place / "day" / "x-0002.jsonl").exists()
    left = sorted(path.name for path in (folder / "day").glob("*.jsonl"))
    assert left == ["x-0001.jsonl", "x-0002.jsonl"]  # the first is needed by the second


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{folder}"], "Name a folder of recordings before it"),
        (["none", "s3://bucket"], "no such file or folder"),
        (["{folder}", "{folder}"], "is where the recordings are shipped to"),
        (["{folder}", "https://example.com/"], "web server"),
        (["s3://bucket/a", "s3://bucket/b"], "only what is on this machine"),
        (["{folder}/day/x-0004.txt", "s3://bucket"], "no such file"),
        (["{folder}", "{folder}/there", "--acl", "private"], "asked of s3://"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_line(folder: Path, arguments: list[str], said: str) -> None:
    done = feedrec("ship", *(one.format(folder=folder) for one in arguments))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert said in done.stderr.decode()


def test_kills_at_any_moment_lose_and_double_nothing(tmp_path: Path, bucket: Bucket) -> None:
    """A process is killed again and again while it ships and removes; the last run finishes it."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    content = {f"x-{number:04d}.jsonl": os.urandom(20_000) for number in range(40)}
    for name, data in content.items():
        (folder / name).write_bytes(data)
    command = [sys.executable, "-m", "feedrec", "ship", str(folder), str(bucket.url), "--keep", "0s"]
    kills = 0
    for wanted in (1, 5, 12, 25):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and sum(one.method == "PUT" for one in bucket.requests) < wanted:
            time.sleep(0.002)
        kills += process.poll() is None
        process.kill()
        process.wait()
        there = {one.key: bucket.store.read(one.key, 0, 1 << 20).data for one in bucket.store.list()}
        assert {key: data for key, data in there.items() if not key.startswith(".")}.items() <= content.items()
        here = {path.name for path in folder.glob("*.jsonl")}
        assert here | there.keys() >= content.keys()
    assert kills
    done = feedrec("ship", folder, bucket.url, "--keep", "0s", "--sweep", "--sweep-age", "0s")
    assert done.returncode == 0, done.stderr
    there = {one.key: bucket.store.read(one.key, 0, 1 << 20).data for one in bucket.store.list()}
    assert {key: data for key, data in there.items() if not key.startswith(".")} == content
    assert list(folder.iterdir()) == []
    assert list(bucket.store.list(".feedrec-shipping/")) == []
