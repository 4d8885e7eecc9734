"""
What is known of each product while recordings are read, and what is missing.

1. A book is known from a snapshot on, until frames of its product or of its connection are missing, or its connection
   ends: then it is a `BookLost`, and nothing is told of it up to its next snapshot, before which a `Gap` stands.
2. Each trade is told once, by its number. Those with which the venue begins are told as such the first time: they are
   from before the recording. Later, those of them that are new are told as any other. Missing frames are a `Gap` of
   trades only if the number of the next one shows that some are missing.
3. Where several connections bring the same, one of them tells it: that of the last snapshot, until it ends. Of tickers
   and candles, it is another one too when that one has brought nothing for some seconds. Trades may come from any.
4. Where another connection takes over, and the one before never ends nor brings anything later, as after a recorder was
   killed, what lies between is a `Gap`, which is told a minute later. Of trades, only if numbers are missing.
5. Of a snapshot that was rebuilt, it is not known whose changes follow it: the first connection of the run that brings
   some tells them. In what was made of several recordings, each frame may come from any connection. Both have `ANYONE`.

Pure: what was read goes in, what is to be told comes out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import msgspec

from ..feeds.decoding import whole_number
from ..feeds.market.told import BookChanges, Candle, Ticker, Told, Trades
from ..feeds.rest.seen_numbers import SeenNumbers
from ..feeds.state.doubts import DOUBTS, DOUBTS_OF_RUN
from ..model import NANOSECONDS, Event

__all__ = ["ANYONE", "BOTH", "BookLost", "Connection", "Continuity", "Gap", "Of"]

Of = Literal["book", "trades"]
"""What frames are missing of."""

Connection = tuple[int, int]
"""A connection: which run it is of, and its number in that."""

ANYONE = -1
"""In place of the number of a connection: any of its run."""

_SURELY_OVER = 60 * NANOSECONDS
_SILENT = 5 * NANOSECONDS
"""How long who tells tickers may bring nothing: heartbeats come each second, so it is not there any more."""

BOTH: Sequence[Of] = ("book", "trades")
"""All that frames may be missing of."""


class Gap(msgspec.Struct, frozen=True, gc=False):
    """
    A time of which a recording lacks frames.

    Attributes:
        product: The product.
        of: What is missing.
        reason: The event that told so, `gap`, `reset`, `close`, `lost` ...; `end` if a recording ended without any.
        start: The last time at which everything was there, by the recorder's clock, in nanoseconds.
        end: When it is whole again, by that clock; the last time of all if it never is.

    """

    product: str
    of: Of
    reason: str
    start: int
    end: int


class BookLost(msgspec.Struct, frozen=True, gc=False):
    """
    That the book of a product is not known any more, until its next snapshot.

    Attributes:
        product: The product.
        reason: As in the `Gap` that is told later, if the book is known again.

    """

    product: str
    reason: str


class _Broken(NamedTuple):
    reason: str
    start: int


class _Takeover(NamedTuple):
    """That a connection took over from one that had not ended."""

    gap: Gap
    before: Connection


Key = tuple[str, str]
"""A kind of what is told, and a product."""


class Continuity:
    """Follows what is told by the connections of recordings; see the module."""

    def __init__(self) -> None:
        self._owners: dict[Key, Connection] = {}
        self._known: dict[str, Connection] = {}  # by product, who tells of its book, while that is known
        self._broken: dict[tuple[Of, str], _Broken] = {}
        self._ended: set[Connection] = set()
        self._last_times: dict[Connection, int] = {}
        self._trades: defaultdict[str, SeenNumbers] = defaultdict(SeenNumbers)
        self._last_trades: dict[str, int] = {}
        self._takeovers: list[_Takeover] = []
        self._time = 0

    def take_event(self, run: int, event: Event, of: Sequence[Of] = BOTH) -> list[BookLost]:
        """
        Take an event of a run; return the books that are not known from here on.

        Args:
            run: The number of the run.
            event: The event.
            of: What frames may be missing of, if some are.

        """
        name, conn = event.name, event.conn
        if name in DOUBTS_OF_RUN:
            return self._break(name, event.time, lambda owner: owner[0] == run)
        if conn is None:
            return []
        this = run, conn
        lost: list[BookLost] = []
        if name == "open":
            self._ended.discard(this)
        elif name == "close":
            self._ended.add(this)
            lost = self._break(name, event.time, lambda owner: _may_be(owner, this))
        elif name in DOUBTS:
            lost = self._break(name, event.time, lambda owner: _may_be(owner, this), event.details.get("product"), of)
        self._seen(this, event.time)
        return lost

    def take(self, conn: Connection, time: int, told: Sequence[Told]) -> Sequence[Told | Gap]:
        """
        Take what a received frame tells; return what of that is to be told, with the gaps before it.

        Args:
            conn: The connection.
            time: When it was received, in nanoseconds.
            told: What it tells.

        """
        self._time = self._last_times[conn] = time
        if len(told) == 1 and not self._takeovers:  # nearly always
            return self._take(conn, time, told[0])
        found: list[Told | Gap] = []
        if self._takeovers:
            self._go_on(conn)
            found += self._settled(time)
        for one in told:
            found += self._take(conn, time, one)
        return found

    def _take(self, conn: Connection, time: int, told: Told) -> Sequence[Told | Gap]:
        if isinstance(told, BookChanges):
            if told.is_snapshot:
                return self._snapshot(conn, time, told)
            known = self._known.get(told.product)
            if known != conn:
                if known != (conn[0], ANYONE):
                    return ()
                self._known[told.product] = self._owners["book", told.product] = conn
            return (told,)
        if isinstance(told, Trades):
            return self._trades_of(conn, time, told)
        return (told,) if self._is_owner(conn, time, told) else ()

    def finish(self) -> list[Gap]:
        """Return what is still missing when all has been read; that a connection ended is no gap then."""
        gaps = [one.gap for one in self._takeovers]
        gaps += [
            Gap(product, of, reason, start, self._time)
            for (of, product), (reason, start) in self._broken.items()
            if reason != "close"
        ]
        self._takeovers, self._broken = [], {}
        return gaps

    def _seen(self, conn: Connection, time: int) -> None:
        self._time = self._last_times[conn] = time
        self._go_on(conn)

    def _go_on(self, conn: Connection) -> None:
        """Note that a connection from which another one took over brings something later all the same."""
        self._takeovers = [one for one in self._takeovers if one.before != conn]

    def _settled(self, time: int) -> list[Gap]:
        """Return, once, the gaps between connections of which the earlier one is surely over."""
        over = [one.gap for one in self._takeovers if time - one.gap.end > _SURELY_OVER]
        self._takeovers = [one for one in self._takeovers if time - one.gap.end <= _SURELY_OVER]
        return over

    def _is_owner(self, conn: Connection, time: int, told: Ticker | Candle) -> bool:
        """Tell whether a connection is the one that tells of something; it becomes that if nobody else is."""
        key = "ticker" if isinstance(told, Ticker) else "candle", told.product
        owner = self._owners.get(key)
        if owner is None or not _may_be(owner, conn):
            is_there = owner is not None and owner not in self._ended and time - self._last_times[owner] <= _SILENT
            if is_there and not told.is_snapshot:
                return False
        self._owners[key] = conn
        return True

    def _snapshot(self, conn: Connection, time: int, snapshot: BookChanges) -> list[Told | Gap]:
        found: list[Told | Gap] = [snapshot]
        product = snapshot.product
        before = self._owners.get(("book", product))
        broken = self._broken.pop(("book", product), None)
        if broken is not None:
            found.insert(0, Gap(product, "book", broken.reason, broken.start, time))
        else:
            self._note_takeover("book", product, before, conn, time)
        self._owners["book", product] = self._known[product] = conn
        return found

    def _note_takeover(self, of: Of, product: str, before: Connection | None, conn: Connection, time: int) -> None:
        """Take note that a connection goes on where another one was, unless it may be the same."""
        if before is not None and not _may_be(before, conn):
            self._takeovers.append(_Takeover(Gap(product, of, "end", self._last_times[before], time), before))

    def _trades_of(self, conn: Connection, time: int, trades: Trades) -> list[Told | Gap]:
        product = trades.product
        is_first = product not in self._trades
        numbers = [whole_number(one) for one in trades.ids]
        known = [number for number in numbers if number is not None]
        found: list[Told | Gap] = [*self._missing_before(conn, time, product, known)]
        self._owners["trades", product] = conn
        last = self._last_trades.get(product)
        is_new, floor = self._trades[product].add, None if is_first or not trades.is_snapshot else last
        kept = [number is None or (is_new(number) and (floor is None or number > floor)) for number in numbers]
        if known:
            self._last_trades[product] = max(*known, last or 0)
        if any(kept):
            found.append(_chosen(trades, kept, is_snapshot=trades.is_snapshot and is_first))
        return found

    def _missing_before(self, conn: Connection, time: int, product: str, numbers: list[int]) -> list[Gap]:
        """Return the gap before trades with these numbers, if there is one."""
        last = self._last_trades.get(product)
        later = [number for number in numbers if last is None or number > last]
        if numbers and not later:  # they do not tell what is missing
            return []
        broken = self._broken.pop(("trades", product), None)
        if last is not None and later and min(later) == last + 1:
            return []
        if broken is not None:
            return [Gap(product, "trades", broken.reason, broken.start, time)]
        if last is not None and later:
            self._note_takeover("trades", product, self._owners.get(("trades", product)), conn, time)
        return []

    def _break(
        self,
        reason: str,
        time: int,
        is_meant: Callable[[Connection], bool],
        product: object = None,
        of: Sequence[Of] = BOTH,
    ) -> list[BookLost]:
        """Note that frames are missing of connections that are meant, or only of a product; return the books lost."""
        lost: list[BookLost] = []
        for (kind, one), owner in self._owners.items():
            if kind not in of or not is_meant(owner) or product not in (None, one):
                continue
            what: Of = "book" if kind == "book" else "trades"
            whole_until = min(self._last_times[owner], time)  # the event comes after what is missing
            self._broken.setdefault((what, one), _Broken(reason, whole_until))
            if what == "book" and self._known.pop(one, None) is not None:
                lost.append(BookLost(one, reason))
        return lost


def _may_be(owner: Connection, conn: Connection) -> bool:
    """Tell whether an owner is a connection, as far as that is known."""
    return owner in (conn, (conn[0], ANYONE))


def _chosen(trades: Trades, kept: list[bool], *, is_snapshot: bool) -> Trades:
    """Return those of some trades that are kept."""
    if all(kept):
        return msgspec.structs.replace(trades, is_snapshot=is_snapshot)
    columns = (trades.ids, trades.times, trades.are_buys, trades.prices, trades.sizes)
    chosen = ([one for one, keep in zip(column, kept, strict=True) if keep] for column in columns)
    return Trades(trades.product, is_snapshot, *chosen)  # type: ignore[arg-type]
