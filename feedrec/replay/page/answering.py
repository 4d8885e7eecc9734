"""What a page asks about recordings, and its answers in JSON: within a time, and within a size."""

from __future__ import annotations

import http
import os
import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

import msgspec

from ...errors import FeedrecError, UsageError
from ...formats.places.url_path import place_of
from ...model import TIME_LIMIT, format_time
from ...visible import with_escapes
from .frames.frame_table import FrameTable
from .frames.keys import Key, key_at, parse_key
from .frames.wanted import Wanted
from .market.books import BookName, Books, book_names
from .market.heatmap import DEPTH, LONGEST, MOST_COLUMNS, MOST_ROWS, Heatmaps, HeatmapView
from .market.trades import last_trades
from .overview.overview import MOST_BUCKETS, Overview
from .page_messages import KINDS, Answered, PageTask, Question
from .parameters import MILLISECOND, Parameters
from .recordings import PageRecordings

__all__ = ["Answering"]

IsOver = Callable[[], bool]

_TIME = 0.3  # seconds that an answer may read on
_SHORT = 0.15  # the same of an overview: a table may wait for its turn
_MOST_LEVELS, _MOST_TRADES, _MOST_ROWS = 200, 500, 500
_MOST_NAMES = 2000


class _Info(msgspec.Struct):
    """What a page shows; see `docs/player.md`."""

    start: str
    from_ms: float
    duration_ms: float
    endpoints: list[str]
    products: list[str]
    channels: list[str]
    has_book: list[str]
    books: list[BookName]
    files: list[str]
    size: int
    is_replay: bool
    grows: bool


class Answering:
    """
    Answers questions, one after another. Close it.

    Args:
        task: What they are about.
        now: Returns the seconds of a clock that never steps.

    """

    def __init__(self, task: PageTask, now: Callable[[], float] = time.monotonic) -> None:
        self._task = task
        self._now = now

    def close(self) -> None:
        """Close the recordings."""
        found = vars(self)  # as far as it was made
        for name in ("_told_overview", "_books", "_recordings"):
            if name in found:
                found[name].close()

    def answer(self, question: Question, stopped: threading.Event) -> Answered:
        """
        Answer a question.

        Args:
            question: The question.
            stopped: Ends the work early when set; what is returned is of no use then.

        """
        answer = getattr(self, f"_{question.kind}", None) if question.kind in KINDS else None
        if answer is None:
            return Answered(http.HTTPStatus.NOT_FOUND, b"there is no such question")
        until = self._now() + (_SHORT if question.kind == "overview" else _TIME)
        try:
            parameters = Parameters(question.parameters, self._recordings.origin)
            told: Any = answer(parameters, lambda: stopped.is_set() or self._now() >= until)
        except UsageError as error:
            return Answered(http.HTTPStatus.BAD_REQUEST, _as_bytes(error))
        except FeedrecError as error:
            return Answered(http.HTTPStatus.SERVICE_UNAVAILABLE, _as_bytes(error))
        return Answered(http.HTTPStatus.OK, msgspec.json.encode(told))

    @cached_property
    def _recordings(self) -> PageRecordings:
        task = self._task
        return PageRecordings([place_of(path) for path in task.paths], task.start, task.end, task.origin)

    @cached_property
    def _told_overview(self) -> Overview:
        return Overview(self._recordings)

    @cached_property
    def _table(self) -> FrameTable:
        return FrameTable(self._recordings)

    @cached_property
    def _books(self) -> Books:
        return Books(self._recordings)

    @cached_property
    def _heatmaps(self) -> Heatmaps:
        def book_at(endpoint: str, product: str, moment: int) -> Any:
            return self._books.book_at(BookName(endpoint, product), moment, DEPTH)

        return Heatmaps(book_at, self._recordings.origin)

    def _info(self, _: Parameters, __: IsOver) -> _Info:
        recordings = self._recordings
        recordings.look_again()
        books = book_names(recordings)
        files = recordings.files
        return _Info(
            format_time(recordings.origin),
            (recordings.start - recordings.origin) / MILLISECOND,
            (recordings.end - recordings.origin) / MILLISECOND,
            list(dict.fromkeys(file.endpoint for file in files)),
            recordings.products[:_MOST_NAMES],
            recordings.channels[:_MOST_NAMES],
            list(dict.fromkeys(book.product for book in books))[:_MOST_NAMES],
            books[:_MOST_NAMES],
            [with_escapes(os.fsencode(file.path.name).decode(errors="replace")) for file in files[:_MOST_NAMES]],
            sum(file.size for file in files),
            self._task.is_replay,
            recordings.grows,
        )

    def _overview(self, asked: Parameters, is_over: IsOver) -> Any:
        self._recordings.look_again()
        start, end = self._span(asked)
        return self._told_overview.tell(start, end, asked.number("buckets", 600, MOST_BUCKETS), is_over)

    def _frames(self, asked: Parameters, is_over: IsOver) -> Any:
        count = asked.number("count", 100, _MOST_ROWS)
        wanted = Wanted(asked.text("channel"), asked.text("product"), asked.text("kind"), asked.text("text"))
        before, after = asked.text("before"), asked.text("after")
        self._recordings.look_again()
        if before:
            return self._table.before(parse_key(before), count, wanted, is_over)
        start = parse_key(after) if after else self._place(asked)
        return self._table.after(start, count, wanted, is_over)

    def _frame(self, asked: Parameters, _: IsOver) -> Any:
        return self._table.frame(parse_key(asked.text("key")))

    def _ladder(self, asked: Parameters, _: IsOver) -> Any:
        levels = asked.number("levels", 20, _MOST_LEVELS)
        return self._books.ladder(self._book(asked), self._moment(asked), levels)

    def _trades(self, asked: Parameters, is_over: IsOver) -> Any:
        product = asked.text("product")
        endpoint = asked.text("endpoint") or self._endpoint_with(product)
        count = asked.number("count", 50, _MOST_TRADES)
        return last_trades(self._recordings, endpoint, product, self._moment(asked) + 1, count, is_over)

    def _heatmap(self, asked: Parameters, is_over: IsOver) -> Any:
        start, end = self._span(asked)
        book = self._book(asked)
        columns, rows = asked.number("columns", 300, MOST_COLUMNS), asked.number("rows", 100, MOST_ROWS)
        end = min(max(end, start + 1), start + LONGEST)
        levels = asked.number("levels", DEPTH, DEPTH)
        view = HeatmapView(book.endpoint, book.product, start, end, columns, rows, levels)
        return self._heatmaps.tell(view, asked.number("after", 0, columns, least=0), is_over)

    def _span(self, asked: Parameters) -> tuple[int, int]:
        recordings = self._recordings
        start, end = asked.time("from"), asked.time("to")
        begin = recordings.start if start is None else start
        return begin, max(recordings.end if end is None else end, begin + 1)

    def _place(self, asked: Parameters) -> Key:
        at = asked.time("at")
        return key_at(self._recordings.start if at is None else max(at, self._recordings.start))

    def _moment(self, asked: Parameters) -> int:
        at = asked.time("at")
        return asked.number("time", self._recordings.end - 1, TIME_LIMIT - 1) if at is None else at

    def _book(self, asked: Parameters) -> BookName:
        endpoint, product = asked.text("endpoint"), asked.text("product")
        if not self._recordings.may_have_books:
            raise UsageError("no order book is recorded here")
        for name in book_names(self._recordings):
            if endpoint in ("", name.endpoint) and product in ("", name.product):
                return name
        return BookName(endpoint or self._endpoint_with(product), product)

    def _endpoint_with(self, product: str) -> str:
        """Return the endpoint that has a product; the first one if none says so."""
        files = self._recordings.files
        return next((file.endpoint for file in files if product in file.products), files[0].endpoint)


def _as_bytes(error: FeedrecError) -> bytes:
    """Return what is wrong; the name of a file in it may be no text."""
    return with_escapes(str(error)).encode(errors="backslashreplace")
