"""Any recording to any other: every line once, as it was, in order."""

from __future__ import annotations

import itertools
import random
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.errors import RecordingError, UsageError, WriteError
from feedrec.feeds import venue_of
from feedrec.formats import Selection, create_recording, open_recording
from feedrec.formats.facts.sequence_check import Rules
from feedrec.formats.file.exchanges import exchanges_in
from feedrec.formats.line.codec import decode_line, encode_event, encode_frame
from feedrec.formats.line.fast_path import time_texts
from feedrec.formats.line.http_events import exchange_of, http_event
from feedrec.formats.line.renumbering import renumbered
from feedrec.formats.several.inputs import inspect_recording
from feedrec.formats.tools.convert import Conversion, convert
from feedrec.formats.tools.verify import verify_recording
from feedrec.model import Event, Frame, FrameInfo, Header, Record

from ..line.exchanges import exchange

START = 1_786_309_548_000_000_000
HEADER = Header("coinbase-advanced", "wss://x", START, "feedrec 0", [{"channel": "level2", "products": ["A"]}])
SUFFIXES = (".jsonl", ".jsonl.zst", ".jsonl.gz", ".parquet")


def describe(payload: bytes) -> FrameInfo:
    """Tell of payloads such as `["ticker","A"]`."""
    channel, *products = msgspec.json.decode(payload)
    return FrameInfo(channel, tuple(products), parses=True)


def write(path: Path, lines: Sequence[bytes], header: Header = HEADER) -> Path:
    writer = create_recording(path, header)
    for line in lines:
        writer.write_line(line)
    return writer.finish()


def text_of(record: Record) -> bytes:
    return encode_frame(record) if isinstance(record, Frame) else encode_event(record)


def lines_of(path: Path) -> list[bytes]:
    with open_recording(path) as recording:
        return [line for lines in recording.batches() for line in lines]


def header_of(path: Path) -> Header:
    with open_recording(path) as recording:
        return recording.header


def run(paths: Sequence[Path], output: Path, selection: Selection = Selection(), **options: object) -> Conversion:  # noqa: B008
    inputs = [inspect_recording(partial(open_recording, path)) for path in paths]
    options = {"describe": describe, **options}
    return convert(inputs, output, selection=msgspec.structs.replace(selection, keeps_events=True), **options)  # type: ignore[arg-type]


RECORDS: list[Record] = [
    Event(START, 0, "open", {"url": "wss://x"}),
    Frame(START + 1, 0, b'["level2"]', "out", redacted=True),
    Frame(START + 2, 0, b'["level2", "A"]'),
    Frame(START + 2, 0, b'["ticker","A","B"]'),
    Frame(START + 3, 0, b'"a', binary=True),
    Frame(START + 4, 0, b'["level2","B"]'),
    Event(START + 5, 0, "close", {"code": 1006, "reason": ""}),
    Event(START + 6, 1, "open"),
    Frame(START + 7, 1, b'["level2","A"]', synthetic=True),
    Frame(START + 8, 1, b'["ticker","B"]'),
]
LINES = [*map(text_of, RECORDS), b'{"time":"2026-08-09T21:05:49.000000000Z","conn":1,"dir":"in","frame":["a"]}']


@pytest.mark.parametrize(("one", "other"), list(itertools.product(SUFFIXES, SUFFIXES)))
def test_every_format_becomes_every_other_line_by_line(tmp_path: Path, one: str, other: str) -> None:
    source = write(tmp_path / f"x{one}", LINES)
    result = run([source], tmp_path / f"y{other}")
    assert lines_of(tmp_path / f"y{other}") == LINES
    assert header_of(tmp_path / f"y{other}") == HEADER
    assert (result.frames, result.others) == (7, 4)
    assert result.file_size == (tmp_path / f"y{other}").stat().st_size


@pytest.mark.parametrize(
    ("selection", "places"),
    [
        (Selection(connections=frozenset({1})), [7, 8, 9, 10]),
        (Selection(direction="out"), [0, 1, 6, 7]),
        (Selection(direction="in", connections=frozenset({0})), [0, 2, 3, 4, 5, 6]),
        (Selection(channels=frozenset({"level2"})), [0, 1, 2, 5, 6, 7, 8]),
        (Selection(products=frozenset({"B"})), [0, 3, 5, 6, 7, 9]),
        (Selection(start=START + 2, end=START + 5), [2, 3, 4, 5]),
        (Selection(channels=frozenset({"ticker"}), start=START + 3, end=START + 9), [6, 7, 9]),
    ],
)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_filters_keep_events(tmp_path: Path, selection: Selection, places: list[int], suffix: str) -> None:
    run([write(tmp_path / f"x{suffix}", LINES)], tmp_path / "y.jsonl", selection)
    assert lines_of(tmp_path / "y.jsonl") == [LINES[place] for place in places]


REQUESTS = [http_event(exchange(START + time, b'{ "a" : %d }' % time)) for time in (1, 3, 3, 9)]


@pytest.mark.parametrize(
    ("selection", "kept"),
    [
        (Selection(), REQUESTS),
        (Selection(connections=frozenset({1})), REQUESTS),
        (Selection(channels=frozenset({"none"}), products=frozenset({"B"}), direction="out"), REQUESTS),
        (Selection(start=START + 3, end=START + 9), REQUESTS[1:3]),
        (Selection(connections=frozenset({7}), start=START + 4), REQUESTS[3:]),
    ],
)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_requests_are_chosen_by_time_alone(
    tmp_path: Path, selection: Selection, kept: list[Event], suffix: str
) -> None:
    """They are of no connection, and of no channel."""
    records = sorted([*RECORDS, *REQUESTS], key=lambda one: one.time)
    result = run([write(tmp_path / f"x{suffix}", [*map(text_of, records)])], tmp_path / f"y{suffix}", selection)
    with open_recording(tmp_path / f"y{suffix}") as recording:
        assert [one for one in recording if isinstance(one, Event) and one.name == "http"] == kept
        assert [one for _, one in exchanges_in(recording)] == [exchange_of(one) for one in kept]
    assert result.written_anew == 0
    assert verify_recording(tmp_path / f"y{suffix}", lambda _: Rules(describe)).problems == []


def test_requests_take_no_number_of_a_connection(tmp_path: Path) -> None:
    """Also where a recording begins with one, and its readings are replaced."""
    clock = encode_event(Event(START, 3, "clock", {"wall": START, "monotonic": 7}))
    files = []
    for number in range(2):
        request = encode_event(http_event(exchange(START + number)))
        lines = [request, clock, line_at(5 + number, number, 0, conn=3), line_at(8, number, 1, conn=4)]
        files.append(write(tmp_path / f"{number}.jsonl.zst", lines, msgspec.structs.replace(HEADER, url=f"{number}")))
    run(files, tmp_path / "all.jsonl.zst")
    with open_recording(tmp_path / "all.jsonl.zst") as recording:
        records = list(recording)
    assert [one.conn for one in records if isinstance(one, Frame)] == [0, 1, 2, 3]
    assert [one.conn for one in records if isinstance(one, Event) and one.name == "http"] == [None, None]
    assert {one.conn for one in records if isinstance(one, Event) and one.name == "clock"} <= {0, 1}
    assert verify_recording(tmp_path / "all.jsonl.zst", lambda _: Rules(describe)).problems == []


def test_a_filter_stands_in_the_header_and_a_cut_does_not(tmp_path: Path) -> None:
    source = write(tmp_path / "x.jsonl", LINES)
    run([source], tmp_path / "cut.jsonl", Selection(start=START + 2))
    assert header_of(tmp_path / "cut.jsonl") == HEADER
    run([source], tmp_path / "y.jsonl", Selection(channels=frozenset({"b", "a"}), direction="in"))
    filtered = {"channels": ["a", "b"], "direction": "in"}
    assert header_of(tmp_path / "y.jsonl").extra == {"filtered": filtered}
    run([tmp_path / "y.jsonl"], tmp_path / "z.jsonl", Selection(products=frozenset({"p"})))
    assert header_of(tmp_path / "z.jsonl").extra == {"filtered": {**filtered, "products": ["p"]}}


def line_at(time: int, file: int, number: int, conn: int = 0) -> bytes:
    return encode_frame(Frame(START + time, conn, b'["%d","%d"]' % (file, number)))


files = st.lists(st.lists(st.integers(0, 9), max_size=8).map(sorted), min_size=1, max_size=4)


@given(files)
@settings(max_examples=40)
def test_merging_is_a_stable_sort_by_time(times: list[list[int]]) -> None:
    contents = [[line_at(time, file, n) for n, time in enumerate(one)] for file, one in enumerate(times)]
    with tempfile.TemporaryDirectory() as folder:
        paths = [write(Path(folder) / f"{n}.jsonl", lines) for n, lines in enumerate(contents)]
        run(paths, Path(folder) / "all.jsonl.gz")
        found = lines_of(Path(folder) / "all.jsonl.gz")
    everything = list(itertools.chain.from_iterable(contents))
    assert found == sorted(everything, key=lambda line: time_texts([line])[0])


def test_connections_of_other_recordings_are_numbered_as_they_appear(tmp_path: Path) -> None:
    other = msgspec.structs.replace(HEADER, created=START + 1)
    first = write(tmp_path / "a.jsonl", [line_at(0, 0, 0, conn=3), line_at(4, 0, 1, conn=5)])
    second = write(tmp_path / "b.jsonl", [line_at(2, 1, 0, conn=3), line_at(6, 1, 1, conn=3)], other)
    run([first, second], tmp_path / "c.jsonl")
    lines = lines_of(tmp_path / "c.jsonl")
    assert [decode_line(line).conn for line in lines] == [0, 1, 2, 1]
    assert [line.replace(b'"conn":1', b'"conn":3') for line in lines[1::2]] == lines_of(second)


def test_connections_of_the_parts_of_one_recording_keep_their_numbers(tmp_path: Path) -> None:
    paths = []
    for part in (1, 2):
        header = msgspec.structs.replace(HEADER, extra={"part": part})
        paths.append(write(tmp_path / f"{part}.jsonl", [line_at(part, part, 0, conn=3 + part)], header))
    run(paths, tmp_path / "all.jsonl")
    assert [decode_line(line).conn for line in lines_of(tmp_path / "all.jsonl")] == [4, 5]
    assert header_of(tmp_path / "all.jsonl") == HEADER


@pytest.mark.parametrize("line", LINES)
def test_a_new_number_changes_nothing_else(line: bytes) -> None:
    before, after = decode_line(line), decode_line(renumbered(line, decode_line(line).conn, 77))
    assert after.conn == 77
    if isinstance(before, Frame):
        assert after == msgspec.structs.replace(before, conn=77)
    else:
        assert isinstance(after, Event)
        assert after.details == before.details


def test_only_the_number_of_the_line_itself_is_changed() -> None:
    """Not what looks like it, at nearly the same place, in a line of another tool."""
    line = b'{"time":"2026-08-09T21:05:49Z","":{"":"","conn":0},"conn":0,"dir":"in","frame":{"conn":0}}'
    assert line.index(b'","conn":0') == 39
    assert decode_line(renumbered(line, 0, 5)) == msgspec.structs.replace(decode_line(line), conn=5)


def test_headers_are_united(tmp_path: Path) -> None:
    other = Header(
        "coinbase-advanced",
        "wss://y",
        START - 5,
        "feedrec 1",
        [{"channel": "heartbeats"}, {"channel": "level2", "products": ["B", "A"]}],
    )
    paths = [write(tmp_path / "a.jsonl", [], HEADER), write(tmp_path / "b.jsonl", [], other)]
    run(paths, tmp_path / "c.jsonl")
    united: list[dict[str, Any]] = [{"channel": "level2", "products": ["A", "B"]}, {"channel": "heartbeats"}]
    assert header_of(tmp_path / "c.jsonl") == Header("coinbase-advanced", "wss://x", START - 5, "feedrec 0", united)


def test_recordings_of_different_endpoints_are_not_merged(tmp_path: Path) -> None:
    paths = [write(tmp_path / "a.jsonl", LINES), write(tmp_path / "b.jsonl", [], Header("raw"))]
    with pytest.raises(UsageError, match="one endpoint"):
        run(paths, tmp_path / "c.jsonl")


@pytest.mark.parametrize("suffix", [".jsonl.zst", ".jsonl.gz"])
def test_damage_leaves_no_output(tmp_path: Path, suffix: str) -> None:
    source = write(tmp_path / f"x{suffix}", [line_at(n, 0, n) for n in range(999)])
    source.write_bytes(source.read_bytes()[:-100])
    with pytest.raises(RecordingError, match=r"at byte \d+ .*: nothing was written; `feedrec repair`"):
        run([source], tmp_path / "y.jsonl")
    assert list(tmp_path.iterdir()) == [source]


def test_an_invalid_line_is_damage_with_its_position(tmp_path: Path) -> None:
    good = write(tmp_path / "good.jsonl", LINES[:3])
    bad = write(tmp_path / "bad.jsonl", LINES[:3])
    bad.write_bytes(bad.read_bytes() + b'{"no":"line"}\n')
    with pytest.raises(RecordingError, match=rf"bad\.jsonl: not a line .* at byte {good.stat().st_size}"):
        run([good, bad], tmp_path / "y.jsonl")
    assert sorted(tmp_path.iterdir()) == [bad, good]


def test_the_output_must_not_be_an_input(tmp_path: Path) -> None:
    source = write(tmp_path / "x.jsonl", LINES)
    before = source.read_bytes()
    with pytest.raises(UsageError, match="both input and output"):
        run([source], tmp_path / "x.jsonl", create=partial(create_recording, overwrite=True))
    assert source.read_bytes() == before


def test_a_cut_reads_only_what_it_needs(tmp_path: Path) -> None:
    noise = random.Random(0)
    lines = [encode_frame(Frame(START + n, 0, b'["level2","%x"]' % noise.getrandbits(4000))) for n in range(20_000)]
    source = write(tmp_path / "x.jsonl", lines)
    run([source], tmp_path / "x.jsonl.zst", describe=None)
    read: dict[int, int] = {}
    run(
        [tmp_path / "x.jsonl.zst"],
        tmp_path / "y.jsonl",
        Selection(start=START + 9_000, end=START + 9_010),
        describe=None,
        on_read=read.__setitem__,
    )
    assert lines_of(tmp_path / "y.jsonl") == lines[9_000:9_010]
    assert read[0] < (tmp_path / "x.jsonl.zst").stat().st_size / 3


def level(side: str, price: int, quantity: int) -> dict[str, str]:
    return {
        "side": side,
        "event_time": "2026-08-09T21:05:48Z",
        "price_level": str(price),
        "new_quantity": str(quantity),
    }


levels = st.lists(st.builds(level, st.sampled_from(["bid", "offer"]), st.integers(1, 6), st.integers(0, 3)), max_size=6)
book_frames = st.tuples(st.sampled_from(["snapshot", "update", "update"]), st.sampled_from(["A", "B"]), levels)


def book_frame(number: int, kind: str, product: str, updates: list[dict[str, str]]) -> bytes:
    event = {"type": kind, "product_id": product, "updates": updates}
    return encode_frame(
        Frame(START + number, 0, msgspec.json.encode({"channel": "l2_data", "sequence_num": number, "events": [event]}))
    )


def books_of(paths: Sequence[Path]) -> dict[tuple[str, str], list[Any]]:
    """Give what a client would be told at the end, by the feed's own rules."""
    feed = venue_of("coinbase-advanced")
    assert feed is not None
    state = feed.state(None)
    assert state is not None
    for line in itertools.chain.from_iterable(map(lines_of, paths)):
        record = decode_line(line)
        assert isinstance(record, Frame)
        state.apply(feed.describe(record.payload), record.payload)
    found = {}
    for key in state.keys():  # noqa: SIM118  no mapping
        payload = state.snapshot(*key, START)
        assert payload is not None
        updates = msgspec.json.decode(payload)["events"][0]["updates"]
        found[key] = sorted((one["side"], one["price_level"], one["new_quantity"]) for one in updates)
    return found


@given(st.lists(book_frames, min_size=1, max_size=12), st.data())
@settings(max_examples=40)
def test_a_cut_with_state_ends_with_the_same_books(
    frames: list[tuple[str, str, list[dict[str, str]]]], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(frames) - 1))
    lines = [book_frame(number, *one) for number, one in enumerate(frames)]
    feed = venue_of("coinbase-advanced")
    assert feed is not None
    with tempfile.TemporaryDirectory() as folder:
        whole, part = Path(folder) / "x.jsonl", Path(folder) / "y.jsonl"
        write(whole, lines)
        selection = Selection(start=START + cut)
        result = run([whole], part, selection, describe=feed.describe, state=feed.state(None))
        found = lines_of(part)
        assert books_of([part]) == books_of([whole])
    assert found[result.synthetic :] == lines[cut:]
    for line in found[: result.synthetic]:
        frame = decode_line(line)
        assert isinstance(frame, Frame)
        assert frame.synthetic
        assert (frame.time, frame.conn) == (START + cut, 0)


def test_state_is_rebuilt_of_what_is_chosen_on_its_connection(tmp_path: Path) -> None:
    feed = venue_of("coinbase-advanced")
    assert feed is not None
    one, other = (book_frame(0, "snapshot", product, [level("bid", 1, 1)]) for product in "AB")
    last = book_frame(9, "update", "B", [level("bid", 2, 1)])
    lines = [line.replace(b'"conn":0', b'"conn":4') for line in (one, other, last)]
    selection = Selection(products=frozenset({"B"}), start=START + 5)
    source = write(tmp_path / "x.jsonl", lines)
    run([source], tmp_path / "y.jsonl", selection, describe=feed.describe, state=feed.state(None))
    first, second = map(decode_line, lines_of(tmp_path / "y.jsonl"))
    assert isinstance(first, Frame)
    assert (first.conn, first.time, feed.describe(first.payload).products) == (4, START + 9, ("B",))
    assert second == decode_line(lines[2])


def test_the_header_of_one_whole_input_keeps_what_it_has(tmp_path: Path) -> None:
    """It is written as a writer writes it, by whoever it was."""
    (tmp_path / "a.jsonl").write_bytes(b'{ "later":1, "endpoint":"raw" , "feedrec":1 }\n')
    for source, target in (("a.jsonl", "b.parquet"), ("b.parquet", "c.jsonl.zst"), ("c.jsonl.zst", "d.jsonl")):
        convert([inspect_recording(partial(open_recording, tmp_path / source))], tmp_path / target)
    assert (tmp_path / "d.jsonl").read_bytes() == b'{"feedrec":1,"endpoint":"raw","later":1}\n'


FOREIGN = [
    b'{"time":"2026-11-21T17:00:00.100000000Z","conn":0,"dir":"in","frame":{"a":1}}',
    b'{"time":"2026-11-21T17:00:00.200000000Z","conn":0,"dir":"in","frame":{"a":2},"note":{"x":1}}',
    b'{"time": "2026-11-21T17:00:00.300000000Z", "conn": 0, "dir": "in", "frame": {"a": 3}}',
    b'{"frame":{"a":4},"dir":"in","time":"2026-11-21T17:00:00.4Z"}',
    b'{"time":"2026-11-21T17:00:00.500000000Z","conn":0,"event":"open", "url":"x"}',
]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_lines_of_another_program_become_those_of_a_writer(tmp_path: Path, suffix: str) -> None:
    """So that a reader that trusts the index cuts out the payloads alone."""
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([b'{"feedrec":1,"endpoint":"raw"}', *FOREIGN, b""]))
    result = run([tmp_path / "a.jsonl"], tmp_path / f"b{suffix}", describe=None)
    assert result.written_anew == 4
    assert lines_of(tmp_path / f"b{suffix}") == [
        FOREIGN[0],
        b'{"time":"2026-11-21T17:00:00.200000000Z","conn":0,"dir":"in","note":{"x":1},"frame":{"a":2}}',
        b'{"time":"2026-11-21T17:00:00.300000000Z","conn":0,"dir":"in","frame":{"a": 3}}',
        b'{"time":"2026-11-21T17:00:00.400000000Z","conn":0,"dir":"in","frame":{"a":4}}',
        b'{"time":"2026-11-21T17:00:00.500000000Z","conn":0,"event":"open","url":"x"}',
    ]
    with open_recording(tmp_path / f"b{suffix}") as recording:
        payloads = [payload for batch in recording.payload_batches() for payload in batch]
    assert payloads == [b'{"a":1}', b'{"a":2}', b'{"a": 3}', b'{"a":4}']
    again = run([tmp_path / f"b{suffix}"], tmp_path / f"c{suffix}", describe=None)
    assert again.written_anew == 0
    assert lines_of(tmp_path / f"c{suffix}") == lines_of(tmp_path / f"b{suffix}")


def test_a_name_that_cannot_be_is_a_write_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="name too long"):
        run([write(tmp_path / "x.jsonl", LINES)], tmp_path / f"{'y' * 300}.jsonl")
