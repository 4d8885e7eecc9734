"""Checkpoints, as the commands write, count and check them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from websockets.sync.client import connect

from feedrec.formats import open_recording
from feedrec.formats.checkpoints.checking import count_checkpoints
from feedrec.formats.checkpoints.state_file import open_state
from feedrec.formats.file.names import state_path
from feedrec.model import Frame

from ..cli.command import background, feedrec, first_line, interrupt, mock_venue
from ..deep_books import book_after, deep_recording, rules
from ..timing import HANG_TIMEOUT, wait_until


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deep_recording(tmp_path_factory.mktemp("deep") / "deep.jsonl.zst")


def books_in(path: Path) -> dict[int, bytes]:
    """Return the book at each checkpoint by the number of lines before it."""
    with open_state(state_path(path)) as state:  # type: ignore[union-attr]
        return {one.lines: state.read(one.blobs[0]) for one in state.directory.checkpoints}


def lines_of(path: Path) -> list[bytes]:
    with open_recording(path) as recording:
        return [line for lines in recording.batches() for line in lines]


def frames_before(path: Path, lines: int) -> int:
    with open_recording(path) as recording:
        return sum(isinstance(record, Frame) and record.direction == "in" for record in list(recording)[:lines])


def test_convert_writes_them_and_info_counts_them_and_verify_checks_them(deep: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    done = feedrec("convert", deep, "-o", path, "--json")
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["checkpoints"] == 1
    assert lines_of(path) == lines_of(deep)
    ((lines, book),) = books_in(path).items()
    assert 65 <= lines <= 70
    assert book == book_after(lines)
    assert b"\n  checkpoints  1\n" in feedrec("info", path).stdout
    assert json.loads(feedrec("info", path, "--json").stdout)["checkpoints"] == 1
    checked = feedrec("verify", path)
    assert (checked.returncode, checked.stdout.count(b"\n")) == (0, 1)
    golden = tmp_path / "golden.json"
    golden.write_bytes(feedrec("info", path, "--json").stdout)
    assert feedrec("info", deep, "--check", golden).returncode == 0


@pytest.mark.parametrize("choice", [("--no-checkpoints",), ("--to", "+100ms"), ("--direction", "out")])
def test_convert_writes_none_where_none_are_wanted_or_due(deep: Path, tmp_path: Path, choice: tuple[str, ...]) -> None:
    path = tmp_path / "a.jsonl.zst"
    done = feedrec("convert", deep, "-o", path, *choice, "--json")
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["checkpoints"] == 0
    assert list(tmp_path.iterdir()) == [path]
    assert json.loads(feedrec("info", path, "--json").stdout)["checkpoints"] == 0


def test_those_of_a_recording_that_is_converted_over_do_not_stay(deep: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    feedrec("convert", deep, "-o", path)
    assert feedrec("convert", deep, "-o", path, "--overwrite", "--to", "+100ms").returncode == 0
    assert list(tmp_path.iterdir()) == [path]


def test_where_they_cannot_be_written_the_recording_is_as_good(deep: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    state_path(path).mkdir()
    done = feedrec("convert", deep, "-o", path)
    assert done.returncode == 0
    assert done.stderr.count(b"has no checkpoints") == 1
    assert lines_of(path) == lines_of(deep)


def test_verify_tells_damage_from_what_is_only_of_no_use(deep: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    feedrec("convert", deep, "-o", path)
    other = deep_recording(tmp_path / "b.jsonl.zst", 3)
    shutil.copy(state_path(path), state_path(other))
    stale = feedrec("verify", other)
    assert stale.returncode == 0
    assert b"note: its checkpoints are not used: they are those of another recording" in stale.stdout
    data = bytearray(state_path(path).read_bytes())
    data[20] ^= 1
    state_path(path).write_bytes(data)
    damaged = feedrec("verify", path)
    assert damaged.returncode == 3
    assert b"checkpoints: the state of level2 BTC-USD does not match its CRC" in damaged.stdout


@pytest.mark.parametrize("rotate", [(), ("--rotate", "60ms")], ids=["one file", "several files"])
def test_record_has_them_written_for_each_finished_file(deep: Path, tmp_path: Path, rotate: tuple[str, ...]) -> None:
    """And those of a later file go on from the book of the files before."""
    with mock_venue(deep, "--speed", "10") as url:
        done = feedrec(
            "record", "--url", url, "--checkpoints", *rotate, "-o", "x.jsonl.zst", "--max-frames", 90, cwd=tmp_path
        )
    assert done.returncode == 0, done.stderr.decode()
    paths = sorted(tmp_path.glob("*.jsonl.zst"))
    assert len(paths) > 1 if rotate else len(paths) == 1
    (found,) = [path for path in paths if state_path(path).exists()]
    before = sum(frames_before(path, 10**6) for path in paths[: paths.index(found)])
    ((lines, book),) = books_in(found).items()
    assert book == book_after(before + frames_before(found, lines))
    assert count_checkpoints(found, rules().kind) == 1
    assert b"checkpoints" not in done.stderr.replace(b"writing the checkpoints", b"")


def test_a_recorder_that_is_killed_leaves_no_half_of_them(deep: Path, tmp_path: Path) -> None:
    with (
        mock_venue(deep) as url,
        background(
            "record", "--url", url, "--checkpoints", "-o", "x.jsonl.zst", "--max-frames", 90, cwd=tmp_path
        ) as process,
    ):
        wait_until((tmp_path / "x.jsonl.zst").exists)
        process.kill()
    assert feedrec("verify", tmp_path / "x.jsonl.zst").returncode == 0
    assert frames_before(tmp_path / "x.jsonl.zst", 10**6) == 90


@pytest.mark.parametrize("where", [("-o", "-"), ("-o", "x.parquet"), ("--format", "parquet"), ("-o", "x.jsonl.gz")])
def test_record_refuses_them_where_there_can_be_none(tmp_path: Path, where: tuple[str, ...]) -> None:
    done = feedrec("record", "--url", "ws://127.0.0.1:9", "--checkpoints", *where, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"leave out --checkpoints" in done.stderr
    assert list(tmp_path.iterdir()) == []


def late_book(path: Path, *options: str, env: dict[str, str]) -> tuple[dict[str, str], str]:
    """Replay a recording from near its end, and subscribe; return the bids of the first snapshot, and the log."""
    command = ("replay", path, "--port", 0, "--from", "+850ms", *options, "-v")
    with background(*command, env={**os.environ, **env}) as process:
        url = first_line(process.stdout)
        with connect(url, max_size=None) as client:
            client.send(json.dumps({"type": "subscribe", "channel": "level2", "product_ids": ["BTC-USD"]}))
            while (message := json.loads(client.recv(HANG_TIMEOUT)))["channel"] != "l2_data":
                pass
        code, _, err = interrupt(process)
    assert code == 0
    (event,) = message["events"]
    assert event["type"] == "snapshot"
    return {one["price_level"]: one["new_quantity"] for one in event["updates"] if one["side"] == "bid"}, err.decode()


def test_a_replay_keeps_what_it_rebuilt_unless_it_is_told_not_to_or_there_are_checkpoints(
    deep: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl.zst"
    shutil.copy(deep, path)
    cache = tmp_path / "cache"
    env = {"XDG_CACHE_HOME": str(cache)}
    expected, _ = late_book(path, "--no-cache", env=env)
    assert not cache.exists()
    assert late_book(path, env=env)[0] == expected
    (kept,) = (cache / "feedrec" / "states").iterdir()
    before = kept.stat()
    assert late_book(path, env=env)[0] == expected
    assert kept.stat().st_ino == before.st_ino
    assert kept.stat().st_mtime_ns > before.st_mtime_ns  # it was used
    kept.unlink()
    assert feedrec("convert", deep, "-o", path, "--overwrite").returncode == 0
    assert late_book(path, env=env)[0] == expected
    assert list((cache / "feedrec" / "states").iterdir()) == []


def test_a_home_that_cannot_be_written_to_is_no_error(deep: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    env = {"HOME": str(tmp_path / "file"), "XDG_CACHE_HOME": ""}
    book, said = late_book(deep, env=env)
    assert book
    assert "warning" not in said.lower()
    assert "error" not in said.lower().replace("notadirectoryerror", "")
