"""`feedrec info`."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.formats.line.http_events import http_event
from feedrec.model import NANOSECONDS, Event, Frame, Header, format_time

from ...formats.line.exchanges import exchange
from ...set_clocks import DAY, HOUR, SECOND, YEARS, recorded, without_readings, write
from ...shared import SHARED
from ..command import DEMO, feedrec

CASES = SHARED / "cases"


def small_recording(path: Path) -> Path:
    """Write a recording whose figures are known."""
    writer = create_recording(path, Header("coinbase-advanced", "wss://venue.example"))
    ticker = b'{"channel":"ticker","sequence_num":%d,"events":[{"type":"update","tickers":[{"product_id":"%b"}]}]}'
    writer.write_line(encode_event(Event(0, 0, "open")))
    writer.write_line(encode_frame(Frame(0, 0, b'{"type":"subscribe"}', "out")))
    for number, (second, product) in enumerate(((1, b"BTC-USD"), (1, b"BTC-USD"), (3, b"ETH-USD"))):
        writer.write_line(encode_frame(Frame(second * NANOSECONDS, 0, ticker % (number, product))))
    writer.write_line(encode_event(Event(4 * NANOSECONDS, 0, "gap", {"expected": 4, "received": 9, "missing": 5})))
    writer.write_line(encode_event(Event(4 * NANOSECONDS, 0, "close", {"code": 1006})))
    writer.write_line(encode_event(Event(5 * NANOSECONDS, 1, "open")))
    writer.write_line(encode_frame(Frame(5 * NANOSECONDS, 1, b'{"channel":"heartbeats","events":[]}')))
    return writer.finish()


def test_facts_as_json(tmp_path: Path) -> None:
    """Every figure is what the recording holds."""
    facts = json.loads(feedrec("info", "--json", small_recording(tmp_path / "x.jsonl.zst")).stdout)
    assert facts["endpoint"] == "coinbase-advanced"
    assert facts["state"] == "finished"
    assert (facts["frames"], facts["sent"]) == (4, 1)
    assert (facts["first_time"], facts["last_time"]) == (
        "1970-01-01T00:00:01.000000000Z",
        "1970-01-01T00:00:05.000000000Z",
    )
    assert (facts["seconds"], facts["frames_per_second"], facts["busiest_second"]) == (4.0, 1.0, 2)
    assert (facts["connections"], facts["gaps"], facts["missing"]) == (2, 1, 5)
    assert [(row["channel"], row["product"], row["frames"]) for row in facts["channels"]] == [
        ("heartbeats", "", 1),
        ("ticker", "BTC-USD", 2),
        ("ticker", "ETH-USD", 1),
    ]
    assert facts["bytes"] == sum(row["bytes"] for row in facts["channels"])
    assert facts["file_size"] == (tmp_path / "x.jsonl.zst").stat().st_size


def test_facts_for_people(tmp_path: Path) -> None:
    """The same in words."""
    text = feedrec("info", small_recording(tmp_path / "x.jsonl.zst")).stdout.decode()
    assert "coinbase-advanced  wss://venue.example" in text
    assert "4 received" in text
    assert "2 (1 reconnect)" in text
    assert "1 gap, 5 frames missing" in text
    assert "ticker      BTC-USD       2" in text


@pytest.mark.parametrize("suffix", ["jsonl.zst", "jsonl"])
def test_requests_are_counted(tmp_path: Path, suffix: str) -> None:
    """And are told of if there are any; they open no connection, and a check compares them."""
    for requests in (0, 3):
        writer = create_recording(tmp_path / f"{requests}.{suffix}", Header("coinbase-advanced", created=0))
        for number in range(requests):
            writer.write(http_event(exchange(NANOSECONDS + number)))
        path = writer.finish()
        facts = json.loads(feedrec("info", "--json", path).stdout)
        assert (facts["requests"], facts["connections"], facts["frames"]) == (requests, 0, 0)
        assert (b"requests     3 over HTTP, answered" in feedrec("info", path).stdout) == bool(requests)
    (tmp_path / "golden.json").write_text('{"requests":3}')
    for requests, code in ((3, 0), (0, 3)):
        done = feedrec("info", tmp_path / f"{requests}.{suffix}", "--check", tmp_path / "golden.json")
        assert done.returncode == code, done.stderr


def test_what_only_the_numbers_of_frames_tell(tmp_path: Path) -> None:
    """A count that began anew, a gap after it and a frame out of order, in a recording without an event for them."""
    writer = create_recording(tmp_path / "x.jsonl", Header("coinbase-advanced"))
    writer.write_line(encode_event(Event(0, 0, "open")))
    for second, number in enumerate((0, 1, 2, 3, 0, 1, 3, 3, 4)):
        payload = b'{"channel":"heartbeats","sequence_num":%d,"events":[]}' % number
        writer.write_line(encode_frame(Frame(second * NANOSECONDS, 0, payload)))
    path = writer.finish()
    text = feedrec("info", path).stdout.decode()
    assert "1 gap, 1 frame missing (1 gap not noticed while recording), 1 reset, 1 frame out of order" in text
    assert "the count of connection 0 began anew at 1970-01-01T00:00:05.000000000Z (expected 4, received 0)" in text
    facts = json.loads(feedrec("info", "--json", path).stdout)
    assert (facts["gaps"], facts["unnoticed_gaps"], facts["missing"]) == (1, 1, 1)
    assert (facts["resets"], facts["out_of_order"], len(facts["notes"])) == (1, 1, 1)
    verified = feedrec("verify", path)
    assert verified.returncode == 3
    assert b"1 problem (9 frames, 10 lines, 1 reset, 1 frame out of order)" in verified.stdout


def test_what_the_recorder_did_about_wrong_books(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "x.jsonl", Header("coinbase-advanced"))
    for name in ("open", "gap", "resync", "resubscribe", "crossed", "resync", "contradiction", "unchecked"):
        writer.write_line(encode_event(Event(0, 0, name, {"missing": 1} if name == "gap" else {})))
    path = writer.finish()
    assert "1 gap, 1 frame missing, 2 resyncs, 2 findings" in feedrec("info", path).stdout.decode()
    facts = json.loads(feedrec("info", "--json", path).stdout)
    assert (facts["resyncs"], facts["findings"]) == (2, 2)


def test_attempts_to_connect_that_failed_are_counted(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "x.jsonl", Header("raw"))
    for name in ("open", "close", "refused", "refused", "open", "close"):
        writer.write_line(encode_event(Event(0, 0, name)))
    path = writer.finish()
    assert "1 reconnect, 2 failed attempts" in feedrec("info", path).stdout.decode()
    assert json.loads(feedrec("info", "--json", path).stdout)["refusals"] == 2


def test_a_recording_that_is_being_written(tmp_path: Path) -> None:
    """A growing file is told of as far as it goes, and that it grows."""
    writer = create_recording(tmp_path / "x.jsonl.zst", Header("coinbase-advanced"))
    facts = json.loads(feedrec("info", "--json", tmp_path / "x.jsonl.zst.part").stdout)
    writer.discard()
    assert facts["state"] == "being written"
    assert facts["damage"] is None


def test_a_recording_that_was_cut_off(tmp_path: Path) -> None:
    """Damage is a fact, with its place, and not an error."""
    path = tmp_path / "cut.jsonl.zst"
    path.write_bytes(DEMO.read_bytes()[:-1000])
    done = feedrec("info", "--json", path)
    facts = json.loads(done.stdout)
    assert done.returncode == 0
    assert facts["state"] == "damaged"
    assert f"cut off at byte {path.stat().st_size}" in facts["damage"]
    with open_recording(DEMO) as recording:
        whole = sum(isinstance(record, Frame) and record.direction == "in" for record in recording)
    assert 0 < facts["frames"] < whole


def test_an_endpoint_of_another_package_is_no_obstacle(tmp_path: Path) -> None:
    """Frames of an unknown venue are counted all the same."""
    writer = create_recording(tmp_path / "x.jsonl.zst", Header("elsewhere"))
    writer.write_line(encode_frame(Frame(0, 0, b"anything")))
    facts = json.loads(feedrec("info", "--json", writer.finish()).stdout)
    assert facts["frames"] == 1
    assert facts["channels"] == [{"channel": "", "product": "", "frames": 1, "bytes": 8}]


def part(path: Path, first: int, last: int, created: int = 7) -> Path:
    """Write one part of a recording: a frame a second, and a connection that the part before may have opened."""
    writer = create_recording(path, Header("coinbase-advanced", "wss://venue.example", created))
    for conn in range(first // 10, -(-last // 10)):
        if conn * 10 >= first:
            writer.write_line(encode_event(Event(conn * 10 * NANOSECONDS, conn, "open")))
        for second in range(max(first, conn * 10), min(last, conn * 10 + 10)):
            payload = b'{"channel":"heartbeats","sequence_num":%d,"events":[]}' % second
            writer.write_line(encode_frame(Frame(second * NANOSECONDS, conn, payload)))
    return writer.finish()


def facts_of(*arguments: object) -> dict[str, object]:
    facts: dict[str, object] = json.loads(feedrec("info", "--json", *arguments).stdout)
    return facts


def test_parts_of_one_recording_have_the_figures_of_the_whole(tmp_path: Path) -> None:
    """Cut in the middle of a connection and at the end of another, in any format, it is the same recording."""
    whole = facts_of(part(tmp_path / "whole.jsonl.zst", 0, 40))
    (tmp_path / "parts").mkdir()
    parts = [
        part(tmp_path / "parts" / "b.jsonl", 15, 30),
        part(tmp_path / "parts" / "a.jsonl.zst", 0, 15),
        part(tmp_path / "parts" / "c.jsonl.zst", 30, 40),
    ]
    assert (whole["connections"], whole["reconnects"], whole["recordings"]) == (4, 3, 1)
    for together in (facts_of(*parts), facts_of(tmp_path / "parts")):
        differing = {name for name in whole if whole[name] != together[name]}
        assert differing <= {"path", "text_size", "file_size", "ratio"}
        assert together["file_size"] == sum(path.stat().st_size for path in parts)


def test_files_are_told_of_one_by_one_as_well(tmp_path: Path) -> None:
    paths = [part(tmp_path / "a.jsonl.zst", 0, 15), part(tmp_path / "b.jsonl.zst", 15, 18)]
    facts = json.loads(feedrec("info", "--json", *paths).stdout)
    assert facts["path"] is None
    assert [(file["path"], file["frames"], file["state"]) for file in facts["files"]] == [
        (str(paths[0]), 15, "finished"),
        (str(paths[1]), 3, "finished"),
    ]
    assert "files" not in facts_of(paths[0])
    text = feedrec("info", *paths).stdout.decode()
    assert text.startswith("2 files of 1 recording\n  endpoint ")
    assert f"  {paths[1]}       3" in text
    assert text.count("coinbase-advanced") == 1


def test_a_folder_of_different_recordings_says_so(tmp_path: Path) -> None:
    part(tmp_path / "a.jsonl.zst", 0, 15)
    part(tmp_path / "b.jsonl.zst", 5, 20, created=8)
    create_recording(tmp_path / "c.jsonl", Header("raw")).finish()
    facts = json.loads(feedrec("info", "--json", tmp_path).stdout)
    assert (facts["path"], facts["recordings"], facts["endpoint"]) == (str(tmp_path), 3, "")
    assert (facts["frames"], facts["seconds"], facts["busiest_second"]) == (30, 19.0, 2)
    text = feedrec("info", tmp_path).stdout.decode()
    assert text.startswith(f"{tmp_path}: 3 files of 3 recordings\n")
    assert "raw; coinbase-advanced  wss://venue.example" in text


def test_the_worst_state_is_that_of_all_and_damage_is_told_per_file(tmp_path: Path) -> None:
    part(tmp_path / "a.jsonl.zst", 0, 15)
    for name in ("b", "c"):
        whole = part(tmp_path / f"{name}.jsonl.zst", 15, 40)
        whole.write_bytes(whole.read_bytes()[:-300])
    facts = json.loads(feedrec("info", "--json", tmp_path).stdout)
    assert facts["state"] == "damaged"
    assert [file["state"] for file in facts["files"]] == ["finished", "damaged", "damaged"]
    text = feedrec("info", tmp_path).stdout.decode()
    for file in facts["files"][1:]:
        assert file["path"] in file["damage"]
        assert file["damage"] in text


def test_of_many_files_the_first_and_the_last_are_listed(tmp_path: Path) -> None:
    for number in range(25):
        part(tmp_path / f"{number:02}.jsonl", number, number + 1)
    text = feedrec("info", tmp_path).stdout.decode()
    assert "09.jsonl" in text
    assert "... 5 more" in text
    assert "10.jsonl" not in text
    assert "15.jsonl" in text


def test_the_plot_shows_what_came_when(tmp_path: Path) -> None:
    text = feedrec("info", small_recording(tmp_path / "x.jsonl.zst")).stdout.decode()
    assert "█" in text
    assert "g gap   r reconnect" in text
    assert "00:00:00.000Z" in text
    assert max(map(len, text.splitlines()[9:])) < 80


def test_the_plot_is_ascii_where_nothing_else_can_be_printed(tmp_path: Path) -> None:
    done = feedrec("info", small_recording(tmp_path / "x.jsonl.zst"), env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "#" in done.stdout.decode("ascii")


def test_there_is_no_plot_of_a_recording_without_frames(tmp_path: Path) -> None:
    done = feedrec("info", create_recording(tmp_path / "x.jsonl.zst", Header("coinbase-advanced")).finish())
    assert "no frames received" in done.stdout.decode()
    assert "frames/s" not in done.stdout.decode()


def test_the_plot_is_as_wide_as_the_terminal() -> None:
    """On a terminal of 60 columns no line of it is wrapped."""
    terminal, end = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    subprocess.run(["stty", "cols", "60"], stdin=end, check=True)
    command = [sys.executable, "-m", "feedrec", "info", str(DEMO)]
    with subprocess.Popen(command, stdout=end, env=environment) as process:
        os.close(end)
        output = b""
        while b"channel" not in output:
            output += os.read(terminal, 65536)
        process.kill()
    os.close(terminal)
    rows = [line for line in output.decode().splitlines() if "│" in line]
    assert len(rows) == 3
    assert 50 < max(map(len, rows)) < 60


def test_a_clock_that_steps_back_costs_no_frame(tmp_path: Path) -> None:
    """Times are those of the clock; no time passes where it steps, as nothing says how long that took."""
    writer = create_recording(tmp_path / "x.jsonl", Header("coinbase-advanced"))
    for second in (100, 101, 50, 51):
        writer.write_line(encode_frame(Frame(second * NANOSECONDS, 0, b"{}")))
    facts = facts_of(writer.finish())
    assert (facts["frames"], facts["seconds"], facts["busiest_second"]) == (4, 2.0, 2)
    assert facts["first_time"] == "1970-01-01T00:01:40.000000000Z"
    assert facts["last_time"] == "1970-01-01T00:00:51.000000000Z"


def test_a_jump_that_nothing_explains_is_said_in_one_line(tmp_path: Path) -> None:
    steps = {SECOND: -HOUR}
    lines = recorded(range(0, 4 * SECOND, SECOND // 5), steps)
    done = feedrec("info", write(tmp_path / "a.jsonl", without_readings(lines)))
    (line,) = done.stderr.decode().splitlines()
    assert "a.jsonl: time jumps back by 3,599.8 s at 2026-11-21T16:00:01" in line
    assert feedrec("info", write(tmp_path / "b.jsonl", lines)).stderr == b""


@pytest.mark.parametrize("step", [-HOUR, 30 * SECOND, YEARS])
def test_durations_and_rates_are_of_the_time_that_truly_passed(tmp_path: Path, step: int) -> None:
    """Of one file, and of the files of one recording."""
    before = {-DAY: -YEARS} if step == YEARS else {}
    lines = recorded(range(0, 200 * SECOND, SECOND // 5), {**before, 100 * SECOND: step})
    whole = write(tmp_path / "a.jsonl", lines)
    parts = [write(tmp_path / f"r-{n}.jsonl", lines[n * 400 : n * 400 + 400], part=n) for n in range(3)]
    for facts in (facts_of(whole), facts_of(*parts)):
        assert facts["seconds"] == 199.8
        assert facts["frames_per_second"] == 5.005
        assert facts["busiest_second"] == 5
        assert (facts["first_time"], facts["last_time"]) == (format_time(lines[0].time), format_time(lines[-1].time))
    shown = feedrec("info", whole).stdout.decode()
    assert "3m 20s (the clock was set meanwhile)" in shown


@pytest.mark.skipif(not (CASES / "01-clock-step-back-pace").is_dir(), reason="the cases are not here")
@pytest.mark.parametrize(
    ("case", "seconds"),
    [
        ("01-clock-step-back-pace/back.jsonl", 3.8),
        ("02-clock-step-forward/forward.jsonl", 3.8),
        ("27-clock-jump-years/boot1970.jsonl", 9.8),
        ("28-made-heartbeats-over-hole/hole-2d.jsonl", 7.0),
        ("28-made-heartbeats-over-hole/back-1h.jsonl", 7.0),
    ],
)
def test_the_cases_that_were_reported_are_as_long_as_they_are(case: str, seconds: float) -> None:
    assert facts_of(CASES / case)["seconds"] == seconds


def test_a_bad_file_in_a_folder_is_named_and_left_out(tmp_path: Path) -> None:
    shutil.copy(DEMO, tmp_path / "a.jsonl.zst")
    (tmp_path / "b\n.jsonl").write_bytes(b"bad!")
    done = feedrec("info", tmp_path, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["frames"] == 1545
    (line,) = done.stderr.decode().splitlines()
    assert "skipped: " in line
    assert r"b\n.jsonl" in line


def test_of_a_finished_recording_only_the_index_is_read(tmp_path: Path) -> None:
    """Damage in between shows with --full only, and everything else is the same."""
    path = tmp_path / "x.jsonl.zst"
    feedrec("convert", DEMO, "-o", path)
    shown = {full: feedrec("info", *full, path).stdout for full in ((), ("--full",))}
    assert b"finished, not read" in shown[()]
    assert shown[()].replace(b"finished, not read", b"finished") == shown["--full",]
    facts = {full: json.loads(feedrec("info", "--json", *full, path).stdout) for full in ((), ("--full",))}
    assert {**facts[()], "read": True} == facts["--full",]
    assert (facts[()]["read"], facts["--full",]["read"]) == (False, True)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert feedrec("info", path).stdout == shown[()]
    assert feedrec("info", "--full", path).returncode == 1


def test_files_that_must_be_read_and_others_are_reported_together(tmp_path: Path) -> None:
    feedrec("convert", DEMO, "-o", tmp_path / "a.jsonl.zst")
    small_recording(tmp_path / "b.jsonl.zst")  # by a program that described nothing
    facts = json.loads(feedrec("info", "--json", tmp_path).stdout)
    assert [file["read"] for file in facts["files"]] == [True, False]
    assert facts["read"] is False
    shown = feedrec("info", tmp_path).stdout
    assert shown.count(b"finished, not read") == 2
