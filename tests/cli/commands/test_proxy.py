"""`feedrec proxy`, as a process, between a mock venue and a client."""

from __future__ import annotations

import json
import signal
import stat
import sys
from pathlib import Path

import pytest
from websockets.sync.client import connect

from feedrec.formats import open_recording
from feedrec.model import Event, Frame

from ...timing import HANG_TIMEOUT
from ..command import DEMO, background, feedrec, first_line, interrupt, mock_venue

CLIENT = """
import os
from websockets.sync.client import connect
with connect(os.environ["FEEDREC_URL"], max_size=None) as venue:
    venue.send('{"jwt":"eyJ-sesame-open"}')
    print(len(list(venue)))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """The client is closed with 1001, the file is finished and only the owner's, the summary is one object."""
    path = tmp_path / "bot.jsonl.zst"
    arguments = ("--port", 0, "-o", path, "--json")
    with mock_venue(DEMO, "--speed", "1") as url, background("proxy", "--to", url, *arguments) as process:
        address = first_line(process.stdout)
        with connect(address, max_size=None) as websocket:
            websocket.recv()
            code, out, err = interrupt(process, number)
            list(websocket)
            assert websocket.protocol.close_code == 1001
    assert code == 0, err.decode()
    facts = json.loads(out)
    assert facts["connections"] == 1
    assert facts["lost"] == 0
    assert facts["files"] == [str(path)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with open_recording(path) as recording:
        assert sum(isinstance(record, Frame) for record in recording) == facts["frames"] > 0


def test_a_command_gets_the_address_and_its_secrets_are_not_on_disk(tmp_path: Path) -> None:
    """Its output and its exit code are the proxy's."""
    script = CLIENT + "raise SystemExit(7)"
    with mock_venue() as url:
        arguments = ("proxy", "--to", url, "-o", "bot.jsonl", "--", sys.executable, "-c", script)
        done = feedrec(*arguments, cwd=tmp_path)
    assert done.returncode == 7, done.stderr.decode()
    frames = int(done.stdout)
    text = (tmp_path / "bot.jsonl").read_text()
    assert "sesame" not in text + done.stderr.decode()
    assert '"jwt":"[redacted]"' in text
    assert f"recorded {frames:,} frames" in done.stderr.decode()
    with open_recording(tmp_path / "bot.jsonl") as recording:
        events = [record.name for record in recording if isinstance(record, Event)]
    assert (events[1], events[-1]) == ("open", "close")


HEAR = """
import os
from websockets.sync.client import connect
with connect(os.environ["FEEDREC_URL"], max_size=None) as venue:
    venue.send('{"type":"subscribe","channel":"level2","product_ids":["BTC-USD"]}')
    print(*venue, sep="\\n")
"""


@pytest.mark.parametrize(
    ("options", "suffix"),
    [
        (("-o", "bot.jsonl", "--rotate", "100kB"), ".jsonl"),
        (("-o", "bot.parquet", "--rotate", "20kB"), ".parquet"),
        (("--format", "parquet"), ".parquet"),
    ],
)
def test_what_passes_is_in_whatever_files_are_asked_for(tmp_path: Path, options: tuple[str, ...], suffix: str) -> None:
    """Every frame that the application heard, in order, over all files, also where they follow each other fast."""
    with mock_venue(DEMO, "--mode", "verbatim", "--speed", "max") as url:
        done = feedrec("proxy", "--to", url, *options, "--", sys.executable, "-c", HEAR, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    files = sorted(tmp_path.iterdir())
    assert {file.suffix for file in files} == {suffix}  # nothing is left unfinished
    assert (len(files) > 2) == ("--rotate" in options)
    frames = []
    for file in files:
        with open_recording(file) as recording:
            frames += [one.payload for one in recording if isinstance(one, Frame) and one.direction == "in"]
    assert frames == done.stdout.splitlines()
    assert len(frames) > 500


def test_it_ends_after_the_duration(tmp_path: Path) -> None:
    """Whoever is connected is closed with 1001, and the file is finished; the exit code is 0."""
    arguments = ("--port", 0, "-o", tmp_path / "bot.jsonl", "--json", "--duration", "3s")
    with mock_venue(DEMO, "--at-end", "hold") as url, background("proxy", "--to", url, *arguments) as process:
        with connect(first_line(process.stdout), max_size=None) as websocket:
            websocket.send('{"type":"subscribe","channel":"heartbeats"}')
            list(websocket)
            assert websocket.protocol.close_code == 1001
        out, err = process.communicate(timeout=HANG_TIMEOUT)
    assert process.returncode == 0, err.decode()
    facts = json.loads(out)
    assert facts["seconds"] >= 3
    assert facts["files"] == [str(tmp_path / "bot.jsonl")]


def test_a_duration_in_which_nobody_comes_leaves_no_file(tmp_path: Path) -> None:
    done = feedrec("proxy", "--to", "ws://127.0.0.1:1", "--port", 0, "--duration", "100ms", cwd=tmp_path)
    assert done.returncode == 0
    assert b"nothing was recorded" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "no-such-venue"], "there is no endpoint 'no-such-venue'"),
        (["--to", "https://host"], "is not a WebSocket address"),
        (["--to", "raw"], "raw has no address of its own"),
        (["--to", "ws://127.0.0.1:1", "-o", "-", "--json"], "use only one of them"),
        ([], "--to"),
        (["--to", "ws://127.0.0.1:1", "--rest-to", "ws://127.0.0.1:1"], "is not an HTTP address"),
        (
            ["--to", "ws://127.0.0.1:1", "--rest-to", "https://host/v1"],
            "leave it out, and let the application ask /v1/...",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = feedrec("proxy", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert list(tmp_path.iterdir()) == []
