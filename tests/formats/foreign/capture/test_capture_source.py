"""Captures of packets as recordings."""

from __future__ import annotations

import contextlib
import gzip
import random
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import DamagedRecordingError, NotARecordingError, RecordingError
from feedrec.formats.foreign.opening import FORMS, open_any
from feedrec.formats.foreign.source import Importing, Skipped
from feedrec.formats.line.http_events import exchange_of
from feedrec.model import Event, Frame, Record

from ..secrecy import IMPORTING, SECRECY
from .captures import HANDSHAKE, MAX_SEGMENT, Capture, T, ng_file, pcap_file, small, ws_frame

Packing = Callable[[bytes], bytes]


ABOUT = {"conn_id": "COINBASE.ws.1", "exchange": "COINBASE", "ordinal": "1", "subscription": '{"ticker":["BTC-USD"]}'}
OPEN = Event(T, 0, "open", {"url": "shown: wss://x.example/ws", "cryptofeed": ABOUT})
SMALL: list[Record] = [
    OPEN,
    Event(T + 4, 1, "open", {"url": "shown: ws://x.example/ws"}),
    Frame(T + 5, 0, b'{"op":"subscribe","shown":1}', "out", redacted=True),
    Frame(T + 6, 0, b'{"n": 1}'),
    Frame(T + 7, 1, b"\x00\xff", binary=True),
    Frame(T + 8, 1, b"hello", "out"),
    Frame(T + 9, 0, "é".encode() * 200),
    Event(T + 11, 0, "close", {"code": 1006, "reason": ""}),
    Frame(T + 12, 1, b'{"n":2}'),
]


def read(path: Path, data: bytes, importing: Importing = IMPORTING) -> list[Record]:
    path.write_bytes(data)
    with open_any(path, importing) as recording:
        return list(recording)


def without_http(records: list[Record]) -> list[Record]:
    return [record for record in records if not (isinstance(record, Event) and record.name == "http")]


packings = pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress], ids=["plain", "gzip", "zstd"]
)


@packings
def test_a_capture_of_cryptofeed_is_its_connections_and_messages(tmp_path: Path, pack: Packing) -> None:
    records = read(tmp_path / "x.pcap.zst", pack(small().file()))
    assert without_http(records) == SMALL


def test_requests_are_http_events_and_without_what_may_not_be_recorded(tmp_path: Path) -> None:
    """They have the address that cryptofeed tells."""
    records = read(tmp_path / "x", small().file())
    (event,) = (record for record in records if isinstance(record, Event) and record.name == "http")
    exchange = exchange_of(event)
    assert exchange is not None
    assert (exchange.started, exchange.time, exchange.method) == (T + 2, T + 3, "GET")
    assert exchange.url == "shown: https://x.example/products?limit=1"
    assert (exchange.answer.status, exchange.answer.body) == (200, b'[{"id":1}]')
    assert records.index(event) == 1  # as its answer came


@pytest.mark.parametrize(
    "data",
    [
        pcap_file(small().records, order=">"),
        pcap_file(small().records, link_type=101),
        pcap_file(small().records, link_type=113, before=16),
        ng_file(small().records),
        ng_file(small().records, order=">"),
    ],
    ids=["big-endian", "raw IP", "Linux cooked", "pcapng", "pcapng big-endian"],
)
def test_captures_of_other_programs_are_read_likewise(tmp_path: Path, data: bytes) -> None:
    assert without_http(read(tmp_path / "x", data)) == SMALL


def test_times_of_microseconds_are_those(tmp_path: Path) -> None:
    records = read(tmp_path / "x", pcap_file(small().records, unit=1000))
    assert {record.time for record in records} == {T // 1000 * 1000}


def test_a_long_message_has_the_time_of_its_first_segment_and_comes_where_it_began(tmp_path: Path) -> None:
    capture = Capture()
    long, short = capture.stream(T), capture.stream(T)
    long.upgrade(T)
    short.upgrade(T)
    payload = b'{"a":"%b"}' % (b"x" * 5_000_000)
    frame = ws_frame(payload)
    for number, start in enumerate(range(0, len(frame), MAX_SEGMENT)):
        long.segment(T + 10 + number, frame[start : start + MAX_SEGMENT], is_sent=False)
        if number == 5:
            short.receive(T + 15, b"1")
    records = read(tmp_path / "x", capture.file())
    assert records[2:] == [Frame(T + 10, 0, payload), Frame(T + 15, 1, b"1")]


def test_segments_that_come_late_twice_or_overlap_are_put_in_order(tmp_path: Path) -> None:
    """Also where the numbers begin anew at 2 to the 32nd."""
    capture = Capture()
    stream = capture.stream(T, first=(1 << 32) - 200)
    stream.upgrade(T)
    start = stream.place(is_sent=False)
    text = b"".join(ws_frame(b"%d" % number) for number in range(200))
    cuts = [text[at : at + 10] for at in range(0, len(text), 10)]
    order = [*range(len(cuts)), 3, 4]
    random.Random(1).shuffle(order)
    for number in order:
        at = number * 10
        stream.segment(T + 1, text[max(0, at - 3) : at + 10], is_sent=False, sequence=start + max(0, at - 3))
    records = read(tmp_path / "x", capture.file())
    assert [record.payload for record in records if isinstance(record, Frame)] == [b"%d" % n for n in range(200)]


def test_a_hole_ends_its_connection_and_no_other(tmp_path: Path) -> None:
    """It is told, and a `damage` event stands there."""
    capture = small()
    gone = [frame for time, frame in capture.records if time == T + 6]
    found: list[tuple[Path, Skipped]] = []
    importing = IMPORTING._replace(on_skipped=lambda *what: found.append(what))
    kept = [record for record in capture.records if record[1] not in gone]
    records = without_http(read(tmp_path / "x", pcap_file(kept), importing))
    lost = [record for record in SMALL if record.conn == 1 or record.time < T + 6]
    damage = [record for record in records if isinstance(record, Event) and record.name == "damage"]
    assert [record for record in records if record not in damage] == lost
    assert [(one.conn, one.details["reason"]) for one in damage] == [(0, "segments are missing in the capture")]
    assert "connection 0 from 2023" in str(found[0][1])


def test_fragments_are_joined_and_control_frames_passed_over(tmp_path: Path) -> None:
    capture = Capture()
    stream = capture.stream(T)
    stream.upgrade(T)
    stream.say(T + 1, ws_frame(b"ab", first=0), is_sent=False)
    stream.say(T + 2, ws_frame(b"ping", operation=9), is_sent=False)
    stream.say(T + 3, ws_frame(b"c", operation=0, first=0), is_sent=False)
    stream.send(T + 3, b"pong", operation=10)
    stream.say(T + 4, ws_frame(b"d", operation=0) + ws_frame(b"e"), is_sent=False)
    stream.receive(T + 5, b"\x03\xe9bye", operation=8)
    stream.send(T + 6, b"\x03\xe9", operation=8)
    stream.close(T + 7)
    assert read(tmp_path / "x", capture.file())[1:] == [
        Frame(T + 1, 0, b"abcd"),
        Frame(T + 4, 0, b"e"),
        Event(T + 6, 0, "close", {"code": 1001, "reason": "bye"}),
    ]


@pytest.mark.parametrize("keeps", [True, False])
def test_messages_that_were_compressed_as_agreed_are_uncompressed(tmp_path: Path, *, keeps: bool) -> None:
    capture = Capture()
    stream = capture.stream(T)
    stream.upgrade(T, extensions="permessage-deflate" + ("" if keeps else "; server_no_context_takeover"))
    kept = zlib.compressobj(wbits=-15)
    for number in range(3):
        packer = kept if keeps else zlib.compressobj(wbits=-15)
        packed = packer.compress(b'{"number":%d}' % number) + packer.flush(zlib.Z_SYNC_FLUSH)
        stream.say(T + number, ws_frame(packed[:-4], first=0xC0), is_sent=False)
    records = read(tmp_path / "x", capture.file())[1:]
    assert [record.payload for record in records if isinstance(record, Frame)] == [
        b'{"number":%d}' % number for number in range(3)
    ]


def test_a_connection_that_begins_anew_between_the_same_ends_is_another_one(tmp_path: Path) -> None:
    capture, again = Capture(), Capture()
    for one, time in ((capture, T), (again, T + 5)):
        stream = one.stream(time, first=time - T)
        stream.upgrade(time)
        stream.receive(time + 1, b"1")
    records = read(tmp_path / "x", pcap_file(capture.records + again.records))
    assert [(record.conn, type(record)) for record in records] == [(0, Event), (0, Frame), (1, Event), (1, Frame)]


def zstd_flushed(data: bytes) -> bytes:
    """Give what a writer has on the disk that flushes now and then, as cryptofeed does."""
    packer = zstandard.ZstdCompressor().compressobj()
    pieces = [data[at : at + 300] for at in range(0, len(data), 300)]
    flushed = (packer.compress(one) + packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) for one in pieces)
    return b"".join(flushed) + packer.flush()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd_flushed])
def test_of_a_capture_cut_anywhere_everything_whole_comes_and_the_rest_is_told(tmp_path: Path, pack: Packing) -> None:
    """At the end of a packet there is no telling that others followed, unless it is packed."""
    capture = Capture()
    stream = capture.stream(T)
    stream.upgrade(T, HANDSHAKE)
    stream.send(T + 5, b'{"op":"subscribe","secret":1}')
    stream.receive(T + 6, b'{"n": 1}')
    stream.close(T + 11)
    expected = [OPEN, *(record for record in SMALL if record.time in {T + 5, T + 6, T + 11})]
    data, seen = pack(capture.file()), -1
    ends = {24 + sum(16 + len(frame) for _, frame in capture.records[:count]) for count in range(len(capture.records))}
    for size in range(1, len(data)):
        told, found = read_cut(tmp_path / "x", data[:size])
        assert told == expected[: len(told)]
        assert len(told) >= seen
        assert found or not told or (pack is bytes and size in ends)
        seen = len(told)
    assert seen >= 3


def read_cut(path: Path, data: bytes) -> tuple[list[Record], list[object]]:
    """Read what comes of a capture that was cut; give the records, and what is said of the loss."""
    found: list[object] = []
    importing = IMPORTING._replace(on_damage=found.append, on_skipped=lambda *what: found.append(what))
    try:
        records = read(path, data, importing)
    except (DamagedRecordingError, NotARecordingError) as error:
        return [], [error]
    return [one for one in records if not (isinstance(one, Event) and one.name == "damage")], found


def test_each_packet_boundary_gives_what_is_whole_there(tmp_path: Path) -> None:
    """A message whose packets are all there comes; there is no telling that others followed."""
    capture = small()
    counts = []
    for count in range(4, len(capture.records) + 1):
        with contextlib.suppress(NotARecordingError):
            counts.append(len(without_http(read(tmp_path / "x", pcap_file(capture.records[:count])))))
    assert counts == sorted(counts)
    assert counts[-1] == len(SMALL)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (Capture().file(), "contains no WebSocket that is not encrypted, and no HTTP: no stream of TCP"),
        (b"nothing of it", "is no capture of packets"),
        (b"", "is no capture of packets"),
    ],
)
def test_what_has_no_websocket_is_no_recording(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(NotARecordingError, match=reason):
        open_any(path, IMPORTING, FORMS["pcap"])


def test_a_capture_that_is_cut_off_within_its_first_bytes_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(DamagedRecordingError, match="the file is cut off"):
        read(tmp_path / "x", small().file()[:10])


def test_what_feedrec_tells_of_a_connection_comes_back_and_what_it_made_up_does_not(tmp_path: Path) -> None:
    capture = Capture()
    for about in ({"X-Feedrec-Url": "wss://y.example"}, {}):
        capture.stream(T).upgrade(T, {"X-Feedrec-Endpoint": "coinbase-exchange", **about})
    (tmp_path / "x").write_bytes(capture.file())
    with open_any(tmp_path / "x", IMPORTING) as recording:
        assert recording.header.endpoint == "coinbase-exchange"
        assert [record.details for record in recording if isinstance(record, Event)] == [
            {"url": "shown: wss://y.example"},
            {},
        ]


def test_where_nothing_is_whole_the_error_says_why(tmp_path: Path) -> None:
    capture = Capture()
    capture.stream(T).say(T, b"GET / HTTP/1.1\r\n", is_sent=True)
    with pytest.raises(NotARecordingError, match=r"contains no frame: passed over .*: the capture ends amid a message"):
        read(tmp_path / "x", capture.file())


def test_encrypted_streams_are_counted(tmp_path: Path) -> None:
    capture = Capture()
    capture.stream(T).say(T, b"\x16\x03\x01 a client that speaks TLS", is_sent=True)
    with pytest.raises(NotARecordingError, match="1 other stream of TCP"):
        read(tmp_path / "x", capture.file())


FILE, NG_FILE = small().file(), ng_file(small().records)


@given(
    st.lists(st.tuples(st.integers(0, len(FILE) - 1), st.integers(0, 255)), min_size=1, max_size=8), st.integers(0, 99)
)
def test_whatever_the_bytes_are_nothing_but_documented_errors_are_raised(
    changes: list[tuple[int, int]], cut: int
) -> None:
    importing = Importing(SECRECY, on_damage=lambda _: None)
    for whole in (FILE, NG_FILE):
        data = bytearray(whole)
        for place, byte in changes:
            data[place] = byte
        with tempfile.NamedTemporaryFile() as file:
            file.write(data[: len(data) - cut])
            file.flush()
            path = Path(file.name)
            with contextlib.suppress(RecordingError), open_any(path, importing, FORMS["pcap"]) as recording:
                list(recording)
