"""
What recordings tell of the market, in order, with what is missing: what exports of prices and trades are made of.

`continuity.py` has the rules of what is told; `untimed.py` those for snapshots to which the venue gives no time.
Missing frames are those of which an event tells, those that show only in the numbers of frames, as in what another tool
recorded, and those of books that are not understood.

What was made of several recordings (`convert --dedupe`) has each frame once, from any of its connections. So these
count as one, which ends with the last of them, and each `gap` is of a channel (docs/format.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from ..feeds.market.reader import MarketReader
from ..feeds.market.told import Told
from ..formats.facts.sequence_check import Discontinuity, Rules, SequenceCheck
from ..formats.line.codec import decode_line
from ..formats.line.columns import ReceivedColumns, stretches
from ..formats.line.selection import Selection
from ..formats.several.inputs import Input, runs_of
from ..formats.tools.input_lines import InputLines
from ..model import Event, Frame, FrameInfo
from .continuity import ANYONE, BOTH, BookLost, Connection, Continuity, Gap, Of
from .untimed import Item, with_times

__all__ = ["Gap", "Item", "MarketStream"]


class MarketStream:
    """
    What recordings tell of the market; see the module.

    Args:
        inputs: The recordings, of one endpoint.
        reader: Reads their frames.
        rules: What is known of the feed's frames, and of their numbers.
        selection: Which channels, products and connections are meant. Of times, all before its `end` are told: who
            begins later needs the books up to then.
        on_read: Called with the number of an input, and the bytes of it read so far.

    Attributes:
        not_understood: Frames of books, trades, tickers or candles that the reader did not understand, so far.
        last_time: The time of the last line that was read, in nanoseconds.

    """

    def __init__(
        self,
        inputs: Sequence[Input],
        reader: MarketReader,
        rules: Rules,
        selection: Selection = Selection(),  # noqa: B008  immutable
        on_read: Callable[[int, int], object] = lambda number, size: None,  # noqa: ARG005
    ) -> None:
        self.not_understood = 0
        self.last_time = 0
        self._reading = InputLines(inputs, rules.describe, on_read, rules.describe_all)
        self._reader = reader
        self._describe, self._describe_all = rules.describe, rules.describe_all
        self._selection = msgspec.structs.replace(selection, start=None)
        self._continuity = Continuity()
        self._runs = runs_of(one.header for one in inputs)
        merged = {run for run, one in zip(self._runs, inputs, strict=True) if "deduplicated" in one.header.extra}
        self._open: dict[int, set[int]] = {run: set() for run in merged}  # their connections that have not ended
        have_holes = {run for run, one in zip(self._runs, inputs, strict=True) if one.header.left_out}
        self._checks = [SequenceCheck(None if run in have_holes else rules.sequence_rule) for run in range(len(inputs))]

    def __iter__(self) -> Iterator[Item]:
        """
        Yield what is told, in the order of the recordings; once.

        Raises:
            RecordingError: If one of them cannot be read.

        """
        return with_times(self._items())

    def _items(self) -> Iterator[Item]:
        reading, end = self._reading, self._selection.end
        for file, lines in reading.lines(None, end, reading.beginnings(None, end)):
            for first, last, received in stretches(lines, self._describe, describe_all=self._describe_all):
                if received is not None:
                    yield from self._received(self._runs[file], received)
                else:
                    yield from self._odd(file, lines[first:last], lines)
        for gap in self._continuity.finish():
            yield Item(self.last_time, gap)

    def _received(self, run: int, received: ReceivedColumns) -> Iterator[Item]:
        """Take received frames, in parts if some are missing between them."""
        self.last_time = received.times[-1]
        first = 0
        for place, gap in self._checks[run].take_run(received.times, received.conns, received.infos):
            yield from self._without_holes(run, received.part(first, place))
            yield from self._hole(run, received.conns[place], received.times[place], gap)
            first = place
        yield from self._without_holes(run, received.part(first, len(received.times)) if first else received)

    def _hole(self, run: int, conn: int, time: int, gap: Discontinuity) -> Iterator[Item]:
        product = getattr(gap, "product", None)  # where the venue counts by product
        return self._missing((run, conn), time, product)

    def _missing(self, conn: Connection, time: int, product: str | None, of: Sequence[Of] = BOTH) -> Iterator[Item]:
        """Take note of missing frames, as if an event told of them: of a product, or of all of a connection."""
        event = Event(time, conn[1], "gap", {} if product is None else {"product": product})
        for lost in self._continuity.take_event(conn[0], event, of):
            yield Item(time, lost)

    def _conn(self, run: int, conn: int, *, is_synthetic: bool = False) -> Connection:
        """Return the connection whose frame counts as."""
        if run in self._open:
            self._open[run].add(conn)
        elif not is_synthetic:
            return run, conn
        return run, ANYONE

    def _event(self, run: int, event: Event) -> list[BookLost]:
        """Take an event; return the books that are not known from here on."""
        still_open = self._open.get(run)
        if still_open is None or event.conn is None:
            return self._continuity.take_event(run, event)
        if event.name == "open":
            still_open.add(event.conn)
        elif event.name == "close":
            still_open.discard(event.conn)
            if still_open:
                return []
        is_of_book = event.name != "gap" or event.details.get("channel") in (None, self._reader.book_channel)
        event = msgspec.structs.replace(event, conn=ANYONE)
        return self._continuity.take_event(run, event, ("book", "trades") if is_of_book else ("trades",))

    def _without_holes(self, run: int, received: ReceivedColumns | None) -> Iterator[Item]:
        if received is not None and self._selection.is_filter:
            received = received.chosen(self._selection.takes_each(received.conns, received.infos))
        if received is None:
            return
        read, take, products = self._reader.read, self._continuity.take, self._selection.products
        is_single = run not in self._open
        columns = zip(received.times, received.conns, received.payloads, received.infos, strict=True)
        for time, conn, payload, info in columns:
            told, this = read(info, payload), (run, conn) if is_single else self._conn(run, conn)
            if not told or products:
                yield from self._frame(this, time, info, told)
                continue
            for one in take(this, time, told):
                yield Item(time, one)

    def _frame(self, conn: Connection, time: int, info: FrameInfo, told: Sequence[Told] | None) -> Iterator[Item]:
        """Yield what is told of all that a frame tells; if it was not understood, what it may have told is missing."""
        if told is None:
            self.not_understood += 1
            if info.channel == self._reader.book_channel:
                product = info.products[0] if len(info.products) == 1 else None
                yield from self._missing(conn, time, product, ("book",))
            return
        products = self._selection.products
        chosen = [one for one in told if one.product in products] if products else told
        for one in self._continuity.take(conn, time, chosen):
            yield Item(time, one)

    def _odd(self, file: int, lines: Sequence[bytes], batch: Sequence[bytes]) -> Iterator[Item]:
        """Take lines one by one: those that are no received frames as feedrec writes them."""
        self._reading.piece(file, list(lines), batch)  # raises what is wrong with a line, and where that is
        for line in lines:
            record = decode_line(line)
            self.last_time = record.time
            if isinstance(record, Event):
                self._checks[self._runs[file]].take_event(record)
                for lost in self._event(self._runs[file], record):
                    yield Item(record.time, lost)
            elif record.direction == "in" and not record.binary:
                yield from self._odd_frame(self._runs[file], record)

    def _odd_frame(self, run: int, frame: Frame) -> Iterator[Item]:
        info = self._describe(frame.payload)
        gap = self._checks[run].take_frame(frame, info)
        if gap is not None:
            yield from self._hole(run, frame.conn, frame.time, gap)
        if not self._selection.is_filter or self._selection.takes_received(frame.conn, info):
            conn = self._conn(run, frame.conn, is_synthetic=frame.synthetic)
            yield from self._frame(conn, frame.time, info, self._reader.read(info, frame.payload))
