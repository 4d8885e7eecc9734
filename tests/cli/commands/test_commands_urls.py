"""Commands that read recordings read those of a bucket, as they do files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..command import DEMO, feedrec

if TYPE_CHECKING:
    from tests.object_server import Bucket

START, MIDDLE = "2026-08-09T01:54:50Z", "5s"


@pytest.fixture
def demo(bucket: Bucket) -> str:
    """Give the URL of the recording that ships with the package, in a bucket."""
    bucket.store.create("p/demo.jsonl.zst", DEMO)
    bucket.requests.clear()
    return str(bucket.url / "p/demo.jsonl.zst")


@pytest.mark.parametrize("suffix", [".jsonl.zst", ".jsonl", ".jsonl.gz", ".parquet"])
def test_convert_reads_a_url_in_each_format(suffix: str, bucket: Bucket, tmp_path: Path) -> None:
    here = tmp_path / f"x{suffix}"
    assert feedrec("convert", DEMO, "-o", here).returncode == 0
    bucket.store.create(here.name, here)
    there = feedrec("convert", bucket.url / here.name, "-o", tmp_path / "y.jsonl")
    assert (there.returncode, there.stderr.decode()) == (0, there.stderr.decode())
    assert feedrec("convert", here, "-o", tmp_path / "z.jsonl").returncode == 0
    assert digest(tmp_path / "y.jsonl") == digest(tmp_path / "z.jsonl")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "command",
    [
        ("book", "-p", "BTC-USD", "--at", "10s", "--json"),
        ("cat", "--raw", "-c", "ticker", "--from", "10s", "--to", "12s"),
        ("cat", "--http"),
        ("info", "--json", "--full"),
    ],
)
def test_what_is_printed_of_a_url_is_what_is_printed_of_the_file(command: tuple[str, ...], demo: str) -> None:
    there, here = feedrec(*command, demo), feedrec(*command, DEMO)
    assert there.returncode == here.returncode == 0
    assert there.stdout.decode().replace(demo, "F") == here.stdout.decode().replace(str(DEMO), "F")
    assert there.stdout or "--http" in command


def test_exports_read_a_url(demo: str, tmp_path: Path) -> None:
    for name, source in (("here", DEMO), ("there", demo)):
        result = feedrec("export", source, "--to", "tardis-csv", "-o", tmp_path / name)
        assert result.returncode == 0, result.stderr
    files = sorted(path.relative_to(tmp_path / "here") for path in (tmp_path / "here").rglob("*.gz"))
    assert files
    assert all((tmp_path / "there" / path).exists() for path in files)


def test_repair_reads_a_url_and_removes_nothing_there(bucket: Bucket, tmp_path: Path) -> None:
    bucket.store.create("x.jsonl.zst", DEMO.read_bytes()[:-30_000])
    result = feedrec("repair", bucket.url / "x.jsonl.zst", "-o", tmp_path / "saved.jsonl.zst")
    assert result.returncode in {0, 3}, result.stderr
    assert feedrec("verify", tmp_path / "saved.jsonl.zst").returncode in {0, 3}
    assert bucket.store.find("x.jsonl.zst") is not None
    assert {request.method for request in bucket.requests} <= {"GET", "HEAD", "PUT"}


def test_a_replay_plays_a_url_and_a_prefix(demo: str) -> None:
    for place in (demo, demo.rpartition("/")[0]):
        result = feedrec("replay", place, "--speed", "max", "--", "true")
        assert result.returncode == 0, result.stderr


def test_a_recording_of_another_tool_is_read_at_its_url(bucket: Bucket, tmp_path: Path) -> None:
    bucket.store.create("x.jsonl", b'{"t":1700000000.5,"m":{"a":1}}\n')
    result = feedrec(
        "convert", "--time-field", "t", "--payload-field", "m", bucket.url / "x.jsonl", "-o", tmp_path / "y.jsonl"
    )
    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / "y.jsonl").read_text().splitlines()[1])["time"].startswith("2023-11-14T22:13:20.5")


def test_a_prefix_with_nothing_below_it_is_told_in_a_line(bucket: Bucket) -> None:
    result = feedrec("ls", bucket.url / "nothing")
    assert result.returncode != 0
    assert result.stdout == b""
    text = f"feedrec: error: {bucket.url}/nothing: there is no object of this name, nor any below it\n"
    assert result.stderr.decode() == text
