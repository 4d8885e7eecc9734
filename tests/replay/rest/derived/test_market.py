"""What the recordings tell of the market at a moment, against a reading of everything."""

from __future__ import annotations

import functools
import itertools
import json
import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from feedrec.feeds import venue_of
from feedrec.feeds.venue import VenueFeed
from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.codec import encode_frame, encode_header
from feedrec.formats.line.index_marks import LineMarks
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.model import Frame, Header
from feedrec.replay.rest.derived.market import RecordedMarket, Sources
from feedrec.replay.timeline.frame_batches import FrameBatch
from feedrec.replay.timeline.past import Past, UnknownPastError
from feedrec.replay.timeline.timeline import Timeline
from feedrec.replay.venue.position import Position, position_in
from feedrec.replay.venue.rebuild import Rebuilder

DEMO = Path(__file__).parents[4] / "feedrec" / "cli" / "demo.jsonl.zst"
NEVER = threading.Event()
NOW = 1_786_309_560_000_000_000
CATALOGUE = {channel: ["BTC-USD", "ETH-USD"] for channel in ("level2", "ticker", "market_trades", "candles", "status")}
KEYS = [("level2", "BTC-USD"), ("ticker", "ETH-USD"), ("market_trades", "BTC-USD")]


@functools.cache
def feed() -> VenueFeed:
    found = venue_of("coinbase-advanced")
    assert found is not None
    return found


def timeline(*paths: Path) -> Timeline:
    return Timeline(paths or [DEMO], describe=feed().describe)


@functools.cache
def batches(*paths: Path) -> Sequence[FrameBatch]:
    return list(timeline(*paths).scan(1 << 62, NEVER, waits=False))


def market_at(position: Position, *paths: Path) -> RecordedMarket:
    its = timeline(*paths)
    return RecordedMarket(Sources(its, feed(), Rebuilder(its, feed()), CATALOGUE), position, NOW, NEVER)


def places(count: int, *paths: Path) -> list[tuple[int, int]]:
    """Return some batches, and how many frames of each are past."""
    chosen = random.Random(7)
    numbers = [chosen.randrange(len(batches(*paths))) for _ in range(count)]
    return [(0, 0), *((number, chosen.randint(0, len(batches(*paths)[number].frames))) for number in numbers)]


def played(number: int, past: int, *paths: Path) -> list[Frame]:
    found = batches(*paths)
    return [frame for batch in found[:number] for frame in batch.frames] + found[number].frames[:past]


def write(path: Path, frames: Sequence[Frame]) -> Path:
    writer = create_recording(path, Header("coinbase-advanced", created=frames[0].time))
    for frame in frames:
        writer.write_line(encode_frame(frame))
    return writer.finish()


@pytest.fixture(params=["indexed", "plain", "followed", "overlapping"])
def paths(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, ...]:
    if request.param == "indexed":
        return (DEMO,)
    frames = [frame for batch in batches(DEMO) for frame in batch.frames]
    if request.param == "plain":
        return (write(tmp_path / "plain.jsonl", frames),)
    half = len(frames) // 2
    parts = (frames[::2], frames[1::2]) if request.param == "overlapping" else (frames[:half], frames[half:])
    return tuple(write(tmp_path / f"{number}.jsonl.zst", part) for number, part in enumerate(parts))


def test_frames_are_those_that_have_been_played(paths: tuple[Path, ...]) -> None:
    """Of a channel and a product, or of all products; from any time on."""
    begin = batches(*paths)[0].frames[0].time
    compared = 0
    for number, past in places(6, *paths):
        position = position_in(batches(*paths)[number], past, NOW)
        for channel, product, since in [
            ("market_trades", "BTC-USD", 0),
            ("ticker", "", begin + 3_000_000_000),
            ("level2", "ETH-USD", begin + 1_000_000_000),
            ("level2", "ETH-EUR", 0),
        ]:
            expected = [
                frame
                for frame in played(number, past, *paths)
                if (info := feed().describe(frame.payload)).channel == channel
                and (not product or product in info.products)
                and frame.time >= since
            ]
            found = list(market_at(position, *paths).frames(channel, product, since))
            assert [(one.time, one.payload) for one in found] == [(one.time, one.payload) for one in expected]
            compared += len(expected)
    assert compared > 100


def test_snapshots_are_as_of_the_position_and_before_the_first_frame_as_of_that(paths: tuple[Path, ...]) -> None:
    everything = [frame for batch in batches(*paths) for frame in batch.frames]
    came = 0
    for number, past in places(6, *paths):
        before = played(number, past, *paths)
        state = feed().state(KEYS)
        assert state is not None
        expected: dict[tuple[str, str], bytes | None] = {}
        for count, frame in enumerate(everything):
            state.apply(feed().describe(frame.payload), frame.payload)
            for key in KEYS:
                if count + 1 == len(before) or (count + 1 > len(before) and expected.get(key) is None):
                    expected[key] = state.snapshot(*key, NOW)
                    came += expected[key] is not None and count + 1 > len(before)
        market = market_at(position_in(batches(*paths)[number], past, NOW), *paths)
        assert market.snapshots(KEYS) == expected
        assert market.snapshot(*KEYS[0]) == expected[KEYS[0]]
    assert came >= len(KEYS)  # those at the very beginning


def test_what_is_nowhere_recorded_has_no_snapshot(paths: tuple[Path, ...]) -> None:
    for position in (Position(0, [], 0), position_in(batches(*paths)[-1], 1, NOW)):
        market = market_at(position, *paths)
        assert market.snapshots([("level2", "ETH-EUR"), ("no such channel", "")]) == {
            ("level2", "ETH-EUR"): None,
            ("no such channel", ""): None,
        }


def test_a_market_knows_whether_its_time_was_asked_for() -> None:
    """What does not depend on it need not be made again as time passes."""
    market = market_at(Position(0, [], 0))
    list(market.frames("ticker", "BTC-USD", 0))
    assert market.catalogue is CATALOGUE
    assert not market.tells_time
    assert market.time == NOW
    assert market.tells_time
    other = market_at(Position(0, [], 0))
    other.snapshot("ticker", "BTC-USD")
    assert other.tells_time


def tick(time: int, number: int) -> Frame:
    event = {"type": "update", "tickers": [{"product_id": "BTC-USD", "price": str(number)}]}
    message = {"channel": "ticker", "timestamp": "T", "sequence_num": number, "events": [event]}
    return Frame(NOW + time, 0, json.dumps(message).encode())


def test_of_many_blocks_those_before_a_time_are_not_read(tmp_path: Path) -> None:
    """And all that were played since are given, from the first one on."""
    path = tmp_path / "a.jsonl.zst"
    encoder = BlockEncoder(block_size=1500)
    lines = [encode_frame(tick(number, number)) for number in range(200)]
    header = encode_header(Header("coinbase-advanced", created=NOW))
    path.write_bytes(
        encoder.begin(header) + encoder.add(lines, LineMarks(feed().describe).of(lines)) + encoder.finish()
    )
    with open_recording(path) as recording:
        assert recording.index is not None
        assert len(recording.index.blocks) > 9
    market = market_at(Position(150, [], NOW), path)
    for since in (0, 1, 77, 149, 150):
        found = market.frames("ticker", "BTC-USD", NOW + since)
        assert [frame.time - NOW for frame in found] == list(range(since, 150))


def test_frames_that_came_at_one_time_are_counted_one_by_one(tmp_path: Path) -> None:
    """Of two recordings that overlap, amid many frames of the same time: no time tells where the position is."""
    paths = [
        write(
            tmp_path / f"{name}.jsonl.zst", [tick(0, first), *(tick(1, first + n) for n in range(1, 400)), tick(2, 0)]
        )
        for name, first in (("a", 1000), ("b", 2000))
    ]
    numbers = [number for number in range(len(batches(*paths))) if 0 < number < len(batches(*paths)) - 1]
    for number in numbers:
        position = position_in(batches(*paths)[number], 3, NOW)
        found = market_at(position, *paths).frames("ticker", "BTC-USD", 0)
        assert [one.payload for one in found] == [one.payload for one in played(number, 3, *paths)]
    assert len(numbers) > 1


def test_an_index_that_turns_out_not_to_tell_the_truth_costs_no_frame_and_gives_none_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    position = position_in(batches(DEMO)[-1], 3, NOW)
    expected = list(market_at(position).frames("ticker", "BTC-USD", 0))
    assert len(expected) > 9
    true = Past.frames_since

    def frames_since(past: Past, *about: Any) -> Iterator[Any]:
        yield from itertools.islice(true(past, *about), 9)
        raise UnknownPastError

    monkeypatch.setattr(Past, "frames_since", frames_since)
    assert list(market_at(position).frames("ticker", "BTC-USD", 0)) == expected
