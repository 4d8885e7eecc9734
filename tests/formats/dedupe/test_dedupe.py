"""One recording of several of the same feed: all that any of them has, once, and in the venue's order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import example, given, settings

from feedrec.feeds import feed_of, rule_of
from feedrec.formats import open_recording
from feedrec.formats.dedupe import Deduplication, dedupe
from feedrec.formats.facts.sequence_check import Rules
from feedrec.formats.several.inputs import inspect_recording
from feedrec.formats.tools.verify import verify_recording
from feedrec.model import Event, Frame, Record, parse_time

from .copies import (
    MS,
    PRODUCTS,
    START,
    THIN,
    TRADES_ALONE,
    Advanced,
    Change,
    CoinMarketCap,
    Copy,
    Exchange,
    Full,
    Loss,
    Recorder,
    Scene,
    Seen,
    Trade,
    Venue,
    book_at,
    scenes,
)

Tell = Callable[[bytes], "Told"]

COUNTED: dict[type[Venue], str] = {Advanced: "market_trades", Exchange: "matches", Full: "full"}
NEVER = 10**9
NEARBY = 1100  # milliseconds within which it may not be certain that nothing is missing


def rules_of(endpoint: str) -> Rules:
    feed = feed_of(endpoint)
    assert feed is not None
    return Rules(feed.describe, rule_of(feed), feed.describe_all)


def deduplicated(recordings: Sequence[Sequence[Path]], output: Path, endpoint: str) -> Deduplication:
    feed = feed_of(endpoint)
    assert feed is not None
    inputs = [[inspect_recording(partial(open_recording, path)) for path in files] for files in recordings]
    return dedupe(inputs, output, rules_of(endpoint), feed.track_rule)


def records_of(path: Path) -> list[Record]:
    with open_recording(path) as recording:
        return list(recording)


class Told(msgspec.Struct):
    """What a frame says of a book and of trades."""

    product: str = ""
    time: int = 0
    kind: str = ""
    levels: list[tuple[str, str, str]] = []
    trades: list[tuple[str, int]] = []


def told_by_advanced(payload: bytes) -> Told:
    frame = msgspec.json.decode(payload)
    event = frame["events"][0]
    if frame["channel"] == "market_trades":
        return Told(trades=[(one["product_id"], int(one["trade_id"])) for one in event["trades"]])
    if frame["channel"] != "l2_data":
        return Told()
    levels = [(one["side"][0].replace("o", "a"), one["price_level"], one["new_quantity"]) for one in event["updates"]]
    times = [one["event_time"] for one in event["updates"]] or [frame["timestamp"]]
    return Told(event["product_id"], milliseconds(times[0]), event["type"], levels)


def told_by_exchange(payload: bytes) -> Told:
    frame = msgspec.json.decode(payload)
    kind = frame["type"]
    if kind in ("match", "last_match"):
        return Told(trades=[(frame["product_id"], frame["trade_id"])])
    if kind == "snapshot":
        levels = [(side[0], price, size) for side in ("asks", "bids") for price, size in frame[side]]
        return Told(frame["product_id"], milliseconds(frame["time"]), kind, levels)
    if kind == "l2update":
        changes = [({"buy": "b", "sell": "a"}[side], price, size) for side, price, size in frame["changes"]]
        return Told(frame["product_id"], milliseconds(frame["time"]), "update", changes)
    return Told()


def milliseconds(text: str) -> int:
    return (parse_time(text) - START) // MS


Books = dict[str, dict[tuple[str, str], str]]


class Rebuilt:
    """
    The books as the lines of a recording make them.

    Attributes:
        books: The present ones.
        reached: The time of each.
        missing: Between which times something is said to be missing of each.
        wrong: Products and times at which a book was not that of the feed.

    """

    def __init__(self) -> None:
        self.books: Books = {product: {} for product in PRODUCTS}
        self.reached = dict.fromkeys(PRODUCTS, -1)
        self.missing: dict[str, list[tuple[int, int]]] = {product: [] for product in PRODUCTS}
        self.wrong: list[tuple[str, int]] = []
        self._since: dict[str, int | None] = dict.fromkeys(PRODUCTS, -NEVER)

    def take_gap(self, product: str, after: int) -> None:
        if self._since[product] is None:
            self._since[product] = after

    def take(self, told: Told) -> None:
        product, since = told.product, self._since[told.product]
        if told.kind == "snapshot":
            self.books[product] = {}
            if since is not None:
                self.missing[product].append((since, told.time))
                self._since[product] = None
        for side, price, size in told.levels:
            self.books[product][side, price] = size
            if size == "0":
                del self.books[product][side, price]
        self.reached[product] = max(self.reached[product], told.time)

    def compare(self, scene: Scene, told: Told) -> None:
        is_known = self._since[told.product] is None
        if is_known and self.books[told.product] != book_at(scene, told.product, told.time):
            self.wrong.append((told.product, told.time))

    def finish(self) -> None:
        for product, since in self._since.items():
            if since is not None:
                self.missing[product].append((since, NEVER))


def check_books(scene: Scene, copies: Sequence[Copy], records: Sequence[Record], tell: Tell) -> None:
    rebuilt = Rebuilt()
    for at, record in enumerate(records):
        if isinstance(record, Event) and record.name == "gap" and record.details["channel"] == "level2":
            rebuilt.take_gap(record.details["product"], milliseconds(record.details["after"]))
        if isinstance(record, Frame) and record.direction == "in" and (told := tell(record.payload)).product:
            rebuilt.take(told)
            if is_last_of_its_time(records[at + 1 :], told, tell):
                rebuilt.compare(scene, told)
    rebuilt.finish()
    # Where frames have the same time, some of them may be missing at the time after which something is.
    missing = rebuilt.missing
    assert [one for one in rebuilt.wrong if not any(since <= one[1] < until for since, until in missing[one[0]])] == []
    check_nothing_left(scene, copies, missing, rebuilt.reached)


def is_last_of_its_time(following: Sequence[Record], told: Told, tell: Tell) -> bool:
    for record in following:
        if isinstance(record, Frame) and record.direction == "in":
            other = tell(record.payload)
            if other.product == told.product:
                return other.time != told.time
    return True


def check_nothing_left(
    scene: Scene, copies: Sequence[Copy], missing: dict[str, list[tuple[int, int]]], reached: dict[str, int]
) -> None:
    """Check that no copy knows a book where it is said to be missing, if it knows it for a while."""
    for copy in copies:
        for product in PRODUCTS:
            frames = [one for one in copy.frames if one.product == product]
            for begin, end in stretches_of(frames):
                assert end <= reached[product] or book_at(scene, product, end) == book_at(
                    scene, product, reached[product]
                )
                for since, until in missing[product]:
                    assert min(end, until) - max(begin, since) < NEARBY, (begin, end, since, until)


def stretches_of(frames: Sequence[Seen]) -> Iterator[tuple[int, int]]:
    begin: int | None = None
    end = 0
    for one in frames:
        if one.has_book:
            begin, end = one.time if begin is None else begin, one.time
        elif begin is not None:
            yield begin, end
            begin = None
    if begin is not None:
        yield begin, end


def check_trades(copies: Sequence[Copy], records: Sequence[Record], tell: Tell, result: Deduplication) -> None:
    seen: set[tuple[str, int]] = set()
    repeated = 0
    for record in records:
        if isinstance(record, Frame) and record.direction == "in":
            trades = tell(record.payload).trades
            assert not trades or set(trades) - seen, "a frame that says nothing new"
            repeated += len(seen & set(trades))
            seen |= set(trades)
    assert seen == set().union(*(copy.numbers for copy in copies))
    assert repeated == result.repeated


def check_missing_trades(copies: Sequence[Copy], records: Sequence[Record], channel: str) -> None:
    """Check that those trades are said to be missing, between the first and the last of a product, that none has."""
    had = set().union(*(copy.numbers for copy in copies))
    gaps = [one.details for one in records if isinstance(one, Event) and one.name == "gap"]
    gaps = [one for one in gaps if one["channel"] == channel]
    for product in PRODUCTS:
        numbers = [number for name, number in had if name == product] or [0]
        said = [one["missing"] for one in gaps if one["product"] == product]
        assert sum(said) == max(numbers) + 1 - min(numbers) - len(numbers)


def check_lines(copies: Sequence[Copy], records: Sequence[Record]) -> None:
    """Every frame is one of those that were recorded, and those of a connection are in order."""
    kept: dict[int, list[bytes]] = {}
    for record in records:
        if isinstance(record, Frame) and record.direction == "in":
            kept.setdefault(record.conn, []).append(record.payload)
    originals: list[list[bytes]] = []
    for copy in copies:
        by_conn: dict[int, list[bytes]] = {}
        for file in copy.entries:
            for line, _ in file:
                if isinstance(line, Frame) and line.direction == "in":
                    by_conn.setdefault(line.conn, []).append(line.payload)
        originals += by_conn.values()
    for payloads in kept.values():
        assert any(is_part_of(payloads, original) for original in originals)


def is_part_of(some: Sequence[bytes], all_of: Sequence[bytes]) -> bool:
    left = iter(all_of)
    return all(any(one == other for other in left) for one in some)


def check(scene: Scene, make: type[Venue], endpoint: str, subscriptions: list[dict[str, Any]], tell: Tell) -> None:
    copies = [Copy(scene, recorder, number, make) for number, recorder in enumerate(scene.recorders)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recordings = [copy.write(folder, number, endpoint, subscriptions) for number, copy in enumerate(copies)]
        output = folder / "out.jsonl"
        result = deduplicated(recordings, output, endpoint)
        verified = verify_recording(output, rules_of)
        assert verified.is_good, verified.problems
        records = records_of(output)
    check_lines(copies, records)
    check_trades(copies, records, tell, result)
    if make in COUNTED:
        check_missing_trades(copies, records, COUNTED[make])
    if make in (Advanced, Exchange):
        check_books(scene, copies, records, tell)


def told_by_full(payload: bytes) -> Told:
    frame = msgspec.json.decode(payload)
    return Told(trades=[(frame["product_id"], frame["sequence"])] if "sequence" in frame else [])


def told_by_coinmarketcap(payload: bytes) -> Told:
    frame = msgspec.json.decode(payload)
    if frame["type"] != "data":
        return Told()
    data = frame["data"]
    return Told(trades=[(frame["params"]["address"], int(data["tx"], 16) * 2 + data["lgid"])])


def of_products(*channels: str) -> list[dict[str, Any]]:
    return [{"channel": name, "products": list(PRODUCTS)} for name in channels]


# Of what the first one lost, another one tells when it begins: with that, a trade that the first one is about to tell.
FILLED_AND_MORE = Scene(
    [Trade(time, "ETH-USD", number) for number, time in enumerate([1000, 3000, 23_995, 24_900, 30_000, 50_000], 101)],
    50_001,
    [Recorder(0, 250, 0, (Loss(0, 2000, "unnoted"),), 0, 0, 0), Recorder(0, 1, 0, (), 24_000, 0, 0)],
    0,
)


@example(FILLED_AND_MORE)
@given(scenes())
def test_books_and_trades_of_advanced_are_those_of_the_feed_wherever_a_recorder_had_them(scene: Scene) -> None:
    check(scene, Advanced, "coinbase-advanced", of_products("level2", "market_trades", "heartbeats"), told_by_advanced)


# The first one has two of three trades that share a frame; the other one lacks the last of these.
THIN_FRAME = Scene(
    [Trade(time, "ETH-USD", number) for number, time in enumerate([1000, 3001, 3002, 3003, 8000, 30_000], 101)],
    30_001,
    [Recorder(0, 250, 0, (Loss(2500, 2000, THIN),), 0, 0, 0), Recorder(0, 1, 0, (Loss(3004, 9, "unnoted"),), 0, 0, 0)],
    0,
)


@example(THIN_FRAME)
@given(scenes(kinds=["outage", "unnoted", THIN]))
def test_trades_that_are_missing_amid_a_frame_are_told_by_another_one(scene: Scene) -> None:
    check(scene, Advanced, "coinbase-advanced", of_products("market_trades", "heartbeats"), told_by_advanced)


# The first one comes back amid three changes of one time, when the other has told one of them.
BACK_AMID_ONE_TIME = Scene(
    [
        Change(100, "BTC-USD", "b", "3", "1"),
        *(Change(1000 + 50 * number, "ETH-USD", "a", "1", "1") for number in range(36)),
        Change(5450, "BTC-USD", "a", "5", "3"),
        Change(5450, "BTC-USD", "b", "3", "0"),
        Change(5450, "BTC-USD", "a", "5", "0"),
        Change(5511, "BTC-USD", "b", "5", "1"),
    ],
    6000,
    [Recorder(0, 1, 0, (), 0, 25, 1), Recorder(0, 1, 0, (), 0, 0, 0)],
    0,
)


@example(BACK_AMID_ONE_TIME)
@given(scenes(with_ties=True, kinds=["outage", "gap", "resync"]))
def test_books_and_trades_of_exchange_are_those_of_the_feed_wherever_a_recorder_had_them(scene: Scene) -> None:
    check(scene, Exchange, "coinbase-exchange", of_products("level2", "matches", "heartbeat"), told_by_exchange)


@settings(max_examples=15)
@given(scenes(most=3))
def test_three_recorders_are_as_good_as_two(scene: Scene) -> None:
    check(scene, Advanced, "coinbase-advanced", of_products("level2", "market_trades", "heartbeats"), told_by_advanced)


@settings(max_examples=25)
@given(scenes(with_ties=True, kinds=["outage", "gap", "unnoted"], most=3))
def test_everything_of_full_is_there_once(scene: Scene) -> None:
    check(scene, Full, "coinbase-exchange", of_products("full", "heartbeat"), told_by_full)


@settings(max_examples=25)
@given(scenes(kinds=["outage", TRADES_ALONE]))
def test_a_trade_that_is_of_two_channels_is_there_once(scene: Scene) -> None:
    check(scene, Full, "coinbase-exchange", of_products("full", "matches", "heartbeat"), told_by_full)


# The first one is away for one swap of a block.
AWAY_AMID_A_BLOCK = Scene(
    [Trade(time, "ETH-USD", number, number) for number, time in enumerate(range(50, 6000, 50), 9001)],
    6000,
    [Recorder(0, 1, 0, (Loss(51, 49, "outage"),), 0, 0, 0), Recorder(0, 1, 0, (), 0, 0, 0)],
    0,
)


@example(AWAY_AMID_A_BLOCK)
@given(scenes(with_ties=True, kinds=["outage"]))
def test_swaps_of_coinmarketcap_are_there_once(scene: Scene) -> None:
    params = {"platform_id": 14, "address": list(PRODUCTS)}
    subscriptions = [{"channel": "onchain@transaction", "params": params}]
    check(scene, CoinMarketCap, "coinmarketcap", subscriptions, told_by_coinmarketcap)
