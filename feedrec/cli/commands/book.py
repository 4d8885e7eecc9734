"""`feedrec book`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import UsageError
from ..options import DURATION, RECORDING_FILE, TIME, as_json, logging_options, time_options
from ..terminal import echo, echo_json, width_of

if TYPE_CHECKING:
    from ...replay.books import BookAt
    from ...replay.books.sources import BookSource
    from ...times import Moment

_DEPTH = 20
_MOST_DIGITS = 9


def _read_depth(ctx: click.Context, param: click.Parameter, value: str) -> int | None:
    """Return how many levels are wanted; None for all."""
    if value == "all":
        return None
    if not (value.isascii() and value.isdecimal() and len(value) <= _MOST_DIGITS and int(value)):
        raise click.BadParameter(f"{value!r} is neither a number of levels such as 20, nor all", ctx, param)
    return int(value)


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=RECORDING_FILE)
@click.option(
    "--at",
    type=TIME,
    help="The moment (UTC): 2026-11-21T17:00:00Z, 17:30, or +90s from the beginning.  [default: the last frame]",
)
@click.option("-p", "--product", help="The product; needed if there are books of several.")
@click.option(
    "--depth",
    metavar="N|all",
    default=str(_DEPTH),
    show_default=True,
    callback=_read_depth,
    help="Levels of each side.",
)
@click.option("--every", type=DURATION, help="One moment after another, so long apart, between --from and --to.")
@time_options
@as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print rows: side, price, size; with --every, time first.")
@logging_options
def book(
    files: tuple[Path, ...],
    at: Moment | None,
    product: str | None,
    depth: int | None,
    every: float | None,
    start: Moment | None,
    end: Moment | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """
    Print the order book of a product as of any moment of a recording.

    FILE is a recording in any format, finished or growing, a folder of them, or several of one endpoint. All frames
    that were received until the moment, and at it, are taken in. Where frames are missing, the book is not known until
    its next snapshot, and is not printed.

    \b
      feedrec book FILE -p BTC-USD
      feedrec book FILE -p BTC-USD --at 17:30 --depth all --csv
      feedrec book FILE -p BTC-USD --every 1s --from 17:30 --to 17:35
      feedrec book FILE -p BTC-USD --every 1m --json | jq .bids[0]
    """
    from ...replay.books.moments import book_of
    from ...replay.books.sources import BookSource

    _check(at, every, start, end, both=as_json and as_csv)
    source = BookSource(files, product)
    if every is None:
        found = book_of(source, None if at is None else at.within(source.created), depth)
        _print_one(found, source.feed.name, as_json=as_json, as_csv=as_csv)
    else:
        _print_each(_series(source, every, start, end, depth), as_json=as_json, as_csv=as_csv)


def _check(at: Moment | None, every: float | None, start: Moment | None, end: Moment | None, *, both: bool) -> None:
    """Refuse options that do not go together."""
    if both:
        raise UsageError("--json and --csv are two ways to print the same: use only one of them")
    if every is None and (start or end):
        raise UsageError("--from and --to need --every; for one moment, use --at")
    if every is not None and at is not None:
        raise UsageError("--at is one moment, and --every has many: use --from and --to")


def _series(
    source: BookSource, every: float, start: Moment | None, end: Moment | None, depth: int | None
) -> Iterator[BookAt]:
    from ...model import NANOSECONDS
    from ...replay.books.moments import books_of

    first = None if start is None else start.within(source.created)
    last = None if end is None else end.within(source.created, is_end=True)
    if first is not None and last is not None and first >= last:
        raise UsageError("--from must be before --to")
    return books_of(source, max(round(every * NANOSECONDS), 1), first, last, depth)


def _print_one(found: BookAt, endpoint: str, *, as_json: bool, as_csv: bool) -> None:
    from ..inspecting.books import as_dict, csv_rows, table

    if as_json:
        echo_json(as_dict(found))
    elif as_csv:
        for rows in csv_rows([found], with_time=False):
            echo(*rows)
    else:
        echo(*table(found, endpoint, width_of(sys.stdout)))


def _print_each(books: Iterator[BookAt], *, as_json: bool, as_csv: bool) -> None:
    from ..inspecting.books import as_dict, csv_rows, moment_lines

    if as_json:
        for one in books:
            echo_json(as_dict(one))
    elif as_csv:
        for rows in csv_rows(books, with_time=True):
            echo(*rows)
    else:
        for line in moment_lines(books):
            echo(line)
