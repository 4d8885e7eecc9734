"""Files of `feedrec record --rotate`, beyond the number 9,999 too."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from feedrec.formats import create_recording, open_recording
from feedrec.formats.file.growing.growing_file import begin_file
from feedrec.formats.file.rotation import RotateAfter, RotatingWriter
from feedrec.model import NANOSECONDS, Frame, Header

from ...timing import HANG_TIMEOUT, wait_until
from ..command import DEMO, background, feedrec, interrupt, mock_venue

NUMBERS = (9_999, 10_000, 10_001)


def payloads_in(path: Path) -> list[bytes]:
    with open_recording(path) as recording:
        return [record.payload for record in recording if isinstance(record, Frame) and record.direction == "in"]


async def receive(url: str) -> list[bytes]:
    """Give all that a server sends."""
    payloads: list[bytes] = []
    async with connect(url, max_size=None) as connection:
        try:
            while True:
                payloads.append(str(await connection.recv()).encode())
        except ConnectionClosed:
            return payloads


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write the last file with four digits and two with five, all of one run and of one moment."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number in NUMBERS:
        header = Header("raw", "wss://venue.example", 7, extra={"part": number})
        writer = RotatingWriter(folder / "x.jsonl", header, begin_file, RotateAfter(size=1 << 20), first=number)
        writer.write(Frame(7, 0, b"[%d]" % number))
        writer.finish()
    return folder


def sources(folder: Path) -> list[tuple[Path, ...]]:
    """Give the folder, and its files as a shell orders them."""
    return [(folder,), tuple(sorted(folder.iterdir()))]


def test_every_command_reads_the_files_in_the_order_of_their_numbers(folder: Path, tmp_path: Path) -> None:
    expected = [b"[%d]" % number for number in NUMBERS]
    for number, files in enumerate(sources(folder)):
        converted = tmp_path / f"{number}.jsonl"
        assert feedrec("convert", *files, "-o", converted).returncode == 0
        assert payloads_in(converted) == expected
        facts = json.loads(feedrec("info", "--json", *files).stdout)
        assert [Path(one["path"]).name for one in facts["files"]] == [f"x-{number}.jsonl" for number in NUMBERS]
        verified = feedrec("verify", "--json", *files).stdout.splitlines()
        assert [Path(json.loads(line)["path"]).name for line in verified] == [f"x-{number}.jsonl" for number in NUMBERS]
        with mock_venue(*files, "--speed", "max") as url:
            assert asyncio.run(asyncio.wait_for(receive(url), HANG_TIMEOUT)) == expected


def test_a_run_goes_on_with_five_digits(tmp_path: Path) -> None:
    left = tmp_path / "x-9998.jsonl"
    create_recording(left, Header("raw", created=NANOSECONDS)).finish()
    with mock_venue(DEMO, "--speed", "20") as url:
        done = feedrec("record", "--url", url, "--max-frames", 600, "--rotate", "250ms", "-o", "x.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert "continuing after earlier files, with x-9999.jsonl" in done.stderr.decode()
    assert (tmp_path / "x-10000.jsonl").exists()
    left.unlink()
    feedrec("convert", tmp_path, "-o", tmp_path / "all.jsonl")
    assert payloads_in(tmp_path / "all.jsonl") == payloads_in(DEMO)[:600]


@pytest.mark.parametrize("suffix", ["jsonl.zst", "parquet"])
def test_what_a_killed_recorder_left_goes_the_way_of_all_files(suffix: str, tmp_path: Path) -> None:
    """It is finished, shipped by the command, and removed when it is too much; what is of another feed stays."""
    name = f"{{date}}/{{channel}}-{{time}}.{suffix}"
    with mock_venue(DEMO, "--speed", "10") as url:
        command = ("record", "-c", "ticker", "--url", url, "-o", name)
        with background(*command, cwd=tmp_path) as process:
            wait_until(
                lambda: process.poll() is not None or any(part.stat().st_size > 1000 for part in parts(tmp_path))
            )
            process.kill()
            process.wait()
        (left,) = parts(tmp_path)
        finished = left.with_name(left.name.partition(f".{suffix}")[0] + f".{suffix}")
        other = finished.with_name(f"ticker-20200101T000000Z.{suffix}")
        create_recording(other, Header("raw")).finish()
        shipped = ("--on-rotate", "cp {path} {path}.shipped")
        done = feedrec(*command, "--max-frames", 50, *shipped, cwd=tmp_path)
        assert done.returncode == 0, done.stderr.decode()
        assert payloads_in(finished) == payloads_in(finished.with_name(finished.name + ".shipped"))
        assert f"finished {finished.relative_to(tmp_path)}" in done.stderr.decode() or suffix == "parquet"
        done = feedrec(*command, "--max-frames", 50, "--keep", "1kB", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert parts(tmp_path) == []
    assert len([path for path in tmp_path.rglob(f"*.{suffix}") if path != other]) == 1
    assert f"removed {finished.relative_to(tmp_path)}: all are more than is kept" in done.stderr.decode()
    assert other.exists()


def test_what_is_too_much_goes_at_the_start_too(tmp_path: Path) -> None:
    """A recorder may find a disk full of what earlier ones left, and would wait for room to finish a file."""
    name = "{channel}-{time}.jsonl.zst"
    with mock_venue(DEMO, "--speed", "10") as url:
        command = ("record", "-c", "ticker", "--url", url, "-o", name)
        assert feedrec(*command, "--max-frames", 50, cwd=tmp_path).returncode == 0
        (old,) = tmp_path.glob("*.jsonl.zst")
        before = old.with_name("ticker-20200101T000000Z.jsonl.zst")
        before.write_bytes(old.read_bytes())
        with background(*command, "--keep", "1kB", cwd=tmp_path) as process:
            wait_until(lambda: process.poll() is not None or not before.exists())
            assert process.poll() is None
            assert parts(tmp_path) != []
            interrupt(process)


def parts(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))
