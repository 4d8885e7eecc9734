"""The book as of a moment is what the frames until then have left of it, or it is said that it is not known."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
import zstandard

from feedrec.feeds import venue_of
from feedrec.feeds.state.dumped_state import dump_rules
from feedrec.formats import RecordingWriter, create_recording, open_recording
from feedrec.formats.checkpoints.making import make_checkpoints
from feedrec.formats.checkpoints.source import Spacing
from feedrec.formats.file.names import part_path
from feedrec.model import NANOSECONDS, Frame, Record
from feedrec.replay import BookAt, book_at, books_every
from feedrec.replay.books.first_place import first_time
from feedrec.replay.books.moments import book_of
from feedrec.replay.books.read_through import ReadThrough
from feedrec.replay.books.sources import BookSource

from ...shared import SHARED
from ...timing import wait_until
from .making import START, Levels, beat, best, event, plain, record, second, told

SAMPLES = SHARED / "samples"
CAPTURES = {
    "coinbase-advanced": ("advanced_2026-08-09", ["BTC-USD"], 250),
    "coinbase-exchange": ("exchange_2021-04-17", ["SKL-USD", "NU-GBP"], 1000),
}


class Capture(NamedTuple):
    """A recording of a real capture, and after which frames to look at which books."""

    path: Path
    frames: list[Frame]
    products: list[str]
    step: int


@pytest.fixture(scope="module", params=CAPTURES)
def capture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Capture:
    name, products, step = CAPTURES[request.param]
    source = SAMPLES / f"{name}.frames.jsonl.zst"
    if not source.exists():
        pytest.skip("needs ../shared")
    with source.open("rb") as file:
        rows = map(json.loads, zstandard.ZstdDecompressor().stream_reader(file).read().splitlines())
        frames = [Frame(round(row["ts"] * 1e9), 0, row["data"].encode()) for row in rows if row["dir"] == "recv"]
    path = tmp_path_factory.mktemp("books") / "capture.jsonl.zst"
    record(path, frames, endpoint=request.param, block_size=100_000, created=frames[0].time)
    return Capture(path, frames, products, step)


def changes(payload: bytes, product: str) -> tuple[bool, list[tuple[str, str, str]]]:
    """Return whether a frame has all of a book, and the levels in it (side, price, size), read in the simplest way."""
    message = json.loads(payload)
    found: list[tuple[str, str, str]] = []
    is_snapshot = False
    for one in message.get("events", []) if message.get("channel") == "l2_data" else []:
        if one["product_id"] == product:
            is_snapshot |= one["type"] == "snapshot"
            found += [(up["side"], up["price_level"], up["new_quantity"]) for up in one["updates"]]
    if message.get("product_id") == product:
        is_snapshot = message["type"] == "snapshot"
        found += [("bid", *level) for level in message.get("bids", [])]
        found += [("ask", *level) for level in message.get("asks", [])]
        found += [tuple(change) for change in message.get("changes", [])]
    return is_snapshot, found


def books(frames: Sequence[Frame], product: str) -> Iterator[Levels | None]:
    """Yield the book after each frame; None as long as there is none."""
    book: Levels | None = None
    for frame in frames:
        is_snapshot, found = changes(frame.payload, product)
        book = {} if is_snapshot else book
        if book is not None:
            for side, price, size in found:
                key = "bid" if side in ("bid", "buy") else "ask", Decimal(price)
                book[key] = size
                if not float(size):
                    del book[key]
        yield book


def sides(book: BookAt) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    return [(plain(price), size) for price, size in book.bids], [(plain(price), size) for price, size in book.asks]


def test_at_any_frame_of_real_captures_it_is_what_a_plain_dict_has(capture: Capture) -> None:
    """By the index, by reading through, and as one of a series."""
    last_of_its_time = [
        number
        for number, (one, other) in enumerate(itertools.pairwise([*capture.frames, Frame(0, 0, b"")]))
        if one.time != other.time
    ]
    looked_at = set(last_of_its_time[capture.step :: capture.step])
    for product in capture.products:
        source = BookSource([capture.path], product)
        moments = 0
        for number, levels in enumerate(books(capture.frames, product)):
            if number not in looked_at:
                continue
            time = capture.frames[number].time
            found = book_of(source, time, None)
            assert found.is_known == (levels is not None)
            assert sides(found) == best(levels or {})
            through = ReadThrough(source, first_time(source, time))
            book, unknown, received, sequence = through.book_at(time)
            through.close()
            assert (unknown is None, received, sequence) == (found.is_known, found.received, found.sequence)
            assert ([] if book is None else book.best_bids()) == found.bids
            assert ([] if book is None else book.best_asks()) == found.asks
            moments += found.is_known
        assert moments > 2


def test_a_series_of_real_captures_is_what_each_moment_is_by_itself(capture: Capture) -> None:
    source = BookSource([capture.path], capture.products[0])
    start = capture.frames[0].time
    every = (capture.frames[-1].time - start) // 4
    series = list(books_every(capture.path, every, start, product=capture.products[0], depth=5))
    assert len(series) == 5
    assert series == [book_of(source, start + number * every, 5) for number in range(5)]
    assert sum(one.is_known for one in series) > 2


def of(path: Path | Sequence[Path], time: float | None = None, product: str | None = None) -> str:
    """Return the book in short: the levels, or why it is not known and since which second."""
    moment = None if time is None else second(time)
    found = book_at(path, moment, product)
    assert found.time == moment or moment is None
    if found.unknown is not None:
        assert not found.bids
        assert not found.asks
        since = found.unknown.since
        return found.unknown.reason if since is None else f"{found.unknown.reason} {(since - START) / NANOSECONDS:g}"
    return " ".join([f"b{price}={size}" for price, size in found.bids] + [f"a{p}={size}" for p, size in found.asks])


def lasting(seconds: int, first: int, begin: int = 1, conn: int = 0) -> list[Record]:
    """Return an update each second that changes the best bid's size to the second in which it comes."""
    return [told(begin + n, first + n, "update", f"b99={begin + n}", conn=conn) for n in range(seconds)]


WHOLE: list[Record] = [
    event(0, "open"),
    told(1, 0, "snapshot", "b99=1 b98=1 a101=1"),
    told(1, 1, "snapshot", "b9=1 a11=1", "ETH-USD"),
    told(2, 2, "update", "b99=0 a101=5"),
    told(3, 3, "update", "b9=7", "ETH-USD"),
    told(4, 4, "update", "b97=2"),
    event(5, "close", code=1000),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.jsonl.zst"


def test_frames_of_the_moment_are_in_it(path: Path) -> None:
    record(path, WHOLE)
    told_at = [of(path, time, "BTC-USD") for time in (0.5, 1, 1.999, 2, 3, 4, 4.5)]
    assert told_at == [
        "no snapshot",
        "b99=1 b98=1 a101=1",
        "b99=1 b98=1 a101=1",
        "b98=1 a101=5",
        "b98=1 a101=5",
        "b98=1 b97=2 a101=5",
        "b98=1 b97=2 a101=5",
    ]
    assert of(path, 3.5, "ETH-USD") == "b9=7 a11=1"


def test_without_a_moment_it_is_that_of_the_last_frame(path: Path) -> None:
    """Though the connection is closed after that, even at the same time."""
    assert of(record(path, WHOLE), product="BTC-USD") == "b98=1 b97=2 a101=5"
    assert of(record(path, [*WHOLE[:-1], event(4, "close")]), product="BTC-USD") == "b98=1 b97=2 a101=5"


def test_it_says_when_what_was_received_and_what_the_venue_says_of_it(path: Path) -> None:
    record(path, WHOLE)
    found = book_at(path, second(3.5), "BTC-USD", depth=1)
    assert (found.received, found.venue_time, found.sequence) == (second(2), "T2", 2)
    assert (found.bids, found.bid_levels, found.ask_levels) == ([("98", "1")], 1, 1)
    assert not found.is_crossed


def test_after_the_end_of_the_connection_and_of_the_recording_it_is_not_known(path: Path) -> None:
    record(path, [*WHOLE, beat(7, 5, 1)])
    assert [of(path, time, "BTC-USD") for time in (5, 6, 9)] == ["b98=1 b97=2 a101=5", "close 5", "close 5"]
    record(path, WHOLE[:-1])
    assert [of(path, time, "BTC-USD") for time in (4, 9)] == ["b98=1 b97=2 a101=5", "end 4"]


GAP: list[Record] = [
    event(0, "open"),
    told(1, 0, "snapshot", "b99=1 a101=1"),
    told(2, 1, "update", "b99=2"),
    event(3, "gap", expected=2, received=5, missing=3),
    told(3, 5, "update", "b99=3"),
    told(4, 6, "update", "b99=4"),
    told(6, 7, "snapshot", "b99=6 a101=6"),
    told(7, 8, "update", "b99=7"),
]


@pytest.mark.parametrize("is_noticed", [True, False])
@pytest.mark.parametrize("is_cut", [True, False])
def test_after_a_gap_it_is_not_known_until_the_next_snapshot(path: Path, *, is_noticed: bool, is_cut: bool) -> None:
    """Whether an event tells of the gap, or nothing but the numbers of the frames."""
    record(path, GAP if is_noticed else [*GAP[:3], *GAP[4:]], is_cut=is_cut)
    told_at = [of(path, time) for time in (2.5, 3, 5, 6, 7)]
    assert told_at == ["b99=2 a101=1", "gap 3", "gap 3", "b99=6 a101=6", "b99=7 a101=6"]


@pytest.mark.parametrize(
    ("doubt", "said"),
    [
        (event(2.5, "gap", missing=1), "gap 2.5"),
        (event(2.5, "gap", missing=1, channel="level2", product="BTC-USD"), "gap 2.5"),
        (event(2.5, "gap", missing=1, channel="level2", product="ETH-USD"), "b99=3 a101=1"),
        (event(2.5, "gap", 1, missing=1), "b99=3 a101=1"),
        (event(2.5, "reset"), "reset 2.5"),
        (event(2.5, "lost", 1, frames=3), "lost 2.5"),
        (event(2.5, "damage", 1), "damage 2.5"),
        (event(2.5, "crossed", channel="level2", product="BTC-USD"), "crossed 2.5"),
        (event(2.5, "resync", channel="level2", product="BTC-USD"), "resync 2.5"),
        (event(2.5, "close", 1), "b99=3 a101=1"),
        (event(2.5, "pause", backlog=3), "b99=3 a101=1"),
    ],
)
def test_what_events_say_of_it(path: Path, doubt: Record, said: str) -> None:
    record(path, [told(1, 0, "snapshot", "b99=1 a101=1"), *lasting(1, 1, 2), doubt, *lasting(1, 2, 3)])
    assert of(path, 3) == said
    assert of(path, 2) == "b99=2 a101=1"
    assert [one.unknown for one in books_every(path, NANOSECONDS, second(3))] == [book_at(path, second(3)).unknown]


def test_after_a_reconnect_it_is_not_known_until_the_new_snapshot(path: Path) -> None:
    again = [event(4, "open", 1), told(5, 0, "snapshot", "b95=5 a96=5", conn=1), *lasting(2, 1, 6, 1)]
    record(path, [told(1, 0, "snapshot", "b99=1 a101=1"), *lasting(1, 1, 2), event(3, "close"), *again])
    assert [of(path, time) for time in (2, 3.5, 4, 5, 7)] == [
        "b99=2 a101=1",
        "close 3",
        "close 3",
        "b95=5 a96=5",
        "b99=7 b95=5 a96=5",
    ]


HANDOVER: list[Record] = [
    event(0, "open"),
    told(1, 0, "snapshot", "b99=1 a101=1"),
    event(2, "open", 1, replaces=0),
    told(3, 1, "update", "b99=3"),
    told(4, 0, "snapshot", "b99=3 a101=1", conn=1),
    told(5, 1, "update", "b99=5", conn=1),
    told(5.5, 2, "update", "b99=4"),  # late, of the old connection
]


@pytest.mark.parametrize("is_cut", [True, False])
def test_a_connection_that_takes_the_place_of_another_tells_on(path: Path, *, is_cut: bool) -> None:
    """What both bring counts once; nothing is unknown in between."""
    end: list[Record] = [event(6, "replaced", by=1), event(6, "close"), *lasting(2, 2, 7, 1)]
    record(path, [*HANDOVER, *end], is_cut=is_cut)
    assert [of(path, time) for time in (3, 4, 5, 5.7, 6.5, 8)] == [
        "b99=3 a101=1",
        "b99=3 a101=1",
        "b99=5 a101=1",
        "b99=5 a101=1",
        "b99=5 a101=1",
        "b99=8 a101=1",
    ]


@pytest.mark.parametrize("is_cut", [True, False])
def test_one_that_fails_to_take_the_place_leaves_it_to_the_other(path: Path, *, is_cut: bool) -> None:
    record(path, [*HANDOVER, event(6, "close", 1), *lasting(2, 3, 7)], is_cut=is_cut)
    assert [of(path, time) for time in (6.5, 8)] == ["b99=5 a101=1", "b99=8 a101=1"]


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """Give a rotated recording: three files, of which the later ones begin with the state of the one before."""
    state = [Frame(second(n), 0, told(n, 0, "snapshot", f"b99={n} a101=1").payload, synthetic=True) for n in (3.5, 6.5)]
    lines = [
        [told(1, 0, "snapshot", "b99=1 a101=1"), *lasting(2, 1, 2)],
        [state[0], *lasting(3, 3, 4)],
        [state[1], *lasting(3, 6, 7), event(10, "close")],
    ]
    names = ["x.jsonl.zst", "x.2.jsonl.zst", "x.3.jsonl.zst"]
    return [
        record(tmp_path / name, its, part=number)
        for number, (name, its) in enumerate(zip(names, lines, strict=True), start=1)
    ]


def test_the_files_of_a_rotation_and_their_folder_are_one_recording(parts: list[Path], tmp_path: Path) -> None:
    times = (3, 4, 6, 9)
    expected = ["b99=3 a101=1", "b99=4 a101=1", "b99=6 a101=1", "b99=9 a101=1"]
    assert [of(parts, time) for time in times] == expected
    assert [of(tmp_path, time) for time in times] == expected
    assert of(parts[2]) == "b99=9 a101=1"


def test_a_file_that_is_missing_between_is_a_gap_but_for_its_state(tmp_path: Path, parts: list[Path]) -> None:
    assert of([parts[0], parts[2]], 9) == "b99=9 a101=1"
    without_state = record(tmp_path / "y.jsonl.zst", [*lasting(3, 6, 7)], part=3)
    assert of([parts[0], without_state], 9) == "part missing 7"


def test_the_state_of_a_rotation_does_not_end_what_a_gap_began(tmp_path: Path, parts: list[Path]) -> None:
    """It was made of what the file before has, which is not known to be right."""
    first = [told(1, 0, "snapshot", "b99=1 a101=1"), event(2, "gap", missing=1), *lasting(2, 7, 2)]
    record(parts[0], first, part=1)
    assert of(parts, 9) == "gap 2"
    shutil.move(parts[0], tmp_path / "gone")
    assert of(parts[1:], 9) == "b99=9 a101=1"


def test_a_run_that_ends_without_a_word_tells_nothing_afterwards(tmp_path: Path) -> None:
    first = record(tmp_path / "a.jsonl.zst", [told(1, 0, "snapshot", "b99=1 a101=1"), *lasting(1, 1, 2)])
    lines = [event(5, "open"), told(6, 0, "snapshot", "b95=1 a96=1"), *lasting(1, 1, 7)]
    second_run = record(tmp_path / "b.jsonl.zst", lines, created=second(5))
    both = [first, second_run]
    assert [of(both, time) for time in (2, 4, 5.5, 6, 7)] == [
        "b99=2 a101=1",
        "end 2",
        "end 2",
        "b95=1 a96=1",
        "b99=7 b95=1 a96=1",
    ]


def test_two_recorders_of_one_market_are_told_together(tmp_path: Path) -> None:
    """Where one has a gap, the book is not known; when one ends, it still is."""
    one = record(tmp_path / "a.jsonl.zst", [told(1, 0, "snapshot", "b99=1 a101=1"), *lasting(2, 1, 2)])
    lines = [told(1.1, 0, "snapshot", "b99=1 a101=1"), *lasting(2, 1, 2), *lasting(3, 3, 4)]
    other = record(tmp_path / "b.jsonl.zst", lines, created=START + 1)
    assert [of([one, other], time) for time in (3, 5)] == ["b99=3 a101=1", "b99=5 a101=1"]


def write(writer: RecordingWriter, records: Sequence[Record]) -> None:
    feed = venue_of("coinbase-advanced")
    assert feed is not None
    for one in records:
        writer.write(one, feed.describe(one.payload) if isinstance(one, Frame) else None, block=True)


def count(path: Path) -> int:
    with open_recording(path) as recording:
        return sum(1 for _ in recording)


def test_one_that_grows_is_known_to_its_present_end(path: Path) -> None:
    lines = [told(1, 0, "snapshot", "b99=1 a101=1"), *lasting(3, 1, 2)]
    record(path, lines)
    with open_recording(path) as recording:
        header = recording.header
    path.unlink()
    with create_recording(path, header) as writer:
        write(writer, lines)
        writer.flush()
        wait_until(lambda: count(part_path(path)) == len(lines))
        assert of(part_path(path)) == "b99=4 a101=1"
        assert of(part_path(path), 3) == "b99=3 a101=1"
        assert of(part_path(path), 60) == "b99=4 a101=1"


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".jsonl.gz"])
def test_it_is_the_same_in_every_format(path: Path, suffix: str, tmp_path: Path) -> None:
    record(path, GAP)
    other = tmp_path / f"other{suffix}"
    with open_recording(path) as recording:
        header = recording.header
    with create_recording(other, header) as writer:
        write(writer, GAP)
    times = (0.5, 2.5, 3, 6, 7, None)
    assert [of(other, time) for time in times] == [of(path, time) for time in times]
    assert list(books_every(other, NANOSECONDS)) == list(books_every(path, NANOSECONDS))


def test_checkpoints_lead_to_the_same(path: Path) -> None:
    record(path, [told(1, 0, "snapshot", "b99=1 a101=1"), *lasting(60, 1, 2)])
    without = [of(path, time) for time in (1, 30, 61)]
    rules = dump_rules(venue_of("coinbase-advanced"))
    assert rules is not None
    assert make_checkpoints(path, rules, spacing=lambda: Spacing(1000, 0), least=1000)
    assert [of(path, time) for time in (1, 30, 61)] == without


def test_a_series_begins_at_whole_steps_and_ends_with_the_last_frame(path: Path) -> None:
    record(path, WHOLE)
    series = list(books_every(path, 2 * NANOSECONDS, product="BTC-USD"))
    assert [(one.time - START) / NANOSECONDS for one in series] == [0, 2, 4]
    assert [one.is_known for one in series] == [False, True, True]
    chosen = list(books_every(path, NANOSECONDS, second(1.5), second(3.5), "BTC-USD"))
    assert [(one.time - START) / NANOSECONDS for one in chosen] == [1.5, 2.5]
    assert [one.unknown for one in books_every(path, NANOSECONDS, second(8), second(9), "BTC-USD")] == [
        book_at(path, second(8), "BTC-USD").unknown
    ]


def test_a_crossed_book_is_told_so(path: Path) -> None:
    record(path, [told(1, 0, "snapshot", "b99=1 a98=1")])
    assert book_at(path).is_crossed


def test_every_must_be_positive(path: Path) -> None:
    with pytest.raises(ValueError, match="positive"):
        list(books_every(path, 0))
