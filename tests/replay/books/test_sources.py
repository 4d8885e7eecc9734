"""What a book is read from, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from feedrec.errors import FeedrecError, UsageError
from feedrec.feeds.defaults import FeedDefaults
from feedrec.model import Event, Frame, Record
from feedrec.replay import book_at
from feedrec.replay.books.sources import BookSource, End

from .making import START, beat, event, record, second, told

BTC = [told(1, 0, "snapshot", "b1=1 a2=2"), told(2, 1, "update", "b1=2")]
BOTH = [*BTC, told(3, 2, "snapshot", "b1=1 a2=2", "ETH-USD")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.jsonl.zst"


@pytest.mark.parametrize("is_cut", [True, False])
def test_the_one_product_need_not_be_named(path: Path, *, is_cut: bool) -> None:
    """Whether an index names it, or the first frames show it."""
    record(path, BTC, is_cut=is_cut)
    assert BookSource([path], None).key == ("level2", "BTC-USD")
    record(path, BOTH, is_cut=is_cut)
    assert BookSource([path], "ETH-USD").product == "ETH-USD"


def said(paths: Sequence[Path], product: str | None = None) -> str:
    with pytest.raises(FeedrecError) as caught:
        BookSource(paths, product)
    assert caught.type is UsageError
    return str(caught.value)


def test_of_several_products_one_must_be_named(path: Path) -> None:
    record(path, BOTH)
    assert said([path]) == "there are books of BTC-USD, ETH-USD: choose one by its product, with -p"
    assert said([path], "BTC-USDT") == (
        "there is no book of 'BTC-USDT'; did you mean 'BTC-USD'? (there are those of BTC-USD, ETH-USD)"
    )


def test_what_exchange_sends_in_batches_is_the_same_book(path: Path) -> None:
    """Its frames are those of level2."""
    lines = [
        Frame(second(1), 0, b'{"type":"snapshot","product_id":"BTC-USD","bids":[["1","1"]],"asks":[["2","1"]]}'),
        Frame(second(2), 0, b'{"type":"l2update","product_id":"BTC-USD","changes":[["buy","1","5"]],"time":"T"}'),
    ]
    subscriptions = [{"channel": "level2_batch", "products": ["BTC-USD"]}]
    record(path, lines, endpoint="coinbase-exchange", is_cut=True, subscriptions=subscriptions)
    assert BookSource([path], None).key == ("level2", "BTC-USD")
    assert book_at(path).bids == [("1", "5")]


def test_without_a_book_it_says_what_to_record(path: Path) -> None:
    record(path, [beat(1, 0)])
    assert said([path]) == f"{path} has no order book: record the channel level2"
    record(path, [], endpoint="coinbase-exchange")
    assert said([path]).endswith("record the channel level2 or level2_batch")


@pytest.mark.parametrize("endpoint", ["raw", "coinmarketcap", "elsewhere"])
def test_an_endpoint_whose_books_are_not_known_is_named(path: Path, endpoint: str) -> None:
    record(path, [event(0, "open")], endpoint=endpoint)
    assert f"{path} is a recording of {endpoint}, of which feedrec knows no order books (it knows those of " in said(
        [path]
    )


def test_recordings_of_two_endpoints_have_no_common_book(path: Path, tmp_path: Path) -> None:
    record(path, BTC)
    other = record(tmp_path / "y.jsonl.zst", [], endpoint="coinbase-exchange")
    assert said([path, other]) == (
        f"{path} is a recording of coinbase-advanced, {other} of coinbase-exchange: name recordings of one endpoint"
    )


def test_the_same_recording_twice_is_refused(path: Path, tmp_path: Path) -> None:
    record(path, BTC)
    (tmp_path / "copy.jsonl.zst").write_bytes(path.read_bytes())
    assert "are the same recording" in said([path, tmp_path / "copy.jsonl.zst"])


def test_a_feed_without_states_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(path, BTC)
    source = BookSource([path], None)
    monkeypatch.setattr(type(source.feed), "state", FeedDefaults.state)
    with pytest.raises(UsageError, match="does not tell the books"):
        source.new_state()


def test_the_parts_of_a_run_are_one_run(tmp_path: Path) -> None:
    paths = [record(tmp_path / f"{n}.jsonl.zst", [told(n, n, "update", "b1=1")], part=n) for n in (1, 2)]
    paths.append(record(tmp_path / "other.jsonl.zst", [told(3, 0, "update", "b1=1")], created=START + 1))
    paths += [record(tmp_path / f"u{n}.jsonl.zst", [told(3 + n, 0, "update", "b1=1")], created=0) for n in (1, 2)]
    source = BookSource(paths, None)
    assert source.runs == [0, 0, 1, 2, 3]
    assert source.continued == {1}


def test_an_end_is_found_with_an_index_and_without(path: Path, tmp_path: Path) -> None:
    """Also after the last whole block, and where nothing was received."""
    lines: list[Record] = [*BTC, *(told(3 + n, 2 + n, "update", "b1=1") for n in range(5)), event(9, "close")]
    for is_cut in (True, False):
        record(path, lines, is_cut=is_cut)
        source = BookSource([path], None)
        assert source.ends == [End(second(9), second(7))]
        assert source.last_received == second(7)
    empty = record(tmp_path / "y.jsonl.zst", [Event(START, 0, "open")], is_cut=True, created=START + 5)
    assert BookSource([path, empty], None).ends[1] == End(START, None)
