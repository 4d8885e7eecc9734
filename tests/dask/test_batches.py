"""
Batches of real recordings while workers are killed: each output is there once and right, and nothing else.

`make test-batch` does it with 40 recordings and 20 kills, with QUICK=1 with 12 and 6.
"""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from feedrec.feeds import find_feed
from feedrec.formats import create_recording, open_recording
from feedrec.model import Frame, Header
from tests.export.captures import CAPTURES, captured
from tests.object_server import Bucket
from tests.timing import HANG_TIMEOUT

from .cluster import Cluster, killing
from .poison import POISON

Payloads = list[tuple[int, bytes]]
"""Times and payloads of the frames of a recording."""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> dict[Path, Payloads]:
    """Cut the real captures into so many different recordings, in two folders; give what is in each."""
    chance = random.Random(pytestconfig.getoption("seed"))
    folder = tmp_path_factory.mktemp("recordings")
    frames = {endpoint: list(captured(endpoint)) for endpoint in CAPTURES}
    made = {}
    for number in range(pytestconfig.getoption("recordings")):
        endpoint = list(CAPTURES)[number % 2]
        begin = chance.randrange(len(frames[endpoint]) // 2) if number > 3 else 0
        taken = frames[endpoint][begin : begin + chance.randrange(200, 5000)]
        path = folder / endpoint / f"r{number:02d}.jsonl.zst"
        path.parent.mkdir(exist_ok=True)
        feed = find_feed(endpoint)
        writer = create_recording(path, Header(endpoint, "wss://x", taken[0][0], "test"))
        for time, payload in taken:
            writer.write(Frame(time, 0, payload), feed.describe(payload))
        writer.finish()
        made[path.relative_to(folder)] = taken
    return {folder / path: taken for path, taken in made.items()}


def folder_of(recordings: dict[Path, Payloads]) -> Path:
    return next(iter(recordings)).parents[1]


def batch(*arguments: object) -> tuple[int, str, str]:
    """Run `feedrec batch`; give the exit code, stdout and stderr."""
    command = [sys.executable, "-m", "feedrec", "batch", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=4 * HANG_TIMEOUT)
    sys.stdout.write(f"$ feedrec batch {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}")
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def files_in(folder: Path) -> dict[str, int]:
    """Give all files below a folder, with what tells whether one was written again."""
    return {str(path.relative_to(folder)): path.stat().st_ino for path in folder.rglob("*") if not path.is_dir()}


def check(folder: Path, recordings: dict[Path, Payloads]) -> None:
    """Check that each recording was converted, once and right, and that nothing else is there."""
    root = folder_of(recordings)
    wanted = {
        str(path.relative_to(root)).replace(".jsonl.zst", ".parquet"): taken for path, taken in recordings.items()
    }
    assert sorted(files_in(folder)) == sorted([*wanted, ".batch/lock", ".batch/manifest.jsonl"])
    for name, taken in wanted.items():
        assert frames_of(folder / name) == taken
    lines = [json.loads(line) for line in (folder / ".batch" / "manifest.jsonl").read_text().splitlines()]
    outputs = [file["name"] for line in lines for file in line.get("files", ())]
    assert sorted(outputs) == sorted(wanted)


def test_each_output_is_there_once_and_right_whatever_is_killed(
    cluster: Cluster, recordings: dict[Path, Payloads], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """A second run finishes what three kills have failed, and one after that does nothing at all."""
    seed, kills = pytestconfig.getoption("seed"), pytestconfig.getoption("kills")
    sys.stdout.write(f"seed {seed}\n")
    command = ["convert", folder_of(recordings), tmp_path / "out", "--to", "parquet", "--dask", cluster.address]
    with killing(cluster, kills, random.Random(seed), tmp_path / "out") as killed:
        code, _, said = batch(*command)
        assert (code == 0) == ("failed" not in said)
    assert killed
    code, told, said = batch(*command)
    assert (code, said) == (0, "")
    check(tmp_path / "out", recordings)
    before = files_in(tmp_path / "out")
    code, told, said = batch(*command)
    assert (code, said) == (0, "")
    assert told.startswith(f"nothing to do: {len(recordings)} recordings converted to ")
    assert {name: node for name, node in files_in(tmp_path / "out").items() if name in before} == before


def test_outputs_of_several_files_are_those_that_are_made_here(
    cluster: Cluster, recordings: dict[Path, Payloads], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """Each is a folder, which is there whole or not at all: byte for byte what processes of this machine make."""
    seed, kills = pytestconfig.getoption("seed"), pytestconfig.getoption("kills")
    command = ["export", folder_of(recordings), tmp_path / "there", "--to", "tardis-csv"]
    with killing(cluster, kills, random.Random(seed + 1), tmp_path / "there") as killed:
        code, _, _ = batch(*command, "--dask", cluster.address)
    assert killed
    assert code == 0 or batch(*command, "--dask", cluster.address)[0] == 0
    code, _, said = batch("export", folder_of(recordings), tmp_path / "here", "--to", "tardis-csv", "--workers", 2)
    assert (code, said) == (0, "")
    here, there = (contents(tmp_path / name) for name in ("here", "there"))
    assert len({name.split("/")[1] for name in here}) > len(recordings) // 2  # some have nothing to export
    assert here == there


def contents(folder: Path) -> dict[str, bytes]:
    """Give what is in the outputs below a folder."""
    names = [name for name in files_in(folder) if name not in (".batch/lock", ".batch/manifest.jsonl")]
    return {name: (folder / name).read_bytes() for name in names}


def test_a_recording_that_kills_its_workers_is_told_of_and_all_others_are_done(
    cluster: Cluster, recordings: dict[Path, Payloads], tmp_path: Path
) -> None:
    """Whoever takes it away then has all."""
    folder = tmp_path / "in"
    folder.mkdir()
    for path in list(recordings)[:8]:
        (folder / path.name).symlink_to(path)
    poison = folder / f"{POISON}.jsonl.zst"
    poison.write_bytes(next(iter(recordings)).read_bytes())
    command = ["verify", folder, tmp_path / "out", "--dask", cluster.address, "--json"]
    code, told, said = batch(*command)
    assert code == 3
    assert f"{poison}: failed: 3 workers died with it" in said
    *each, total = map(json.loads, told.splitlines())
    statuses = {Path(one["source"]).name: one["status"] for one in each}
    assert statuses.pop(poison.name) == "failed"
    assert list(statuses.values()) == ["done"] * 8
    assert (total["total"]["done"], total["total"]["failed"], total["total"]["deaths"]) == (8, 1, 3)
    poison.unlink()
    assert batch(*command)[0] == 0
    assert len(contents(tmp_path / "out")) == 8


def test_what_cannot_be_used_as_a_cluster_is_one_clear_line(recordings: dict[Path, Payloads], tmp_path: Path) -> None:
    """Nothing is written then."""
    code, told, said = batch("info", folder_of(recordings), tmp_path / "out", "--dask", "127.0.0.1:8786")
    assert (code, told, len(said.splitlines())) == (2, "", 1)
    assert said.startswith("feedrec: error: 127.0.0.1:8786 is no address of a scheduler")
    assert not (tmp_path / "out").exists()


def test_recordings_of_a_bucket_go_to_a_bucket(
    recordings: dict[Path, Payloads],
    bucket: Bucket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
) -> None:
    """What killed workers were making is in no bucket, and is removed from the temporary folder of the machine."""
    for name in ("tmp", "cluster"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    sources = list(recordings)[:8]
    for path in sources:
        bucket.store.create(f"raw/day/{path.name}", path)
    with Cluster(tmp_path / "cluster", 2) as cluster:
        command = ["convert", f"{bucket.url}/raw", f"{bucket.url}/out", "--to", "parquet", "--dask", cluster.address]
        with killing(cluster, 3, random.Random(pytestconfig.getoption("seed")), tmp_path / "tmp") as killed:
            code, _, _ = batch(*command)
        assert code == 0 or batch(*command)[0] == 0
        assert batch(*command)[1].startswith(f"nothing to do: {len(sources)} recordings converted to s3://")
    assert killed
    wanted = {f"out/day/{path.name}".replace(".jsonl.zst", ".parquet"): recordings[path] for path in sources}
    found = {one.key for one in bucket.store.list("out/")}
    assert found == {*wanted, "out/.batch/manifest.jsonl"}
    for key, taken in wanted.items():
        path = tmp_path / "fetched.parquet"
        path.write_bytes(bucket.store.read(key, 0, 1 << 30).data)
        assert frames_of(path) == taken
    assert [path.name for path in (tmp_path / "tmp").iterdir() if path.name.startswith("feedrec-batch-")] == []


def frames_of(path: Path) -> Payloads:
    with open_recording(path) as recording:
        return [(one.time, one.payload) for one in recording if isinstance(one, Frame)]


def test_ctrl_c_leaves_what_waits(cluster: Cluster, recordings: dict[Path, Payloads], tmp_path: Path) -> None:
    """Whoever typed it is told how to go on; the next run does the rest. One that comes after the last is no Ctrl-C."""
    for number in range(5):
        out = tmp_path / f"out{number}"
        arguments = ["convert", folder_of(recordings), out, "--to", "parquet", "--dask", cluster.address]
        command = [sys.executable, "-m", "feedrec", "batch", *map(str, arguments), "--json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        assert b"done" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=HANG_TIMEOUT)
        if process.returncode != 0:
            break
    assert process.returncode == 130
    assert re.search(rf"stopped: \d+ of {len(recordings)} are done; the same command goes on", said.decode())
    assert batch(*arguments)[0] == 0
    check(out, recordings)
