"""A feed, and what recorders have of it, whose connections batch, number and ack differently, and lose frames."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st

from feedrec.formats import create_recording
from feedrec.model import Event, Frame, Header, Record, format_time

MS = 1_000_000
START = 1_786_309_548_000 * MS
PRODUCTS = ("BTC-USD", "ETH-USD")
THIN = "thin"  # every other trade is left out, also amid a frame, without a word
TRADES_ALONE = "trades alone"  # all else is left out, without a word
KINDS = ("outage", "gap", "resync", "unnoted")


class Change(NamedTuple):
    """A level of a book."""

    time: int
    product: str
    side: str
    price: str
    size: str
    sequence: int = 0


class Trade(NamedTuple):
    """A trade; its number counts those of its product, `sequence` all that happened to it."""

    time: int
    product: str
    number: int
    sequence: int = 0


Happening = Change | Trade


class Loss(NamedTuple):
    """What a recorder loses: from a moment on, for so many milliseconds; and how."""

    start: int
    length: int
    kind: str  # outage, gap, resync (a gap after which it subscribes anew), unnoted (a gap without an event), THIN


class Recorder(NamedTuple):
    """How a recorder sees the feed."""

    offset: int  # milliseconds by which its clock is ahead
    batch: int  # milliseconds that share a frame
    delay: int  # milliseconds that frames are on their way at most
    losses: tuple[Loss, ...]
    begins: int  # milliseconds
    split: int  # lines of a file; 0 for a single one
    missing: int  # which of its files is missing, of several


class Scene(NamedTuple):
    """A feed and its recorders."""

    happenings: list[Happening]
    length: int
    recorders: list[Recorder]
    seed: int


@st.composite
def scenes(draw: st.DrawFn, *, with_ties: bool = False, kinds: Sequence[str] = KINDS, most: int = 2) -> Scene:
    """Draw a feed with its recorders."""
    seed = draw(st.integers(0, 1 << 16))
    slow = draw(st.sampled_from([1, 20]))
    length = 6000 * slow
    dice = random.Random(seed)
    happenings: list[Happening] = []
    numbers, sequences = dict.fromkeys(PRODUCTS, 100), dict.fromkeys(PRODUCTS, 9000)
    time = 0
    while time < length:
        time += 0 if with_ties and dice.random() < 0.2 else dice.randrange(1, 60 * slow)
        product = dice.choice(PRODUCTS)
        sequences[product] += 1
        if dice.random() < 0.3:
            numbers[product] += 1
            happenings.append(Trade(time, product, numbers[product], sequences[product]))
        else:
            side, price, size = dice.choice("ba"), str(dice.randrange(6)), dice.choice(["0", "1", "2", "3"])
            happenings.append(Change(time, product, side, price, size, sequences[product]))
    recorders = [draw(_recorder(length, kinds)) for _ in range(draw(st.integers(2, most)))]
    return Scene(happenings, length, recorders, seed)


@st.composite
def _recorder(draw: st.DrawFn, length: int, kinds: Sequence[str]) -> Recorder:
    loss = st.builds(
        Loss,
        st.integers(0, length),
        st.integers(1, length // 4),
        st.sampled_from(kinds),
    )
    split = draw(st.sampled_from([0, 0, 25]))
    return Recorder(
        draw(st.sampled_from([0, -7000, 40, 3_600_000])),
        draw(st.sampled_from([1, 50, 250])),
        draw(st.sampled_from([0, 3, 40])),
        tuple(sorted(draw(st.lists(loss, max_size=3)))),
        draw(st.sampled_from([0, 0, length // 5])),
        split,
        draw(st.integers(0, 8)) if split else 0,
    )


class Seen(NamedTuple):
    """A frame of level2 that a recorder received, and whether it then knows that the book is right."""

    time: int
    product: str
    payload: bytes
    has_book: bool


class Venue:
    """Speaks as a venue does to one connection."""

    def __init__(self) -> None:
        self.sequence = -1

    def snapshot(self, time: int, product: str, book: dict[tuple[str, str], str]) -> bytes:
        raise NotImplementedError

    def changes(self, time: int, product: str, changes: Sequence[Change]) -> list[bytes]:
        raise NotImplementedError

    def trades(self, time: int, product: str, trades: Sequence[Trade]) -> list[bytes]:
        raise NotImplementedError

    def first_trades(self, time: int, product: str, trades: Sequence[Trade]) -> list[bytes]:
        raise NotImplementedError

    def one(self, time: int, happening: Happening) -> bytes | None:  # noqa: ARG002
        """Tell of one thing by itself; None if the venue tells books and trades, in batches."""
        return None

    def ack(self, time: int) -> bytes:
        raise NotImplementedError

    def beat(self, time: int) -> bytes:
        raise NotImplementedError


def _text(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _at(time: int) -> str:
    return f"{format_time(START + time * MS)[:-1].rstrip('0').rstrip('.')}Z"


class Advanced(Venue):
    """Coinbase Advanced Trade."""

    def _frame(self, channel: str, time: int, event: dict[str, Any]) -> bytes:
        self.sequence += 1
        at = format_time(START + time * MS + 345_678)
        return _text({"channel": channel, "timestamp": at, "sequence_num": self.sequence, "events": [event]})

    def _levels(self, time: int, product: str, kind: str, levels: Sequence[tuple[str, str, str]]) -> bytes:
        sides = {"b": "bid", "a": "offer"}
        updates = [
            {"side": sides[side], "event_time": _at(time), "price_level": price, "new_quantity": size}
            for side, price, size in levels
        ]
        return self._frame("l2_data", time, {"type": kind, "product_id": product, "updates": updates})

    def snapshot(self, time: int, product: str, book: dict[tuple[str, str], str]) -> bytes:
        return self._levels(time, product, "snapshot", [(*key, size) for key, size in sorted(book.items())])

    def changes(self, time: int, product: str, changes: Sequence[Change]) -> list[bytes]:  # noqa: ARG002
        latest = {(one.side, one.price): one.size for one in changes}
        return [self._levels(changes[-1].time, product, "update", [(*key, size) for key, size in latest.items()])]

    def _trades(self, time: int, kind: str, trades: Sequence[Trade]) -> bytes:
        told = [
            {"product_id": one.product, "trade_id": str(one.number), "price": "1", "size": "1", "time": _at(one.time)}
            for one in reversed(trades)
        ]
        return self._frame("market_trades", time, {"type": kind, "trades": told})

    def trades(self, time: int, product: str, trades: Sequence[Trade]) -> list[bytes]:  # noqa: ARG002
        return [self._trades(time, "update", trades)]

    def first_trades(self, time: int, product: str, trades: Sequence[Trade]) -> list[bytes]:  # noqa: ARG002
        return [self._trades(time, "snapshot", trades[-8:])] if trades else []

    def ack(self, time: int) -> bytes:
        return self._frame("subscriptions", time, {"subscriptions": {"level2": list(PRODUCTS)}})

    def beat(self, time: int) -> bytes:
        return self._frame("heartbeats", time, {"current_time": _at(time), "heartbeat_counter": time // 1000})


class Exchange(Venue):
    """Coinbase Exchange: level2 and matches."""

    def snapshot(self, time: int, product: str, book: dict[tuple[str, str], str]) -> bytes:
        sides = {side: [[key[1], size] for key, size in book.items() if key[0] == side] for side in "ab"}
        return _text(
            {"type": "snapshot", "product_id": product, "asks": sides["a"], "bids": sides["b"], "time": _at(time)}
        )

    def changes(self, time: int, product: str, changes: Sequence[Change]) -> list[bytes]:  # noqa: ARG002
        names = {"b": "buy", "a": "sell"}
        return [
            _text(
                {
                    "type": "l2update",
                    "product_id": product,
                    "changes": [[names[one.side], one.price, one.size]],
                    "time": _at(one.time),
                }
            )
            for one in changes
        ]

    def _match(self, kind: str, one: Trade) -> bytes:
        told = {"type": kind, "trade_id": one.number, "product_id": one.product, "sequence": one.number * 7}
        return _text({**told, "time": _at(one.time)})

    def trades(self, time: int, product: str, trades: Sequence[Trade]) -> list[bytes]:  # noqa: ARG002
        return [self._match("match", one) for one in trades]

    def first_trades(self, time: int, product: str, trades: Sequence[Trade]) -> list[bytes]:  # noqa: ARG002
        return [self._match("last_match", trades[-1])] if trades else []

    def ack(self, time: int) -> bytes:  # noqa: ARG002
        return _text({"type": "subscriptions", "channels": [{"name": "level2", "product_ids": list(PRODUCTS)}]})

    def beat(self, time: int) -> bytes:
        return _text({"type": "heartbeat", "product_id": PRODUCTS[0], "time": _at(time)})


class Full(Exchange):
    """Coinbase Exchange: full."""

    def one(self, time: int, happening: Happening) -> bytes:  # noqa: ARG002
        told = {"product_id": happening.product, "sequence": happening.sequence, "time": _at(happening.time)}
        if isinstance(happening, Trade):
            return _text({"type": "match", "trade_id": happening.number, **told})
        return _text({"type": "open", "order_id": "x", **told})


class CoinMarketCap(Exchange):
    """Swaps of CoinMarketCap, many of which have the time of their block."""

    def one(self, time: int, happening: Happening) -> bytes:
        block = START // MS + happening.time // 400 * 400
        data = {"tx": f"0x{happening.sequence // 2:x}", "lgid": happening.sequence % 2, "ts": block}
        params = {"platform_id": 14, "address": happening.product}
        at = START // MS + time
        return _text({"type": "data", "channel": "onchain@transaction", "params": params, "data": data, "ts": at})

    def ack(self, time: int) -> bytes:
        return _text({"type": "ack", "id": 1, "code": 0, "msg": "ok", "ts": START // MS + time})

    def beat(self, time: int) -> bytes:
        return _text({"type": "pong", "id": 1, "code": 0, "ts": START // MS + time})


class Told(NamedTuple):
    """A frame that the venue sent: when, of what, and what is in it."""

    time: int
    product: str
    payload: bytes
    kind: str  # of a book: snapshot or update
    trades: Sequence[Trade]
    book_time: int = 0


class _KnownBooks:
    """
    What a recorder may know of the books.

    Args:
        sees_holes: Whether it sees only by the numbers of trades that frames are missing.

    """

    def __init__(self, *, sees_holes: bool) -> None:
        self.frames: list[Seen] = []
        self._sees_holes = sees_holes
        self._right = dict.fromkeys(PRODUCTS, False)
        self._numbers: dict[str, int] = {}

    def lose(self, time: int, products: Sequence[str] = PRODUCTS) -> None:
        for product in products:
            self._right[product] = False
            self.frames.append(Seen(time, product, b"", has_book=False))

    def take(self, told: Told) -> None:
        product = told.product
        if self._sees_holes and told.trades:
            number = told.trades[0].number
            if number > self._numbers.get(product, number) + 1:
                self.lose(told.time, [product])
            self._numbers[product] = number
        if told.kind == "snapshot":  # it had left the channel before, and may have missed something
            self.lose(told.time, [product])
            self._right[product] = True
        if told.kind:
            self.frames.append(Seen(told.book_time, product, told.payload, self._right[product]))


Entry = tuple[Record | None, Told | None]
"""A line and the frame in it; without a line, the frame was lost."""


class Copy:
    """
    What one recorder has of a scene.

    Attributes:
        entries: Its lines, in files.
        parts: The numbers of its files.

    """

    def __init__(self, scene: Scene, recorder: Recorder, number: int, make: Callable[[], Venue]) -> None:
        self._entries: list[Entry] = []
        self._scene, self._recorder, self._make = scene, recorder, make
        self._dice = random.Random(scene.seed + number)
        self._conn = -1
        self._latest = 0
        self._boot = (number + 1) * 10**12
        self._run()
        size = recorder.split or len(self._entries)
        files = [self._entries[start : start + size] for start in range(0, len(self._entries), size)]
        self.parts = list(range(1, len(files) + 1))
        if recorder.split and len(files) > 1:
            del self.parts[recorder.missing % len(files)]
        self.entries = [files[part - 1] for part in self.parts]

    @property
    def numbers(self) -> set[tuple[str, int]]:
        """The trades that it has."""
        received = [told for file in self.entries for line, told in file if line is not None and told is not None]
        return {(one.product, one.number) for told in received for one in told.trades}

    @property
    def frames(self) -> list[Seen]:
        """The level2 frames that it received."""
        known = _KnownBooks(sees_holes=self._make is Exchange)
        before = 0
        for part, file in zip(self.parts, self.entries, strict=True):
            if part != before + 1:
                known.lose(0)
            before = part
            for line, told in file:
                if isinstance(line, Event) and line.name == "open":
                    known.lose(0)
                if told is not None and line is None:
                    known.lose(told.time)
                elif told is not None:
                    known.take(told)
        return known.frames

    def _now(self, time: int) -> int:
        delay = self._dice.randint(0, self._recorder.delay)
        self._latest = max(self._latest, (time + delay + self._recorder.offset) * MS + START)
        return self._latest

    def _event(self, time: int, name: str, **details: Any) -> None:
        self._entries.append((Event(self._now(time), self._conn, name, details), None))

    def _run(self) -> None:
        recorder = self._recorder
        now = self._now(recorder.begins)
        self._entries.append((Event(now, 0, "clock", {"wall": now, "monotonic": self._boot}), None))
        spans, begin = [], recorder.begins
        for loss in recorder.losses:
            if loss.kind == "outage":
                spans.append((begin, loss.start))
                begin = max(begin, loss.start + loss.length)
        spans.append((begin, self._scene.length))
        for start, end in spans:
            if start < end:
                self._connect(start, end)

    def _connect(self, start: int, end: int) -> None:
        self._conn += 1
        self._event(start, "open", url="wss://x")
        self._entries.append((Frame(self._now(start), self._conn, b'{"type":"subscribe"}', "out"), None))
        lost = noted = 0
        for told in self._told(start, end):
            loss = next((one for one in self._recorder.losses if one.start <= told.time < one.start + one.length), None)
            if loss is not None and loss.kind not in ("outage", THIN, TRADES_ALONE):
                lost += 1
                noted += loss.kind != "unnoted"
                self._entries.append((None, told))
                continue
            if noted:
                self._event(told.time, "gap", expected=1, received=1 + lost, missing=lost)
            lost = noted = 0
            self._entries.append((Frame(self._now(told.time), self._conn, told.payload), told))
        self._event(end, "close", code=1006, reason="")

    def _told(self, start: int, end: int) -> Iterator[Told]:
        """Yield what the venue says on a connection."""
        scene, venue = self._scene, self._make()
        resyncs = sorted(
            one.start + one.length + 1
            for one in self._recorder.losses
            if one.kind == "resync" and start < one.start + one.length < end
        )
        before = [one for one in scene.happenings if one.time <= start]
        yield from self._subscribed(venue, start, before)
        phase = self._dice.randrange(self._recorder.batch)
        waiting: list[Happening] = []
        beat = start - start % 1000 + 1000
        after = [one for one in scene.happenings if start < one.time < end]
        due = start + phase + 1
        for one in [*after, None]:
            time = end if one is None else one.time
            while due <= time:
                if waiting:
                    yield from self._batch(venue, due, waiting)
                    waiting = []
                elif (until := min([time, *resyncs[:1]])) > due:  # nothing is said before that
                    due += (until - due) // self._recorder.batch * self._recorder.batch
                due += self._recorder.batch
                if resyncs and due > resyncs[0] and not isinstance(venue, Full | CoinMarketCap):
                    resyncs.pop(0)
                    so_far = [other for other in scene.happenings if other.time < due - self._recorder.batch + 1]
                    for product in PRODUCTS:
                        book = _book(so_far, product)
                        moment = due - self._recorder.batch
                        yield Told(moment, product, venue.snapshot(moment, product, book), "snapshot", (), moment)
            while beat <= time:
                yield Told(beat, "", venue.beat(beat), "", ())
                beat += 1000
            if one is not None:
                waiting.append(one)

    def _subscribed(self, venue: Venue, time: int, before: Sequence[Happening]) -> Iterator[Told]:
        if isinstance(venue, Exchange):
            yield Told(time, "", venue.ack(time), "", ())
        if isinstance(venue, Full | CoinMarketCap):
            return
        for product in PRODUCTS:
            yield Told(time, product, venue.snapshot(time, product, _book(before, product)), "snapshot", (), time)
            trades = [one for one in before if isinstance(one, Trade) and one.product == product]
            for payload in venue.first_trades(time, product, trades):
                told = trades[-1:] if isinstance(venue, Exchange) else trades[-8:]
                yield Told(time, product, payload, "", told)
        if not isinstance(venue, Exchange):
            yield Told(time, "", venue.ack(time), "", ())

    def _without_omitted(self, time: int, waiting: Sequence[Happening]) -> Sequence[Happening]:
        """Return what is told of what happened, where some is left out without a word."""
        losing = [one.kind for one in self._recorder.losses if one.start <= time < one.start + one.length]
        omitted: list[Happening] = []
        if TRADES_ALONE in losing:
            omitted += [one for one in waiting if not isinstance(one, Trade)]
        if THIN in losing:
            for product in PRODUCTS:
                omitted += [one for one in waiting if isinstance(one, Trade) and one.product == product][1::2]
        return [one for one in waiting if one not in omitted]

    def _batch(self, venue: Venue, time: int, waiting: Sequence[Happening]) -> Iterator[Told]:
        waiting = self._without_omitted(time, waiting)
        for one in waiting:
            payload = venue.one(time, one)
            if payload is not None:
                yield Told(time, one.product, payload, "", [Trade(time, one.product, one.sequence)])
        if isinstance(venue, Full | CoinMarketCap):
            return
        for product in PRODUCTS:
            changes = [one for one in waiting if isinstance(one, Change) and one.product == product]
            trades = [one for one in waiting if isinstance(one, Trade) and one.product == product]
            if changes:
                told = venue.changes(time, product, changes)
                for number, payload in enumerate(told, len(changes) - len(told)):
                    yield Told(time, product, payload, "update", (), changes[number].time)
            if trades:
                told = venue.trades(time, product, trades)
                for number, payload in enumerate(told):
                    yield Told(time, product, payload, "", trades if len(told) == 1 else [trades[number]])

    def write(self, folder: Path, number: int, endpoint: str, subscriptions: list[dict[str, Any]]) -> list[Path]:
        """Write it to files."""
        header = Header(endpoint, "wss://x", START + number, f"recorder {number}", subscriptions)
        paths = []
        for part, entries in zip(self.parts, self.entries, strict=True):
            extra = {"part": part} if self._recorder.split else {}
            path = folder / f"{number}-{part:04d}.jsonl"
            with create_recording(path, msgspec.structs.replace(header, extra=extra)) as recording:
                for line, _ in entries:
                    if line is not None:
                        recording.write(line, block=True)
            paths.append(path)
        return paths


def _book(happenings: Sequence[Happening], product: str) -> dict[tuple[str, str], str]:
    book: dict[tuple[str, str], str] = {}
    for one in happenings:
        if isinstance(one, Change) and one.product == product:
            book[one.side, one.price] = one.size
    return {key: size for key, size in book.items() if size != "0"}


def book_at(scene: Scene, product: str, time: int) -> dict[tuple[str, str], str]:
    """Return the feed's book after everything at a time or before."""
    return _book([one for one in scene.happenings if one.time <= time], product)
