"""`feedrec cat`."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import zstandard

from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.codec import encode_frame
from feedrec.formats.line.http_events import http_event
from feedrec.model import NANOSECONDS, Event, Frame, Header, parse_time

from ...formats.line.exchanges import exchange
from ...timing import HANG_TIMEOUT, scaled
from ..command import DEMO, background, feedrec, shell


def test_cat_prints_the_file_as_it_is() -> None:
    """Without options it is zstdcat."""
    with DEMO.open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
    assert feedrec("cat", DEMO).stdout == text


def test_raw_prints_what_the_venue_sent() -> None:
    """--raw gives the payloads of received frames alone, one a line."""
    with open_recording(DEMO) as recording:
        payloads = [item.payload for item in recording if isinstance(item, Frame) and item.direction == "in"]
    assert feedrec("cat", "--raw", DEMO).stdout == b"".join(payload + b"\n" for payload in payloads)


def test_payloads_with_newlines_can_be_told_apart(tmp_path: Path) -> None:
    """--print0 ends each payload with a NUL."""
    payloads = [b'{"a":1}', b"two\nlines", b"\xff\x00binary"]
    path = tmp_path / "x.jsonl.zst"
    writer = create_recording(path, Header("coinbase-advanced"))
    for number, payload in enumerate(payloads):
        writer.write_line(encode_frame(Frame(number, 0, payload, binary=number == 2)))
    writer.finish()
    assert feedrec("cat", "--raw", "--print0", path).stdout == b"".join(payload + b"\0" for payload in payloads)


def test_filters_by_channel_and_product() -> None:
    """Only frames of the channel and the product are printed, after the header; l2_data is level2."""
    rows = [json.loads(line) for line in feedrec("cat", DEMO, "-c", "l2_data", "-p", "ETH-USD").stdout.splitlines()]
    assert rows[0]["feedrec"] == 1
    assert len(rows) > 100
    for row in rows[1:]:
        assert row["frame"]["channel"] == "l2_data"
        assert row["frame"]["events"][0]["product_id"] == "ETH-USD"


def test_filters_by_time() -> None:
    """--from is inclusive, --to is not; offsets count from the start of the recording."""
    with open_recording(DEMO) as recording:
        created = recording.header.created
    lines = feedrec("cat", DEMO, "--from", "+5s", "--to", "+10s").stdout.splitlines()[1:]
    times = [parse_time(json.loads(line)["time"]) - created for line in lines]
    assert times
    assert all(5 * NANOSECONDS <= offset < 10 * NANOSECONDS for offset in times)


def test_what_cat_prints_is_a_recording(tmp_path: Path) -> None:
    """A filtered recording can be read again."""
    path = tmp_path / "tickers.jsonl"
    path.write_bytes(feedrec("cat", DEMO, "-c", "ticker").stdout)
    facts = json.loads(feedrec("info", "--json", path).stdout)
    assert {row["channel"] for row in facts["channels"]} == {"ticker"}


def test_a_cut_recording_is_printed_up_to_the_cut(tmp_path: Path) -> None:
    """Everything before the cut comes out; then one line tells where it is, and the exit code is 1."""
    path = tmp_path / "cut.jsonl.zst"
    path.write_bytes(DEMO.read_bytes()[:-1000])
    whole, cut = feedrec("cat", DEMO).stdout, feedrec("cat", path)
    assert whole.startswith(cut.stdout)
    assert len(cut.stdout) > len(whole) / 2
    assert cut.returncode == 1
    assert "the file is cut off at byte" in cut.stderr.decode()


def test_follow_prints_a_recording_as_it_grows(tmp_path: Path) -> None:
    """--follow goes on until the recorder is done, and then ends by itself."""
    path = tmp_path / "x.jsonl.zst"
    writer = create_recording(path, Header("coinbase-advanced"))

    def write(numbers: range) -> None:
        for number in numbers:
            writer.write_line(encode_frame(Frame(number, 0, b'{"n":%d}' % number)))
            writer.flush()
            time.sleep(scaled(0.05))

    write(range(1))
    with background("cat", "--raw", "--follow", tmp_path / "x.jsonl.zst.part") as process:
        assert process.stdout is not None
        out = process.stdout.readline()  # it is at work: until now, finishing would have renamed the file before it
        write(range(1, 20))
        writer.finish()
        rest, err = process.communicate(timeout=HANG_TIMEOUT)
    out += rest
    assert out == b"".join(b'{"n":%d}\n' % number for number in range(20))
    assert process.returncode == 0, err.decode()


def test_a_reader_that_leaves_is_no_error() -> None:
    """`feedrec cat FILE | head -1` says nothing on stderr, and exits as what SIGPIPE ended."""
    done = shell(f"$FEEDREC cat {DEMO} | head -1; exit ${{PIPESTATUS[0]}}")
    assert done.stdout.startswith(b'{"feedrec":1')
    assert done.stderr == b""
    assert done.returncode == 128 + signal.SIGPIPE


def test_acks_are_a_channel() -> None:
    """-c subscriptions gives what the venue answered."""
    assert b'"channel":"subscriptions"' in feedrec("cat", "--raw", "-c", "subscriptions", DEMO).stdout


def test_requests_alone(tmp_path: Path) -> None:
    """Their lines as they are, or with --raw the content of the answers; a malformed one is a line, but no answer."""
    path = tmp_path / "x.jsonl.zst"
    writer = create_recording(path, Header("coinbase-advanced", created=0))
    bodies = [b'{ "a": 1.50 }', b"", b"two\nlines", b"\xff\x00"]
    for number, body in enumerate(bodies):
        writer.write(Frame(number, 0, b'{"event":"http"}'))
        writer.write(http_event(exchange(NANOSECONDS + number, body)))
    writer.write(Event(NANOSECONDS + 9, None, "http", {"status": "odd"}))
    writer.finish()
    header, *lines, _ = feedrec("cat", path).stdout.split(b"\n")
    requests = [line for line in lines if b'"dir"' not in line]
    assert feedrec("cat", "--http", path).stdout == b"\n".join([header, *requests, b""])
    assert feedrec("cat", "--http", "--raw", "-0", path).stdout == b"".join(body + b"\0" for body in bodies)
    late = feedrec("cat", "--http", "--raw", "--from", "1970-01-01T00:00:01.000000002Z", path)
    assert late.stdout == b"two\nlines\n\xff\x00\n"
    piped = shell(f"$FEEDREC cat {path} | $FEEDREC cat --http --raw -0 -")
    assert piped.stdout == b"".join(body + b"\0" for body in bodies)


def test_requests_are_followed(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "x.jsonl.zst", Header("coinbase-advanced"))
    writer.write(http_event(exchange(NANOSECONDS, b"[0]")))
    writer.flush()
    with background("cat", "--http", "--raw", "--follow", tmp_path / "x.jsonl.zst.part") as process:
        assert process.stdout is not None
        out = process.stdout.readline()
        for number in range(1, 5):
            writer.write(Frame(NANOSECONDS + number, 0, b"{}"))
            writer.write(http_event(exchange(NANOSECONDS + number, b"[%d]" % number)))
            writer.flush()
        writer.finish()
        rest, err = process.communicate(timeout=HANG_TIMEOUT)
    assert out + rest == b"".join(b"[%d]\n" % number for number in range(5))
    assert process.returncode == 0, err.decode()


def test_requests_have_no_channel() -> None:
    result = feedrec("cat", "--http", "-c", "ticker", DEMO)
    assert (result.returncode, result.stdout) == (2, b"")
    assert b"no channel" in result.stderr


def test_where_there_is_no_request_it_says_so() -> None:
    result = feedrec("cat", "--http", "--raw", DEMO)
    assert (result.stdout, b"nothing matched" in result.stderr) == (b"", True)


def test_a_filter_that_matches_nothing_says_so(tmp_path: Path) -> None:
    """An empty answer might also be a mistyped name."""
    done = feedrec("cat", DEMO, "-p", "XYZ-USD")
    assert done.returncode == 0
    assert done.stderr.decode().endswith("warning: nothing matched\n")
    path = tmp_path / "empty.jsonl"
    create_recording(path, Header("coinbase-advanced")).finish()
    assert feedrec("cat", path).stderr == b""
