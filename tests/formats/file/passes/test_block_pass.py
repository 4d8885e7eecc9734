"""Reading by whole blocks gives what reading piece by piece gives, of good files and of others."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.errors import CorruptRecordingError, DamagedRecordingError, LineError, NotARecordingError
from feedrec.formats.file.line_reader import RecordingReader
from feedrec.formats.file.passes.block_pass import BlockPass
from feedrec.formats.line.codec import encode_event, encode_frame, encode_header
from feedrec.formats.line.index import Index, Mark, encode_index, find_index, mark_of
from feedrec.formats.line.seek_table import encode_seek_table
from feedrec.formats.line.selection import Selection
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.model import Event, Frame, FrameInfo, Record, format_time

from ..recordings import HEADER, START

CHANNELS = ("", "level2", "ticker")

channels = st.sampled_from(CHANNELS)
times = st.integers(START, START + 40)
frames = st.builds(
    Frame,
    time=times,
    conn=st.integers(0, 2),
    payload=st.sampled_from([b'{"a":1}', b"[1]", b"no JSON", b"\xff", b'{"a":"%b"}' % (b"b" * 900)]),
    direction=st.sampled_from(["in", "in", "out"]),
)
records = st.lists(st.tuples(frames | st.builds(Event, time=times, conn=st.just(1), name=st.just("open")), channels))

Found = tuple[list[bytes], str | None]


def packed(lines: Sequence[bytes], marks: Sequence[Mark], header: bytes | None = None) -> bytes:
    """Pack lines into small blocks, with an index, whatever they are."""
    encoder = BlockEncoder(block_size=400)
    stream = encoder.begin(encode_header(HEADER) if header is None else header)
    for line, mark in zip(lines, marks, strict=True):
        stream += encoder.add([line], [mark])
    return stream + encoder.finish()


def written(given_records: Sequence[tuple[Record, str]]) -> bytes:
    lines = [encode_frame(one) if isinstance(one, Frame) else encode_event(one) for one, _ in given_records]
    return packed(lines, [mark_of(one, FrameInfo(channel)) for one, channel in given_records])


def index_of(data: bytes) -> Index:
    return find_index(lambda offset, size: data[offset : offset + size], len(data))


def with_index(data: bytes, index: Index) -> bytes:
    """Give the same blocks with another index."""
    frame = encode_index(index)
    blocks = index_of(data).blocks
    table = encode_seek_table([*((block.size, block.text) for block in blocks), (len(frame), 0)])
    return data[: blocks[-1].end] + frame + table


def found(data: bytes, selection: Selection | None = None, *, by_blocks: bool) -> Found:
    """Read a file; give its lines, and the damage found after them."""
    lines: list[bytes] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl.zst"
        path.write_bytes(data)
        try:
            # Whoever may have to wait for more reads piece by piece.
            with RecordingReader(path, wait=None if by_blocks else lambda: False) as reader:
                for batch in reader.batches() if selection is None else reader.batches_for(selection):
                    assert batch
                    lines += batch
        except NotARecordingError:
            return [], "none"
        except DamagedRecordingError as error:
            return lines, str(error).removeprefix(str(path))
    return lines, None


def both(data: bytes) -> Found:
    fast, slow = found(data, by_blocks=True), found(data, by_blocks=False)
    assert fast == slow
    return fast


@given(records)
def test_a_good_file_gives_the_same_lines(given_records: list[tuple[Record, str]]) -> None:
    lines, damage = both(written(given_records))
    assert damage is None
    assert len(lines) == len(given_records)


@settings(max_examples=300)
@given(records, st.integers(0, 10**6), st.integers(1, 255))
def test_a_changed_byte_gives_the_same_lines_and_the_same_damage(
    given_records: list[tuple[Record, str]], at: int, change: int
) -> None:
    data = bytearray(written(given_records))
    data[at % len(data)] ^= change
    both(bytes(data))


@given(records, st.integers(0, 10**6))
def test_a_cut_file_gives_the_same_lines_and_the_same_damage(given_records: list[tuple[Record, str]], cut: int) -> None:
    data = written(given_records)
    both(data[: cut % len(data)])


@given(st.lists(st.sampled_from([b"", b"\r", b"{}", b"no line", b'{"a":1}\r', b"\x1a", b"x" * 700])), st.booleans())
def test_lines_that_no_writer_writes_come_out_the_same(lines: list[bytes], has_return: object) -> None:
    header = encode_header(HEADER) + (b"\r" if has_return else b"")
    both(packed(lines, [mark_of(Event(START, 0, "open"))] * len(lines), header))


def lie(name: str, value: int) -> Callable[[Index], None]:
    def apply(index: Index) -> None:
        setattr(index.blocks[0], name, getattr(index.blocks[0], name) + value)

    return apply


def join_two(index: Index) -> None:
    first, second, *rest = index.blocks
    joined = msgspec.structs.replace(first, size=first.size + second.size, lines=first.lines + second.lines)
    index.blocks = [joined, *rest]


def join_two_and_their_text(index: Index) -> None:
    text = index.blocks[1].text
    join_two(index)
    index.blocks[0].text += text


@pytest.mark.parametrize(
    "change", [lie("text", 1), lie("text", -1), lie("text", 1 << 40), lie("crc", 1), join_two, join_two_and_their_text]
)
def test_an_index_that_lies_hides_no_line(change: Callable[[Index], None]) -> None:
    data = written([(Frame(START + number, 0, b'{"number":%d}' % number), "") for number in range(30)])
    index = index_of(data)
    change(index)
    lines, damage = both(with_index(data, index))
    assert (len(lines), damage) == (30, None)


def test_a_content_size_is_not_taken_for_what_may_be_allocated() -> None:
    """A frame that says how large it is would get as much memory as it says."""
    text = encode_header(HEADER) + b"\n" + encode_frame(Frame(START, 0, b"{}")) + b"\n"
    block = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(text))
    assert zstandard.frame_content_size(block) == len(text)
    template = index_of(written([(Frame(START, 0, b"{}"), "")]))
    row = msgspec.structs.replace(template.blocks[0], size=len(block), text=len(text))
    frame = encode_index(msgspec.structs.replace(template, blocks=[row]))
    data = bytes(block) + frame + encode_seek_table([(len(block), len(text)), (len(frame), 0)])
    assert both(data) == ([encode_frame(Frame(START, 0, b"{}"))], None)


@given(
    records,
    st.builds(
        Selection,
        channels=st.sets(st.sampled_from(CHANNELS[1:])),
        start=st.none() | times,
        end=st.none() | times,
        connections=st.sets(st.integers(0, 3), max_size=2),
        direction=st.sampled_from([None, "in", "out"]),
        keeps_events=st.booleans(),
    ),
)
def test_the_blocks_of_a_selection_have_every_line_of_it(
    given_records: list[tuple[Record, str]], selection: Selection
) -> None:
    by_line: dict[bytes, Record] = {}
    expected: list[bytes] = []
    for number, (record, channel) in enumerate(given_records):
        mine = (
            msgspec.structs.replace(record, payload=b'{"c":"%b","n":%d}' % (channel.encode(), number))
            if isinstance(record, Frame)
            else msgspec.structs.replace(record, details={"n": number})
        )
        given_records[number] = mine, channel
        line = encode_frame(mine) if isinstance(mine, Frame) else encode_event(mine)
        by_line[line] = mine
        if selection.takes(mine, described):
            expected.append(line)
    data = written(given_records)
    lines, damage = found(data, selection, by_blocks=True)
    assert damage is None
    assert [line for line in lines if selection.takes(by_line[line], described)] == expected


def described(payload: bytes) -> FrameInfo:
    return FrameInfo(msgspec.json.decode(payload)["c"])


def test_blocks_without_the_channel_are_not_read() -> None:
    given_records: list[tuple[Record, str]] = [
        (Frame(START + number, 0, b'{"number":%d}' % number), "ticker" if number < 20 else "level2")
        for number in range(200)
    ]
    lines, damage = found(written(given_records), Selection("ticker"), by_blocks=True)
    assert damage is None
    assert 20 <= len(lines) < 30


def test_an_invalid_line_is_reported_as_by_a_careful_pass(tmp_path: Path) -> None:
    lines = [encode_frame(Frame(START + number, 0, b'{"number":%d}' % number)) for number in range(40)]
    lines[33] = b"what?"
    path = tmp_path / "a.jsonl.zst"
    data = packed(lines, [mark_of(Frame(START + number, 0, b"{}")) for number in range(40)])
    path.write_bytes(data)
    with RecordingReader(path) as reader, pytest.raises(CorruptRecordingError, match="not a line") as caught:
        list(reader)
    block = next(block for block in reversed(index_of(data).blocks) if (block.first or 0) <= START + 33)
    assert (caught.value.offset, caught.value.last_time) == (block.offset, format_time(START + 32))
    with RecordingReader(path) as reader, pytest.raises(LineError, match="none"):
        reader.raise_bad_line(b"other", LineError("none"))


def test_good_files_are_read_by_blocks_throughout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise all of the above would compare the careful way with itself."""
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(written([(Frame(START + number, 0, b'{"number":%d}' % number), "") for number in range(30)]))

    def refuse(*_: object) -> None:
        raise AssertionError

    with RecordingReader(path) as reader:
        monkeypatch.setattr(BlockPass, "_careful_from", refuse)
        assert sum(map(len, reader.batches())) == 30
