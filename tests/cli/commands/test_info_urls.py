"""`feedrec info`, `cat` and `verify` of recordings in a bucket: what they say, and what they ask for."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedrec.formats import create_recording
from feedrec.model import Frame, Header

from ..command import DEMO, feedrec

if TYPE_CHECKING:
    from tests.object_server import Bucket


def test_info_of_an_object_says_what_it_says_of_the_file_and_asks_for_little(bucket: Bucket, tmp_path: Path) -> None:
    here = tmp_path / "x.jsonl.zst"
    feedrec("convert", DEMO, "-o", here)
    bucket.store.create("a/x.jsonl.zst", here)
    url = bucket.url / "a/x.jsonl.zst"
    bucket.requests.clear()
    there = json.loads(feedrec("info", "--json", str(url)).stdout)
    assert there.pop("path") == str(url)
    local = json.loads(feedrec("info", "--json", str(here)).stdout)
    del local["path"]
    assert there == local
    assert len(bucket.requests) <= 3
    assert feedrec("info", str(bucket.url / "a")).returncode == 0


def test_cat_and_verify_of_an_object_read_it_once(bucket: Bucket, tmp_path: Path) -> None:
    here = tmp_path / "x.jsonl.zst"
    feedrec("convert", DEMO, "-o", here)
    bucket.store.create("x.jsonl.zst", here)
    url = str(bucket.url / "x.jsonl.zst")
    assert feedrec("cat", url).stdout == feedrec("cat", here).stdout
    bucket.requests.clear()
    result = feedrec("verify", url)
    assert (result.returncode, result.stdout.startswith(f"{url}: ok".encode())) == (0, True)
    read = [request for request in bucket.requests if request.method == "GET" and not request.key.endswith(".state")]
    assert sum(request.size for request in read) == here.stat().st_size


@pytest.mark.parametrize("command", ["info", "cat", "verify"])
def test_what_is_not_there_is_a_line(command: str, bucket: Bucket) -> None:
    result = feedrec(command, str(bucket.url / "x.jsonl.zst"))
    assert result.returncode == 1
    assert result.stderr.decode() == f"feedrec: error: {bucket.url}/x.jsonl.zst: no such object\n"


def test_a_url_of_another_kind_is_refused_in_a_line() -> None:
    result = feedrec("info", "ftp://venue.example/x.jsonl.zst")
    assert result.returncode == 2
    assert result.stderr.decode() == (
        "feedrec: error: ftp://venue.example/x.jsonl.zst: no recordings are read from or written to ftp://, "
        "only s3://, gs://, az://, https://\n"
    )


def test_a_damaged_object_is_named_and_the_others_of_its_folder_are_reported(bucket: Bucket, tmp_path: Path) -> None:
    with create_recording(tmp_path / "x.jsonl.zst", Header("raw", created=1)) as writer:
        writer.write(Frame(1, 0, b"{}"))
    bucket.store.create("p/good.jsonl.zst", tmp_path / "x.jsonl.zst")
    bucket.store.create("p/bad.jsonl.zst", b"bad")
    result = feedrec("info", str(bucket.url / "p"))
    assert result.returncode == 1
    assert f"skipped: {bucket.url}/p/bad.jsonl.zst: " in result.stderr.decode()
    assert f"{bucket.url}/p" in result.stdout.decode()


def test_a_large_recording_costs_two_requests_to_be_known_and_one_to_be_read_at_a_time(
    bucket: Bucket, tmp_path: Path
) -> None:
    path, source = tmp_path / "x.jsonl.zst", random.Random(3)
    with create_recording(tmp_path / "x.jsonl", Header("raw", url="wss://x", created=1)) as writer:
        for number in range(60):
            writer.write(Frame(number * 10**9, 0, b'{"x":"%s"}' % source.randbytes(200_000).hex().encode()))
    assert feedrec("convert", tmp_path / "x.jsonl", "-o", path).returncode == 0
    bucket.store.create("x.jsonl.zst", path)
    assert path.stat().st_size > 12_000_000
    url = f"{bucket.url}/x.jsonl.zst"
    bucket.requests.clear()
    assert json.loads(feedrec("info", "--json", url).stdout)["frames"] == 60
    assert len(bucket.requests) <= 3
    assert sum(request.size for request in bucket.requests) < 3_000_000
    bucket.requests.clear()
    assert feedrec("cat", url, "--from", "30s", "--to", "32s").stdout.count(b"\n") == 3
    assert len(bucket.requests) <= 4
    assert sum(request.size for request in bucket.requests) < 3_000_000


def test_the_facts_to_compare_with_are_in_a_file_here(bucket: Bucket) -> None:
    place = bucket.url / "golden.json"
    result = feedrec("info", bucket.url / "x.jsonl.zst", "--check", place)
    assert result.returncode == 2
    assert result.stderr.decode() == f"feedrec: error: {place} is a URL: save the file of facts here first\n"
    assert bucket.requests == []
