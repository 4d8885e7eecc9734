"""Reading on from one moment to the next."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from feedrec.errors import RecordingError
from feedrec.feeds.coinbase_exchange.state import MarketState
from feedrec.formats.line.codec import encode_frame, encode_header
from feedrec.model import Frame, Header, Record
from feedrec.replay.books.read_through import ReadThrough
from feedrec.replay.books.sources import BookSource
from feedrec.replay.books.standing import Unknown

from .making import START, event, record, second, told


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.jsonl.zst"


def test_moments_between_two_lines_and_within_a_block_tell_what_came_before(path: Path) -> None:
    lines = [told(0.1 * n, n, "update" if n else "snapshot", f"b1={n + 1} a2=1") for n in range(100)]
    through = ReadThrough(BookSource([record(path, lines, block_size=3000)], None), 0)
    for tenth in range(0, 100, 7):
        for time in (second(0.1 * tenth), second(0.1 * tenth) + 1):
            book, unknown, received, sequence = through.book_at(time)
            assert book is not None
            assert (book.best_bids(), unknown, received, sequence) == (
                [("1", str(tenth + 1))],
                None,
                lines[tenth].time,
                tenth,
            )
    through.close()


def exchange(time: float, text: bytes) -> Frame:
    return Frame(second(time), 0, text)


SNAPSHOT = b'{"type":"snapshot","product_id":"BTC-USD","bids":[["1","1"]],"asks":[["2","1"]]}'
UPDATE = b'{"type":"l2update","product_id":"BTC-USD","changes":[["buy","1","%d"]],"time":"T"}'
MATCH = b'{"type":"match","trade_id":%d,"product_id":"%b","sequence":1,"side":"buy","price":"1","size":"1"}'


def test_where_the_venue_counts_by_product_a_gap_without_an_event_is_of_one(path: Path) -> None:
    lines = [exchange(1, SNAPSHOT), exchange(2, MATCH % (5, b"BTC-USD")), exchange(2, MATCH % (5, b"ETH-USD"))]
    lines += [exchange(3, UPDATE % 3), exchange(4, MATCH % (9, b"ETH-USD")), exchange(5, UPDATE % 5)]
    lines += [exchange(6, MATCH % (8, b"BTC-USD")), exchange(7, UPDATE % 7)]
    source = BookSource([record(path, lines, endpoint="coinbase-exchange", is_cut=True)], "BTC-USD")
    through = ReadThrough(source, 0)
    book, unknown, _, _ = through.book_at(second(5))
    assert (unknown, book and book.best_bids()) == (None, [("1", "5")])
    assert through.book_at(second(7))[1] == Unknown("gap", second(6))
    through.close()


def test_a_state_that_takes_one_frame_at_a_time_is_given_that(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(MarketState, "apply_run")
    monkeypatch.delattr("feedrec.feeds.state.keyed_state.KeyedState.apply_run")
    lines = [exchange(1, SNAPSHOT), exchange(2, UPDATE % 3)]
    through = ReadThrough(BookSource([record(path, lines, endpoint="coinbase-exchange")], None), 0)
    book = through.book_at(second(2))[0]
    assert book is not None
    assert book.best_bids() == [("1", "3")]
    through.close()


def test_a_line_that_is_none_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    good = encode_frame(told(1, 0, "snapshot", "b1=1"))
    path.write_bytes(
        b"\n".join([encode_header(Header("coinbase-advanced", created=START)), good, good[:-2] + b"]]", b""])
    )
    source = BookSource([path], "BTC-USD")
    with closing(ReadThrough(source, 0)) as through, pytest.raises(RecordingError, match=r"x\.jsonl: "):
        through.book_at(second(2))


def test_events_of_a_run_reach_the_check_of_its_numbers(path: Path) -> None:
    """A gap that an event tells is not found again, and a new connection counts anew."""
    lines: list[Record] = [told(1, 0, "snapshot", "b1=1"), event(2, "gap", missing=1), told(2, 2, "snapshot", "b1=2")]
    lines += [event(3, "close"), event(3, "open", 1), told(4, 0, "snapshot", "b1=4", conn=1)]
    through = ReadThrough(BookSource([record(path, lines, is_cut=True)], None), 0)
    assert [through.book_at(second(time))[1] for time in (2, 3.5, 4)] == [None, Unknown("close", second(3)), None]
    through.close()
