"""`feedrec convert`."""

from __future__ import annotations

import gzip
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from feedrec.formats import open_recording
from feedrec.model import NANOSECONDS, Event, Frame, parse_time

from ...timing import HANG_TIMEOUT, wait_until
from ..command import DEMO, background, feedrec, interrupt

SUFFIXES = ("jsonl", "jsonl.zst", "jsonl.gz", "parquet")


def lines_of(path: Path) -> list[bytes]:
    with open_recording(path) as recording:
        return [recording.header_line, *(line for lines in recording.batches() for line in lines)]


def convert(*arguments: object, code: int = 0) -> str:
    """Run it; give what it printed, or its error."""
    done = feedrec("convert", *arguments)
    assert done.returncode == code, done.stderr.decode()
    return (done.stdout if code == 0 else done.stderr).decode()


def test_a_way_through_all_formats_ends_where_it_began(tmp_path: Path) -> None:
    source = DEMO
    for number, suffix in enumerate((*SUFFIXES, "jsonl.zst")):
        target = tmp_path / f"{number}.{suffix}"
        assert convert(source, "-o", target).startswith("wrote 1,545 frames and 7 other lines to ")
        source = target
    assert lines_of(source) == lines_of(DEMO)
    assert feedrec("cat", source).stdout == feedrec("cat", DEMO).stdout


def test_gzip_is_read_by_other_tools(tmp_path: Path) -> None:
    convert(DEMO, "-o", tmp_path / "x.jsonl.gz", "--level", 9)
    assert gzip.decompress((tmp_path / "x.jsonl.gz").read_bytes()) == feedrec("cat", DEMO).stdout


def test_filters_and_times_are_those_of_cat(tmp_path: Path) -> None:
    choice = ("-c", "l2_data", "-p", "ETH-USD", "--from", "+5s", "--to", "+10s")
    convert(DEMO, "-o", tmp_path / "x.jsonl", *choice)
    assert lines_of(tmp_path / "x.jsonl")[1:] == feedrec("cat", DEMO, *choice).stdout.splitlines()[1:]


def test_facts_as_json(tmp_path: Path) -> None:
    target = tmp_path / "x.jsonl.zst"
    facts = json.loads(convert(DEMO, "-o", target, "--direction", "in", "--conn", 0, "--json"))
    assert facts["paths"] == [str(target)]
    assert facts["frames"] == 1545
    assert facts["file_size"] == target.stat().st_size
    assert parse_time(facts["first_time"]) < parse_time(facts["last_time"])


def test_parts_are_aligned_and_make_the_whole_again(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    assert "4 files" in convert(DEMO, "-o", folder / "x.jsonl.zst", "--split", "10s")
    for number in range(1, 5):
        with open_recording(folder / f"x-000{number}.jsonl.zst") as part:
            assert len({record.time // (10 * NANOSECONDS) for record in part}) == 1
    convert(folder, "-o", tmp_path / "whole.jsonl.gz")
    assert lines_of(tmp_path / "whole.jsonl.gz") == lines_of(DEMO)


def test_a_size_is_a_portion_too(tmp_path: Path) -> None:
    facts = json.loads(convert(DEMO, "-o", tmp_path / "x.jsonl.zst", "--split", "45kB", "--json"))
    assert len(facts["paths"]) == 3
    assert sum(Path(path).stat().st_size for path in facts["paths"]) == facts["file_size"]


def test_a_cut_with_state_begins_with_what_a_client_would_get(tmp_path: Path) -> None:
    """Of each channel and product one rebuilt snapshot; the replay takes it for the venue's, and sees no gap."""
    path = tmp_path / "x.jsonl.zst"
    assert "begins with 8 rebuilt snapshots" in convert(DEMO, "-o", path, "--from", "+10s", "--with-state")
    with open_recording(path) as recording:
        records = list(recording)
    assert [isinstance(record, Frame) and record.synthetic for record in records[:9]] == [True] * 8 + [False]
    assert len({record.time for record in records[:9]}) == 1


def test_tardis_lines_are_known_by_themselves(tmp_path: Path) -> None:
    source = tmp_path / "day.gz"
    source.write_bytes(gzip.compress(b'2019-06-01T00:00:01.5Z {"n":1}\n\n2019-06-01T00:00:02Z {"n":2}\n'))
    convert(source, "-o", tmp_path / "x.jsonl")
    with open_recording(tmp_path / "x.jsonl") as recording:
        records = list(recording)
        assert recording.header.endpoint == "raw"
    assert [record.name if isinstance(record, Event) else record.payload for record in records] == [
        "open",
        b'{"n":1}',
        "close",
        "open",
        b'{"n":2}',
    ]


def test_what_is_whole_of_a_cut_file_of_another_tool_is_converted(tmp_path: Path) -> None:
    source = tmp_path / "day.gz"
    text = b"".join(b'2019-06-01T00:00:01.%06dZ {"n":%d}\n' % (n, n * 7919) for n in range(9999))
    source.write_bytes(gzip.compress(text)[:-2000])
    done = feedrec("convert", source, "-o", "x.jsonl", "--json", cwd=tmp_path)
    assert done.returncode == 3
    assert b"the file is cut off" in done.stderr
    assert b"only what comes before that was converted" in done.stderr
    with open_recording(tmp_path / "x.jsonl") as recording:
        _, *frames, damage = recording
    assert len(frames) > 1000
    assert [frame.payload for frame in frames if isinstance(frame, Frame)] == [
        line.split()[1] for line in text.split(b"\n")[: len(frames)]
    ]
    assert isinstance(damage, Event)
    assert damage.name == "damage"
    assert json.loads(done.stdout)["damage"] == [f"{source}: {_cut(damage)}"]


def _cut(damage: Event) -> str:
    return f"the file is cut off at byte {damage.details['offset']} (good until {damage.details['first']})"


def test_lines_with_a_time_field_are_frames(tmp_path: Path) -> None:
    source = tmp_path / "x.txt"
    source.write_text('{"data":{"ts":1559347228619}}\n{"data":{"ts":1559347228620}}\n')
    options = ("--input-format", "jsonl", "--time-field", "data.ts", "--endpoint", "coinbase-advanced")
    convert(source, "-o", tmp_path / "x.jsonl.zst", *options)
    with open_recording(tmp_path / "x.jsonl.zst") as recording:
        frames = [record for record in recording if isinstance(record, Frame)]
        assert recording.header.endpoint == "coinbase-advanced"
    assert b"".join(frame.payload + b"\n" for frame in frames) == source.read_bytes()
    assert [frame.time for frame in frames] == [1559347228619 * 10**6, 1559347228620 * 10**6]


ENVELOPES = rb"""{"t":"header","config":{}}
{"t":"connect","conn":"A","ts":1622591001.5,"addr":"wss://x.example/ws?apikey=hunter22"}
{"t":"send","conn":"A","ts":1622591001.6,"data":"{\"secret\":\"hunter22\"}"}
{"t":"recv","conn":"A","ts":1622591002.4,"data":{"n": 1}}
"""
FIELDS = ("--time-field", "ts", "--payload-field", "data", "--direction-field", "t", "--conn-field", "conn")


def test_envelopes_are_opened_and_what_lacks_a_time_is_passed_over_where_asked(tmp_path: Path) -> None:
    """Secrets of what was sent stay out, as in a recording."""
    (tmp_path / "x.ndjson").write_bytes(ENVELOPES)
    done = feedrec("convert", "x.ndjson", "-o", "y.jsonl", *FIELDS, cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert b"x.ndjson: line 1 cannot be read: it has no field 'ts'; --skip-bad passes over it" in done.stderr
    done = feedrec("convert", "x.ndjson", "-o", "y.jsonl", *FIELDS, "--skip-bad", "--json", cwd=tmp_path)
    assert done.returncode == 3
    assert b"x.ndjson: passed over line 1: it has no field 'ts'" in done.stderr
    assert json.loads(done.stdout)["skipped"] == {"x.ndjson": 1}
    assert (tmp_path / "y.jsonl").read_bytes().splitlines()[1:] == [
        b'{"time":"2021-06-01T23:43:21.500000000Z","conn":0,"event":"open","url":"wss://x.example/ws?apikey=[redacted]"}',
        b'{"time":"2021-06-01T23:43:21.600000000Z","conn":0,"dir":"out","redacted":true,"frame":{"secret":"[redacted]"}}',
        b'{"time":"2021-06-01T23:43:22.400000000Z","conn":0,"dir":"in","frame":{"n": 1}}',
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((DEMO, "-o", "x.txt"), 2, "the name of a recording must end in"),
        ((DEMO, "-o", "x.jsonl", "--with-state"), 2, "--with-state needs --from"),
        ((DEMO, "-o", "x.jsonl", "-c", "tickr"), 2, "did you mean 'ticker'"),
        ((DEMO, "-o", "x.jsonl", "--input-format", "jsonl"), 2, "needs --time-field"),
        ((DEMO, "-o", "x.jsonl", "--input-format", "tardis", "--time-field", "x"), 2, "needs --input-format jsonl"),
        ((DEMO, "-o", "x.jsonl", "--input-format", "tab", "--conn-field", "x"), 2, "needs --input-format jsonl"),
        ((DEMO, "-o", "x.jsonl", "--payload-field", "x"), 2, "--payload-field needs --time-field"),
        ((DEMO, "-o", "x.jsonl", "--time-field", "x", "--direction-field", "."), 2, "--direction-field is empty"),
        ((DEMO, "-o", "x.jsonl", "--endpoint", "coinbase-advancd"), 2, "did you mean 'coinbase-advanced'"),
        ((DEMO, "-o", "x.jsonl", "--time-field", "ts"), 1, "line 1 cannot be read: it has no field 'ts'"),
        (("none.jsonl", "-o", "x.jsonl"), 1, "no such file"),
        ((DEMO, "-o", "x.jsonl.gz", "--level", "19"), 2, "invalid gzip level 19"),
    ],
)
def test_what_makes_no_sense_is_one_clear_line(
    tmp_path: Path, arguments: tuple[object, ...], code: int, said: str
) -> None:
    done = feedrec("convert", *arguments, cwd=tmp_path)
    assert done.returncode == code
    assert said in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_recording_is_not_converted(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl.zst"
    path.write_bytes(DEMO.read_bytes()[:-10_000])
    error = convert(path, "-o", tmp_path / "x.jsonl", code=1)
    assert "the file is cut off at byte" in error
    assert "feedrec repair" in error
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_nothing_behind(tmp_path: Path, number: signal.Signals, code: int) -> None:
    text = feedrec("cat", DEMO).stdout
    header, _, lines = text.partition(b"\n")
    source = tmp_path / "large.jsonl"
    source.write_bytes(header + b"\n" + lines * 200)
    with background("convert", source, "-o", tmp_path / "x.jsonl.zst", "--split", "20MB", "--level", 19) as process:
        wait_until(lambda: any(path.stat().st_size > 1000 for path in tmp_path.glob("x-*.part")))
        assert process.poll() is None
        returncode, out, err = interrupt(process, number)
    assert (returncode, out, err.strip()) == (code, b"", b"")
    assert list(tmp_path.iterdir()) == [source]


def test_progress_is_for_a_terminal_and_goes_to_stderr(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "feedrec", "convert", str(DEMO), "-o", str(tmp_path / "x.jsonl")]
    controller, terminal = pty.openpty()
    try:
        done = subprocess.run(
            [*command, "--json"],
            stdout=subprocess.PIPE,
            stderr=terminal,
            env={**os.environ, "TERM": "xterm"},
            timeout=HANG_TIMEOUT,
            check=True,
        )
        shown = os.read(controller, 1 << 16)
    finally:
        os.close(controller)
        os.close(terminal)
    assert b"kB" in shown
    assert json.loads(done.stdout)["frames"] == 1545
    assert feedrec("convert", DEMO, "-o", tmp_path / "y.jsonl").stderr == b""


def test_the_same_recording_twice_is_refused(tmp_path: Path) -> None:
    shutil.copy(DEMO, tmp_path / "demo.jsonl.zst")
    convert(tmp_path / "demo.jsonl.zst", "-o", tmp_path / "demo.parquet")
    assert "are the same recording: pass only one of them" in convert(tmp_path, "-o", tmp_path / "x.jsonl", code=2)
    done = feedrec("info", tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"are the same recording: pass only one of them" in done.stderr


def test_a_choice_of_nothing_is_an_error_or_a_warning(tmp_path: Path) -> None:
    order = convert(DEMO, "-o", tmp_path / "x.jsonl", "--from", "+9s", "--to", "+5s", code=2)
    assert "--from must be before --to" in order
    done = feedrec("convert", DEMO, "-o", tmp_path / "x.jsonl", "--from", "+5h")
    assert (done.returncode, b"nothing matched" in done.stderr) == (0, True)
    for choice, is_nothing in (("DOGE-USD", True), ("BTC-USD", False)):
        done = feedrec("convert", DEMO, "-o", tmp_path / f"{choice}.jsonl", "-p", choice)
        assert (done.returncode, b"no received frame matched" in done.stderr) == (0, is_nothing)


def test_an_endpoint_for_a_recording_is_refused(tmp_path: Path) -> None:
    assert "omit --endpoint" in convert(DEMO, "-o", tmp_path / "x.jsonl", "--endpoint", "raw", code=2)
