"""`feedrec record`, as a process, against a mock venue."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from feedrec.cli.recording.file_names import default_name
from feedrec.feeds import find_feed, subscribe_to
from feedrec.formats import open_recording
from feedrec.model import Event, Frame

from ...timing import HANG_TIMEOUT, scaled, wait_until
from ..command import DEMO, background, feedrec, first_line, interrupt, mock_venue, shell, wait_for_frames

CHANNELS = ("-c", "level2", "-c", "ticker", "-c", "market_trades", "-c", "candles", "-p", "BTC-USD,ETH-USD")


def received(path: Path) -> list[bytes]:
    """Give the payloads that a recording received."""
    with open_recording(path) as recording:
        return [record.payload for record in recording if isinstance(record, Frame) and record.direction == "in"]


def test_a_recording_holds_what_the_venue_sent(tmp_path: Path) -> None:
    """Every frame is there, byte for byte and in order, and the summary says so."""
    sent = received(DEMO)
    with mock_venue() as url:
        done = feedrec("record", "--url", url, *CHANNELS, "--max-frames", len(sent), "-o", "x.jsonl.zst", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert received(tmp_path / "x.jsonl.zst") == sent
    assert done.stdout.decode().startswith(f"recorded {len(sent):,} frames")
    assert "no gaps, no reconnects" in done.stdout.decode()


def test_json_is_one_object_on_stdout(tmp_path: Path) -> None:
    """--json gives the figures of the summary to a program."""
    with mock_venue() as url:
        done = feedrec("record", "--url", url, *CHANNELS, "--max-frames", 50, "--json", "-q", cwd=tmp_path)
    facts = json.loads(done.stdout)
    assert facts["frames"] == 50
    assert facts["connections"] == 1
    assert facts["gaps"] == 0
    assert (tmp_path / facts["path"]).stat().st_size == facts["file_size"]


def test_the_default_file_is_named_after_what_it_holds(tmp_path: Path) -> None:
    """Without -o a new file appears in the current folder, named after endpoint, channel and time."""
    with mock_venue() as url:
        feedrec("record", "--channel", "level2", "--url", url, "--max-frames", 10, cwd=tmp_path)
    (path,) = tmp_path.iterdir()
    assert re.fullmatch(r"coinbase-advanced_level2_\d{8}T\d{6}Z\.jsonl\.zst", path.name)


def test_many_channels_do_not_make_a_long_name() -> None:
    """Beyond four channels the name tells their number."""
    feed = find_feed("coinbase-advanced")
    subscriptions = subscribe_to(feed, [(name, ()) for name in feed.channels], ())
    assert (
        default_name(feed, subscriptions, 0, suffix=".jsonl.zst")
        == "coinbase-advanced_8-channels_19700101T000000Z.jsonl.zst"
    )


def test_a_folder_as_output_gets_a_file_of_that_name(tmp_path: Path) -> None:
    """-o FOLDER puts the default name into the folder."""
    with mock_venue() as url:
        feedrec("record", "--url", url, "--max-frames", 10, "-o", tmp_path)
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("coinbase-advanced_level2_")


def test_stdout_gets_plain_lines(tmp_path: Path) -> None:
    """-o - prints the recording as JSONL; the summary goes to stderr."""
    with mock_venue() as url:
        done = feedrec("record", "--url", url, "--max-frames", 20, "-o", "-", cwd=tmp_path)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows[0]["feedrec"] == 1
    assert sum(row.get("dir") == "in" for row in rows) == 20
    assert "recorded 20 frames" in done.stderr.decode()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_recording_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, SIGTERM and SIGHUP close the file under its final name, and the exit code is 0."""
    target = tmp_path / "x.jsonl.zst"
    with (
        mock_venue(DEMO, "--speed", 20, "--at-end", "hold") as url,
        background("record", "--url", url, *CHANNELS, "-o", target) as process,
    ):
        wait_for_frames(target.with_name("x.jsonl.zst.part"))
        code, out, err = interrupt(process, number)
    assert code == 0, err.decode()
    assert out.decode().startswith("recorded ")
    assert b"Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl.zst"]
    with open_recording(target) as recording:
        records = list(recording)
    assert isinstance(records[-1], Event)
    assert records[-1].name == "close"
    assert records[-1].details["code"] == 1000


def test_an_existing_recording_is_not_overwritten(tmp_path: Path) -> None:
    """Only --overwrite replaces a file."""
    target = tmp_path / "x.jsonl.zst"
    target.write_bytes(b"precious")
    with mock_venue() as url:
        refused = feedrec("record", "--url", url, "--max-frames", 5, "-o", target)
        assert target.read_bytes() == b"precious"
        allowed = feedrec("record", "--url", url, "--max-frames", 5, "-o", target, "--overwrite")
    assert refused.returncode == 1
    assert "already exists" in refused.stderr.decode()
    assert allowed.returncode == 0
    assert len(received(target)) == 5


def test_a_duration_ends_the_run(tmp_path: Path) -> None:
    """--duration stops by itself, cleanly."""
    seconds = scaled(1.5)
    with mock_venue(DEMO, "--speed", "max", "--at-end", "hold") as url:
        started = time.monotonic()
        done = feedrec("record", "--url", url, *CHANNELS, "--duration", f"{seconds}s", "-o", tmp_path / "x.jsonl.zst")
    assert done.returncode == 0
    assert seconds <= time.monotonic() - started
    frames = received(tmp_path / "x.jsonl.zst")
    assert frames
    assert frames == received(DEMO)[: len(frames)]


def test_a_gap_can_fail_the_run(tmp_path: Path) -> None:
    """--fail-on-gap turns a gap into exit code 3; the gap is an event, in the summary and in info."""
    with open_recording(DEMO) as recording:
        lines = [recording.header_line, *(line for batch in recording.batches() for line in batch)]
    places = [place for place, line in enumerate(lines) if b'"dir":"in"' in line]
    holed = tmp_path / "holed.jsonl"
    holed.write_bytes(b"\n".join(line for place, line in enumerate(lines) if place != places[100]) + b"\n")
    target = tmp_path / "x.jsonl.zst"
    with mock_venue(holed) as url:
        done = feedrec("record", "--url", url, *CHANNELS, "--max-frames", 200, "--fail-on-gap", "-o", target)
    assert done.returncode == 3
    assert "1 gap (1 frame missing)" in done.stdout.decode()
    with open_recording(target) as recording:
        (gap,) = [record for record in recording if isinstance(record, Event) and record.name == "gap"]
    assert gap.details == {"expected": 100, "received": 101, "missing": 1}
    assert "1 gap, 1 frame missing" in feedrec("info", target).stdout.decode()


def test_a_venue_that_begins_its_count_anew_fails_no_run_and_hides_no_gap(tmp_path: Path) -> None:
    """The reset is an event, a warning, in the summary, in info and in verify."""
    ticker = '{"channel":"ticker","sequence_num":%d,"events":[{"type":"update","tickers":[{"product_id":"BTC-USD"}]}]}'
    ack = '{"channel":"subscriptions","sequence_num":0,"events":[{"subscriptions":{"ticker":["BTC-USD"]}}]}'
    stamp = '{"time":"2026-11-21T17:00:00.000000000Z","conn":0,'
    served = tmp_path / "served.jsonl"
    target = tmp_path / "x.jsonl.zst"
    for last, code in ((4, 0), (5, 3)):
        frames = [ack, *(ticker % number for number in (1, 2, 3, 1, 2, 3, last))]
        lines = [
            '{"feedrec":1,"endpoint":"coinbase-advanced"}',
            *(f'{stamp}"dir":"in","frame":{one}}}' for one in frames),
        ]
        served.write_text("\n".join([*lines, ""]))
        subscription = ("-c", "ticker", "-p", "BTC-USD", "--max-frames", 8, "--fail-on-gap")
        with mock_venue(served, "--speed", "max", "--at-end", "hold") as url:
            done = feedrec("record", "--url", url, *subscription, "--overwrite", "-o", target)
        assert done.returncode == code
        assert ("1 gap (1 frame missing), 1 reset" if code else "no gaps, 1 reset") in done.stdout.decode()
        assert "warning: reset: the venue began its count anew" in done.stderr.decode()
    with open_recording(target) as recording:
        found = [record for record in recording if isinstance(record, Event) and record.name in {"reset", "gap"}]
    assert [(event.name, event.details) for event in found] == [
        ("reset", {"expected": 4, "received": 1}),
        ("gap", {"expected": 4, "received": 5, "missing": 1}),
    ]
    for command in ("info", "verify"):
        assert "the count of connection 0 began anew" in feedrec(command, target).stdout.decode()


def test_a_product_that_the_venue_does_not_know_is_named(tmp_path: Path) -> None:
    """It is a warning where something else is recorded, and a failure where nothing is left."""
    with mock_venue() as url:
        warned = feedrec(
            "record", "--url", url, *CHANNELS, "-p", "XXX-YYY", "--max-frames", 1000, "-o", tmp_path / "a.jsonl.zst"
        )
    with mock_venue(DEMO, "--speed", "max", "--at-end", "hold") as url:
        failed = feedrec("record", "--url", url, "-p", "XXX-YYY", "-o", tmp_path / "b.jsonl.zst")
    assert warned.returncode == 0
    assert "XXX-YYY" in warned.stderr.decode()
    assert failed.returncode == 1
    assert "the venue accepted nothing of what was asked for" in failed.stderr.decode().splitlines()[-1]
    assert f"to {tmp_path / 'b.jsonl.zst'}\n" in failed.stdout.decode()
    assert received(tmp_path / "b.jsonl.zst")


def test_a_failure_has_its_json_too(tmp_path: Path) -> None:
    """With --json the object tells what was recorded, and the error."""
    with mock_venue(DEMO, "--speed", "max", "--at-end", "hold") as url:
        failed = feedrec("record", "--url", url, "-p", "XXX-YYY", "--json", "-o", "x.jsonl", cwd=tmp_path)
    facts = json.loads(failed.stdout)
    assert failed.returncode == 1
    assert facts["path"] == "x.jsonl"
    assert facts["frames"] == len(received(tmp_path / "x.jsonl"))
    assert facts["error"] in failed.stderr.decode().splitlines()[-1]


def test_a_disk_that_fails_leaves_what_was_written(tmp_path: Path) -> None:
    """The report names the .part, then the error comes."""
    with mock_venue(DEMO, "--speed", 20) as url:
        limits = "ulimit -f 30; unset COVERAGE_PROCESS_CONFIG"  # what `make coverage` writes would not fit either
        failed = shell(f"{limits}; exec $FEEDREC record --url {url} {' '.join(CHANNELS)} -o x.jsonl", cwd=tmp_path)
    assert failed.returncode == 1
    assert " are lost, the others are in x.jsonl.part and x-2.jsonl\n" in failed.stdout.decode()
    assert failed.stderr.decode().splitlines()[-1] == "feedrec: error: x.jsonl: cannot be written: File too large"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x-2.jsonl", "x.jsonl.part"]
    with open_recording(tmp_path / "x-2.jsonl") as recording:
        lost = list(recording)[-1]
    assert isinstance(lost, Event)
    assert lost.name == "lost"
    assert lost.details["frames"] > 0


def test_sighup_is_left_ignored_under_nohup(tmp_path: Path) -> None:
    """What nohup started goes on when the terminal closes."""
    target = tmp_path / "x.jsonl.zst"
    with (
        mock_venue(DEMO, "--speed", 20, "--at-end", "hold") as url,
        background(
            *("record", "--url", url, *CHANNELS, "-o", target),
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
        ) as process,
    ):
        wait_for_frames(target.with_name("x.jsonl.zst.part"))
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(scaled(1))
        code, _, err = interrupt(process)
    assert code == 0, err.decode()


def test_a_second_interrupt_ends_at_once(tmp_path: Path) -> None:
    """The first says what it waits for; the second waits no longer, and the file is whole all the same."""
    target = tmp_path / "x.jsonl.zst"
    patiently = (
        "from feedrec.recorder import connection, connection_lifecycle\n"
        f"connection.CLOSE_TIMEOUT = connection_lifecycle.CLOSE_TIMEOUT = {10 * HANG_TIMEOUT}"
    )
    with (
        background("replay", DEMO, "--port", 0, "--speed", 20, "--at-end", "hold") as venue,
        background("record", "--url", first_line(venue.stdout), *CHANNELS, "-o", target, before=patiently) as process,
    ):
        wait_for_frames(target.with_name("x.jsonl.zst.part"))
        venue.send_signal(signal.SIGSTOP)  # it does not answer the close
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while "finishing; press Ctrl-C again to stop immediately" not in first_line(process.stderr):
            pass
        time.sleep(scaled(0.3))  # so that the close has begun
        code, out, err = interrupt(process)
    assert code == 130, err.decode()
    assert out.decode().startswith("recorded ")
    assert b"Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl.zst"]
    assert received(target)


def test_a_reader_that_leaves_ends_the_run(tmp_path: Path) -> None:
    """`record -o - | head` is over when head is; nobody is told of an error."""
    with mock_venue(DEMO, "--speed", 20, "--at-end", "hold") as url:
        script = f"$FEEDREC record --url {url} {' '.join(CHANNELS)} -o - | head -5; exit ${{PIPESTATUS[0]}}"
        done = shell(script, cwd=tmp_path)
    assert done.stdout.count(b"\n") == 5
    assert done.returncode == 128 + signal.SIGPIPE
    assert b"rror" not in done.stderr
    assert b"recorded " in done.stderr


def test_recorders_that_start_in_one_second_do_not_meet(tmp_path: Path) -> None:
    """A default name that is taken, finished or not, gets a number."""
    code = (
        "import sys, time\n"
        "time.time_ns = lambda: 10**18\n"
        "from feedrec.cli import main; main(['record', '--max-frames', '5', '-q', '--url', sys.argv[1]])"
    )
    name = "coinbase-advanced_level2_20010909T014640Z"
    (tmp_path / f"{name}-2.jsonl.zst.part").touch()
    with mock_venue() as url:
        for _ in range(2):
            subprocess.run([sys.executable, "-c", code, url], cwd=tmp_path, check=True, timeout=HANG_TIMEOUT)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"{name}.jsonl.zst", f"{name}-2.jsonl.zst.part", f"{name}-3.jsonl.zst"}


def test_a_run_without_a_connection_has_no_size(tmp_path: Path) -> None:
    """Nothing was kept, so there is nothing that has one."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
        done = feedrec("record", "--url", url, "--duration", "200ms", "--json", cwd=tmp_path)
    facts = json.loads(done.stdout)
    assert facts["path"] is None
    assert facts["file_size"] == 0
    assert facts["ratio"] is None


def test_parquet_is_made_of_a_journal_that_is_gone_then(tmp_path: Path) -> None:
    """What the name, or --format, asks for as Parquet is there at the end, and nothing else."""
    with mock_venue() as url:
        named = feedrec("record", "--url", url, "--max-frames", 200, "-o", "x.parquet", cwd=tmp_path)
        folder = tmp_path / "folder"
        folder.mkdir()
        asked = feedrec("record", "--url", url, "--max-frames", 200, "--format", "parquet", "-o", folder, cwd=tmp_path)
    assert named.returncode == asked.returncode == 0, named.stderr.decode() + asked.stderr.decode()
    assert "to x.parquet" in named.stdout.decode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "x.parquet"]
    (found,) = folder.iterdir()
    assert found.suffix == ".parquet"
    assert len(received(tmp_path / "x.parquet")) == 200
    assert received(found) == received(DEMO)[:200]


def test_a_parquet_recorder_that_is_killed_loses_at_most_a_second_and_the_next_start_finishes_it(
    tmp_path: Path,
) -> None:
    """Kill -9 at any moment leaves the journal, and whoever records into the folder next makes Parquet of it."""
    with mock_venue(DEMO, "--speed", "1", "--loop") as url:
        with background("record", "--url", url, "-o", "x.parquet", cwd=tmp_path) as process:
            wait_for_frames(tmp_path / "x.parquet.jsonl.zst.part", 12_000)
            process.kill()
        assert not (tmp_path / "x.parquet").exists()
        done = feedrec("record", "--url", url, "-o", "y.parquet", "--max-frames", 5, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.parquet", "y.parquet"]
    assert received(tmp_path / "x.parquet") == received(DEMO)[: len(received(tmp_path / "x.parquet"))]


def test_rotation_makes_whole_recordings_that_follow_each_other(tmp_path: Path) -> None:
    """--rotate: one file after another, together what the venue sent."""
    with mock_venue(DEMO, "--speed", "10") as url:
        done = feedrec("record", "--url", url, "--max-frames", 600, "--rotate", "1s", "-o", "x.jsonl.zst", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert "x-*.jsonl.zst" in done.stdout.decode()
    parts = sorted(tmp_path.iterdir())
    assert len(parts) >= 2
    assert parts[0].name == "x-0001.jsonl.zst"
    assert [payload for part in parts for payload in received(part)] == received(DEMO)[:600]


@pytest.mark.parametrize(
    "wrong",
    [
        ("-o", "-", "--format", "parquet"),
        ("-o", "-", "--rotate", "1h"),
        ("-o", "x.jsonl.zst", "--format", "parquet"),
        ("-o", "x.parquet", "--format", "jsonl"),
        ("--rotate", "much"),
        ("-o", "{dat}/x.jsonl"),
        ("-o", "{hour}/x.jsonl"),
        ("-o", "a/{date}.jsonl", "--rotate", "10m"),
        ("-o", "a/{date}.parquet", "--format", "jsonl"),
        ("-o", "a/{date}.parquet", "--checkpoints"),
    ],
)
def test_outputs_that_make_no_sense_are_refused_before_anything_connects(
    wrong: tuple[str, ...], tmp_path: Path
) -> None:
    done = feedrec("record", "--url", "ws://127.0.0.1:9", *wrong, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x.parquet", "x.jsonl.zst"])
def test_a_run_goes_on_behind_what_a_killed_one_left(tmp_path: Path, name: str) -> None:
    """The same command again: the number goes on, and journals that were left become Parquet."""
    with mock_venue(DEMO, "--speed", "10") as url:
        command = ("record", "--url", url, "-o", name, "--rotate", "1s")
        with background(*command, cwd=tmp_path) as process:
            wait_until(lambda: process.poll() is not None or list(tmp_path.glob("x-0002*")))
            time.sleep(scaled(0.2))
            assert process.poll() is None
            process.kill()
            process.wait()
        before = {int(path.name[2:6]) for path in tmp_path.iterdir()}
        done = feedrec(*command, "--max-frames", 50, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert f"continuing after earlier files, with x-{max(before) + 1:04d}" in done.stderr.decode()
    names = {path.name for path in tmp_path.iterdir()}
    assert {int(one[2:6]) for one in names} > before
    if name == "x.parquet":
        assert all(one.endswith(".parquet") for one in names)
