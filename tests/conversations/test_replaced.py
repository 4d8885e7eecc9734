"""A recording in which a connection was replaced replays as if there had been one: nothing twice, nothing missing."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from feedrec.feeds import rule_of, venue_of
from feedrec.feeds.state.dumped_state import dump_rules
from feedrec.formats import create_recording, open_recording
from feedrec.formats.checkpoints.chain import ChainedFile, Start
from feedrec.formats.checkpoints.state_layout import FileIdentity
from feedrec.formats.checkpoints.state_pass import StatePass
from feedrec.formats.facts.repeats import Overlaps, replacements_in
from feedrec.formats.line.codec import encode_received
from feedrec.formats.line.index import Index
from feedrec.formats.line.selection import Selection
from feedrec.formats.several.inputs import inspect_recording
from feedrec.formats.tools.convert import convert
from feedrec.formats.tools.states.carried_state import state_after
from feedrec.formats.tools.states.gathered_state import StartState
from feedrec.formats.tools.summary import summarise
from feedrec.formats.tools.verify import verify_recording
from feedrec.model import Event, Frame, Header
from feedrec.processing.feed_rules import rules_for
from feedrec.replay.timeline.timeline import Timeline
from feedrec.replay.venue.rebuild import Position, Rebuilder

from ..recorder.venue import run
from ..timing import scaled
from .recordings import START, Wire
from .talk import venue, visit

ADVANCED = "coinbase-advanced"
MILLISECOND = 1_000_000
BTC = "BTC-USD"
KEY = ("level2", BTC)

OPENED, SUBSCRIBED, REPLACED, CLOSED, END = 1500, 1530, 2480, 2500, 4000

Level = tuple[str, str, str]
Book = dict[str, str]


class Market:
    """A market that changes every 3 ms: a level of the book, and now and then a trade with the next number."""

    def __init__(self) -> None:
        chance = random.Random(7)
        self.changes = [(time, str(90 + chance.randrange(10)), str(time + 1)) for time in range(0, END, 3)]
        self.trades = [(time, number) for number, time in enumerate(range(1, END, 40))]

    def book(self, until: int) -> Book:
        """Return the book as of some millisecond."""
        return {price: size for time, price, size in self.changes if time <= until}

    def connection(self, opened: int, closed: int, every: int, lag: int) -> Wire:
        """Return what a connection brings that collects changes for so long, and is late by `lag` milliseconds."""
        wire = Wire()
        past = [number for time, number in self.trades if time <= opened]
        wire.book(opened + lag, "snapshot", BTC, *_levels(self.book(opened)))
        wire.trades(opened + lag, "snapshot", BTC, *past[:-4:-1])
        wire.acknowledge(opened + lag + 1, level2=[BTC], market_trades=[BTC])
        for end in range(opened + every, closed - lag, every):
            changed = {price: size for time, price, size in self.changes if end - every < time <= end}
            if changed:
                wire.book(end + lag, "update", BTC, *_levels(changed))
            numbers = [number for time, number in self.trades if end - every < time <= end]
            if numbers:
                wire.trades(end + lag, "update", BTC, *numbers[::-1])
        return wire


def _levels(book: Book) -> list[Level]:
    return [("bid", price, size) for price, size in book.items()]


MARKET = Market()


def write(path: Path, until: int = END) -> Path:
    """Write a recording in which connection 1 takes the place of connection 0, which is slower and later."""
    feed = venue_of(ADVANCED)
    assert feed is not None
    old, new = MARKET.connection(0, CLOSED, 60, 17), MARKET.connection(SUBSCRIBED, END, 50, 2)
    frames = [(time, conn, frame) for conn, wire in ((0, old), (1, new)) for time, frame in wire.frames]
    events = [
        (0, Event(START, 0, "open")),
        (OPENED, Event(START + OPENED * MILLISECOND, 1, "open", {"replaces": 0})),
        (REPLACED, Event(START + REPLACED * MILLISECOND, 0, "replaced", {"by": 1, "reason": "its age"})),
        (CLOSED, Event(START + CLOSED * MILLISECOND, 0, "close", {"code": 1000, "reason": ""})),
    ]
    writer = create_recording(path, Header(ADVANCED, created=START), make_rule=rule_of(feed))
    steps: list[tuple[int, int, Any]] = [(time, -1, event) for time, event in events]
    steps += [(time, 1 - conn, (conn, frame)) for time, conn, frame in frames]
    for time, _, step in sorted((step for step in steps if step[0] <= until), key=lambda one: one[:2]):
        if isinstance(step, Event):
            writer.write(step)
            continue
        conn, frame = step
        payload = json.dumps(frame, separators=(",", ":")).encode()
        stamp, info = START + time * MILLISECOND, feed.describe(payload)
        line = encode_received(stamp, conn, payload, binary=False, parses=info.parses)
        writer.write_line(line, (stamp, conn, info, len(payload), True))
    return writer.finish()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("replaced") / "a.jsonl.zst")


def followed(heard: Sequence[Any]) -> Book:
    """Return the book that a client has."""
    book: Book = {}
    for message in heard:
        for event in message["events"] if message["channel"] == "l2_data" else ():
            book = {} if event["type"] == "snapshot" else book
            book |= {level["price_level"]: level["new_quantity"] for level in event["updates"]}
    return book


def traded(heard: Sequence[Any], kind: str) -> list[int]:
    trades = [event for message in heard if message["channel"] == "market_trades" for event in message["events"]]
    return [int(trade["trade_id"]) for event in trades if event["type"] == kind for trade in event["trades"]]


async def hear(path: Path, **options: Any) -> list[Any]:
    async with venue(path, speed=1000.0, settle=scaled(0.2), **options) as server, visit(server.url) as visitor:
        await visitor.say(channel="level2", product_ids=[BTC])
        await visitor.say(channel="market_trades", product_ids=[BTC])
        return await visitor.hear_all()


LAST = next(time for time in reversed(range(SUBSCRIBED, END - 2, 50)))
"""When the last frame of the new connection was collected."""


def test_a_client_gets_each_thing_once_and_in_one_count(path: Path) -> None:
    heard = run(hear(path))
    assert [message["sequence_num"] for message in heard] == list(range(len(heard)))
    assert followed(heard) == MARKET.book(LAST)
    told = Counter(traded(heard, "update"))
    assert max(told.values()) == 1
    assert set(told) | set(traded(heard, "snapshot")) == {number for time, number in MARKET.trades if time <= LAST}


def test_a_client_that_comes_amid_both_gets_each_thing_once(path: Path) -> None:
    """Its book begins with the state, which knows which connection tells it."""
    for start in ("+1.7s", "+2.3s"):
        begin = START + int(float(start[1:-1]) * 1000) * MILLISECOND
        heard = run(hear(path, start=begin))
        assert followed(heard) == MARKET.book(LAST)
        assert max(Counter(traded(heard, "update")).values()) == 1


class Unindexed(Timeline):
    """A timeline without indexes, as a recording has none that is still being written."""

    def indexes(self) -> list[Index | None]:
        return [None for _ in self.paths]

    def counted_blocks(self) -> None:
        return None


def true_books(path: Path) -> Iterator[tuple[int, Book]]:
    """Yield positions, and the book there: told by the old connection up to the first book of the new one."""
    book: Book = {}
    has_new = False
    with open_recording(path) as recording:
        for position, record in enumerate(recording, start=1):
            if isinstance(record, Frame):
                message = json.loads(record.payload)
                has_new |= record.conn == 1 and message["channel"] == "l2_data"
                if record.conn == 1 or not has_new:
                    (event,) = message["events"]
                    if message["channel"] == "l2_data":
                        book = {} if event["type"] == "snapshot" else dict(book)
                        book |= {level["price_level"]: level["new_quantity"] for level in event["updates"]}
            yield position, book


@pytest.mark.parametrize("kind", [Timeline, Unindexed])
def test_the_book_of_a_late_client_is_right_wherever_it_comes(path: Path, kind: type[Timeline]) -> None:
    feed = venue_of(ADVANCED)
    assert feed is not None
    for position, book in true_books(path):
        rebuilder = Rebuilder(kind([path], describe=feed.describe), feed)
        found = rebuilder.snapshots(frozenset([KEY]), Position(position, [], START), threading.Event())
        snapshot = found[KEY]
        assert (followed([json.loads(snapshot)]) if snapshot else {}) == book


def test_checkpoints_tell_the_same(path: Path) -> None:
    feed = venue_of(ADVANCED)
    assert feed is not None
    rules = dump_rules(feed)
    assert rules is not None
    with open_recording(path) as recording:
        assert recording.index is not None
        files = [ChainedFile(path, recording.header, recording.index, FileIdentity(0, 0))]
    books = dict(true_books(path))
    state_pass = StatePass(Start(files), rules)
    for place in state_pass.places(list(books)):
        states, state = state_pass.states(), cast(Any, feed.state([KEY]))
        if KEY in states:
            state.load(*KEY, states[KEY][0])
        snapshot = state.snapshot(*KEY, START)
        assert (followed([json.loads(snapshot)]) if snapshot else {}) == books[place.lines]


@pytest.mark.parametrize("milliseconds", [1540, 2000, 2499, 2510, 3500])
def test_a_cut_begins_with_the_state_that_counts(path: Path, tmp_path: Path, milliseconds: int) -> None:
    start = START + milliseconds * MILLISECOND
    cut = tmp_path / "cut.jsonl"
    feed = venue_of(ADVANCED)
    assert feed is not None
    state = cast(StartState, feed.state([KEY]))
    convert(
        [inspect_recording(partial(open_recording, path))],
        cut,
        selection=Selection(start=start),
        describe=feed.describe,
        state=state,
    )
    with open_recording(path) as recording:
        lines = sum(record.time < start for record in recording)
    with open_recording(cut) as recording:
        made = [json.loads(one.payload) for one in recording if isinstance(one, Frame) and one.synthetic]
    assert followed(made) == dict(true_books(path))[lines]


def test_the_state_at_the_end_of_a_file_is_the_one_that_counts(tmp_path: Path) -> None:
    """With which the next file begins."""
    path = write(tmp_path / "a-0001.jsonl.zst", until=1640)
    feed = venue_of(ADVANCED)
    assert feed is not None
    after = Header(ADVANCED, created=START, extra={"part": 2})
    made = state_after(path, after, lambda: cast(StartState, feed.state([KEY])), rules_for(ADVANCED))
    assert followed([json.loads(frame.payload) for frame in made]) == list(true_books(path))[-1][1]


def test_an_index_tells_of_it_and_info_and_verify_know_it(path: Path) -> None:
    feed = venue_of(ADVANCED)
    assert feed is not None
    with open_recording(path) as recording:
        assert recording.index is not None
        assert replacements_in(recording.index) == [(1, 0)]
        assert Overlaps(recording.index).blocks == {0}
        summary = summarise(recording, feed.describe)
    assert (summary.connections, summary.reconnects, summary.replacements, summary.gaps) == (2, 0, 1, 0)
    assert verify_recording(path, rules_for).problems == []
