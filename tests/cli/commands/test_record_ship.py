"""`feedrec record --ship`: whatever is killed, and whatever the bucket does, each file is there in the end, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedrec.formats import open_recording

from ...timing import wait_until
from ..command import background, feedrec, interrupt, mock_venue

if TYPE_CHECKING:
    from ...object_server import Bucket

CHANNELS = ("-c", "level2", "-c", "ticker", "-c", "market_trades", "-p", "BTC-USD,ETH-USD")


def files(folder: Path) -> dict[str, bytes]:
    """Return the finished files by name."""
    return {path.name: path.read_bytes() for path in folder.rglob("*.zst")}


def marks(folder: Path, kind: str) -> list[str]:
    return sorted(path.name for path in folder.rglob(f"*.{kind}"))


def test_each_file_is_in_the_bucket(bucket: Bucket, tmp_path: Path) -> None:
    """Below the folder of all files their names are the same there; what is told is what happened."""
    names = "data/{channel}/{time}.jsonl.zst"
    command = ("record", *CHANNELS, "-o", names, "--rotate", "6kB", "--checkpoints", "--max-frames", 80, "--json")
    with mock_venue() as url:
        done = feedrec(*command, "--url", url, "--ship", f"{bucket.url}/p/", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    here = {path.relative_to(tmp_path / "data").as_posix(): path.read_bytes() for path in tmp_path.rglob("*.zst*")}
    recordings = {f"p/{name}": content for name, content in here.items() if not name.endswith(".shipped")}
    assert len(recordings) > 2
    there = {one.key: bucket.store.read(one.key, 0, one.size).data for one in bucket.store.list()}
    assert there == recordings
    facts = json.loads(done.stdout)["shipping"]
    size = sum(len(content) for name, content in recordings.items() if name.endswith(".zst"))
    number = sum(name.endswith(".zst") for name in recordings)
    assert facts == {
        "url": f"{bucket.url}/p/",
        "waiting": 0,
        "waiting_bytes": 0,
        "files": number,
        "bytes": size,
        "failures": 0,
        "failed": [],
    }
    assert not marks(tmp_path, "pending")
    assert len(marks(tmp_path, "shipped")) == number


def test_what_is_shipped_goes_from_here_when_it_is_old_enough(bucket: Bucket, tmp_path: Path) -> None:
    """Also where the names are made up; the last one stays, and with a word what was never shipped."""
    with mock_venue() as url:
        once = ("record", "--url", url, *CHANNELS, "--max-frames", 10)
        assert feedrec(*once, cwd=tmp_path).returncode == 0
        (unshipped,) = files(tmp_path)
        for _ in range(2):
            done = feedrec(*once, "--ship", f"{bucket.url}", "--ship-keep", "0s", cwd=tmp_path)
            assert done.returncode == 0, done.stderr.decode()
    names = {one.key for one in bucket.store.list()}
    assert len(names) == 2
    (last,) = set(files(tmp_path)) - {unshipped}
    assert last in names
    assert {path.name for path in tmp_path.iterdir()} == {unshipped, last, f"{last}.shipped"}
    assert f"{unshipped}, and what else was never shipped, stays here" in done.stderr.decode()
    assert "shipped 1 file (" in done.stdout.decode()


def test_another_object_of_the_name_stays_and_so_does_the_file(bucket: Bucket, tmp_path: Path) -> None:
    bucket.store.create("x-0002.jsonl.zst", b"of another recorder")
    options = ("-o", "x.jsonl.zst", "--rotate", "6kB", "--ship", bucket.url, "--ship-keep", "0s")
    with mock_venue() as url:
        done = feedrec("record", "--url", url, *CHANNELS, *options, "--max-frames", 80, cwd=tmp_path)
    assert done.returncode == 3, done.stderr.decode()
    assert bucket.store.read("x-0002.jsonl.zst", 0, 100).data == b"of another recorder"
    assert "x-0002.jsonl.zst stays here, and the recording goes on: not shipped: s3://" in done.stderr.decode()
    assert "not shipped: x-0002.jsonl.zst" in done.stdout.decode()
    assert marks(tmp_path, "pending") == ["x-0002.jsonl.zst.pending"]
    names = sorted(one.key for one in bucket.store.list())
    assert len(names) > 3
    # The one before it stays as well, which it may need, and the last one, whose name is not to be given again.
    assert set(files(tmp_path)) == {"x-0001.jsonl.zst", "x-0002.jsonl.zst", names[-1]}


def test_what_a_killed_recorder_has_not_shipped_the_next_one_ships(tmp_path: Path) -> None:
    """The recorder goes on as long as nothing is taken; then both are killed, again and again."""
    there = tmp_path / "there"
    there.touch()  # no folder: nothing can be written
    here = tmp_path / "here"
    here.mkdir()
    options = ("-o", "x.jsonl.zst", "--rotate", "6kB", "--ship", there)
    with mock_venue() as url:
        command = ("record", "--url", url, *CHANNELS, *options)
        with background(*command, cwd=here) as recorder:
            wait_until((here / "x-0004.jsonl.zst").exists)
            recorder.kill()
            recorder.wait()
        assert not marks(here, "shipped")
        there.unlink()
        for number in (6, 8):
            with background(*command, cwd=here) as recorder:
                wait_until(lambda number=number: len(list(here.glob("x-*.jsonl.zst"))) >= number)  # type: ignore[misc]
                recorder.kill()
                recorder.wait()
        # What a killed one was just finishing stays locked for a moment.
        wait_until(lambda: feedrec(*command, "--max-frames", 10, cwd=here).returncode == 0)
    assert files(there) == files(here)
    # What was killed at its very beginning has nothing to ship yet.
    assert marks(here, "pending") == [f"{path.name.removesuffix('.part')}.pending" for path in here.glob("*.part")]
    for path in there.iterdir():
        with open_recording(path) as recording:
            assert sum(1 for _ in recording.batches()) >= 0


def test_ctrl_c_ends_the_wait_and_the_next_recorder_goes_on(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.touch()
    options = ("-o", "x.jsonl.zst", "--max-frames", 10, "--ship", there)
    with mock_venue() as url:
        with background("record", "--url", url, *options, cwd=tmp_path) as recorder:
            assert recorder.stderr is not None
            while b"1 file is left" not in recorder.stderr.readline():
                pass
            code, _, log = interrupt(recorder)
        assert code == 130, log.decode()
        assert marks(tmp_path, "pending") == ["x-0001.jsonl.zst.pending"]
        there.unlink()
        done = feedrec("record", "--url", url, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert set(files(there)) == {"x-0001.jsonl.zst", "x-0002.jsonl.zst"}


def test_the_command_runs_for_what_is_shipped_also_of_parquet(tmp_path: Path) -> None:
    """It may move the file away, which is there by then."""
    options = (
        "-o",
        "x.parquet",
        "--ship",
        tmp_path / "there",
        "--on-rotate",
        "sh -c 'ls there > order; mv {path} moved'",
    )
    with mock_venue() as url:
        done = feedrec("record", "--url", url, *CHANNELS, *options, "--max-frames", 10, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["x-0001.parquet"]
    assert (tmp_path / "moved").read_bytes() == (tmp_path / "there" / "x-0001.parquet").read_bytes()
    assert (tmp_path / "order").read_text() == "x-0001.parquet\n"


def test_feeds_of_a_configuration_ship_by_one_process(tmp_path: Path) -> None:
    """A path in it is relative to the file; a plan says where to."""
    folder = tmp_path / "etc"
    folder.mkdir()
    with mock_venue() as url:
        (folder / "r.toml").write_text(
            f"""
            url = "{url}"
            ship = "there/"
            ship-keep = "1d"
            max-frames = 10
            [feeds.btc]
            output = "btc/"
            channel = ["level2"]
            [feeds.eth]
            output = "eth/{{channel}}-{{time}}.jsonl.zst"
            product = "ETH-USD"
            [feeds.none]
            output = "none.jsonl"
            ship = false
            ship-keep = false
            """
        )
        for name in ("btc", "eth"):
            (folder / name).mkdir()
        checked = feedrec("record", "--config", folder / "r.toml", "--check", cwd=tmp_path)
        assert checked.returncode == 0, checked.stderr.decode()
        plan = checked.stdout.decode()
        assert [line.split() for line in plan.splitlines() if "shipped" in line] == [
            ["shipped", "to", f"{folder}/there/,", "and", "removed", "here", "after", "1d", "00h"]
        ] * 2
        done = feedrec("record", "--config", folder / "r.toml", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    runs = {one["feed"]: one["runs"][0] for one in json.loads(done.stdout)["feeds"]}
    assert {name: run.get("shipping", {}).get("files") for name, run in runs.items()} == {
        "btc": 1,
        "eth": 1,
        "none": None,
    }
    assert files(folder / "there") == files(folder / "btc") | files(folder / "eth")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ship", "https://host/x/"], "cannot be shipped to a web server"),
        (["--ship", "ftp://host/x/"], "only s3://"),
        (["--ship", "s3://b/", "-o", "-"], "-o - writes no file that could be shipped"),
        (["--ship-keep", "1d"], "--ship-keep removes what is shipped: add --ship URL"),
        (["--ship-acl", "private"], "add --ship URL"),
        (["--ship", "s3://b/", "--ship-acl", "secret"], "no access of S3"),
    ],
)
def test_what_cannot_be_shipped_is_refused_before_anything_is_written(
    options: list[str], said: str, tmp_path: Path
) -> None:
    done = feedrec("record", "--url", "ws://127.0.0.1:1", *options, cwd=tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert said in done.stderr.decode()
    assert done.stderr.decode().count("\n") == 1
