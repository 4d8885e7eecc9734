"""The table shows the lines that reading everything finds, page by page, whichever way it is turned."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import TruncatedRecordingError, UsageError
from feedrec.feeds import find_feed
from feedrec.formats import open_recording
from feedrec.model import TIME_LIMIT, Event, Frame, Record, format_time
from feedrec.replay.page.frames.frame_table import LONGEST_TEXT, FrameTable, PageTold
from feedrec.replay.page.frames.keys import key_at, parse_key
from feedrec.replay.page.frames.wanted import EVENT, SENT, Wanted
from feedrec.replay.page.recordings import PageRecordings

from ...books.making import START, event, record, second, told
from ..market_recordings import lines_of, record_plain, record_two

FEED = find_feed("coinbase-advanced")

WANTED = [
    Wanted(),
    Wanted(channel="level2"),
    Wanted(channel="market_trades", product="ETH-USD"),
    Wanted(kind="heartbeat"),
    Wanted(kind=EVENT),
    Wanted(kind=SENT),
    Wanted(text='"price_level": "99"'),
    Wanted(text="backlog"),
    Wanted(product="BTC-USD", text="snapshot"),
    Wanted(channel="ticker"),
]


def never() -> bool:
    return False


def after_some(looks: int) -> Callable[[], bool]:
    """Have no more time after so many looks."""
    left = iter(range(looks))
    return lambda: next(left, None) is None


class Everything:
    """All lines of recordings, by reading all of them."""

    def __init__(self, recordings: PageRecordings) -> None:
        self.table = FrameTable(recordings)
        found: list[tuple[int, int, int, Record]] = []
        for number, file in enumerate(recordings.files):
            with open_recording(file.path) as recording, contextlib.suppress(TruncatedRecordingError):
                for place, one in enumerate(recording):
                    found.append((one.time, number, place, one))
        self.records = [one for *_, one in sorted(found, key=lambda one: one[:3])]

    def wanted(self, wanted: Wanted) -> list[tuple[str, str]]:
        return [_as_row(one) for one in self.records if _is_wanted(one, wanted)]


def _is_wanted(record: Record, wanted: Wanted) -> bool:
    if isinstance(record, Event):
        is_kind = wanted.kind == EVENT or not (wanted.kind or wanted.channel or wanted.product)
        return is_kind and wanted.text in f"{record.name}{json.dumps(record.details)}"
    info = FEED.describe(record.payload)
    return (
        wanted.kind in ("", info.kind)
        and wanted.channel in ("", info.channel)
        and (not wanted.product or wanted.product in info.products)
        and wanted.text.encode() in record.payload
    )


def _as_row(record: Record) -> tuple[str, str]:
    return format_time(record.time), record.name if isinstance(record, Event) else record.payload[:200].decode()


def _shown(page: PageTold) -> list[tuple[str, str]]:
    return [(row.time, row.event or row.head) for row in page.rows]


@pytest.fixture(scope="module", params=["with an index", "cut off", "as text"])
def everything(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    folder = tmp_path_factory.mktemp("frames")
    if request.param == "as text":
        paths = [record_plain(folder / f"{one}.jsonl", lines_of(15, one, 0.05 * one)) for one in (1, 2)]
    else:
        paths = record_two(folder, is_cut=request.param == "cut off")
    with PageRecordings(paths) as recordings:
        yield Everything(recordings)


def forward(table: FrameTable, wanted: Wanted, count: int, looks: int) -> Iterator[PageTold]:
    key = str(key_at(0))
    while key is not None:
        page = table.after(parse_key(key), count, wanted, after_some(looks))
        yield page
        assert page.next != key or page.rows
        key = page.next  # type: ignore[assignment]


def back(table: FrameTable, wanted: Wanted, count: int, looks: int) -> Iterator[PageTold]:
    key = str(key_at(second(10_000)))
    while key is not None:
        page = table.before(parse_key(key), count, wanted, after_some(looks))
        yield page
        assert page.previous != key or page.rows
        key = page.previous  # type: ignore[assignment]


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_page_after_page_has_what_is_wanted_and_nothing_twice(everything: Everything, wanted: Wanted) -> None:
    pages = forward(everything.table, wanted, 37, 1 << 20)
    assert [row for page in pages for row in _shown(page)] == everything.wanted(wanted)


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_so_it_has_from_the_end_back(everything: Everything, wanted: Wanted) -> None:
    pages = list(back(everything.table, wanted, 41, 1 << 20))
    assert [row for page in reversed(pages) for row in _shown(page)] == everything.wanted(wanted)


@given(wanted=st.sampled_from(WANTED[:6]), count=st.integers(50, 200), looks=st.integers(100, 400))
def test_what_there_is_no_time_for_comes_with_the_next_page(
    indexed: Everything, wanted: Wanted, count: int, looks: int
) -> None:
    expected = indexed.wanted(wanted)
    assert [row for page in forward(indexed.table, wanted, count, looks) for row in _shown(page)] == expected
    pages = list(back(indexed.table, wanted, count, looks))
    assert [row for page in reversed(pages) for row in _shown(page)] == expected


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    with PageRecordings(record_two(tmp_path_factory.mktemp("indexed"))) as recordings:
        yield Everything(recordings)


def test_a_page_begins_at_a_time_and_leads_both_ways(everything: Everything) -> None:
    time = second(5)
    expected = everything.wanted(Wanted())
    at = next(number for number, row in enumerate(expected) if row[0] >= format_time(time))
    page = everything.table.after(key_at(time), 10, Wanted(), never)
    assert _shown(page) == expected[at : at + 10]
    assert page.previous is not None
    assert _shown(everything.table.before(parse_key(page.previous), 10, Wanted(), never)) == expected[at - 10 : at]


def test_each_row_is_found_by_its_key(everything: Everything) -> None:
    for row in everything.table.after(key_at(second(3)), 40, Wanted(), never).rows:
        told_whole = everything.table.frame(parse_key(row.key))
        assert (told_whole.time, told_whole.text[:20], told_whole.json) == (row.time, row.head[:20], True)


def test_a_block_that_cannot_have_what_is_wanted_is_not_read(
    indexed: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> None:
        raise AssertionError("nothing is to be read")

    monkeypatch.setattr(PageRecordings, "reader_of", read)
    page = indexed.table.after(key_at(0), 10, Wanted(channel="candles"), never)
    assert (page.rows, page.next, page.scanned_all) == ([], None, True)


def test_a_long_frame_is_cut_and_what_cannot_be_seen_is_escaped(tmp_path: Path) -> None:
    long = b'{"channel":"l2_data","x":"%s"}' % (b"y" * LONGEST_TEXT)
    hidden = '{"x":"\u202e\u2028"}'.encode()
    lines = [Frame(START, 0, long), Frame(START, 0, b"no \x1b[2J JSON"), Frame(START, 0, b"\x00\xff", binary=True)]
    lines += [Frame(START, 0, hidden), Frame(START, 0, b"{}", direction="out")]
    with PageRecordings([record(tmp_path / "x.jsonl.zst", lines)]) as recordings:
        table = FrameTable(recordings)
        rows = table.after(key_at(0), 10, Wanted(), never).rows
        frames = [table.frame(parse_key(row.key)) for row in rows]
    assert (len(frames[0].text), frames[0].is_cut, frames[0].json) == (LONGEST_TEXT, True, True)
    assert (frames[1].text, frames[1].json) == ("no \\x1b[2J JSON", False)
    assert (frames[2].text, frames[2].json) == ("AP8=", False)
    assert (frames[3].text, frames[3].json) == ('{"x":"\\u202e\\u2028"}', True)
    assert [len(row.head) <= 200 for row in rows] == [True] * 5
    assert [(row.dir, row.kind, row.size) for row in rows][::4] == [("in", "other", len(long)), ("out", SENT, 2)]
    assert "\u202e" not in rows[3].head


def test_a_key_of_the_last_possible_time_is_one() -> None:
    assert parse_key(str(key_at(TIME_LIMIT - 1))) == key_at(TIME_LIMIT - 1)


def test_a_name_of_any_length_makes_no_long_row_nor_list(tmp_path: Path) -> None:
    long = "P" * 100_000
    payload = b'{"channel":"%s","events":[{"tickers":[{"product_id":"%s"}]}]}' % (b"c" * 100_000, long.encode())
    ticker = b'{"channel":"ticker","events":[{"tickers":[{"product_id":"%s"}]}]}' % long.encode()
    with PageRecordings(
        [record(tmp_path / "x.jsonl.zst", [Frame(START, 0, one) for one in (payload, ticker)])]
    ) as recordings:
        rows = FrameTable(recordings).after(key_at(0), 10, Wanted(), never).rows
        assert (recordings.products, recordings.channels) == ([], ["ticker"])
    assert [len(row.products[0]) for row in rows] == [200, 200]
    assert max(len(row.channel) for row in rows) <= 200


def test_what_is_no_key_is_refused(indexed: Everything) -> None:
    for key in ("", "1.2.3", "1.2.3.x", "1.0.0.-1", "9" * 40, f"{1 << 70}.0.0.0", "1.2.3.4.5", "\u0661.0.0.0"):
        with pytest.raises(UsageError, match="is no key"):
            parse_key(key)
    for key in ("1.7.0.0", "1.-1.0.0", "1.0.999.0", "1.0.0.999"):
        with pytest.raises(UsageError, match="there is no such frame"):
            indexed.table.frame(parse_key(key))


def test_only_what_is_replayed_is_shown(tmp_path: Path) -> None:
    path = record(tmp_path / "x.jsonl.zst", lines_of(10))
    with PageRecordings([path], second(2), second(4)) as recordings:
        table = FrameTable(recordings)
        page = table.after(key_at(recordings.start), 100, Wanted(channel="level2"), never)
        before = table.before(key_at(second(2)), 10, Wanted(), never)
    assert {row.time[17:19] for row in page.rows} == {"02", "03"}
    assert page.rows[0].ms == 0.0
    assert page.next is None
    assert before.rows == []


def test_a_gap_event_says_its_name(tmp_path: Path) -> None:
    path = record(tmp_path / "x.jsonl.zst", [told(0, 0, "snapshot", "b1=1"), event(1, "gap\x1b", missing=3)])
    with PageRecordings([path]) as recordings:
        row = FrameTable(recordings).after(key_at(0), 10, Wanted(kind=EVENT), never).rows[0]
    assert (row.event, row.dir, row.kind, row.conn) == ("gap\\x1b", "", EVENT, 0)
