"""A recording as HAR: what HAR 1.2 demands is there, and so is every message, with time, direction and order."""

from __future__ import annotations

import base64
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import RecordingError, WriteError
from feedrec.export.wire.exporting import Reading, WireExport
from feedrec.export.wire.har import har_export
from feedrec.export.wire.har.har_export import export_har
from feedrec.export.wire.har.spool import Spool
from feedrec.formats.file.stream_target import STDOUT
from feedrec.formats.line.http_events import http_event
from feedrec.http_messages import HttpAnswer, HttpExchange
from feedrec.model import NANOSECONDS, Event, Frame, Header, Record, format_time, parse_time

from ..made_recordings import ALL, EXCHANGES, HEADER, LARGE, START, event, frames_of, inputs_of, write


class Exported:
    def __init__(self, path: Path, records: list[Record], header: Header = HEADER) -> None:
        source = write(path / "made.jsonl", records, header)
        stream = io.BytesIO()
        self.result: WireExport = export_har(inputs_of(source), STDOUT, stream=stream)
        self.text = stream.getvalue()
        self.log: dict[str, Any] = json.loads(self.text)["log"]
        self.entries: list[dict[str, Any]] = self.log["entries"]

    @property
    def connections(self) -> list[dict[str, Any]]:
        return [one for one in self.entries if one["_resourceType"] == "websocket"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return Exported(tmp_path_factory.mktemp("har"), ALL)


def frame_in(message: dict[str, Any], conn: int) -> Frame:
    """Give the frame that a message is; of what it does not say, the defaults."""
    is_text = message["opcode"] == 1
    data = message["data"].encode() if is_text else base64.b64decode(message["data"], validate=True)
    flags = {name: message.get(f"_feedrec{name.capitalize()}", False) for name in ("redacted", "synthetic")}
    binary = not (is_text or message.get("_feedrecBase64", False))
    direction = {"receive": "in", "send": "out"}[message["type"]]
    return Frame(message["_feedrecTime"], conn, data, direction, binary, **flags)  # type: ignore[arg-type]


def test_every_message_comes_back_with_time_direction_and_order(exported: Exported) -> None:
    for conn, entry in enumerate(exported.connections):
        assert entry["connection"] == str(conn)
        assert [frame_in(one, conn) for one in entry["_webSocketMessages"]] == frames_of(ALL, conn)
    assert max(len(one.payload) for one in frames_of(ALL)) > LARGE


def test_a_message_is_what_chrome_writes(exported: Exported) -> None:
    message = exported.connections[0]["_webSocketMessages"][0]
    assert (message["type"], message["opcode"], message["data"]) == ("send", 1, '{"subscribe":"[redacted]"}')
    assert message["time"] == pytest.approx(START / NANOSECONDS, abs=1e-6)


def test_a_time_has_nine_decimals_whatever_they_are(tmp_path: Path) -> None:
    exported = Exported(tmp_path, [Frame(1_795_280_400 * NANOSECONDS + 7, 0, b"{}")])
    assert b'"time":1795280400.000000007,' in exported.text


def test_an_entry_lasts_until_the_last_message(tmp_path: Path) -> None:
    exported = Exported(tmp_path, [event(0, 0, "open"), Frame(START + 2_500_000, 0, b"{}")])
    assert exported.entries[0]["time"] == 2.5


def test_a_body_that_is_no_utf_8_is_base64(tmp_path: Path) -> None:
    """Of a status without a name, and an address that is none, too."""
    exchange = HttpExchange(START, START, "PUT", "http://[", HttpAnswer(599, b"\xff"), "a/b", b"\xfe")
    (entry,) = Exported(tmp_path, [http_event(exchange)]).entries
    assert entry["response"]["content"] | {"encoding": "base64", "text": "/w=="} == entry["response"]["content"]
    assert entry["request"]["postData"] == {"mimeType": "a/b", "_feedrecBase64": True, "text": "/g=="}
    assert (entry["response"]["statusText"], entry["request"]["queryString"]) == ("", [])


def test_text_that_is_no_utf_8_is_marked_and_counted(exported: Exported) -> None:
    marked = [one for entry in exported.connections for one in entry["_webSocketMessages"] if "_feedrecBase64" in one]
    assert [(one["opcode"], base64.b64decode(one["data"])) for one in marked] == [(2, b"not \xff utf-8")]
    assert exported.result.not_utf8 == 1


DEMANDED = {
    "log": {"version", "creator", "entries"},
    "entry": {"startedDateTime", "time", "request", "response", "cache", "timings"},
    "request": {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"},
    "response": {
        "status",
        "statusText",
        "httpVersion",
        "cookies",
        "headers",
        "content",
        "redirectURL",
        "headersSize",
        "bodySize",
    },
    "timings": {"send", "wait", "receive"},
    "content": {"size", "mimeType"},
    "postData": {"mimeType", "text"},
}
"""What HAR 1.2 demands of each object (http://www.softwareishard.com/blog/har-12-spec/)."""


def test_all_that_har_demands_is_there(exported: Exported) -> None:
    assert exported.log["version"] == "1.2"
    assert DEMANDED["log"] <= exported.log.keys()
    assert len(exported.entries) == 5
    for entry in exported.entries:
        assert DEMANDED["entry"] <= entry.keys()
        for name in ("request", "response", "timings"):
            assert DEMANDED[name] <= entry[name].keys()
        assert DEMANDED["content"] <= entry["response"]["content"].keys()
        assert entry["time"] >= 0
        known = [value for value in entry["timings"].values() if value != -1]
        assert sum(known) == pytest.approx(entry["time"])
        parse_time(entry["startedDateTime"])


def test_an_entry_says_what_the_recording_says_of_its_connection(exported: Exported) -> None:
    first, second, third = exported.connections
    assert first["request"]["url"] == HEADER.url
    assert first["request"]["headers"] == [{"name": "User-Agent", "value": "bot/1.0"}]
    assert first["request"]["queryString"] == [{"name": "key", "value": "[redacted]"}]
    assert (first["response"]["status"], first["response"]["statusText"]) == (101, "Switching Protocols")
    assert [one.get("serverIPAddress") for one in exported.connections] == ["203.0.113.7", "2001:db8::9", None]
    assert second["response"]["headers"] == [{"name": "Sec-WebSocket-Protocol", "value": "v1"}]
    assert third["request"]["url"] == HEADER.url


def test_no_event_is_lost(exported: Exported) -> None:
    found = [one for entry in exported.connections for one in entry["_feedrecEvents"]] + exported.log["_feedrecEvents"]
    expected = [one for one in ALL if isinstance(one, Event) and one.name != "http"]
    assert sorted((one["time"], one["event"]) for one in found) == sorted(
        (format_time(one.time), one.name) for one in expected
    )
    gap = next(one for one in found if one["event"] == "gap")
    assert gap in exported.connections[0]["_feedrecEvents"]
    assert gap["missing"] == 2


def test_requests_are_entries_as_any_other(exported: Exported) -> None:
    posted, got = (one for one in exported.entries if one["_resourceType"] == "fetch")
    assert (posted["request"]["method"], posted["request"]["url"]) == ("POST", EXCHANGES[0].url)
    assert posted["request"]["postData"] == {"mimeType": "application/json", "text": '{"side":"BUY"}'}
    assert DEMANDED["postData"] <= posted["request"]["postData"].keys()
    assert posted["response"]["content"]["text"].encode() == EXCHANGES[0].answer.body
    assert {"name": "cb-after", "value": "7"} in posted["response"]["headers"]
    assert posted["startedDateTime"] == format_time(EXCHANGES[0].started)
    assert posted["_feedrecTime"] == EXCHANGES[0].time
    assert posted["time"] == pytest.approx(0.0008)
    assert got["response"]["status"] == 204
    assert "text" not in got["response"]["content"]


def test_the_result_counts_what_was_written(exported: Exported) -> None:
    result = exported.result
    assert (result.frames, result.connections, result.exchanges) == (len(frames_of(ALL)), 3, 2)
    assert result.size == len(exported.text)


def test_an_empty_recording_is_an_archive_without_entries(tmp_path: Path) -> None:
    assert Exported(tmp_path, []).entries == []


@given(
    st.lists(
        st.builds(
            Frame,
            st.integers(START, START + 99),
            st.integers(0, 2),
            st.one_of(st.binary(max_size=30), st.text(max_size=30).map(str.encode)),
            st.sampled_from(["in", "out"]),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_whatever_is_recorded_comes_back(tmp_path_factory: pytest.TempPathFactory, frames: list[Frame]) -> None:
    records: list[Record] = sorted(frames, key=lambda one: one.time)
    exported = Exported(tmp_path_factory.mktemp("drawn"), records)
    for entry in exported.connections:
        conn = int(entry["connection"])
        assert [frame_in(one, conn) for one in entry["_webSocketMessages"]] == frames_of(records, conn)
    assert sum(len(one["_webSocketMessages"]) for one in exported.connections) == len(frames)


def test_the_memory_does_not_grow_with_the_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of connections whose frames take turns, too."""
    monkeypatch.setattr(har_export, "Spool", lambda folder: Spool(folder, 1 << 20))
    peaks = []
    for count in (500, 2_000):
        records: list[Record] = [Frame(START + number, number % 7, b"x" * 10_000) for number in range(count)]
        source = write(tmp_path / f"{count}.jsonl.zst", records)
        inputs = inputs_of(source)
        tracemalloc.start()
        try:
            result = export_har(inputs, tmp_path / f"{count}.har")
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert result.size > count * 10_000
    assert peaks[1] < peaks[0] * 1.2
    assert sorted(one.suffix for one in tmp_path.iterdir()) == [".har", ".har", ".zst", ".zst"]


def test_nothing_is_left_of_an_export_that_fails(tmp_path: Path) -> None:
    source = write(tmp_path / "made.jsonl", [Frame(START, 0, b"{}")] * 50)
    inputs = inputs_of(source)
    with source.open("ab") as file:
        file.write(b"no line\n")
    with pytest.raises(RecordingError, match="nothing was written"):
        export_har(inputs, tmp_path / "out.har")
    assert [one.name for one in tmp_path.iterdir()] == ["made.jsonl"]


def test_a_disk_without_room_for_the_temporary_file_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    monkeypatch.setattr(har_export, "Spool", lambda folder: Spool(folder, 1_000))
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: full.open("wb", buffering=0))
    source = write(tmp_path / "made.jsonl", [Frame(START, 0, b"x" * 2_000)])
    with pytest.raises(WriteError, match=r"out\.har: no space for a temporary file as large in "):
        export_har(inputs_of(source), tmp_path / "out.har")
    assert [one.name for one in tmp_path.iterdir()] == ["made.jsonl"]


def test_what_follows_the_end_of_a_connection_is_of_another_one(tmp_path: Path) -> None:
    records: list[Record] = [Frame(START, 0, b"[1]"), event(1, 0, "close", code=1000), Frame(START + 2, 0, b"[2]")]
    entries = Exported(tmp_path, records).connections
    assert [[one["data"] for one in entry["_webSocketMessages"]] for entry in entries] == [["[1]"], ["[2]"]]


def test_an_interruption_while_entries_are_written_leaves_nothing(tmp_path: Path) -> None:
    """When all has been read, too: that is when an archive is written."""
    source = write(tmp_path / "made.jsonl")
    calls: list[tuple[int, int]] = []

    def on_read(number: int, size: int) -> None:
        calls.append((number, size))
        if calls.count((0, source.stat().st_size)) > 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_har(inputs_of(source), tmp_path / "out.har", Reading(on_read=on_read))
    assert [one.name for one in tmp_path.iterdir()] == ["made.jsonl"]
