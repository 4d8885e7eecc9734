"""
A disk that is full for a while costs no frame, with a real recorder on a small file system.

`make soak` does the same more often and at full size.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from soak.disk import full_and_back, small_disk

from .cli.command import DEMO, background, interrupt, mock_venue, wait_for_frames
from .timing import wait_until

COUNT = 12_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of its own, if that may be mounted here."""
    try:
        with small_disk(tmp_path / "disk", 16 << 20) as disk:
            yield disk
    except PermissionError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    "options", [("-o", "x.jsonl.zst"), ("-o", "x.parquet", "--rotate", "200KB")], ids=["one file", "Parquet"]
)
def test_a_disk_that_is_full_for_a_while_costs_no_frame(disk: Path, options: tuple[str, ...]) -> None:
    """All frames are there, each once and in order, and the log says what happened."""
    done = full_and_back(disk, 5000.0, COUNT, options, times=1, full=1.0, free=0.7)
    assert done.times_full == 1
    assert "the disk takes nothing (No space left on device)" in done.log
    assert "nothing is lost" in done.log
    assert done.code == 0, done.log
    assert done.wrong is None


def test_a_file_system_that_is_no_longer_mounted_is_waited_for(tmp_path: Path, disk: Path) -> None:
    """Nothing is written below the mount point, and both files are named at the end."""
    folder = tmp_path / "folder"
    folder.mkdir()
    mounting = ["mount", "--bind", str(disk), str(folder)]
    subprocess.run(mounting, check=True)
    try:
        with (
            mock_venue(DEMO, "--speed", 5, "--at-end", "hold") as url,
            background("record", "--url", url, "-p", "BTC-USD,ETH-USD", "-o", f"{folder}/x.jsonl") as process,
        ):
            wait_for_frames(disk / "x.jsonl.part")
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
            assert process.stderr is not None
            while b"not mounted" not in process.stderr.readline():
                assert process.poll() is None
            assert list(folder.iterdir()) == []
            subprocess.run(mounting, check=True)
            wait_until((disk / "x-2.jsonl.part").exists)
            code, out, _ = interrupt(process)
        assert code == 0
        assert f" to {folder}/x.jsonl.part and {folder}/x-2.jsonl\n" in out.decode()
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
