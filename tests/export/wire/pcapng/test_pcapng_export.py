"""A recording as packets: another reader finds every message, with time, direction and order, and no packet wrong."""

from __future__ import annotations

import base64
import hashlib
import io
import ipaddress
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import RecordingError
from feedrec.export.wire.exporting import Reading, WireExport
from feedrec.export.wire.pcapng import pcapng_export
from feedrec.export.wire.pcapng.addresses import Host
from feedrec.export.wire.pcapng.capture_file import LAST_TIME
from feedrec.export.wire.pcapng.pcapng_export import export_pcapng
from feedrec.export.wire.pcapng.tcp_stream import Take, TcpStream
from feedrec.formats import Selection
from feedrec.formats.file.stream_target import STDOUT
from feedrec.model import Event, Frame, Header, Record

from ..made_recordings import ALL, EXCHANGES, HEADER, LARGE, START, event, frames_of, inputs_of, write
from .packet_reader import FIN, RST, Capture, Message, Stream, messages_of, read_capture, streams_of


class Exported:
    """What a recording became, as the other reader has it."""

    def __init__(self, path: Path, records: list[Record], header: Header = HEADER) -> None:
        source = write(path / "made.jsonl", records, header)
        stream = io.BytesIO()
        self.result: WireExport = export_pcapng(inputs_of(source), STDOUT, stream=stream)
        self.data = stream.getvalue()
        self.capture: Capture = read_capture(self.data)
        self.streams: list[Stream] = streams_of(self.capture.packets)

    @property
    def comments(self) -> list[str]:
        return [text for packet in self.capture.packets for text in packet.comments]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return Exported(tmp_path_factory.mktemp("pcapng"), ALL)


def expected(frames: list[Frame]) -> list[Message]:
    return [Message(one.time, one.direction == "out", 2 if one.binary else 1, one.payload) for one in frames]


def of_connections(exported: Exported) -> list[Stream]:
    return [one for one in exported.streams if b"Sec-WebSocket" in one.said(by_client=True)[0][1]]


def test_every_message_is_there_with_time_direction_and_order(exported: Exported) -> None:
    streams = of_connections(exported)
    assert len(streams) == 3
    for conn, stream in enumerate(streams):
        *_, messages = messages_of(stream)
        data = [one for one in messages if one.opcode < 8]
        assert data == expected(frames_of(ALL, conn))
    assert max(len(one.payload) for one in frames_of(ALL)) > LARGE


def test_no_segment_is_longer_than_a_packet_of_ipv4(exported: Exported) -> None:
    assert max(len(one.data) for one in exported.capture.packets) == 65_495


def test_each_connection_begins_with_a_handshake_that_a_client_would_accept(exported: Exported) -> None:
    for stream in of_connections(exported):
        request, answer, _ = messages_of(stream)
        key = re.search(rb"Sec-WebSocket-Key: (\S+)\r\n", request)
        assert key is not None
        assert len(base64.b64decode(key[1])) == 16
        accept = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert b"Sec-WebSocket-Accept: " + accept in answer


def test_the_request_has_what_the_recording_says_and_nothing_that_http_forbids(exported: Exported) -> None:
    first, second, third = (messages_of(one)[0].split(b"\r\n") for one in of_connections(exported))
    assert first[:2] == [b"GET /feed?key=[redacted] HTTP/1.1", b"Host: venue.test:8443"]
    assert b"User-Agent: bot/1.0" in first
    assert second[0] == b"GET /a%20bX:%20y HTTP/1.1"  # urllib takes out what ends lines
    assert b"Host: [2001:db8::9]:9000" in second
    assert b"Sec-WebSocket-Protocol: v1" in second
    assert third[:2] == first[:2]  # no `open` event: the address in the header


def test_addresses_are_as_recorded_or_made_for_documentation_and_no_two_connections_have_the_same(
    exported: Exported,
) -> None:
    servers = [str(ipaddress.ip_address(one.server[0])) for one in exported.streams]
    assert servers == ["203.0.113.7", "2001:db8::9", "198.51.100.1", "198.51.100.2", "198.51.100.1"]
    assert {one.server[1] for one in exported.streams} == {80}
    assert len({one.client for one in exported.streams}) == 5


def test_a_close_frame_has_code_and_reason_and_is_answered(exported: Exported) -> None:
    *_, messages = messages_of(of_connections(exported)[0])
    closes = [one for one in messages if one.opcode == 8]
    assert [one.by_client for one in closes] == [False, True]
    payload = closes[0].payload
    assert payload[:2] == (4001).to_bytes(2, "big")
    assert payload[2:].decode().startswith("böse\r\nrrr")
    assert len(payload) == 125


def test_a_connection_that_was_lost_is_reset(exported: Exported) -> None:
    assert of_connections(exported)[1].packets[-1].flags & RST
    assert not any(one.flags & RST for one in of_connections(exported)[0].packets)


@pytest.mark.parametrize("code", [1006, 1015])
def test_codes_that_no_close_frame_has_are_a_reset(tmp_path: Path, code: int) -> None:
    exported = Exported(tmp_path, [event(0, 0, "open"), event(1, 0, "close", code=code, by="client")])
    *_, last = exported.capture.packets
    assert last.flags & RST
    assert (last.source, messages_of(exported.streams[0])[2]) == (exported.streams[0].client, [])


@pytest.mark.parametrize(
    ("details", "by_client", "payload"),
    [
        ({"code": 1000, "reason": "bye", "by": "client"}, True, b"\x03\xe8bye"),
        ({"code": 1001, "reason": "", "by": "venue"}, False, b"\x03\xe9"),
        ({"code": 1005, "reason": ""}, False, b""),
        ({"code": "1000", "reason": 5}, False, b""),
        ({"code": 70_000}, False, b""),
        ({}, False, b""),
    ],
)
def test_who_closes_and_how(tmp_path: Path, details: dict[str, object], *, by_client: bool, payload: bytes) -> None:
    exported = Exported(tmp_path, [event(0, 0, "open"), event(1, 0, "close", **details)])
    *_, messages = messages_of(exported.streams[0])
    assert [(one.by_client, one.opcode, one.payload) for one in messages] == [
        (by_client, 8, payload),
        (not by_client, 8, payload),
    ]


def test_a_connection_of_which_no_end_is_told_has_none(tmp_path: Path) -> None:
    """Not where another one of its number begins, either; a comment says so."""
    exported = Exported(tmp_path, [event(0, 0, "open"), event(1, 0, "open"), Frame(START + 2, 0, b"{}")])
    assert [one.packets[-1].flags & (FIN | RST) for one in exported.streams] == [0, 0]
    text = "connection 0: its end is not in the recording"
    assert exported.streams[1].packets[0].comments[0] == text
    assert exported.capture.last_comments == [text]


def test_events_are_comments_of_the_next_packet_of_their_connection(exported: Exported) -> None:
    gap = next(one for one in exported.capture.packets if any(" gap: " in text for text in one.comments))
    assert gap.comments == ["2026-11-21T17:00:00.123456852Z connection 0 gap: expected 7, received 9, missing 2"]
    assert len(gap.data) == 65_495  # the first segment of the message after it
    assert any(
        text.endswith("connection 0 close: code 4001, reason böse\\r\\n" + "r" * 200) for text in exported.comments
    )


def test_what_is_unusual_about_a_frame_is_a_comment(exported: Exported) -> None:
    assert "redacted: secrets were replaced" in exported.comments
    assert "synthetic: rebuilt from other frames, not sent by the venue" in exported.comments


def test_comments_for_which_no_packet_is_left_are_in_the_statistics(tmp_path: Path) -> None:
    exported = Exported(tmp_path, [Frame(START, 0, b"{}"), event(1, 0, "close", code=1000), event(2, 0, "late")])
    assert exported.capture.last_comments == ["2026-11-21T17:00:00.123456791Z connection 0 late"]


def test_no_event_is_lost(exported: Exported) -> None:
    """Each is one comment: those of connections that are not open, too."""
    names = [one.name for one in ALL if isinstance(one, Event) and one.name != "http"]
    texts = [*exported.comments, *exported.capture.last_comments]
    found = [match[1] for text in texts if (match := re.match(r"2026-\S+Z(?: connection \d)? (\w+)", text))]
    assert sorted(found) == sorted(names)


def test_a_comment_has_no_control_characters(exported: Exported) -> None:
    texts = [*exported.comments, *exported.capture.last_comments]
    assert any("\\x1b[2J\\u202e" in text for text in texts)
    assert all(text.isprintable() for text in texts)


def test_a_comment_that_is_very_long_is_cut_off(tmp_path: Path) -> None:
    exported = Exported(tmp_path, [event(0, 0, "error", message="ü" * 50_000), Frame(START + 1, 0, b"{}")])
    comment = next(text for text in exported.comments if " error: " in text)
    assert len(comment) < 4_000
    assert comment.endswith("ü ...")


def test_requests_are_connections_of_their_own(exported: Exported) -> None:
    posted, got = (one for one in exported.streams if one not in of_connections(exported))
    said = b"".join(data for _, data in posted.said(by_client=True))
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"POST /orders?a=b%20c HTTP/1.1",
        b"Host: rest.test",
        b"Content-Type: application/json",
        b"X-Feedrec-Endpoint: raw",
        b"X-Feedrec-Url: https://rest.test/orders?a=b c",
        b"Content-Length: 14",
    ]
    assert body == b'{"side":"BUY"}'
    head, _, body = b"".join(data for _, data in posted.said(by_client=False)).partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"HTTP/1.1 201 Created"
    assert {b"cb-after: 7", b"Content-Length: 80000"} <= set(head.split(b"\r\n"))
    assert body == EXCHANGES[0].answer.body
    times = [[time for time, _ in posted.said(by_client=by_client)] for by_client in (True, False)]
    assert times == [[EXCHANGES[0].started], [EXCHANGES[0].time, EXCHANGES[0].time]]
    assert got.said(by_client=False)[0][1] == b"HTTP/1.1 204 No Content\r\n\r\n"


def test_the_result_counts_what_was_written(exported: Exported) -> None:
    result = exported.result
    assert (result.frames, result.connections, result.exchanges) == (len(frames_of(ALL)), 3, 2)
    assert result.size == len(exported.data)
    assert (result.first_time, result.last_time) == (START, max(one.time for one in ALL))


def test_a_choice_leaves_out_frames_but_no_events(tmp_path: Path) -> None:
    source = write(tmp_path / "made.jsonl")
    stream = io.BytesIO()
    chosen = Reading(selection=Selection(connections=[0], direction="out"))
    export_pcapng(inputs_of(source), STDOUT, chosen, stream=stream)
    capture = read_capture(stream.getvalue())
    *_, messages = messages_of(streams_of(capture.packets)[0])
    assert [one for one in messages if one.opcode < 8] == expected([frames_of(ALL)[0]])
    assert any(" gap: " in text for one in capture.packets for text in one.comments)


def test_recordings_are_merged_by_time_and_their_connections_stay_apart(tmp_path: Path) -> None:
    paths = []
    for name, offset in (("a", 0), ("b", 1)):
        header = Header("raw", url=f"ws://{name}.test", created=START + offset)
        records = [Frame(START + offset + 2 * number, 0, b'{"n":%d}' % number) for number in range(5)]
        records += [Frame(START + 50 + 10 * offset, 0, b'{"of":"%b"}' % name.encode())] * 9  # that are read together
        paths.append(write(tmp_path / f"{name}.jsonl", records, header))
    stream = io.BytesIO()
    result = export_pcapng(inputs_of(*paths), STDOUT, stream=stream)
    capture = read_capture(stream.getvalue())
    times = [one.time for one in capture.packets]
    assert times == sorted(times)
    assert [len(messages_of(one)[2]) for one in streams_of(capture.packets)] == [14, 14]
    assert result.connections == 2


def test_a_connection_that_is_opened_again_is_another_one(tmp_path: Path) -> None:
    records: list[Record] = [event(0, 0, "open"), Frame(START + 1, 0, b"{}")]
    records += [event(2, 0, "open"), Frame(START + 3, 0, b"[]")]
    exported = Exported(tmp_path, records)
    assert [messages_of(one)[2] for one in exported.streams] == [expected([one]) for one in frames_of(records)]


@given(
    st.lists(
        st.one_of(
            st.builds(
                Frame,
                st.integers(START, START + 99),
                st.integers(0, 2),
                st.binary(max_size=300),
                st.sampled_from(["in", "out"]),
                st.booleans(),
            ),
            st.builds(
                Event,
                st.integers(START, START + 99),
                st.integers(0, 2),
                st.sampled_from(["open", "close", "gap"]),
                st.dictionaries(
                    st.sampled_from(["url", "address", "headers", "subprotocol", "code", "reason", "by"]),
                    st.one_of(st.text(), st.integers(), st.none(), st.dictionaries(st.text(), st.text())),
                ),
            ),
        ),
        max_size=12,
    )
)
def test_whatever_is_recorded_another_reader_finds_the_same_messages(
    tmp_path_factory: pytest.TempPathFactory, records: list[Record]
) -> None:
    records = sorted(records, key=lambda one: one.time)
    exported = Exported(tmp_path_factory.mktemp("drawn"), records)
    found = [one for stream in exported.streams for one in messages_of(stream)[2] if one.opcode < 8]
    assert sorted(found) == sorted(expected(frames_of(records)))


def test_nothing_is_left_of_an_export_that_fails(tmp_path: Path) -> None:
    source = write(tmp_path / "made.jsonl", [Frame(START, 0, b"{}")] * 50)
    inputs = inputs_of(source)
    with source.open("ab") as file:
        file.write(b"no line\n")
    with pytest.raises(RecordingError, match="nothing was written"):
        export_pcapng(inputs, tmp_path / "out.pcapng")
    assert [one.name for one in tmp_path.iterdir()] == ["made.jsonl"]


def test_sequence_numbers_go_on_at_zero_after_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class NearTheEnd(TcpStream):
        def __init__(self, client: Host, server: Host, take: Take) -> None:
            super().__init__(client, server, take, first_number=2**32 - 500)

    monkeypatch.setattr(pcapng_export, "TcpStream", NearTheEnd)
    frames: list[Record] = [Frame(START + number, 0, b"[%d]" % number * 40) for number in range(99)]
    exported = Exported(tmp_path, frames)
    assert {one.sequence > 2**31 for one in exported.capture.packets} == {True, False}
    assert messages_of(exported.streams[0])[2] == expected(frames_of(frames))


@pytest.mark.parametrize("record", [Frame(LAST_TIME + 1, 0, b"{}"), Event(LAST_TIME + 1, None, "clock")])
def test_a_time_that_no_packet_can_have_is_one_clear_error(tmp_path: Path, record: Record) -> None:
    with pytest.raises(RecordingError, match=r"no time after 2554 fits, such as 2554-.*: leave it out by --until"):
        Exported(tmp_path, [record])
