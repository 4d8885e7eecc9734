"""The files of one product, day by day."""

from __future__ import annotations

from collections.abc import Sequence

from ...feeds.market.told import BookChanges, Ticker, Trades
from ..days import DAY, day_of
from .best_book import BestBook
from .layouts import HEADERS, MICROSECOND, Kind, file_name
from .plain import plain_number, plain_pair, plain_token
from .row_file import RowFile, RowFiles

__all__ = ["ProductFiles"]

_NO_FRAME = -1


class ProductFiles:
    """
    What is written of a product.

    Each day's files of a book that is known begin with the book as it stood at midnight. Quotes are those of the book;
    on days without one they are those of the tickers.

    Args:
        files: All files that are being written.
        exchange: The name of the exchange.
        product: The product.
        name: It, as a part of a file name.
        kinds: The kinds of files to write.

    Attributes:
        done: The files of days that are over.
        symbol: What rows call the product.
        odd_trades: Trades that were left out, as their price or size was no number.
        odd_tickers: Tickers of which something was left out, as it was no number.

    """

    def __init__(self, files: RowFiles, exchange: str, product: str, name: str, kinds: frozenset[Kind]) -> None:
        self.done: list[RowFile] = []
        self.odd_trades = self.odd_tickers = 0
        self.symbol = plain_token(product) or name
        self._files, self._exchange, self._name, self._kinds = files, exchange, name, kinds
        self._has_rows = kinds & {"incremental_book_L2"}
        self._has_best = kinds & {"book_snapshot_25", "quotes"}
        self._start = f"{exchange},{self.symbol},"
        self._day_end = 0
        self._today: dict[Kind, RowFile] = {}
        self._book = BestBook()
        self._is_known = self._is_open = self._is_fresh = False
        self._received = self._made = _NO_FRAME  # the times of the frame of the last changes
        self._quote: tuple[str, ...] | None = None  # the last one of a ticker

    @property
    def odd_levels(self) -> int:
        """Levels of the book that were left out, as their price or amount was no number."""
        return self._book.left_out

    def take_book(self, time: int, changes: BookChanges) -> None:
        """
        Take changes of the book; those of one that is not known are passed over.

        Args:
            time: When they were received, in nanoseconds since 1970.
            changes: They.

        Raises:
            RecordingError: If they cannot be written.

        """
        if not (self._has_rows or self._has_best):
            return
        if self._received != time:
            self._end_frame()
        if time >= self._day_end:
            self._turn(time)
        if not (self._is_known or changes.is_snapshot):
            return
        if not self._is_open:
            self._open(changes)
        self._received, self._made = time, changes.time
        if changes.is_snapshot:
            rows, gone = self._book.begin(changes.are_bids, changes.prices, changes.sizes)
            self._is_known = self._is_fresh = True
            self._add_changes(self._times(changes.time, time), "true,", rows)
        else:
            gone = self._book.change(changes.are_bids, changes.prices, changes.sizes)
        self._add_changes(self._times(changes.time, time), "false,", gone)

    def take_trades(self, time: int, trades: Trades) -> None:
        """Take trades, as `take_book` takes changes; those from before the recording are in none of the files."""
        if trades.is_snapshot:
            return
        self._turn(time)
        rows = []
        columns = (trades.ids, trades.times, trades.are_buys, trades.prices, trades.sizes)
        for number, made, is_buy, price, size in zip(*columns, strict=True):
            cells = plain_pair(price, size)
            if cells is None:
                self.odd_trades += 1
            else:
                side = "buy" if is_buy else "sell"
                rows.append(f"{self._times(made, time)}{plain_token(number)},{side},{cells}\n")
        self._add("trades", "".join(rows), len(rows))

    def take_ticker(self, time: int, ticker: Ticker) -> None:
        """Take a ticker, as `take_book` takes changes."""
        self._turn(time)
        if self._is_open:
            return
        texts = (ticker.best_ask_size, ticker.best_ask, ticker.best_bid, ticker.best_bid_size)
        quote = tuple(plain_number(text) or "" for text in texts)
        self.odd_tickers += any(text and not cell for text, cell in zip(texts, quote, strict=True))
        if any(quote) and quote != self._quote:
            self._quote = quote
            self._add("quotes", f"{self._times(ticker.time, time)}{','.join(quote)}\n", 1)

    def lose_book(self) -> None:
        """Take it that the book is not known any more."""
        self._end_frame()
        self._is_known = False

    def close(self) -> None:
        """
        Write what is left.

        Raises:
            WriteError: If that fails.

        """
        self._end_frame()
        for file in self._today.values():
            file.close()
        self.done += self._today.values()
        self._today = {}

    def _turn(self, time: int) -> None:
        """Begin the files of a new day if it is one; should the clock have been set back, the day stays."""
        if time >= self._day_end:
            self.close()
            self._day_end = day_of(time) + DAY
            self._is_open, self._quote = False, None

    def _open(self, changes: BookChanges) -> None:
        """Begin the day's files of the book, with the book as it stood at midnight if it was known."""
        self._is_open = self._is_fresh = True
        quotes = self._today.pop("quotes", None)  # of tickers
        if quotes is not None:
            quotes.remove()
        if self._is_known and not changes.is_snapshot:
            midnight = self._day_end - DAY  # the venue gives no time for it: tardis.dev has the local one in its place
            self._add_changes(self._times(midnight, midnight), "true,", self._book.levels())
            self._received = self._made = midnight
            self._end_frame()

    def _end_frame(self) -> None:
        """Write the best levels, if all changes of a frame together have changed them."""
        if self._received == _NO_FRAME:
            return
        made, received = self._made, self._received
        self._received = _NO_FRAME
        if not (self._has_best and (self._book.is_touched or self._is_fresh)):
            return
        has_levels, has_best = self._book.see()
        start = self._times(made, received)
        if has_levels or self._is_fresh:
            self._add("book_snapshot_25", f"{start}{self._book.best_levels()}\n", 1)
        if has_best or self._is_fresh:
            ask_price, _, ask_amount = self._book.best_ask.partition(",")
            self._add("quotes", f"{start}{ask_amount},{ask_price},{self._book.best_bid}\n", 1)
        self._is_fresh = False

    def _times(self, made: int, received: int) -> str:
        return f"{self._start}{made // MICROSECOND},{received // MICROSECOND},"

    def _add_changes(self, times: str, is_snapshot: str, rows: Sequence[str]) -> None:
        if rows and self._has_rows:
            start = times + is_snapshot
            text = f"\n{start}".join(rows) if len(rows) > 1 else rows[0]
            self._add("incremental_book_L2", f"{start}{text}\n", len(rows))

    def _add(self, kind: Kind, text: str, rows: int) -> None:
        file = self._today.get(kind)
        if file is not None:
            file.add(text, rows)
        elif rows and kind in self._kinds:
            name = file_name(self._exchange, kind, self._day_end // DAY - 1, self._name)
            self._today[kind] = RowFile(self._files, name, HEADERS[kind])
            self._today[kind].add(text, rows)
