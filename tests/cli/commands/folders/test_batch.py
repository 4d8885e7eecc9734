"""`feedrec batch`: the same with many recordings, in processes of this machine. On a cluster: `make test-batch`."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from pathlib import Path

import pytest

from ....object_server import Bucket
from ...command import DEMO, background, feedrec, first_line, interrupt
from ...terminal_session import in_terminal


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a small recording."""
    path = tmp_path_factory.mktemp("small") / "x.jsonl.zst"
    assert feedrec("convert", DEMO, "-o", path, "--max-size", "20kB").returncode == 0
    return path


@pytest.fixture
def folder(small: Path, tmp_path: Path) -> Path:
    """Give a folder with three recordings, each in a folder of its own."""
    folder = tmp_path / "in"
    for name in "abc":
        (folder / name).mkdir(parents=True)
        shutil.copy(small, folder / name / "x.jsonl.zst")
    return folder


def test_a_second_run_does_what_is_new(folder: Path, small: Path, tmp_path: Path) -> None:
    done = feedrec("batch", "convert", "in", "out", "--to", "parquet", "--workers", 1, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().startswith("converted 3 recordings to out (")
    outputs = [tmp_path / "out" / name / "x.parquet" for name in "abc"]
    before = [path.stat().st_ino for path in outputs]
    done = feedrec("batch", "convert", "in", "out", "--to", "parquet", cwd=tmp_path)
    assert done.stdout == b"nothing to do: 3 recordings converted to out before, not changed since\n"
    shutil.copy(small, folder / "c" / "y.jsonl.zst")
    done = feedrec("batch", "convert", "in", "out", "--to", "parquet", "--workers", 1, cwd=tmp_path)
    first, *others = done.stdout.decode().splitlines()
    assert first.startswith("converted 1 recording to out (")
    assert others == ["  done before:  3 (not changed since)"]
    assert [path.stat().st_ino for path in outputs] == before


def test_what_fails_is_told_of_and_the_rest_is_done(folder: Path, tmp_path: Path) -> None:
    """As is what is lost; a program gets a line of each, and one of all."""
    (folder / "a" / "x.jsonl.zst").write_bytes(b"no recording")
    damaged = bytearray((folder / "b" / "x.jsonl.zst").read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    (folder / "b" / "x.jsonl.zst").write_bytes(damaged)
    done = feedrec("batch", "verify", folder, tmp_path / "out", "--json", "--workers", 1)
    assert done.returncode == 3
    *each, total = map(json.loads, done.stdout.splitlines())
    statuses = {one["output"]: one["status"] for one in each}
    assert statuses == {
        "a/x.jsonl.zst.verify.json": "failed",
        "b/x.jsonl.zst.verify.json": "loss",
        "c/x.jsonl.zst.verify.json": "done",
    }
    counts = {name: total["total"][name] for name in ("done", "loss", "failed", "kept")}
    assert counts == {"done": 1, "loss": 1, "failed": 1, "kept": 0}
    said = done.stderr.decode().splitlines()
    assert len(said) == 2
    assert any(f"error: {folder}/a/x.jsonl.zst: failed: " in line for line in said)
    assert any(f"warning: {folder}/b/x.jsonl.zst: " in line for line in said)
    done = feedrec("batch", "verify", folder, tmp_path / "out", "--workers", 1)
    assert done.returncode == 3
    lines = done.stdout.decode().splitlines()
    assert lines[-2:] == [
        "  LOSS:         1 (something is damaged or missing in the recording)",
        "  FAILED:       1 (the same command tries again)",
    ]


def test_recordings_are_read_and_written_in_a_bucket(small: Path, bucket: Bucket) -> None:
    bucket.store.create("raw/day/x.jsonl.zst", small)
    done = feedrec("batch", "info", f"{bucket.url}/raw", f"{bucket.url}/figures", "--workers", 1)
    assert (done.returncode, done.stderr) == (0, b"")
    assert bucket.store.find("figures/day/x.jsonl.zst.info.json") is not None
    done = feedrec("batch", "info", f"{bucket.url}/raw/*/x*", f"{bucket.url}/figures", "--workers", 1)
    assert done.returncode == 0


def test_each_hour_can_be_a_part(small: Path, tmp_path: Path) -> None:
    done = feedrec("batch", "export", small, tmp_path / "out", "--to", "har", "--by", "hour", "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().startswith(f"exported 1 part to {tmp_path / 'out'} (")
    assert (tmp_path / "out" / "x.2026-11-21T17.har").exists()


def test_a_person_sees_how_far_it_has_come(folder: Path, tmp_path: Path) -> None:
    """In one line, which is gone in the end."""
    words = ["batch", "info", str(folder), str(tmp_path / "out"), "--workers", "1"]
    with in_terminal([sys.executable, "-m", "feedrec", *words]) as session:
        session.wait_for(r"summarising 0% \| 0 of 3 recordings")
        assert session.wait() == 0
    assert "\x1b[Jsummarised 3 recordings" in session.shown.replace("\x1b[?25h", "")


ENDLESS = """
import time
import feedrec.batch.processes as processes

class Endless:
    def __init__(self, _, on_waiting):
        self.on_waiting = on_waiting

    def run(self, tasks, work):
        print("begun", flush=True)
        while True:
            self.on_waiting()
            time.sleep(0.01)
            yield from ()

processes.ProcessEngine = Endless
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_ends_it_is_told_how_to_go_on(folder: Path, tmp_path: Path, number: signal.Signals) -> None:
    with background("batch", "info", folder, tmp_path / "out", before=ENDLESS) as process:
        assert first_line(process.stdout) == "begun"
        code, _, said = interrupt(process, number)
    assert code == 128 + number
    assert (
        said.decode().rstrip().endswith("Z warning: stopped: 0 of 3 are done; the same command goes on with the rest")
    )
    assert feedrec("batch", "info", folder, tmp_path / "out", "--workers", 1).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["info", "in"], 2, "Missing argument 'SRC...'"),
        (["repair", "in", "out"], 2, "'repair' is not one of 'convert', 'verify', 'info', 'export'"),
        (["info", "-", "out"], 2, "- is stdin, and this needs a file"),
        (["info", "none", "out"], 1, "none: there is no such file, folder or prefix"),
        (["info", "in/*/none*", "out"], 1, "in/*/none*: "),
        (["info", "in", "in/a/x.jsonl.zst"], 2, "in/a/x.jsonl.zst is a file: a batch writes several"),
        (["info", "in", "https://example.com/x"], 2, "example.com"),
        (["export", "in", "out"], 2, "batch export needs --to: hftbacktest"),
        (["convert", "in", "out", "--to", "jsonl.gz", "--level", "12"], 2, "level 12"),
        (["verify", "in", "out", "--by", "hour"], 2, "--by is for batch convert and export"),
        (["info", "in", "out", "--dask", "tcp://127.0.0.1:1", "--workers", "2"], 2, "leave one of them out"),
        (["info", "in", "out", "--workers", "0"], 2, "'--workers'"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_line(
    folder: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    """And nothing is written."""
    assert folder.is_dir()
    done = feedrec("batch", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (code, b"", 1), done.stderr
    assert said in done.stderr.decode()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("target", "said"), [("", b"it is empty: name a file or folder"), ("-", b"not stdout")])
def test_nothing_is_no_destination_and_neither_is_stdout(folder: Path, target: str, said: bytes) -> None:
    """Outputs would be in the current folder where a script has a variable that is not set."""
    done = feedrec("batch", "verify", ".", target, "--workers", 1, cwd=folder)
    assert done.returncode == 2
    assert said in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["a", "b", "c"]
