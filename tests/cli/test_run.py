"""A recording in front of a person."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from feedrec.cli.run import status_line
from feedrec.recorder import Progress
from feedrec.recorder.journal import Counts

from .command import DEMO, mock_venue


def test_the_live_line_tells_rates_since_the_last_look() -> None:
    """Totals are of the run, rates are of the time between two looks."""
    before = Progress("recording", 10.0, Counts(frames=100, bytes=1_000, connections=1), 500)
    now = Progress("recording", 12.0, Counts(frames=300, bytes=2_001_000, connections=3, gaps=1), 500_250)
    assert status_line(before, now) == (
        "recording 12.0 s | 300 frames | 100/s | 1.0 MB/s | 500.2 kB on disk 4.0:1 | 1 gap | 2 reconnects"
    )


def test_a_terminal_shows_a_line_that_lives(tmp_path: Path) -> None:
    """On a terminal the status is drawn again and again in place, with rates; the summary stays."""
    with mock_venue(DEMO, "--speed", 10) as url:
        ours, theirs = pty.openpty()
        arguments = [
            "record",
            "--url",
            url,
            "-p",
            "BTC-USD,ETH-USD",
            "--max-frames",
            "1500",
            "-o",
            str(tmp_path / "x.zst"),
        ]
        command = [sys.executable, "-m", "feedrec", *arguments]
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
            os.close(theirs)
            shown = b""
            while chunk := _read(ours):
                shown += chunk
            out, _ = process.communicate(timeout=30)
        os.close(ours)
    lines = re.findall(r"recording [\d.]+ s \| ([\d,]+) frames \| ([\d,]+)/s \| [\d.]+ \w+/s \| ", shown.decode())
    assert len(lines) >= 3
    assert any(rate != "0" for _, rate in lines)
    assert "\x1b[2K" in shown.decode()  # each drawing wipes the one before
    assert out.startswith(b"recorded 1,500 frames")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""
