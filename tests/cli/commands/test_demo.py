"""`feedrec demo`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from feedrec.cli.commands import demo

from ..command import DEMO, feedrec

ROOT = Path(__file__).parents[3]


def data_of(path: Path) -> list[bytes]:
    """Give what the venue sent but for acks, which are made anew, and numbers."""
    payloads = feedrec("cat", "--raw", path).stdout.splitlines()
    return [re.sub(rb'"sequence_num":\d+', b"", payload) for payload in payloads if b'"subscriptions"' not in payload]


def test_the_demo_records_what_it_replays(tmp_path: Path) -> None:
    """It runs with no network, leaves one recording, and says what to type next."""
    done = feedrec("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    (path,) = tmp_path.iterdir()
    text = done.stdout.decode()
    assert f"feedrec info {path.name}" in text
    original = json.loads(feedrec("info", "--json", DEMO).stdout)
    copy = json.loads(feedrec("info", "--json", path).stdout)
    assert copy["frames"] == original["frames"]
    assert f"recorded {copy['frames']:,} frames" in text
    assert copy["gaps"] == 0
    assert data_of(path) == data_of(DEMO)


def test_what_the_demo_suggests_works_as_it_stands(tmp_path: Path) -> None:
    """Also where feedrec is not on the PATH, and where it was run as a module."""
    done = feedrec("demo", "-o", "a b.jsonl.zst", cwd=tmp_path)
    info = next(line for line in done.stdout.decode().splitlines() if " info " in line)
    assert info.endswith(" info 'a b.jsonl.zst'")
    tried = subprocess.run(
        ["/bin/sh", "-c", info], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    )
    assert b"coinbase-advanced" in tried.stdout


@pytest.mark.parametrize(("path", "name"), [("bin", "feedrec"), ("", "bin/feedrec")])
def test_a_script_is_suggested_by_its_name_if_that_finds_it(
    path: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "bin" / "feedrec"
    script.parent.mkdir()
    script.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / path))
    monkeypatch.setattr(sys, "argv", [str(script)])
    assert demo._own_name() == name
    monkeypatch.chdir(script.parent)
    monkeypatch.setenv("PATH", "")
    assert demo._own_name() == "./feedrec"
