"""
What is known of each product while recordings are read, and what is missing.

1. A book is known from a snapshot on, until frames of its product or of its connection are missing, or its connection
   ends: then it is a `BookLost`, and nothing is told of it up to its next snapshot, before which a `Gap` stands.
2. Each trade is told once, by its number. Those with which the venue begins are told as such the first time: they are
   from before the recording. Later, those of them that are new are told as any other. Missing frames are a `Gap` of
   trades only if the number of the next one shows that some are missing.
3. Where several connections bring the same, one of them tells it: that of the last snapshot, until it ends.
4. Where another connection takes over, and the one before never ends nor brings anything later, as after a recorder was
   killed, what lies between is a `Gap`, which is told a minute later.

Pure: what was read goes in, what is to be told comes out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import msgspec

from ..feeds.market.told import BookChanges, Candle, Ticker, Told, Trades
from ..feeds.rest.seen_numbers import SeenNumbers
from ..feeds.state.doubts import DOUBTS, DOUBTS_OF_RUN
from ..model import NANOSECONDS, Event

__all__ = ["BookLost", "Connection", "Continuity", "Gap", "Of"]

Of = Literal["book", "trades"]
"""What frames are missing of."""

Connection = tuple[int, int]
"""A connection: which run it is of, and its number in that."""

_SURELY_OVER = 60 * NANOSECONDS


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

    def take_event(self, run: int, event: Event) -> list[BookLost]:
        """Take an event of a run; return the books that are not known from here on."""
        name, conn = event.name, event.conn
        if name in DOUBTS_OF_RUN:
            return self._break(name, event.time, lambda owner: owner[0] == run)
        if conn is None:
            return []
        this = run, conn
        self._seen(this, event.time)
        if name == "open":
            self._ended.discard(this)
        elif name == "close":
            self._ended.add(this)
            return self._break(name, event.time, lambda owner: owner == this)
        elif name in DOUBTS:
            return self._break(name, event.time, lambda owner: owner == this, event.details.get("product"))
        return []

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
            return (told,) if self._known.get(told.product) == conn else ()
        if isinstance(told, Trades):
            return self._trades_of(conn, time, told)
        return (told,) if self._is_owner(conn, _kind(told), told.product, is_beginning=told.is_snapshot) else ()

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

    def _is_owner(self, conn: Connection, kind: str, product: str, *, is_beginning: bool) -> bool:
        """Tell whether a connection is the one that tells of something; it becomes that if nobody else is."""
        owner = self._owners.get((kind, product))
        if owner == conn:
            return True
        if owner is not None and not is_beginning and owner not in self._ended:
            return False
        self._owners[kind, product] = conn
        return True

    def _snapshot(self, conn: Connection, time: int, snapshot: BookChanges) -> list[Told | Gap]:
        found: list[Told | Gap] = [snapshot]
        product = snapshot.product
        before = self._owners.get(("book", product))
        broken = self._broken.pop(("book", product), None)
        if broken is not None:
            found.insert(0, Gap(product, "book", broken.reason, broken.start, time))
        elif before is not None and before != conn:
            self._takeovers.append(_Takeover(Gap(product, "book", "end", self._last_times[before], time), before))
        self._owners["book", product] = self._known[product] = conn
        return found

    def _trades_of(self, conn: Connection, time: int, trades: Trades) -> list[Told | Gap]:
        product = trades.product
        is_first = product not in self._trades
        self._is_owner(conn, "trades", product, is_beginning=trades.is_snapshot)
        numbers = [int(one) if one.isdecimal() else None for one in trades.ids]
        known = [number for number in numbers if number is not None]
        last = self._last_trades.get(product)
        found: list[Told | Gap] = []
        broken = self._broken.pop(("trades", product), None)
        if broken is not None and (last is None or not known or min(known) > last + 1):
            found.append(Gap(product, "trades", broken.reason, broken.start, time))
        is_new, floor = self._trades[product].add, None if is_first or not trades.is_snapshot else last
        kept = [number is None or (is_new(number) and (floor is None or number > floor)) for number in numbers]
        if known:
            self._last_trades[product] = max(*known, last or 0)
        if any(kept):
            found.append(_chosen(trades, kept, is_snapshot=trades.is_snapshot and is_first))
        return found

    def _break(
        self, reason: str, time: int, is_meant: Callable[[Connection], bool], product: object = None
    ) -> list[BookLost]:
        """Note that frames are missing of connections that are meant, or only of a product; return the books lost."""
        lost: list[BookLost] = []
        for (kind, one), owner in self._owners.items():
            if kind not in ("book", "trades") or not is_meant(owner) or product not in (None, one):
                continue
            of: Of = "book" if kind == "book" else "trades"
            self._broken.setdefault((of, one), _Broken(reason, time))
            if of == "book" and self._known.pop(one, None) is not None:
                lost.append(BookLost(one, reason))
        return lost


def _kind(told: Ticker | Candle) -> str:
    return "ticker" if isinstance(told, Ticker) else "candle"


def _chosen(trades: Trades, kept: list[bool], *, is_snapshot: bool) -> Trades:
    """Return those of some trades that are kept."""
    if all(kept):
        return msgspec.structs.replace(trades, is_snapshot=is_snapshot)
    columns = (trades.ids, trades.times, trades.are_buys, trades.prices, trades.sizes)
    chosen = ([one for one, keep in zip(column, kept, strict=True) if keep] for column in columns)
    return Trades(trades.product, is_snapshot, *chosen)  # type: ignore[arg-type]
