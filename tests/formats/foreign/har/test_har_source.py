"""HTTP archives as recordings."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import DamagedRecordingError, NotARecordingError, RecordingError
from feedrec.formats.foreign.har.har_source import HarSource
from feedrec.formats.foreign.opening import FORMS, open_any
from feedrec.formats.foreign.source import Importing, Skipped
from feedrec.formats.line.http_events import exchange_of
from feedrec.model import Event, Frame, Record, parse_time

from ..secrecy import IMPORTING, SECRECY
from .archives import MILLISECOND, SECOND, TWO, Entry, T, archive, connection, message, request

Packing = Callable[[bytes], bytes]


def read(path: Path, data: bytes, importing: Importing = IMPORTING) -> list[Record]:
    path.write_bytes(data)
    with open_any(path, importing) as recording:
        return list(recording)


OPENED = {"url": "shown: wss://x.example/ws"}
RECORDS: list[Record] = [
    Event(T + 500 * MILLISECOND, 0, "open", OPENED),
    Frame(T + 1250 * MILLISECOND, 0, b'{"op":"subscribe","shown":1}', "out", redacted=True),
    Frame(T + 1750 * MILLISECOND, 0, b'{"n": 1}'),
    Event(T + 2 * SECOND, 1, "open", OPENED),
    Frame(T + 2500 * MILLISECOND, 1, "é\n".encode()),
    Frame(T + 3 * SECOND + 1000, 0, b"\0\xff", binary=True),
]


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress, lambda data: b"\xef\xbb\xbf" + data]
)
def test_connections_of_an_archive_are_merged_by_time(tmp_path: Path, pack: Packing) -> None:
    assert read(tmp_path / "x.har", pack(TWO)) == RECORDS


def test_times_are_read_by_their_digits(tmp_path: Path) -> None:
    """Not as floats, which have no nanoseconds; and what feedrec writes beside them is taken first."""
    text = archive(
        connection(message("1", "A"), message("2", "B", _feedrecTime=parse_time("2026-11-21T17:00:09.123456789Z")))
    )
    text = text.replace(b'"time": 1.0', b'"time": 1795280401.1234567890123')
    frames = [record for record in read(tmp_path / "x", text) if isinstance(record, Frame)]
    assert [frame.time - T for frame in frames] == [1_123_456_789, 9_123_456_789]


def test_what_feedrec_wrote_comes_back(tmp_path: Path) -> None:
    """Numbers of connections, events, marks, and text that is no Unicode."""
    close = {"time": "2026-11-21T17:00:04.000000000Z", "conn": 7, "event": "close", "code": 1000, "reason": ""}
    opening = {"time": "2026-11-21T17:00:00.000000000Z", "conn": 7, "event": "open", "url": "wss://x.example/ws"}
    clock = {"time": "2026-11-21T17:00:01.000000000Z", "conn": 7, "event": "clock", "wall": 1, "monotonic": 2}
    text = base64.b64encode(b"\xff").decode()
    messages = (
        message("1795280401.000", text, opcode=2, _feedrecBase64=True),
        message("1795280404.000", "x", type="send", _feedrecRedacted=True, _feedrecRewritten=True),
    )
    entry = connection(*messages, connection="7", _feedrecEvents=[opening, clock, close])
    other = {"time": "2026-11-21T17:00:09.000000000Z", "conn": 0, "event": "lost", "frames": 1, "reason": "x"}
    data = archive(
        entry,
        creator="feedrec",
        _feedrecEvents=[other],
        _feedrecEndpoint="coinbase-advanced",
        _feedrecUrl="wss://y.example",
    )
    assert read(tmp_path / "x", data) == [
        Event(T, 7, "open", {"url": "wss://x.example/ws"}),
        Event(T + SECOND, 7, "clock", {"wall": 1, "monotonic": 2}),
        Frame(T + SECOND, 7, b"\xff"),
        Frame(T + 4 * SECOND, 7, b"x", "out", redacted=True, rewritten=True),
        Event(T + 4 * SECOND, 7, "close", {"code": 1000, "reason": ""}),
        Event(T + 9 * SECOND, 0, "lost", {"frames": 1, "reason": "x"}),
    ]
    with open_any(tmp_path / "x", IMPORTING) as recording:
        assert recording.header.endpoint == "coinbase-advanced"
        assert recording.header.url == "shown: wss://y.example"
    with open_any(tmp_path / "x", IMPORTING, endpoint="raw") as recording:
        assert recording.header.endpoint == "raw"


def test_large_messages_are_told_a_few_at_a_time(tmp_path: Path) -> None:
    """So that an archive takes hardly more memory than its own size."""
    path = tmp_path / "x"
    path.write_bytes(archive(connection(*(message(f"179528040{n}", "x" * 600_000) for n in range(6)))))
    with open_any(path, IMPORTING) as recording:
        assert [len(lines) for lines in recording.batches()] == [3, 2, 2]


def test_the_end_of_a_connection_is_told_where_the_archive_tells_it(tmp_path: Path) -> None:
    """Pings are passed over."""
    ping, error = {"opcode": 9}, {"type": "error", "opcode": -1}
    first = connection(message("1795280401", "", **ping), message("1795280402", "bye", opcode=8))
    second = connection(message("1795280403", "handshake", **error), _resourceType="other")
    assert [record for record in read(tmp_path / "x", archive(first, second))[2:] if isinstance(record, Event)] == [
        Event(T + 2 * SECOND, 0, "close", {"code": 1005, "reason": "bye"}),
        Event(T + 3 * SECOND, 1, "close", {"code": 1006, "reason": "", "error": "handshake"}),
    ]


def test_the_address_of_a_handshake_is_that_of_its_websocket(tmp_path: Path) -> None:
    """As mitmproxy writes it."""
    entry = connection(message("1795280401", "1"))
    entry["request"]["url"] = "https://x.example/ws"
    assert read(tmp_path / "x", archive(entry))[0] == RECORDS[0]


def test_requests_are_http_events_unless_they_are_parts_of_a_page_or_have_no_body(tmp_path: Path) -> None:
    """They stand where the answer had come."""
    entries = [
        request("https://x.example/a?b=1", '{"a":1}'),
        request("https://x.example/index.html", "<html>", "text/html; charset=utf-8"),
        request("https://x.example/b", None),
        request("https://x.example/secret", "1"),
        connection(message("1795280400.6", "1")),
        request("https://x.example/c", base64.b64encode(b"\xff").decode(), _feedrecTime="2026-11-21T17:00:03Z"),
    ]
    entries[-1]["response"]["content"]["encoding"] = "base64"
    records = read(tmp_path / "x", archive(*entries))
    opening, frame, *others = records
    assert isinstance(opening, Event)
    assert isinstance(frame, Frame)
    exchanges = [exchange_of(event) for event in others if isinstance(event, Event)]
    found = [(one.url, one.started - T, one.time - T, one.answer.body) for one in exchanges if one is not None]
    assert found == [
        ("shown: https://x.example/a?b=1", 500 * MILLISECOND, 750_250_000, b'{"a":1}'),
        ("shown: https://x.example/c", 500 * MILLISECOND, 3 * SECOND, b"\xff"),
    ]
    first = exchanges[0]
    assert first is not None
    assert (first.sent, first.sent_type, first.answer.headers) == (b"q", "text/plain", (("x-rate", "3"),))


BAD = [
    (message("1795280401", "1", opcode=0), "its opcode 0 is neither 1 nor 2"),
    (message("1795280401", "1", type="open"), "'type' is no direction"),
    (message("1795280401", "no base64", opcode=2), "base64"),
    (message("-5", "1"), "its field 'time' is not a time: -5.0"),
    ({"opcode": 1, "data": "1"}, "missing required field `type`"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
def test_a_message_that_cannot_be_read_is_an_error_or_passed_over(tmp_path: Path, bad: Entry, reason: str) -> None:
    data = archive(request("https://x.example/", "1"), connection(message("1795280400.7", "1"), bad))
    with pytest.raises(RecordingError, match=f"message 2 of entry 2 cannot be read: .*{reason}.*--skip-bad"):
        read(tmp_path / "x", data)
    found: list[Skipped] = []
    importing = Importing(SECRECY, skips_bad=True, on_skipped=lambda _, skipped: found.append(skipped))
    records = read(tmp_path / "x", data, importing)
    assert [record.payload for record in records if isinstance(record, Frame)] == [b"1"]
    assert found[0].first == ["message 2 of entry 2"]


def test_an_entry_without_a_time_is_an_error_or_passed_over(tmp_path: Path) -> None:
    data = archive(connection(started="soon"), request("https://x.example/", "1", startedDateTime="later"))
    with pytest.raises(RecordingError, match=r"entry . cannot be read: its field 'startedDateTime' is not a time"):
        read(tmp_path / "x", data)
    with pytest.raises(NotARecordingError, match="passed over entry"):
        read(tmp_path / "x", data, Importing(SECRECY, skips_bad=True))


def with_times_behind(data: bytes) -> bytes:
    """Give an archive with the keys of its entries in the order of Chrome."""
    whole = json.loads(data)
    for entry in whole["log"]["entries"]:
        for name in ("startedDateTime", "time", "_webSocketMessages"):
            entry[name] = entry.pop(name)
    return json.dumps(whole).encode()


@pytest.mark.parametrize("data", [json.dumps(json.loads(TWO)).encode(), with_times_behind(TWO)])
def test_of_an_archive_cut_anywhere_everything_whole_comes_and_the_rest_is_told(tmp_path: Path, data: bytes) -> None:
    path, seen = tmp_path / "x", 0
    for size in range(20, len(data)):
        found: list[DamagedRecordingError] = []
        path.write_bytes(data[:size])
        try:
            with open_any(path, IMPORTING._replace(on_damage=found.append), FORMS["har"]) as recording:
                told = [record for record in recording if not (isinstance(record, Event) and record.name == "damage")]
        except RecordingError:
            assert seen == 0
            continue
        assert [record for record in RECORDS if record in told] == told
        assert len(told) >= seen
        assert len(found) == 1
        assert found[0].offset <= size
        seen = len(told)
    assert seen == len(RECORDS)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (archive(), "contains no WebSocket, and no request that is recorded"),
        (b"{}", "is no HTTP archive: Object missing required field `log`"),
        (b"", "is no HTTP archive: Input data was truncated"),
        (b'{"log":{"version":"1.2"', "is no HTTP archive: Input data was truncated"),
        (b'{"log":{"entries":[' + b"[" * 200_000 + b"]" * 200_000 + b"]}}", "is no HTTP archive: it nests too deep"),
        (b'{"log":{"entries":[{"time":NaN}]}}', r"is no HTTP archive: JSON is malformed: .* \(byte "),
        (gzip.compress(TWO, mtime=0)[:-400], "cut off"),
    ],
)
def test_anything_else_is_one_clear_error(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(RecordingError, match=reason):
        list(open_any(path, IMPORTING, FORMS["har"]))


def test_an_archive_that_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(archive(connection(message("1795280401", "x" * (2 << 20))))))
    with pytest.raises(RecordingError, match="is larger than 1 MiB, unpacked"):
        open_any(path, IMPORTING, lambda file, importing: HarSource(file, importing, 1 << 20))


@given(
    st.lists(st.tuples(st.integers(0, len(TWO) - 1), st.sampled_from(b'"{}[]0\\,:\xff')), max_size=5),
    st.integers(0, 200),
    st.booleans(),
)
def test_whatever_the_bytes_are_nothing_but_documented_errors_are_raised(
    changes: list[tuple[int, int]],
    cut: int,
    skips_bad: bool,  # noqa: FBT001  hypothesis passes it
) -> None:
    data = bytearray(TWO)
    for place, byte in changes:
        data[place] = byte
    importing = Importing(SECRECY, skips_bad, on_damage=lambda _: None)
    with tempfile.NamedTemporaryFile() as file:
        file.write(data[: len(data) - cut])
        file.flush()
        path = Path(file.name)
        with contextlib.suppress(RecordingError), open_any(path, importing, FORMS["har"]) as recording:
            list(recording)
