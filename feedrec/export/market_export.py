"""What recordings tell of the market, written as files of another format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from ..errors import UsageError
from ..feeds import feed_of, rule_of
from ..feeds.market.reader import market_reader_of
from ..feeds.market.told import BookChanges, Candle, Ticker, Trades
from ..formats.facts.sequence_check import Rules
from ..formats.line.selection import Selection
from ..formats.several.inputs import Input, joined_header
from ..formats.several.joined_files import FinishedFiles, leaving_nothing_behind
from .continuity import BookLost, Gap
from .latest_books import LatestBooks
from .market_sink import ExportedFile, MarketSink
from .market_stream import MarketStream
from .untimed import Item

__all__ = ["MarketExport", "export_market"]

_HINT = "if another tool recorded a venue, convert its file with --endpoint"


class MarketExport(msgspec.Struct):
    """
    What was exported.

    Attributes:
        files: The files that were written.
        book_changes: Levels that changed, without those of snapshots.
        snapshots: Snapshots of books.
        trades: Trades that were made while it was recorded.
        tickers: Tickers.
        candles: Candles, each as often as it came.
        gaps: What the recordings lack.
        not_understood: Frames that tell of the market, but were not understood.

    """

    files: Sequence[ExportedFile] = ()
    book_changes: int = 0
    snapshots: int = 0
    trades: int = 0
    tickers: int = 0
    candles: int = 0
    gaps: list[Gap] = []
    not_understood: int = 0

    def count(self, told: object) -> None:
        """Count something that is told."""
        if isinstance(told, BookChanges):
            if told.is_snapshot:
                self.snapshots += 1
            else:
                self.book_changes += len(told.prices)
        elif isinstance(told, Trades):
            if not told.is_snapshot:
                self.trades += len(told.ids)
        elif isinstance(told, Ticker):
            self.tickers += 1
        elif isinstance(told, Candle):
            self.candles += 1
        elif isinstance(told, Gap):
            self.gaps.append(told)


def export_market(
    inputs: Sequence[Input],
    begin: Callable[[str], MarketSink],
    selection: Selection = Selection(),  # noqa: B008  immutable
    on_read: Callable[[int, int], object] = lambda number, size: None,  # noqa: ARG005
) -> MarketExport:
    """
    Write what recordings tell of the market.

    Args:
        inputs: The recordings, of one endpoint.
        begin: Makes what writes it, given the name of the exchange as tardis.dev has it.
        selection: What is meant; from its `start` on, books begin with what is known of them by then.
        on_read: Called with the number of an input, and the bytes of it read so far.

    Raises:
        UsageError: If the recordings are of several endpoints, or of one whose frames are not understood.
        RecordingError: If a recording is damaged or cannot be read, or a file cannot be written; no file is left then.

    """
    endpoint = joined_header(inputs, Selection()).endpoint
    feed = feed_of(endpoint)
    reader = None if feed is None else market_reader_of(feed)
    if feed is None or reader is None:
        hint = f": {_HINT}" if endpoint == "raw" else ""
        raise UsageError(f"{inputs[0].path}: of {endpoint}, feedrec does not know books and trades to export{hint}")
    rules = Rules(feed.describe, rule_of(feed), getattr(feed, "describe_all", None))  # which a plug-in need not have
    stream = MarketStream(inputs, reader, rules, selection=selection, on_read=on_read)
    sink = begin(reader.exchange)
    with leaving_nothing_behind(sink, FinishedFiles([]), is_stream=False):
        done = _pass_on(stream if selection.start is None else _from(selection.start, stream), sink)
        done.files = sink.finish()
    done.not_understood = stream.not_understood
    return done


def _pass_on(items: Iterable[Item], sink: MarketSink) -> MarketExport:
    done = MarketExport()
    take, count = sink.take, done.count
    for time, told in items:
        count(told)
        take(time, told)
    return done


def _from(start: int, items: Iterable[Item]) -> Iterable[Item]:
    """Yield what is told from a time on, beginning with the books that are known by then."""
    books: LatestBooks | None = LatestBooks()
    for item in items:
        time, told = item
        if books is not None and time < start:
            if isinstance(told, BookChanges):
                books.take(told)
            elif isinstance(told, BookLost):
                books.lose(told.product)
            continue
        if books is not None:
            yield from (Item(start, book) for book in books.known())
            books = None
        yield item
    if books is not None:
        yield from (Item(start, book) for book in books.known())
