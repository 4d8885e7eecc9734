"""The state of the market, rebuilt where a client needs it."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from feedrec.feeds import venue_of
from feedrec.feeds.venue import VenueFeed
from feedrec.formats import create_recording
from feedrec.formats.line.index import Index
from feedrec.formats.line.line_search import lines_with
from feedrec.model import NANOSECONDS, Frame, Header
from feedrec.replay.timeline.frame_batches import FrameBatch
from feedrec.replay.timeline.timeline import Timeline
from feedrec.replay.venue.rebuild import Position, Rebuilder

from ... import set_clocks

DEMO = Path(__file__).parents[3] / "feedrec" / "cli" / "demo.jsonl.zst"
BOTH = frozenset({("level2", "BTC-USD"), ("ticker", "ETH-USD")})


@pytest.fixture
def feed() -> VenueFeed:
    found = venue_of("coinbase-advanced")
    assert found is not None
    return found


class CountingTimeline(Timeline):
    """Counts how often everything was read again, and how many frames were."""

    scans = 0
    frames = 0

    def scan(
        self, until: int, stopped: threading.Event, since: int = 0, start: int = 0, *, waits: bool = True
    ) -> Iterator[FrameBatch]:
        self.scans += 1
        for run in super().scan(until, stopped, since, start, waits=waits):
            self.frames += len(run.frames)
            yield run


class Unindexed(CountingTimeline):
    """The same without indexes, as a recording has none that is still being written."""

    def indexes(self) -> list[Index | None]:
        return [None for _ in self.paths]

    def counted_blocks(self) -> None:
        return None


class Count:
    """How many lines were found in blocks, to be decoded."""

    def __init__(self) -> None:
        self.lines = 0

    def lines_with(self, text: bytes, looks: Collection[tuple[bytes, ...]]) -> list[bytes]:
        found = lines_with(text, looks)
        self.lines += len(found)
        return found


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    counting = Count()
    monkeypatch.setattr("feedrec.replay.timeline.past_file.lines_with", counting.lines_with)
    return counting


def book_of(payload: bytes | None) -> dict[tuple[str, str], str]:
    assert payload is not None
    (event,) = json.loads(payload)["events"]
    return {(level["side"], level["price_level"]): level["new_quantity"] for level in event["updates"]}


def test_before_the_first_frame_there_is_nothing(feed: VenueFeed) -> None:
    rebuilder = Rebuilder(Timeline([DEMO], describe=feed.describe), feed)
    assert rebuilder.snapshots(BOTH, Position(0, [], 0), threading.Event()) == dict.fromkeys(BOTH)


def test_for_what_has_no_state_nothing_is_read(feed: VenueFeed, count: Count) -> None:
    timeline = CountingTimeline([DEMO], describe=feed.describe)
    new = frozenset({("new", "")})
    assert Rebuilder(timeline, feed).snapshots(new, Position(500, [], 0), threading.Event()) == {("new", ""): None}
    assert count.lines == timeline.scans == 0


def test_of_heartbeats_there_is_the_last_one(feed: VenueFeed) -> None:
    beats = frozenset({("heartbeats", "")})
    timeline = Timeline([DEMO], describe=feed.describe)
    (last,) = Rebuilder(timeline, feed).snapshots(beats, Position(500, [], 0), threading.Event()).values()
    assert b'"sequence_num":482,' in (last or b"")


def test_a_position_within_a_run_is_the_state_before_it_and_the_frames_since(feed: VenueFeed) -> None:
    timeline = Timeline([DEMO], describe=feed.describe)
    runs = list(timeline.scan(1200, threading.Event()))
    last = runs[-1]
    since = [frame.payload for frame in last.frames]
    rebuilder = Rebuilder(timeline, feed)
    whole = rebuilder.snapshots(BOTH, Position(last.end, [], 7), threading.Event())
    parts = rebuilder.snapshots(BOTH, Position(last.start, since, 7), threading.Event())
    assert book_of(whole["level2", "BTC-USD"]) == book_of(parts["level2", "BTC-USD"])
    assert whole == parts


def test_the_same_place_is_not_read_twice_and_a_later_one_goes_on(feed: VenueFeed, count: Count) -> None:
    """What was rebuilt serves the next client; what it gives is what reading everything gives."""
    timeline = CountingTimeline([DEMO], describe=feed.describe)
    rebuilder = Rebuilder(timeline, feed)
    stopped = threading.Event()
    book = frozenset({("level2", "BTC-USD")})
    first = rebuilder.snapshots(book, Position(600, [], 7), stopped)
    read = count.lines
    assert rebuilder.snapshots(book, Position(600, [], 7), stopped) == first
    assert count.lines == read
    later = rebuilder.snapshots(book, Position(1100, [], 7), stopped)
    assert count.lines - read <= 500
    assert timeline.scans == 0
    afresh = Rebuilder(Unindexed([DEMO], describe=feed.describe), feed).snapshots(book, Position(1100, [], 7), stopped)
    assert later == afresh
    assert later != first


def test_so_it_is_without_an_index(feed: VenueFeed) -> None:
    timeline = Unindexed([DEMO], describe=feed.describe)
    rebuilder = Rebuilder(timeline, feed)
    stopped = threading.Event()
    first = rebuilder.snapshots(BOTH, Position(600, [], 7), stopped)
    assert rebuilder.snapshots(BOTH, Position(600, [], 7), stopped) == first
    assert timeline.scans == 1
    later = rebuilder.snapshots(BOTH, Position(1100, [], 7), stopped)
    afresh = Rebuilder(Timeline([DEMO], describe=feed.describe), feed).snapshots(BOTH, Position(1100, [], 7), stopped)
    assert later == afresh
    assert later != first


def test_going_back_begins_anew(feed: VenueFeed) -> None:
    rebuilder = Rebuilder(Timeline([DEMO], describe=feed.describe), feed)
    early = rebuilder.snapshots(BOTH, Position(600, [], 7), threading.Event())
    rebuilder.snapshots(BOTH, Position(1100, [], 7), threading.Event())
    assert rebuilder.snapshots(BOTH, Position(600, [], 7), threading.Event()) == early


def level2(number: int, kind: str, price: int) -> Frame:
    payload = (
        f'{{"channel":"l2_data","client_id":"","timestamp":"2026-11-21T17:00:00Z","sequence_num":{number},"events":'
        f'[{{"type":"{kind}","product_id":"BTC-USD","updates":[{{"side":"bid","event_time":"2026-11-21T17:00:00Z",'
        f'"price_level":"{price}","new_quantity":"{number + 1}","padding":"{"x" * 900}"}}]}}]}}'
    )
    return Frame(1_795_280_400 * NANOSECONDS + number * 1_000_000, 0, payload.encode())


def test_a_late_client_costs_the_way_from_the_last_snapshot_not_from_the_beginning(
    feed: VenueFeed, tmp_path: Path, count: Count
) -> None:
    """The index knows where the last snapshot is, and what is before it is not even decoded."""
    path = tmp_path / "a.jsonl.zst"
    writer = create_recording(path, Header("coinbase-advanced"))
    for number in range(10_000):
        frame = level2(number, "snapshot" if number in {0, 8_000} else "update", number % 700)
        writer.write(frame, feed.describe(frame.payload))
    writer.finish()
    wanted = frozenset({("level2", "BTC-USD")})
    timeline = CountingTimeline([path], describe=feed.describe)
    book = Rebuilder(timeline, feed).snapshots(wanted, Position(9_500, [], 7), threading.Event())
    everything = Unindexed([path], describe=feed.describe)
    assert book == Rebuilder(everything, feed).snapshots(wanted, Position(9_500, [], 7), threading.Event())
    assert len(book_of(book["level2", "BTC-USD"])) == 700
    assert everything.frames == 9_500
    assert 1_500 <= count.lines < 3_000
    assert timeline.scans == 0


def test_where_wall_times_do_not_tell_the_order_everything_is_read(feed: VenueFeed, tmp_path: Path) -> None:
    """A snapshot with an earlier wall time may be a later one in another recording, whose clock was wrong."""
    starts: list[int] = []

    class Noting(Timeline):
        def scan(
            self, until: int, stopped: threading.Event, since: int = 0, start: int = 0, *, waits: bool = True
        ) -> Iterator[FrameBatch]:
            starts.append(start)
            yield from super().scan(until, stopped, since, start, waits=waits)

    clocks = [set_clocks.recorded(range(0, 600, 60), steps) for steps in ({}, {300: -set_clocks.HOUR})]
    paths = [set_clocks.write(tmp_path / f"{n}.jsonl.zst", lines) for n, lines in enumerate(clocks)]
    for chosen, is_read in ((paths, True), (paths[1:], False)):
        timeline = Noting(chosen, describe=feed.describe)
        assert timeline.is_in_wall_order != is_read
        rebuilder = Rebuilder(timeline, feed)
        for line in (4, 6):
            position = Position(line, [], set_clocks.START, set_clocks.START)
            rebuilder.snapshots(BOTH, position, threading.Event())
    assert starts == [0, 0]  # one recording alone needs no times
