"""`feedrec convert` of files of other tools."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feedrec.formats import open_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.model import Event, Frame

from ...formats.foreign.capture.captures import HANDSHAKE, Capture, T
from ...formats.foreign.har.archives import archive, connection, message, request
from ...shared import SHARED
from ..command import DEMO, feedrec, shell

CASES = SHARED / "cases"
SAMPLES = SHARED / "samples"
ENVELOPES = ("--time-field", "ts", "--payload-field", "data")
MINI = (*ENVELOPES, "--direction-field", "t", "--conn-field", "conn")
SECRET = "hunter22hunter22"


def lines_of(path: Path) -> list[bytes]:
    """Give the lines of a recording without its header."""
    with open_recording(path) as recording:
        return [line for lines in recording.batches() for line in lines]


def converted(source: Path, *options: str, code: int = 0) -> Path:
    """Convert a file; give the recording."""
    target = source.parent / "back.jsonl"
    done = feedrec("convert", source, "-o", target, "--overwrite", *options)
    assert done.returncode == code, done.stderr.decode()
    return target


def test_an_archive_that_feedrec_wrote_comes_back_line_by_line(tmp_path: Path) -> None:
    assert feedrec("export", DEMO, "--to", "har", "-o", tmp_path / "x.har").returncode == 0
    back = converted(tmp_path / "x.har")
    assert lines_of(back) == lines_of(DEMO)
    with open_recording(back) as recording, open_recording(DEMO) as demo:
        assert (recording.header.endpoint, recording.header.url) == (demo.header.endpoint, demo.header.url)


def test_packets_that_feedrec_wrote_come_back_with_their_frames(tmp_path: Path) -> None:
    """And with what their connections are to, and how they end; also from a pipe."""
    assert feedrec("export", DEMO, "--to", "pcapng", "-o", tmp_path / "x.pcapng").returncode == 0
    done = shell("cat x.pcapng | $FEEDREC convert - -o back.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    events = (b'"event":"clock"', b'"event":"subscribed"')  # are comments for people
    lines = [line for line in lines_of(DEMO) if not any(one in line[:80] for one in events)]
    assert lines_of(tmp_path / "back.jsonl") == lines
    with open_recording(tmp_path / "back.jsonl") as recording:
        assert recording.header.endpoint == "coinbase-advanced"


def test_the_address_of_the_first_connection_tells_the_endpoint(tmp_path: Path) -> None:
    capture = Capture()
    stream = capture.stream(T)
    stream.upgrade(T, {**HANDSHAKE, "X-Cryptofeed-Address": "wss://advanced-trade-ws.coinbase.com"})
    stream.receive(T + 2, b"{}")
    (tmp_path / "x.pcap").write_bytes(capture.file())
    rows = [
        {"ts": 1, "t": "connect", "data": "wss://ws-feed.exchange.coinbase.com"},
        {"ts": 2, "t": "recv", "data": "{}"},
    ]
    (tmp_path / "x.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for source, options, endpoint in (
        ("x.pcap", (), "coinbase-advanced"),
        ("x.pcap", ("--endpoint", "raw"), "raw"),
        ("x.ndjson", (*ENVELOPES, "--direction-field", "t"), "coinbase-exchange"),
    ):
        with open_recording(converted(tmp_path / source, *options)) as recording:
            assert recording.header.endpoint == endpoint


def test_secrets_of_a_capture_stay_out_of_the_recording(tmp_path: Path) -> None:
    """Wherever a client of cryptofeed sent them; what the venue sent stays verbatim."""
    capture = Capture()
    stream = capture.stream(T)
    address = {"X-Cryptofeed-Address": f"wss://x.example/ws?apikey={SECRET}"}
    stream.upgrade(T, {**HANDSHAKE, **address, "X-Cryptofeed-Subscription": json.dumps({"secret": SECRET})})
    stream.send(T + 1, json.dumps({"op": "login", "args": [{"passphrase": SECRET}]}).encode())
    stream.receive(T + 2, b'{"event": "login"}')
    capture.stream(T + 3).exchange(T + 3, f"https://x.example/a?signature={SECRET}", b'{"id": 1}')
    (tmp_path / "x.pcap").write_bytes(capture.file())
    path = converted(tmp_path / "x.pcap")
    assert SECRET not in path.read_text()
    about = {
        "conn_id": "COINBASE.ws.1",
        "exchange": "COINBASE",
        "ordinal": "1",
        "subscription": '{"secret": "[redacted]"}',
    }
    opening, sent, received, answered = lines_of(path)
    url = "wss://x.example/ws?apikey=[redacted]"
    assert opening == encode_event(Event(T, 0, "open", {"url": url, "cryptofeed": about}))
    login = b'{"op": "login", "args": [{"passphrase": "[redacted]"}]}'
    assert sent == encode_frame(Frame(T + 1, 0, login, "out", redacted=True))
    assert received == encode_frame(Frame(T + 2, 0, b'{"event": "login"}'))
    assert json.loads(answered)["url"] == "https://x.example/a?signature=[redacted]"
    assert answered.endswith(b'"redacted":true,"body":{"id": 1}}')


def test_secrets_of_an_archive_stay_out_of_the_recording(tmp_path: Path) -> None:
    secret = {"headers": [{"name": "Authorization", "value": f"Bearer {SECRET}"}]}
    asked = request("https://x.example/a", json.dumps({"you": f"Bearer {SECRET}"}))
    asked["request"] |= {**secret, "postData": {"mimeType": "application/json", "text": json.dumps({"key": SECRET})}}
    sent = message("1795280401", json.dumps({"apiKey": SECRET}), type="send")
    (tmp_path / "x.har").write_bytes(archive(asked, connection(sent)))
    path = converted(tmp_path / "x.har")
    assert SECRET not in path.read_text()
    assert path.read_text().count("[redacted]") == 3


def test_a_connection_that_lacks_packets_ends_and_the_exit_code_tells(tmp_path: Path) -> None:
    capture = Capture()
    stream = capture.stream(T)
    stream.upgrade(T)
    for number in range(3):
        stream.receive(T + number, b"%d" % number)
    del capture.records[-2]
    (tmp_path / "x.pcap").write_bytes(capture.file())
    done = feedrec("convert", "x.pcap", "-o", "y.jsonl", "--json", cwd=tmp_path)
    assert done.returncode == 3
    assert b" on: segments are missing in the capture" in done.stderr
    assert json.loads(done.stdout)["skipped"] == {"x.pcap": 1}
    opening, first, damage = lines_of(tmp_path / "y.jsonl")
    assert b'"event":"open"' in opening
    assert first.endswith(b'"frame":0}')
    assert b'"event":"damage"' in damage


@pytest.mark.parametrize("name", ["advanced_2026-08-09", "exchange_2021-04-17"])
def test_real_captures_of_cryptofeed_are_read_by_naming_their_fields(tmp_path: Path, name: str) -> None:
    source = SAMPLES / f"{name}.frames.jsonl.zst"
    if not source.exists():
        pytest.skip(f"{source} is not there")
    target = tmp_path / "x.jsonl"
    assert feedrec("convert", source, "-o", target, *ENVELOPES, "--direction-field", "dir").returncode == 0
    rows = [json.loads(line) for line in shell(f"zstdcat {source}").stdout.splitlines()]
    with open_recording(target) as recording:
        opening, *frames = list(recording)
    assert isinstance(opening, Event)
    assert opening.details == {"url": rows[0]["data"]}
    told = [(one.payload.decode(), one.direction) for one in frames if isinstance(one, Frame)]
    assert told == [(row["data"], "in" if row["dir"] == "recv" else "out") for row in rows[1:]]
    assert all(abs(one.time - row["ts"] * 1e9) < 500 for one, row in zip(frames, rows[1:], strict=True))


@pytest.mark.parametrize(
    ("case", "options", "code", "frames"),
    [
        ("05-hftbacktest-lines/two.txt", (), 0, 2),
        ("06-foreign-cut-gz/cut.tardis.gz", (), 3, 559),
        ("06-foreign-cut-gz/two-members.tardis.gz", (), 0, 600),
        ("06-foreign-cut-gz/cut-plain.txt", (), 3, 1),
        ("23-cryptofeed-v3/mini.jsonl", (*MINI, "--skip-bad"), 3, 3),
    ],
)
def test_files_that_people_have(tmp_path: Path, case: str, options: tuple[str, ...], code: int, frames: int) -> None:
    source = CASES / case
    if not source.exists():
        pytest.skip(f"{source} is not there")
    target = tmp_path / "x.jsonl"
    done = feedrec("convert", source, "-o", target, *options)
    assert done.returncode == code, done.stderr.decode()
    with open_recording(target) as recording:
        assert sum(isinstance(record, Frame) for record in recording) == frames


def test_files_that_begin_at_the_same_time_are_no_parts_of_one_recording(tmp_path: Path) -> None:
    """Their connections get numbers of their own; the same file, also by a link, is refused."""
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b'1723161256172210766 {"of":"%b"}\n' % name.encode())
    (tmp_path / "c").symlink_to("a")
    done = feedrec("convert", "a", "b", "-o", "x.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    with open_recording(tmp_path / "x.jsonl") as recording:
        frames = [record for record in recording if isinstance(record, Frame)]
    assert [(frame.conn, frame.payload) for frame in frames] == [(0, b'{"of":"a"}'), (1, b'{"of":"b"}')]
    done = feedrec("convert", "a", "c", "-o", "y.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert b"a and c are the same recording: pass only one of them" in done.stderr
