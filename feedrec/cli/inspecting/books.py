"""Order books as text, as JSON and as rows of CSV."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from decimal import Context, Decimal
from typing import Any

from ...model import format_time
from ...replay.books import BookAt, Unknown
from .. import output
from ..terminal import GAP, coloured, printable

__all__ = ["as_dict", "csv_rows", "moment_line", "moment_lines", "table"]

_USUAL_WIDTH = 80
_TIME, _LEVEL, _SPREAD = 12, 22, 8  # columns of a line for a moment
_MOST_DIGITS = 30  # of a number that is written out
_CSV_HEAD = ("side", "price", "size")

_numbers = Context(prec=40, traps=[])  # sizes may be anything that is a number: nothing raises


def as_dict(book: BookAt) -> dict[str, Any]:
    """Return a book as a JSON object; prices and sizes are texts, as the venue wrote them."""
    unknown = book.unknown
    return {
        "product": book.product,
        "time": format_time(book.time),
        "known": unknown is None,
        "reason": None if unknown is None else unknown.reason,
        "unknown_since": None if unknown is None or unknown.since is None else format_time(unknown.since),
        "received": None if book.received is None else format_time(book.received),
        "venue_time": book.venue_time or None,
        "sequence": book.sequence,
        "crossed": book.is_crossed,
        "bid_levels": book.bid_levels,
        "ask_levels": book.ask_levels,
        "bids": book.bids,
        "asks": book.asks,
    }


def csv_rows(books: Iterable[BookAt], *, with_time: bool) -> Iterator[list[str]]:
    """
    Yield the lines of a CSV file: a head, then those of one book after another, bids before asks, the best first.

    A book that is not known is one row whose side is `unknown`.

    Args:
        books: The books.
        with_time: Whether each row begins with the moment.

    """
    yield [_csv_line([*(["time"] if with_time else []), *_CSV_HEAD])]
    for book in books:
        first = [format_time(book.time)] if with_time else []
        if book.unknown is not None:
            yield [_csv_line([*first, "unknown", "", ""])]
            continue
        sides = (("bid", book.bids), ("ask", book.asks))
        yield [_csv_line([*first, side, *level]) for side, levels in sides for level in levels]


def table(book: BookAt, endpoint: str, width: int) -> list[str]:
    """
    Return the lines that show a person a book.

    Args:
        book: It.
        endpoint: Where it is from.
        width: Columns of the terminal; without room, sums are left out.

    """
    lines = [f"{book.product}  {endpoint}  {format_time(book.time)}"]
    if book.unknown is not None:
        note = _note(book.unknown)
        return [*lines, coloured(note, note, GAP), *filter(None, [_last_change(book)])]
    lines += [*_best(book), _last_change(book), ""]
    sides = [_side(book.bids), _side(book.asks)]
    (bid_sizes, bids, bid_sums), (ask_sizes, asks, ask_sums) = sides
    for cells in ((bid_sums, bid_sizes, bids, asks, ask_sizes, ask_sums), (bid_sizes, bids, asks, ask_sizes)):
        rows = _in_columns(cells)
        if max(map(len, rows), default=0) <= width:
            break
    return [*lines, *rows, f"{output.count(book.bid_levels, 'bid')}, {output.count(book.ask_levels, 'ask')} in all"]


def moment_lines(books: Iterable[BookAt]) -> Iterator[str]:
    """Yield a line for each moment, under a head, and one with the date before the first one of each day."""
    date = ""
    for book in books:
        day, _, clock = format_time(book.time).partition("T")
        if day != date:
            date = day
            head = f"{'bid':>{_LEVEL}} {'ask':>{_LEVEL}} {'spread':>{_SPREAD}} sums"
            yield f"{f'{date} UTC':{_TIME}} {head}"
        yield f"{clock[:_TIME]} {moment_line(book)}"


def moment_line(book: BookAt) -> str:
    """Return what a person sees first of a book: the best of both sides, the spread, the sums of sizes."""
    if book.unknown is not None:
        note = _short_note(book.unknown, book.time)
        return coloured(note, note, GAP)
    bid, ask = (f"{side[0][1]}@{side[0][0]}" if side else "-" for side in (book.bids, book.asks))
    sums = "/".join(_short(_sums(side)[-1]) if side else "-" for side in (book.bids, book.asks))
    spread = "-" if not (book.bids and book.asks) else _plain(_difference(book))
    return f"{printable(bid):>{_LEVEL}} {printable(ask):>{_LEVEL}} {spread:>{_SPREAD}} {sums}"


def _csv_line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _note(unknown: Unknown) -> str:
    if unknown.since is None:
        return f"the book is not known: {unknown}"
    return f"the book is not known from {format_time(unknown.since)} on: {unknown}"


def _short_note(unknown: Unknown, time: int) -> str:
    """Return the same for a line that begins with the time, of which the day is known."""
    if unknown.since is None:
        return f"not known: {unknown}"
    day, _, clock = format_time(unknown.since).partition("T")
    is_same = format_time(time).startswith(day)
    return f"not known since {clock[:_TIME] if is_same else f'{day} {clock[:8]}'}: {unknown}"


def _best(book: BookAt) -> list[str]:
    """Return the best prices, the middle and the spread; and a warning of a book that is crossed."""
    if not (book.bids and book.asks):
        return ["one side is empty"]
    bid, ask = _number(book.bids[0][0]), _number(book.asks[0][0])
    spread = _difference(book)
    middle = _numbers.divide(_numbers.add(bid, ask), Decimal(2))
    part = _numbers.divide(_numbers.multiply(spread, Decimal(10_000)), middle) if middle else Decimal(0)
    line = f"mid {_plain(middle)}  spread {_plain(spread)} ({float(part):.3g} bp)"
    warning = "crossed: the best bid is not below the best ask"
    return [line, coloured(warning, warning, GAP)] if book.is_crossed else [line]


def _last_change(book: BookAt) -> str:
    parts = [] if book.received is None else [f"last frame {format_time(book.received)[11:]}"]
    parts += [f"venue {book.venue_time}"] if book.venue_time else []
    parts += [] if book.sequence is None else [f"number {book.sequence}"]
    return "  ".join(parts)


def _side(levels: Sequence[tuple[str, str]]) -> tuple[list[str], list[str], list[str]]:
    """Return the sizes, the prices and the sums of a side, the points of each below each other."""
    prices, sizes = [price for price, _ in levels], [size for _, size in levels]
    return _aligned(["size", *sizes]), _aligned(["price", *prices]), _aligned(["sum", *map(_plain, _sums(levels))])


def _in_columns(columns: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows of a table of columns, of which the first half are bids, the others asks."""
    half = len(columns) // 2
    widths = [max(map(len, cells)) for cells in columns]
    rows = []
    for cells in itertools.zip_longest(*columns, fillvalue=""):
        padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
        rows.append(f"{'  '.join(padded[:half])} | {'  '.join(padded[half:])}".rstrip())
    return rows


def _aligned(cells: Sequence[str]) -> list[str]:
    """Return a head and numbers, so padded that their points are below each other if they end at the same column."""
    head, *texts = map(printable, cells)
    decimals = [len(text.partition(".")[2]) for text in texts]
    most = max(decimals, default=0)
    pads = [most - own + (1 if most and "." not in text else 0) for text, own in zip(texts, decimals, strict=True)]
    return [head, *(text + " " * pad for text, pad in zip(texts, pads, strict=True))]


def _sums(levels: Sequence[tuple[str, str]]) -> list[Decimal]:
    return [*itertools.accumulate((_number(size) for _, size in levels), _numbers.add)]


def _difference(book: BookAt) -> Decimal:
    return _numbers.subtract(_number(book.asks[0][0]), _number(book.bids[0][0]))


def _number(text: str) -> Decimal:
    return _numbers.create_decimal(text.strip())


def _plain(number: Decimal) -> str:
    """Return a number without an exponent, unless it has too many digits for that."""
    is_short = number.is_finite() and abs(number.adjusted()) < _MOST_DIGITS
    return f"{number:f}" if is_short else str(number)


def _short(number: Decimal) -> str:
    return f"{float(number):.4g}"
