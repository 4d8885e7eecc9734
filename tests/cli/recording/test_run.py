"""A recording in front of a person."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from feedrec.cli.recording.run import report, status_line
from feedrec.recorder import Progress, Summary
from feedrec.recorder.output.counting_writer import Counts

from ...recorder.venue import NEVER, Peer, plain_text, run, text, venue
from ...timing import HANG_TIMEOUT, until
from ..command import DEMO, background, interrupt, mock_venue, wait_for_frames


def test_the_live_line_tells_rates_since_the_last_look() -> None:
    """Totals are of the run, rates are of the time between two looks."""
    before = Progress("recording", 10.0, Counts(frames=100, bytes=1_000, connections=1), 500)
    now = Progress("recording", 12.0, Counts(frames=300, bytes=2_001_000, connections=3, gaps=1), 500_250)
    assert status_line(before, now) == (
        "recording 12.0 s | 1 gap | 2 reconnects | 100/s | 300 frames | 1.0 MB/s | 500.2 kB on disk 4.0:1"
    )


def test_the_live_line_counts_one_frame_as_one() -> None:
    start, now = Progress("recording", 0.0, Counts(), 0), Progress("reconnecting", 2.0, Counts(frames=1), 0)
    assert "| 1 frame |" in status_line(start, now)


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (80, "recording 12.0 s | 1 gap | 2 reconnects | 100/s | 300 frames | 1.0 MB/s"),
        (60, "recording 12.0 s | 1 gap | 2 reconnects | 100/s | 300 frames"),
        (50, "recording 12.0 s | 1 gap | 2 reconnects | 100/s"),
        (40, "recording 12.0 s | 1 gap | 2 reconnects"),
        (20, "recording 12.0 s"),
        (5, "recor"),
    ],
)
def test_a_narrow_terminal_shows_what_matters_first(width: int, line: str) -> None:
    before = Progress("recording", 10.0, Counts(frames=100, bytes=1_000, connections=1), 500)
    now = Progress("recording", 12.0, Counts(frames=300, bytes=2_001_000, connections=3, gaps=1), 500_250)
    assert status_line(before, now, width) == line


def test_the_live_line_tells_of_resets_and_resyncs_once_there_are_some() -> None:
    before, now = (
        Progress("recording", 10.0, Counts(connections=1, resets=count, resyncs=count), 500) for count in (0, 2)
    )
    assert "res" not in status_line(before, before)
    assert status_line(before, now).startswith("recording 10.0 s | no gaps | 2 resets | 2 resyncs | no reconnects | ")


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
            out, _ = process.communicate(timeout=HANG_TIMEOUT)
        os.close(ours)
    line = r"recording [\d.]+ s \| no gaps \| no reconnects \| ([\d,]+)/s \| ([\d,]+) frames \| [\d.]+ \w+/s \| "
    lines = re.findall(line, shown.decode())
    assert len(lines) >= 3
    assert any(rate != "0" for rate, _ in lines)
    assert "\r\x1b[J" in shown.decode()  # each drawing wipes the one before
    assert out.startswith(b"recorded 1,500 frames")


def test_a_dumb_terminal_gets_log_lines(tmp_path: Path) -> None:
    """TERM=dumb can draw nothing in place."""
    ours, theirs = pty.openpty()
    with (
        mock_venue(DEMO, "--speed", 20) as url,
        background(
            *("record", "--url", url, "--max-frames", 1200, "-o", tmp_path / "x.zst"),
            stderr=theirs,
            env={**os.environ, "TERM": "dumb"},
        ) as process,
    ):
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        process.wait(timeout=HANG_TIMEOUT)
    os.close(ours)
    assert b"connection 0 open" in shown
    assert b" | " not in shown
    assert b"\x1b" not in shown


def test_a_terminal_that_is_closed_ends_the_recording_cleanly(tmp_path: Path) -> None:
    """SIGHUP finishes the file, though there is nowhere left to draw."""
    ours, theirs = pty.openpty()
    target = tmp_path / "x.jsonl.zst"
    with (
        mock_venue(DEMO, "--speed", 5, "--at-end", "hold") as url,
        background(
            *("record", "--url", url, "-c", "level2", "-c", "ticker", "-o", target),
            stdin=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm"},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        ) as process,
    ):
        os.close(theirs)
        wait_for_frames(target.with_name("x.jsonl.zst.part"))
        os.close(ours)
        out, _ = process.communicate(timeout=HANG_TIMEOUT)
    assert process.returncode == 0
    assert out.startswith(b"recorded ")
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl.zst"]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (signal.SIGINT, signal.SIGINT, 130),
        (signal.SIGTERM, signal.SIGTERM, 143),
        (signal.SIGHUP, signal.SIGHUP, 129),
        (signal.SIGINT, signal.SIGTERM, 143),
    ],
)
def test_a_second_signal_finishes_the_file_at_once(
    tmp_path: Path, first: signal.Signals, second: signal.Signals, code: int
) -> None:
    """It does not wait for a venue that says no goodbye; a closed terminal sends two SIGHUP."""
    target = tmp_path / "x.jsonl.zst"
    closing = asyncio.Event()

    async def say_no_goodbye(peer: Peer) -> None:
        await peer.accept(text(b"hello"))
        await peer.read_until_close()
        closing.set()
        await peer.reader.read()

    async def record() -> tuple[int, bytes]:
        modules = ("connection", "connection_lifecycle")
        patient = "\n".join(f"import feedrec.recorder.{one} as it; it.CLOSE_TIMEOUT = {NEVER}" for one in modules)
        async with venue(say_no_goodbye) as url:
            with background("record", "-e", "raw", "--url", url, "-o", target, before=patient) as process:
                await until(lambda: b"hello" in _text_of(target.with_name("x.jsonl.zst.part")))
                process.send_signal(first)
                await closing.wait()
                _, _, err = await asyncio.to_thread(interrupt, process, second)
                return process.returncode, err

    ended, err = run(record())
    assert ended == code, err
    assert b"Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl.zst"]
    assert b"hello" in _text_of(target)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (Counts(frames=9, connections=1), "no gaps, no reconnects"),
        (Counts(frames=9, connections=3), "no gaps within connections, 2 reconnects"),
        (
            Counts(frames=9, connections=1, resets=2, resyncs=1, findings=3, out_of_order=3),
            "no gaps, 2 resets, 1 resync, 3 findings, no reconnects, 3 frames out of order",
        ),
        (Counts(frames=9, connections=4, most_open=4), "no gaps, 4 connections, no reconnects"),
        (
            Counts(frames=9, connections=2, gaps=1, missing=4),
            "1 gap within connections (4 frames missing), 1 reconnect",
        ),
    ],
)
def test_gaps_are_within_connections(counts: Counts, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What was lost between two connections is no gap, and the summary does not deny it."""
    report(Summary("x.jsonl.zst", 1.0, counts, 100))
    assert said in capsys.readouterr().out


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def _text_of(path: Path) -> bytes:
    return plain_text(path) if path.exists() else b""
