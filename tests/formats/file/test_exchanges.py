"""Requests are found without the frames between them, the same as in a whole reading, whatever the index says."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from feedrec.errors import CorruptRecordingError, TruncatedRecordingError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.file.exchanges import ExchangePlace, exchange_at, exchanges_in
from feedrec.formats.line.codec import encode_event, encode_frame, encode_header
from feedrec.formats.line.http_events import exchange_of, http_event
from feedrec.formats.line.index import encode_index, find_index, mark_of
from feedrec.formats.line.seek_table import encode_seek_table
from feedrec.formats.stream.parquet_encoder import ParquetEncoder
from feedrec.http_messages import HttpExchange
from feedrec.model import NANOSECONDS, Event, Frame, FrameInfo, Header, Record

from ...timing import wait_until
from ..line.exchanges import exchange

START = 1_795_280_400 * NANOSECONDS
HEADER = Header("test", created=START)
FRAMES = 16_000  # some blocks
TIMES = (0, 3, 3, 3, 13_000, 13_000, 15_990)
EXCHANGES = [exchange(START + time, b'{"number": %d}' % number) for number, time in enumerate(TIMES)]
PLACES = [ExchangePlace(START + time, TIMES[:number].count(time)) for number, time in enumerate(TIMES)]
LOOKS_LIKE_ONE = encode_event(http_event(EXCHANGES[0]))


def records() -> list[Record]:
    found: list[Record] = []
    for number in range(FRAMES):
        payload = LOOKS_LIKE_ONE if number % 1000 == 0 else b'{"number":%d,"text":"%b"}' % (number, b"x" * 200)
        found.append(Frame(START + number, 0, payload, "out" if number % 2000 == 0 else "in"))
        found += [http_event(one) for one in EXCHANGES if one.time == START + number]
        if number == 1000:
            found.append(Event(START + number, None, "http", {"url": "no request"}))
        if number % 500 == 0:
            found.append(Event(START + number, 0, "http2", {"a": 1}))
    return found


RECORDS = records()


class Rule:
    def observe(self, _info: FrameInfo) -> None:
        return None


def write(path: Path, *, with_summary: bool = False) -> Path:
    make_rule = (lambda _is_open: Rule()) if with_summary else None
    writer = create_recording(path, HEADER, make_rule=make_rule)
    for one in RECORDS:
        writer.write(one, FrameInfo("numbers") if isinstance(one, Frame) else None)
    return writer.finish()


def change_rows(path: Path, *, drops_lines: bool, drops_count: bool) -> None:
    """Have an index say less than a writer of today says."""
    data = path.read_bytes()
    index = find_index(lambda offset, size: data[offset : offset + size], len(data))
    assert sum(len(block.requests) for block in index.blocks) == len(EXCHANGES) + 1
    if drops_lines:
        for block in index.blocks:
            block.http = msgspec.UNSET
    if drops_count:
        index.http = None
    frame = encode_index(index)
    table = encode_seek_table([*((block.size, block.text) for block in index.blocks), (len(frame), 0)])
    path.write_bytes(data[: index.end] + frame + table)


def as_it_is(tmp_path: Path) -> Path:
    return write(tmp_path / "a.jsonl.zst")


def with_a_summary(tmp_path: Path) -> Path:
    return write(tmp_path / "a.jsonl.zst", with_summary=True)


def of_a_program_that_knows_none(tmp_path: Path) -> Path:
    path = write(tmp_path / "a.jsonl.zst")
    change_rows(path, drops_lines=True, drops_count=True)
    return path


def with_a_summary_of_a_program_that_knows_none(tmp_path: Path) -> Path:
    path = write(tmp_path / "a.jsonl.zst", with_summary=True)
    change_rows(path, drops_lines=True, drops_count=True)
    return path


def without_an_index(tmp_path: Path) -> Path:
    path = write(tmp_path / "a.jsonl.zst")
    data = path.read_bytes()
    path = tmp_path / "a.jsonl.zst.part"
    path.write_bytes(data[: find_index(lambda offset, size: data[offset : offset + size], len(data)).end])
    return path


def plain(tmp_path: Path) -> Path:
    return write(tmp_path / "a.jsonl")


def gzip(tmp_path: Path) -> Path:
    return write(tmp_path / "a.jsonl.gz")


def parquet(tmp_path: Path) -> Path:
    return write(tmp_path / "a.parquet")


def of_another_program(tmp_path: Path) -> Path:
    """With spaces, and escapes where nobody needs them."""
    path = write(tmp_path / "a.jsonl")
    path.write_bytes(path.read_bytes().replace(b',"event":"http",', b' ,"event" : "h\\u0074tp", '))
    return path


BY_INDEX = [as_it_is, with_a_summary]
FILES = [
    *BY_INDEX,
    of_a_program_that_knows_none,
    without_an_index,
    plain,
    gzip,
    parquet,
    of_another_program,
]


Found = TypeVar("Found")


def until_a_cut(found: Iterator[Found]) -> list[Found]:
    """Give what is found before the end of a file, which may lack its index."""
    given: list[Found] = []
    with contextlib.suppress(TruncatedRecordingError):
        given.extend(found)
    return given


def read(path: Path) -> list[tuple[ExchangePlace, HttpExchange]]:
    with open_recording(path) as recording:
        return until_a_cut(exchanges_in(recording))


@pytest.mark.parametrize("make", FILES)
def test_the_exchanges_of_a_recording(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    with open_recording(path) as recording:
        events = [one for one in until_a_cut(iter(recording)) if isinstance(one, Event)]
        assert [one for one in map(exchange_of, events) if one is not None] == EXCHANGES
    found = read(path)
    assert found == list(zip(PLACES, EXCHANGES, strict=True))
    with open_recording(path) as recording:
        for place, one in reversed(found):
            assert exchange_at(recording, place) == one
        assert exchange_at(recording, ExchangePlace(START + 3, 3)) is None
        assert exchange_at(recording, ExchangePlace(START + 4, 0)) is None
        for start, end, some in (
            (START + 3, START + 13_000, EXCHANGES[1:4]),
            (START + 13_000, None, EXCHANGES[4:]),
            (None, START, []),
        ):
            assert [one for _, one in until_a_cut(exchanges_in(recording, start, end))] == some


@pytest.mark.parametrize("make", BY_INDEX)
def test_with_an_index_only_blocks_that_have_some_are_read(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    with open_recording(path) as recording:
        assert recording.index is not None
        sizes = [block.size for block in recording.index.blocks if block.requests]
        assert 0 < len(sizes) < len(recording.index.blocks)
        before = recording.bytes_read
        assert len(list(exchanges_in(recording))) == len(EXCHANGES)
        assert recording.bytes_read - before == sum(sizes)
        before = recording.bytes_read
        assert exchange_at(recording, PLACES[-1]) == EXCHANGES[-1]
        assert recording.bytes_read - before <= max(sizes)
        *_, (place, _) = exchanges_in(recording)
    with open_recording(path) as recording:
        before = recording.bytes_read
        assert exchange_at(recording, place) == EXCHANGES[-1]
        assert recording.bytes_read - before == sizes[-1]  # and no index


def test_of_parquet_only_row_groups_with_events_around_the_name_are_read(tmp_path: Path) -> None:
    """As their statistics tell: most groups have no event but readings of the clocks."""
    encoder = ParquetEncoder(group_rows=100)
    some: list[Record] = [
        Event(START, 0, "clock", {}),
        *(Frame(START, 0, b"{}") for _ in range(300)),
        Event(START, 0, "zebra", {}),
    ]
    data = encoder.begin(encode_header(HEADER))
    for one in [*some, http_event(EXCHANGES[0]), *some, Event(START, 0, "x" * 10_000, {})]:
        line = encode_frame(one) if isinstance(one, Frame) else encode_event(one)
        data += encoder.add([line], [mark_of(one)])
    path = tmp_path / "a.parquet"
    path.write_bytes(data + encoder.finish())
    with open_recording(path) as recording:
        before = recording.bytes_read
        assert [one for _, one in exchanges_in(recording)] == EXCHANGES[:1]
        read_for_it, before = recording.bytes_read - before, recording.bytes_read
        assert len(list(recording)) == 606
        assert 0 < read_for_it < (recording.bytes_read - before) * 2 / 3


def test_another_file_at_the_place_is_seen(tmp_path: Path) -> None:
    """Then what is around the time is read."""
    places = [place for place, _ in read(as_it_is(tmp_path))]
    writer = create_recording(tmp_path / "other.jsonl.zst", HEADER)
    for number in range(500):
        writer.write(Frame(START, 0, b"[%d]" % number))
    for one in RECORDS:
        writer.write(one)
    with open_recording(writer.finish()) as recording:
        assert [exchange_at(recording, place) for place in places] == EXCHANGES


@pytest.mark.parametrize("place", range(4, len(EXCHANGES)))  # the first block has the header
def test_damage_is_reported_behind_what_comes_before_it(tmp_path: Path, place: int) -> None:
    """As a whole reading does, also where the index knew the place."""
    path = as_it_is(tmp_path)
    found = read(path)
    line = found[place][0].line
    assert line is not None
    data = bytearray(path.read_bytes())
    data[line.block.offset + line.block.size // 2] ^= 0xFF
    path.write_bytes(data)
    with open_recording(path) as recording:
        good: list[tuple[ExchangePlace, HttpExchange]] = []
        with pytest.raises(CorruptRecordingError) as caught:
            good.extend(exchanges_in(recording))
        assert caught.value.offset == line.block.offset
        assert good == [one for one in found if one[0].line.block.offset < line.block.offset]  # type: ignore[union-attr]
        with pytest.raises(CorruptRecordingError):
            exchange_at(recording, found[place][0])


def test_where_there_is_none_nothing_is_read(tmp_path: Path) -> None:
    """With a summary or without."""
    for number, make_rule in enumerate((None, lambda _is_open: Rule())):
        writer = create_recording(tmp_path / f"{number}.jsonl.zst", HEADER, make_rule=make_rule)
        for one in RECORDS:
            if isinstance(one, Frame) or one.name != "http":
                writer.write(one, FrameInfo("numbers") if isinstance(one, Frame) else None)
        with open_recording(writer.finish()) as recording:
            assert recording.index is not None
            before = recording.bytes_read
            assert list(exchanges_in(recording)) == []
            assert recording.bytes_read == before


def test_a_summary_of_a_program_that_knows_none_still_counts_them(tmp_path: Path) -> None:
    """So it is seen that the index does not tell of them, and they are looked for."""
    assert read(with_a_summary_of_a_program_that_knows_none(tmp_path)) == list(zip(PLACES, EXCHANGES, strict=True))


def test_what_a_growing_file_has_now(tmp_path: Path) -> None:
    """Who comes again begins with the last time that is known."""
    writer = create_recording(tmp_path / "a.jsonl.zst", HEADER)

    def found_from(start: int | None) -> list[tuple[ExchangePlace, HttpExchange]]:
        with open_recording(tmp_path / "a.jsonl.zst.part") as recording:
            return list(exchanges_in(recording, start))

    def write_and_flush(some: list[Record]) -> None:
        for one in some:
            writer.write(one)
        writer.flush()

    try:
        write_and_flush(RECORDS[:3])
        wait_until(lambda: found_from(None))
        assert found_from(None) == [(PLACES[0], EXCHANGES[0])]
        write_and_flush(RECORDS[3:12])
        wait_until(lambda: len(found_from(PLACES[0].time)) > 1)
        assert found_from(PLACES[0].time) == list(zip(PLACES[:4], EXCHANGES[:4], strict=True))
    finally:
        writer.discard()


def test_a_bad_line_is_reported_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl")
    lines = path.read_bytes().split(b"\n")
    number = next(number for number, line in enumerate(lines) if b'"event":"http"' in line and b"13000" in line)
    before = sum(map(len, lines[:number])) + number
    path.write_bytes(b"\n".join([*lines[:number], b'{"event":"http","time":"never"}', *lines[number:]]))
    with open_recording(path) as recording, pytest.raises(CorruptRecordingError) as caught:
        list(exchanges_in(recording))
    assert caught.value.offset == before
