"""
Batches of real recordings while workers are killed: each output is there once and right, and nothing else.

`make test-batch` does it with 40 recordings and 20 kills, with QUICK=1 with 12 and 6.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from feedrec.feeds import find_feed
from feedrec.formats import create_recording, open_recording
from feedrec.model import Frame, Header
from tests.export.captures import CAPTURES, captured
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
        with open_recording(folder / name) as recording:
            assert [(one.time, one.payload) for one in recording if isinstance(one, Frame)] == taken
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
        batch(*command, "--dask", cluster.address)
    assert killed
    batch(*command, "--dask", cluster.address)
    code, _, said = batch("export", folder_of(recordings), tmp_path / "here", "--to", "tardis-csv", "--workers", 2)
    assert (code, said) == (0, "")
    here, there = (contents(tmp_path / name) for name in ("here", "there"))
    assert len({name.split("/")[1] for name in here}) == len(recordings)
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
