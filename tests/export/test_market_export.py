"""What is told goes to a sink, in its order, counted; nothing is left if that fails."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from feedrec.errors import RecordingError, UsageError
from feedrec.export.continuity import BookLost, Gap
from feedrec.export.market_export import MarketExport, export_market
from feedrec.export.market_sink import ExportedFile
from feedrec.export.untimed import Item
from feedrec.feeds import endpoint_names, find_feed
from feedrec.feeds.market.reader import market_reader_of
from feedrec.feeds.market.told import BookChanges, Told
from feedrec.formats import Selection, create_recording, open_recording
from feedrec.formats.several.inputs import Input, inspect_recording
from feedrec.model import Event, Header

from .test_market_stream import CHANGE, SNAPSHOT, START, book, frames, write


class Sink:
    """Keeps what it is given."""

    def __init__(self, exchange: str) -> None:
        self.exchange = exchange
        self.items: list[Item] = []
        self.is_discarded = False

    def take(self, time: int, told: Told | Gap | BookLost) -> None:
        self.items.append(Item(time, told))

    def finish(self) -> list[ExportedFile]:
        return [ExportedFile(Path("a"), len(self.items))]

    def discard(self) -> None:
        self.is_discarded = True


def inputs(*paths: Path) -> list[Input]:
    return [inspect_recording(partial(open_recording, path)) for path in paths]


def exported(path: Path, start: int | None = None) -> tuple[MarketExport, Sink]:
    sinks: list[Sink] = []

    def begin(exchange: str) -> Sink:
        sinks.append(Sink(exchange))
        return sinks[0]

    return export_market(inputs(path), begin, Selection(start=start)), sinks[0]


def test_everything_is_taken_and_counted(tmp_path: Path) -> None:
    change_of_two = book("update", ("bid", "1", "0"), ("offer", "2", "1"))
    gap = Event(START + 3, 0, "gap", {"expected": 2, "received": 3})
    records = [*frames(SNAPSHOT, CHANGE, change_of_two), gap, *frames(SNAPSHOT, b"{}", first=START + 4)]
    done, sink = exported(write(tmp_path / "a.jsonl.zst", records))
    assert sink.exchange == "coinbase"
    assert (done.book_changes, done.snapshots, done.trades) == (3, 2, 0)
    assert done.gaps == [Gap("A-B", "book", "gap", START + 2, START + 4)]
    assert done.files == [ExportedFile(Path("a"), 6)]


def test_the_exchange_of_every_endpoint_of_coinbase_has_one_name() -> None:
    """By which nautilus_trader knows it, and no other."""
    readers = {name: market_reader_of(find_feed(name)) for name in endpoint_names() if name.startswith("coinbase")}
    assert len(readers) == 6
    assert {reader and reader.exchange for reader in readers.values()} == {"coinbase"}


@pytest.mark.parametrize("start", [START + 2, START + 100])
def test_who_begins_later_begins_with_the_books_as_they_are(tmp_path: Path, start: int) -> None:
    other = book("snapshot", ("bid", "7", "8"), product="C-D")
    path = write(tmp_path / "a.jsonl.zst", frames(SNAPSHOT, other, CHANGE, CHANGE))
    _, sink = exported(path, start)
    known = [Item(start, BookChanges("A-B", START, True, [False], ["2"], ["6"]))]
    if start == START + 2:
        known[0] = Item(start, BookChanges("A-B", START, True, [True, False], ["1", "2"], ["5", "6"]))
    known.append(Item(start, BookChanges("C-D", START, True, [True], ["7"], ["8"])))
    assert sink.items[:2] == known
    assert [item.time for item in sink.items[2:]] == ([START + 2, START + 3] if start == START + 2 else [])


def test_a_book_that_is_not_known_is_none_to_begin_with(tmp_path: Path) -> None:
    records = [*frames(SNAPSHOT), Event(START + 1, 0, "gap", {}), *frames(CHANGE, SNAPSHOT, first=START + 5)]
    _, sink = exported(write(tmp_path / "a.jsonl.zst", records), START + 2)
    assert [type(item.told).__name__ for item in sink.items] == ["Gap", "BookChanges"]


def test_nothing_is_left_of_an_export_that_fails(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl.zst", frames(SNAPSHOT, *[CHANGE] * 50))
    found, damaged = inputs(path), path.read_bytes()
    path.write_bytes(damaged[:100] + b"x" + damaged[101:])
    sink = Sink("coinbase")
    with pytest.raises(RecordingError):
        export_market(found, lambda _: sink)
    assert sink.is_discarded


def test_an_endpoint_of_which_nothing_is_known_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    create_recording(path, Header("raw", "wss://x", START, "test")).finish()
    with pytest.raises(UsageError, match=r"does not know books and trades to export: if another tool .* --endpoint$"):
        export_market(inputs(path), Sink)
    path = tmp_path / "b.jsonl"
    create_recording(path, Header("coinmarketcap", "wss://x", START, "test")).finish()
    with pytest.raises(UsageError, match=r"of coinmarketcap, feedrec does not know books and trades to export$"):
        export_market(inputs(path), Sink)
