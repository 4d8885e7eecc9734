"""Reading in batches gives what reading one by one gives, damage and all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from feedrec.errors import CorruptRecordingError, DamagedRecordingError, TruncatedRecordingError
from feedrec.formats import Recording, create_recording, open_recording
from feedrec.formats.line.codec import encode_event, encode_frame, encode_header
from feedrec.formats.line.selection import Selection
from feedrec.formats.stream.parquet_encoder import ParquetEncoder
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.model import NANOSECONDS, Event, Frame, FrameInfo, Header, Record

START = 1_786_309_548 * NANOSECONDS

RECORDS: list[Record] = [
    Event(START, 0, "open"),
    Frame(START, 0, b'{"type":"subscribe"}', "out"),
    *(Frame(START + number * NANOSECONDS // 10, 0, b'{"number":%d}' % number) for number in range(3000)),
    Frame(START + 400 * NANOSECONDS, 0, b"no JSON"),
    Frame(START + 400 * NANOSECONDS, 0, b"\x00\xff", binary=True),
    Event(START + 401 * NANOSECONDS, 1, "open"),
    Frame(START + 402 * NANOSECONDS, 1, b'{"a":{"b":1}}'),
]


def write(path: Path, records: list[Record] = RECORDS) -> Path:
    writer = create_recording(path, Header("raw"))
    for record in records:
        writer.write(record)
    return writer.finish()


def received(records: list[Record]) -> list[Frame]:
    return [record for record in records if isinstance(record, Frame) and record.direction == "in"]


def read_payloads(path: Path) -> tuple[list[bytes], DamagedRecordingError | None]:
    """Read all payloads, and what ended that."""
    payloads: list[bytes] = []
    with open_recording(path) as recording:
        try:
            for batch in recording.payload_batches():
                payloads += batch
        except DamagedRecordingError as damage:
            return payloads, damage
    return payloads, None


@pytest.fixture(params=["x.jsonl.zst", "x.jsonl"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Give a recording with an index, and one without."""
    return write(tmp_path / request.param)


def test_payloads_are_those_of_the_received_frames(path: Path) -> None:
    assert read_payloads(path) == ([frame.payload for frame in received(RECORDS)], None)


def test_payloads_of_a_span_of_time(path: Path) -> None:
    start, end = START + 5 * NANOSECONDS, START + 6 * NANOSECONDS
    with open_recording(path) as recording:
        payloads = [payload for batch in recording.payload_batches(start, end) for payload in batch]
    assert payloads == [b'{"number":%d}' % number for number in range(50, 60)]


def test_decoded_batches_hold_every_line_and_record(path: Path) -> None:
    with open_recording(path) as recording:
        batches = list(recording.decoded_batches())
    assert [frame for batch in batches for frame in batch.frames] == received(RECORDS)
    assert [record for batch in batches for record in batch.others] == [r for r in RECORDS if r not in received([r])]
    lines = [encode_frame(record) if isinstance(record, Frame) else encode_event(record) for record in RECORDS]
    assert [line for batch in batches for line in batch.lines] == lines


def test_payloads_before_the_cut_are_given(tmp_path: Path) -> None:
    whole = write(tmp_path / "x.jsonl.zst")
    whole.write_bytes(whole.read_bytes()[:-600])
    payloads, damage = read_payloads(whole)
    assert isinstance(damage, TruncatedRecordingError)
    assert len(payloads) > 100
    assert payloads == [frame.payload for frame in received(RECORDS)][: len(payloads)]


READERS: list[Callable[[Recording], list[object]]] = [
    lambda recording: [item for batch in recording.payload_batches() for item in batch],
    lambda recording: [item for frames, _ in recording.frame_batches() for item in frames],
    lambda recording: [item for batch in recording.decoded_batches() for item in batch.lines],
]


@pytest.mark.parametrize("read", READERS)
def test_an_invalid_line_is_damage_with_its_position(read: Callable[[Recording], list[object]], path: Path) -> None:
    plain = path.with_name("bad.jsonl")
    good = b'{"feedrec":1,"endpoint":"raw"}\n' + encode_frame(Frame(START, 0, b"{}")) + b"\n"
    plain.write_bytes(good + b"not a line\n")
    with open_recording(plain) as recording, pytest.raises(CorruptRecordingError) as caught:
        read(recording)
    assert caught.value.offset == len(good)
    assert caught.value.last_time == "2026-08-09T21:05:48.000000000Z"


def test_a_damaged_block_with_an_index_is_damage_to_payloads_too(tmp_path: Path) -> None:
    frames: list[Record] = [Frame(START + number, 0, b'{"a":"%0600d"}' % number) for number in range(5000)]
    whole = write(tmp_path / "x.jsonl.zst", frames)
    with open_recording(whole) as recording:
        assert recording.index is not None
        second = recording.index.blocks[1]
    data = bytearray(whole.read_bytes())
    data[second.offset + second.size // 2] ^= 0xFF
    whole.write_bytes(data)
    payloads, damage = read_payloads(whole)
    assert isinstance(damage, CorruptRecordingError)
    assert damage.offset == second.offset
    assert payloads == [frame.payload for frame in received(frames)][: len(payloads)]
    assert payloads


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.zst", "jsonl.gz", "parquet"])
class TestEachFormat:
    """What every reader does alike."""

    @pytest.fixture
    def path(self, tmp_path: Path, suffix: str) -> Path:
        with create_recording(tmp_path / f"a.{suffix}", Header("raw")) as recording:
            for number in range(3000):
                recording.write(Frame(number, 0, b"[%d]" % number))
        return recording.path

    def test_each_iteration_begins_anew(self, path: Path) -> None:
        with open_recording(path) as recording:
            assert next(iter(recording)).time == 0
            for _ in range(2):
                assert [one.time for one in recording] == list(range(3000))
            assert [len(payloads) for payloads in recording.payload_batches()] == [
                len(frames) for frames, _ in recording.frame_batches()
            ]

    def test_after_a_seek_each_iteration_begins_there(self, path: Path) -> None:
        with open_recording(path) as recording:
            passed = recording.seek(2000)
            for _ in range(2):
                assert [one.time for one in recording] == list(range(passed, 3000))

    def test_after_a_seek_beyond_all_of_it_nothing_is_read_where_that_is_known_at_once(self, path: Path) -> None:
        with open_recording(path) as recording:
            index, before = recording.index, recording.bytes_read
            passed = recording.seek(3000)
            assert [one.time for one in recording] == list(range(passed, 3000))
            if index is not None or path.suffix == ".parquet":
                assert passed == 3000
                assert recording.bytes_read - before <= 2000  # what follows the blocks
                assert b'"time":"1970-01-01T00:00:00.000002999Z"' in next(recording.blocks_back(before_place=True))[-1]

    def test_nothing_comes_after_it_was_closed(self, path: Path) -> None:
        with open_recording(path) as recording:
            records = iter(recording)
            next(records)
        assert list(records) == []
        assert list(recording) == []


def mixed(number: int) -> Record:
    """Give something of everything, most of it frames of one connection."""
    time = START + number * NANOSECONDS // 50
    if number % 97 == 0:
        return Event(time, number % 3, "note", {"number": number})
    if number % 89 == 0:
        return Frame(time, 0, b'{"c":"a","sent":%d}' % number, "out")
    if number % 83 == 0:
        return Frame(time, 1, b"no JSON %d" % number, binary=number % 2 == 0)
    return Frame(time, number // 700, b'{"c":"%b","n":%d}' % ((b"a", b"b")[number % 2], number))


def channel_of(payload: bytes) -> FrameInfo:
    return FrameInfo(payload[6:7].decode()) if payload.startswith(b'{"c"') else FrameInfo()


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.zst", "jsonl.gz", "parquet"])
@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection("a"),
        Selection("a", start=START + 3 * NANOSECONDS, end=START + 30 * NANOSECONDS, keeps_events=True),
        Selection(connections={1}),
        Selection(direction="out"),
        Selection(direction="in", start=START + 55 * NANOSECONDS),
        Selection("neither"),
    ],
)
def test_a_selection_gives_the_records_that_it_takes_with_their_lines(
    tmp_path: Path, suffix: str, selection: Selection
) -> None:
    records = [mixed(number) for number in range(3000)]
    path = write(tmp_path / f"x.{suffix}", records)
    expected = [record for record in records if selection.takes(record, channel_of)]
    lines = [encode_frame(one) if isinstance(one, Frame) else encode_event(one) for one in expected]
    with open_recording(path) as recording:
        assert list(recording.records(selection, channel_of)) == expected
        batches = list(recording.selected_batches(selection, channel_of))
    assert [line for batch in batches for line in batch.lines] == lines
    assert [record for batch in batches for record in batch.records()] == expected


@pytest.mark.parametrize("suffix", ["jsonl.zst", "parquet"])
def test_records_of_a_span_are_read_without_what_is_damaged_before_it(tmp_path: Path, suffix: str) -> None:
    """So it is without an index, too: the place of a time is searched for."""
    frames = [Frame(START + number, 0, b'{"a":"%0600d"}' % number) for number in range(1000)]
    encoder = BlockEncoder(block_size=50_000) if suffix == "jsonl.zst" else ParquetEncoder(group_rows=100)
    header = encode_header(Header("raw"))
    begun = encoder.begin(header) if suffix == "parquet" else encoder.add([header])
    data = bytearray(begun + encoder.add([encode_frame(frame) for frame in frames]) + encoder.finish())
    data[len(data) // 4] ^= 0xFF
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(data)
    with open_recording(path) as recording:
        assert recording.index is None
        with pytest.raises(CorruptRecordingError):
            list(recording)
        assert list(recording.records(Selection(start=START + 900))) == frames[900:]
