"""What `feedrec record` does with finished files, as a process."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from feedrec.formats import open_recording
from feedrec.formats.tools.states.inserting import start_of

from .....timing import wait_until
from ....command import background, feedrec, interrupt, mock_venue

CHANNELS = ("-c", "level2", "-c", "ticker", "-c", "market_trades", "-c", "candles", "-p", "BTC-USD,ETH-USD")
SHIP = """
import json, os, pathlib, sys, time
here = pathlib.Path(__file__).parent
event = json.loads(sys.stdin.readline())
with open(here / "shipped", "a") as log:
    log.write(json.dumps([sys.argv[1:], event, os.environ.get("CMC_PRO_API_KEY")]) + "\\n")
print("no network\\x1b[2J" if (here / "down").exists() else "shipped " + event["name"])
time.sleep(1000 if (here / "hangs").exists() else 0)
sys.exit((here / "down").exists())
"""


def ship_to(folder: Path) -> str:
    (folder / "ship.py").write_text(SHIP)
    return f"'{sys.executable}' '{folder / 'ship.py'}' {{path}} 'size={{size}} {{feed}}' {{{{name}}}}"


def shipped(folder: Path) -> list[tuple[list[str], dict[str, Any], str | None]]:
    log = folder / "shipped"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def marks(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.pending"))


def test_what_a_killed_recorder_has_not_shipped_the_next_one_ships(tmp_path: Path) -> None:
    """A folder with an odd name; a command that hangs, one that fails, one that succeeds."""
    folder = tmp_path / "a 'b' \"$(c)\"\n"
    folder.mkdir()
    options = ("-o", folder / "x.jsonl.zst", "--rotate", "6kB", "--on-rotate", ship_to(tmp_path))
    with mock_venue() as url:
        (tmp_path / "hangs").touch()
        with background("record", "--url", url, *CHANNELS, *options, cwd=tmp_path) as recorder:
            wait_until(lambda: shipped(tmp_path) and (folder / "x-0002.jsonl.zst").exists())
            recorder.kill()
            recorder.wait()
        os.kill(_pid_of_the_only(tmp_path), signal.SIGKILL)
        finished = sorted(path.name for path in folder.glob("*.zst"))
        assert set(marks(folder)) >= {f"{name}.pending" for name in finished}
        (tmp_path / "hangs").unlink()
        (tmp_path / "down").touch()
        once = ("record", "--url", url, *CHANNELS, *options, "--max-frames", 10)
        done = feedrec(*once, cwd=tmp_path, env={"CMC_PRO_API_KEY": "secret"})
        assert done.returncode == 1, done.stderr.decode()
        assert "the --on-rotate command has not succeeded for it" in done.stderr.decode()
        assert "the on-rotate command failed (exit code 1): no network\\x1b[2J" in done.stderr.decode()
        assert {arguments[0] for arguments, *_ in shipped(tmp_path)} == {str(folder / "x-0001.jsonl.zst")}
        assert {secret for *_, secret in shipped(tmp_path)} == {None}
        (tmp_path / "down").unlink()
        before = len(shipped(tmp_path))
        done = feedrec(*once, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    last = shipped(tmp_path)[before:]
    assert [event["name"] for _, event, _ in last] == sorted(path.name for path in folder.glob("*.zst"))
    parts = {f"{path.name.removesuffix('.part')}.pending" for path in folder.glob("*.part")}
    assert parts == set(marks(folder))
    for arguments, event, _ in last:
        with open_recording(event["path"]) as recording:
            frames = sum(batch is not None for batch in recording)
        assert arguments == [event["path"], f"size={Path(event['path']).stat().st_size} coinbase-advanced", "{name}"]
        assert 0 <= event["frames"] <= frames  # of one that was begun when its recorder was killed, perhaps none


def _pid_of_the_only(folder: Path) -> int:
    """Return which process hangs: it outlived its recorder."""
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                if str(folder / "ship.py") in (place / "cmdline").read_text().split("\0")[1:2]:
                    return int(place.name)
            except OSError:
                continue
    raise AssertionError("none is there")


def test_ctrl_c_ends_the_wait_for_a_command_and_the_command(tmp_path: Path) -> None:
    options = ("-o", tmp_path / "x.jsonl.zst", "--max-frames", 10, "--on-rotate", ship_to(tmp_path))
    (tmp_path / "hangs").touch()
    with mock_venue() as url, background("record", "--url", url, *options, cwd=tmp_path) as recorder:
        wait_until(lambda: shipped(tmp_path))
        pid = _pid_of_the_only(tmp_path)
        code, _, log = interrupt(recorder)
    assert code == 130, log.decode()
    assert not Path(f"/proc/{pid}").exists()
    assert marks(tmp_path) == ["x.jsonl.zst.pending"]
    assert (tmp_path / "x.jsonl.zst").exists()


def test_each_file_replays_by_itself_whatever_was_killed(tmp_path: Path) -> None:
    """What a recorder has left is begun with the state by the next one; a late client of one file gets the book."""
    fourth = tmp_path / "x-0004.jsonl.zst"
    options = (*CHANNELS, "-o", tmp_path / "x.jsonl.zst", "--rotate", "6kB", "--snapshot-on-rotate")
    with mock_venue() as url:
        with background("record", "--url", url, *options, cwd=tmp_path) as recorder:
            wait_until(fourth.exists)
            recorder.kill()
            recorder.wait()
        done = feedrec("record", "--url", url, *options, "--max-frames", 10, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert "going on with what an earlier recorder left to do" in done.stderr.decode()
    files = sorted(tmp_path.glob("*.zst"))
    begin = {path.name: start_of(path) for path in files}
    runs = {start.header.created for start in begin.values()}
    assert len(runs) == 2
    first = [path for path in files if begin[path.name].header.created == min(runs)]
    has_lines = [begin[path.name].has_lines for path in first]  # the last one may have none yet
    assert [begin[path.name].is_synthetic for path in first] == [False, *has_lines[1:]]
    assert list(tmp_path.glob("*.carried")) == []
    assert [path.name for path in tmp_path.glob("*repairing*")] == []
    with mock_venue(first[2], "--mode", "venue", "--speed", "max") as url:
        feedrec(
            "record", "--url", url, "-c", "level2", "-p", "BTC-USD", "--max-frames", 3, "-o", "late.jsonl", cwd=tmp_path
        )
    assert '"type":"snapshot","product_id":"BTC-USD"' in (tmp_path / "late.jsonl").read_text()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            ("-o", "-", "--on-rotate", "true"),
            "-o - writes no file: leave out --on-rotate and --snapshot-on",
        ),
        (("--on-rotate", "true {size"), None),
        (("-e", "raw", "--snapshot-on-rotate"), "endpoint 'raw' has no market state to rebuild"),
        (("-e", "raw", "--snapshot-on-rotate", "--check"), "endpoint 'raw' has no market state to rebuild"),
        (("--on-rotate", "true {sizes}"), "did you mean 'size'?"),
        (("--on-rotate", "no-such-program"), "there is no program 'no-such-program'"),
        (("--on-rotate", "true", "--on-rotate-timeout", "0"), "not a duration"),
    ],
)
def test_what_is_wrong_is_said_at_once(tmp_path: Path, options: tuple[str, ...], expected: str | None) -> None:
    done = feedrec("record", "--url", "ws://127.0.0.1:1", "--duration", "0.01s", *options, cwd=tmp_path)
    assert (expected is None) == (b"usage" not in done.stderr.lower() and done.returncode != 2)
    assert (expected or "") in " ".join(done.stderr.decode().split())
    assert list(tmp_path.iterdir()) == []
