"""Commands that write recordings and exports write them to URLs."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from feedrec.formats import create_recording, open_recording
from feedrec.model import Header

from ..timing import HANG_TIMEOUT
from .command import DEMO, background, feedrec

if TYPE_CHECKING:
    from ..object_server import Bucket


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have temporary files of the command in a folder of the test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def keys_of(bucket: Bucket) -> list[str]:
    """Return the names of all objects."""
    return sorted(one.key for one in bucket.store.list())


def fetched(bucket: Bucket, key: str, folder: Path) -> Path:
    """Return an object as a file."""
    path = folder / Path(key).name
    path.write_bytes(bucket.store.read(key, 0, 1 << 30).data)
    return path


def written(*arguments: object) -> str:
    """Run a command that succeeds; return what it printed."""
    done = feedrec(*arguments)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def refused(*arguments: object, code: int = 1) -> str:
    """Run a command that fails; return its line."""
    done = feedrec(*arguments)
    assert (done.returncode, done.stdout) == (code, b"")
    (line,) = done.stderr.decode().splitlines()
    return line.removeprefix("feedrec: ").removeprefix("error: ")


def test_a_recording_is_converted_to_a_url(bucket: Bucket, tmp_path: Path, temporary: Path) -> None:
    """It is the same as a file would be, and the summary names the URL; a second time it is there already."""
    url = bucket.url / "a" / "today.parquet"
    assert written("convert", DEMO, "-o", url).startswith(f"wrote 1,545 frames and 7 other lines to {url}\n")
    assert [one.method for one in bucket.requests] == ["HEAD", "PUT", "HEAD"]
    assert keys_of(bucket) == ["a/today.parquet"]
    here = tmp_path / "here.parquet"
    written("convert", DEMO, "-o", here)
    with open_recording(here) as ours, open_recording(fetched(bucket, "a/today.parquet", tmp_path)) as theirs:
        assert list(ours) == list(theirs)
    bucket.server.requests.clear()
    assert refused("convert", DEMO, "-o", url) == f"{url}: already exists: choose another name, or use --overwrite"
    assert {one.method for one in bucket.requests} == {"HEAD"}, "that is found before the work"
    facts = json.loads(written("convert", DEMO, "-o", url, "--overwrite", "--json"))
    assert facts["paths"] == [str(url)]
    assert not [*temporary.iterdir()]


def test_several_files_are_converted_to_urls(bucket: Bucket) -> None:
    """Each has its number; one of their names that is taken is found before the work."""
    url = bucket.url / "today.jsonl.zst"
    told = written("convert", DEMO, "-o", url, "--split", "10s")
    names = [f"today-{number:04d}.jsonl.zst" for number in range(1, len(keys_of(bucket)) + 1)]
    assert len(names) > 1
    assert keys_of(bucket) == names
    assert f" to {bucket.url}/{names[0]} to {names[-1]}\n" in told
    bucket.store.delete(names[0])
    reason = "already exists: choose another name, or use --overwrite"
    assert refused("convert", DEMO, "-o", url, "--split", "10s") == f"{bucket.url}/{names[1]}: {reason}"


def test_recordings_are_made_one_at_a_url(bucket: Bucket, tmp_path: Path) -> None:
    """As --dedupe does."""
    url, other = bucket.url / "one.jsonl.zst", tmp_path / "other.jsonl.zst"
    with (
        open_recording(DEMO) as recording,
        create_recording(other, replace(recording.header, created=recording.header.created + 1)) as writer,
    ):
        for record in recording:
            writer.write(record)
    facts = json.loads(written("convert", "--dedupe", DEMO, other, "-o", url, "--json"))
    assert facts["paths"] == [str(url)]
    assert keys_of(bucket) == ["one.jsonl.zst"]


@pytest.mark.parametrize("to", ["hftbacktest", "tardis-csv", "parquet-ticks"])
def test_tables_are_exported_below_a_url(bucket: Bucket, temporary: Path, to: str) -> None:
    """Their names are those below a folder; one that is taken ends the export, and no other file appears."""
    url = bucket.url / "a" / "tables"
    bucket.store.create("a/tables/other", b"1")
    facts = json.loads(written("export", DEMO, "--to", to, "-o", f"{url}/", "--json"))
    keys = sorted(one["path"].removeprefix(f"{bucket.url}/") for one in facts["files"])
    assert keys
    assert keys_of(bucket) == sorted([*keys, "a/tables/other"])
    taken = keys[-1]
    for key in set(keys) - {taken}:
        bucket.store.delete(key)
    told = refused("export", DEMO, "--to", to, "-o", url)
    where, reason = told.split(": ", 1)
    assert f"{bucket.url}/{taken}".startswith(where)
    assert re.fullmatch("already (exists|has rows): choose another folder, or use --overwrite", reason)
    assert keys_of(bucket) == sorted([taken, "a/tables/other"])
    more = f"{Path(taken).parent}/part-1.parquet"
    if to == "parquet-ticks":
        bucket.store.create(more, b"rows of the same product and day")
    assert f" to {url}\n" in written("export", DEMO, "--to", to, "-o", url, "--overwrite")
    assert keys_of(bucket) == sorted([*keys, "a/tables/other"])
    assert not [*temporary.iterdir()]


@pytest.mark.parametrize("to", ["pcapng", "har"])
def test_connections_are_exported_to_a_url(bucket: Bucket, to: str) -> None:
    """One file, that is there once."""
    url = bucket.url / f"today.{to}"
    assert f" to {url}\n" in written("export", DEMO, "--to", to, "-o", url)
    assert keys_of(bucket) == [url.name]
    assert refused("export", DEMO, "--to", to, "-o", url).startswith(f"{url}: already exists")
    assert json.loads(written("export", DEMO, "--to", to, "-o", url, "--overwrite", "--json"))["path"] == str(url)


def test_a_recording_is_repaired_to_a_url(bucket: Bucket, tmp_path: Path) -> None:
    """A journal, which is removed once the Parquet file is there, stays here: nothing removes it before the upload."""
    damaged = tmp_path / "today.parquet.jsonl.zst.part"
    damaged.write_bytes(DEMO.read_bytes()[:30_000])
    url = bucket.url / "today.parquet"
    done = feedrec("repair", damaged, "-o", url)
    assert done.returncode == 3, done.stderr.decode()
    assert re.match(rf"saved [\d,]+ frames \([\d,]+ lines\) to {url}\n", done.stdout.decode())
    assert b"removed" not in done.stdout
    assert damaged.exists()
    assert keys_of(bucket) == ["today.parquet"]
    assert refused("repair", damaged, "-o", url).startswith(f"{url}: already exists: choose another name")


def test_a_folder_is_repaired_to_a_url(bucket: Bucket, tmp_path: Path) -> None:
    """What needs it appears below the URL, under its name."""
    folder = tmp_path / "day"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "x.jsonl.zst").write_bytes(DEMO.read_bytes()[:30_000])
    shutil.copy(DEMO, folder / "deep" / "good.jsonl.zst")
    done = feedrec("repair", folder, "-o", f"{bucket.url}/saved/", "--json")
    assert done.returncode == 3, done.stderr.decode()
    outputs = [json.loads(line).get("output") for line in done.stdout.splitlines()]
    (url,) = filter(None, outputs)
    assert keys_of(bucket) == [url.removeprefix(f"{bucket.url}/")]
    assert url.endswith("x.jsonl.zst")


def test_a_recording_of_a_bucket_is_repaired_beside_it(bucket: Bucket, temporary: Path) -> None:
    """The old one stays, and cannot be the new one."""
    bucket.store.create("a/x.jsonl.zst", DEMO.read_bytes()[:30_000])
    done = feedrec("repair", bucket.url / "a" / "x.jsonl.zst")
    assert done.returncode == 3, done.stderr.decode()
    assert f" to {bucket.url}/a/x.repaired.jsonl.zst\n" in done.stdout.decode()
    assert keys_of(bucket) == ["a/x.jsonl.zst", "a/x.repaired.jsonl.zst"]
    url = bucket.url / "a" / "x.jsonl.zst"
    assert refused("repair", url, "-o", url, "--overwrite", code=2).startswith(f"{url} is both input and output")
    assert not [*temporary.iterdir()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_file_is_uploaded_leaves_nothing_here(bucket: Bucket, temporary: Path, number: int) -> None:
    """The command ends as signals end it, however long the store takes."""
    begun, going_on = threading.Event(), threading.Event()

    def answer(environment: dict[str, object]) -> tuple[str, list[tuple[str, str]], bytes] | None:
        if environment["REQUEST_METHOD"] != "PUT":
            return None
        begun.set()
        going_on.wait()
        return "503 Slow Down", [], b""

    bucket.server.answer = answer
    try:
        with background("convert", DEMO, "-o", bucket.url / "x.jsonl") as process:
            assert begun.wait(HANG_TIMEOUT)
            assert [*temporary.iterdir()]
            os.kill(process.pid, number)
            assert process.wait(HANG_TIMEOUT) == 128 + number
    finally:
        going_on.set()
    assert not [*temporary.iterdir()]
    assert keys_of(bucket) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["convert", DEMO, "-o", "https://host/x.jsonl"], "web servers are only read from"),
        (["convert", DEMO, "-o", "ftp://host/x.jsonl"], "no recordings are read from or written to ftp://"),
        (["convert", DEMO, "-o", "s3://bucket"], "is a whole bucket"),
        (["convert", DEMO, "-o", "s3://bucket/x", "--file-mode", "0640"], "--file-mode is for files of this machine"),
        (["export", DEMO, "--to", "har", "-o", "https://host/x"], "web servers are only read from"),
        (["export", DEMO, "--to", "tardis-csv", "-o", "https://host/x"], "web servers are only read from"),
        (["repair", DEMO, "-o", "https://host/x.jsonl"], "web servers are only read from"),
        (["repair", "s3://bucket/x.jsonl", "--in-place"], "is a URL: leave out --in-place"),
        (["record", "-o", "s3://bucket/x.jsonl.zst"], "is a URL: record to a file here"),
        (["record", "-o", "s3://bucket/{date}/{time}.jsonl.zst"], "is a URL: record to a file here"),
        (["proxy", "--to", "coinbase-advanced", "-o", "s3://bucket/x.jsonl"], "is a URL: record to a file here"),
        (["cat", "--follow", "s3://bucket/x.jsonl.part"], "is a URL: no object grows, so leave out --follow"),
        (["demo", "-o", "s3://bucket/x.jsonl"], "is a URL: name a file here"),
    ],
)
def test_what_cannot_be_written_is_refused_in_a_line(arguments: list[object], told: str) -> None:
    """Before anything is asked, or done."""
    assert told in refused(*arguments, code=2)


def test_the_output_has_the_name_of_a_recording(bucket: Bucket) -> None:
    """The line names the URL, not the file that would have been made here."""
    assert f"{bucket.url}/x: the name of a recording must end in" in refused(
        "convert", DEMO, "-o", bucket.url / "x", code=2
    )


def test_without_obstore_the_line_says_what_to_install(tmp_path: Path) -> None:
    """It is an extra."""
    (tmp_path / "obstore.py").write_text("raise ImportError('there is none')\n")
    done = feedrec("convert", DEMO, "-o", "s3://bucket/x.jsonl", env={"PYTHONPATH": str(tmp_path)}, afresh=True)
    assert done.returncode == 2
    assert b"pip install 'feedrec[cloud]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_program_does_not_record_to_a_url() -> None:
    """It is told what does."""
    from feedrec.errors import UsageError  # noqa: PLC0415

    with pytest.raises(UsageError, match="which `feedrec ship` uploads"):
        create_recording("s3://bucket/x.jsonl.zst", Header("raw"))
