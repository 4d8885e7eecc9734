"""A state from the frames that it needs is the state that all frames give, whatever was recorded, and in what files."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.errors import CorruptRecordingError
from feedrec.feeds import find_feed, venue_of
from feedrec.feeds.state.new_state import new_state
from feedrec.feeds.venue import FeedState, Key, VenueFeed
from feedrec.formats.file.line_reader import RecordingReader
from feedrec.formats.line.codec import encode_event, encode_frame, encode_header
from feedrec.formats.line.index import Index, IndexedBlock
from feedrec.formats.line.index_marks import LineMarks
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.model import NANOSECONDS, Event, Frame, Header, Record
from feedrec.replay.timeline.timeline import Timeline
from feedrec.replay.venue.rebuild import Position, Rebuilder

from ...shared import SHARED

START = 1_795_280_400 * NANOSECONDS
SAMPLES = SHARED / "samples"
NEVER = threading.Event()
PRODUCTS = ("BTC-USD", "ETH-USD", "ÄÖ/\\")


class Unindexed(Timeline):
    """The oracle: without indexes, everything is read from the beginning."""

    def indexes(self) -> list[Index | None]:
        return [None for _ in self.paths]

    def counted_blocks(self) -> None:
        return None


def written(
    path: Path, endpoint: str, records: Sequence[Record], block_size: int = 1500, *, names_channels: bool = True
) -> Path:
    """Write a recording in small blocks, with an index that names channels, or was made without knowing the feed."""
    encoder = BlockEncoder(block_size=block_size)
    lines = [encode_frame(one) if isinstance(one, Frame) else encode_event(one) for one in records]
    marks = LineMarks(find_feed(endpoint).describe if names_channels else None).of(lines)
    header = encode_header(Header(endpoint, url="wss://example.test", created=START))
    path.write_bytes(encoder.begin(header) + encoder.add(lines, marks) + encoder.finish())
    return path


class NoFullReading:
    """Takes the place of reading everything, where the indexes are to do."""

    def state_of(self, *_: object) -> FeedState:
        raise AssertionError("everything was read")


def snapshots_at(
    kind: type[Timeline],
    feed: VenueFeed,
    paths: list[Path],
    keys: Sequence[Key],
    position: Position,
    earlier: Sequence[Position] = (),
) -> Mapping[Key, bytes | None]:
    """Return the snapshots as of a position, from what remembers those of earlier ones."""
    rebuilder = Rebuilder(kind(paths, describe=feed.describe), feed)
    if kind is Timeline:
        rebuilder._reading = NoFullReading()  # type: ignore[assignment]
    for one in earlier:
        rebuilder.snapshots(frozenset(keys), one, NEVER)
    return rebuilder.snapshots(frozenset(keys), position, NEVER)


def advanced(channel: str, number: int, kind: str, product: str, choice: int) -> bytes:
    """Return a frame of Advanced Trade; trades are counted, and candles begin ever later, as the venue's do."""
    events: dict[str, Any]
    if channel == "l2_data":
        side, price = ("bid", "offer")[choice % 2], str(1 + choice % 7)
        level = {"side": side, "event_time": "T", "price_level": price, "new_quantity": str(choice % 3)}
        events = {"product_id": product, "updates": [level]}
    elif channel == "market_trades":
        count = 1 + choice * 7 % 60
        numbers = range((number + 1) * 100, (number + 1) * 100 - count, -1)
        events = {"trades": [{"product_id": product, "trade_id": str(one), "price": "2"} for one in numbers]}
    elif channel == "candles":
        events = {"candles": [{"start": str(number // 5), "product_id": product, "volume": str(choice)}]}
    elif channel == "status":
        events = {"products": [{"id": product, "n": number}]}
    elif channel == "user":
        order = {"order_id": str(choice % 5), "product_id": product, "status": ("OPEN", "FILLED")[choice % 2]}
        events = {"orders": [order]}
    elif channel == "futures_balance_summary":
        events = {"fcm_balance_summary": {"n": number}} if choice % 2 else {}
    else:
        events = {"tickers": [{"product_id": product, "price": str(number)}]}
    fields = {"channel": channel, "timestamp": "2026-11-21T17:00:00Z", "sequence_num": number}
    if channel == "heartbeats":
        return json.dumps(fields | {"events": [{"heartbeat_counter": number}]}).encode()
    return json.dumps(fields | {"events": [{"type": kind, **events}]}, ensure_ascii=choice % 2 == 0).encode()


def exchange(channel: str, number: int, kind: str, product: str, choice: int) -> bytes:
    """Return a frame of Coinbase Exchange."""
    fields: dict[str, Any] = {
        "type": channel,
        "product_id": product,
        "sequence": number,
        "time": "2026-11-21T17:00:00Z",
    }
    if channel == "snapshot":
        fields |= {"bids": [["1", "1"]], "asks": [["9", str(choice)]]}
    elif channel == "l2update":
        fields |= {"changes": [[("buy", "sell")[choice % 2], str(choice % 9), str(choice % 3)]]}
    elif channel in {"ticker", "match"}:
        fields |= {"trade_id": number, "type": "last_match" if channel == "match" and kind == "snapshot" else channel}
    elif channel == "status":
        fields = {"type": "status", "products": [{"id": product, "n": number}]}
    elif channel == "level3":
        fields = {"type": "level3", "schema": {"change": ["type", str(number)]}}
    elif channel == "row":
        return json.dumps(["open", product, str(number), "x"]).encode()
    return json.dumps(fields, ensure_ascii=choice % 2 == 0).encode()


def coinmarketcap(channel: str, number: int, kind: str, product: str, choice: int) -> bytes:  # noqa: ARG001
    """Return a push of CoinMarketCap, or a pong, of which nothing is known but that it is one."""
    if channel == "pong":
        return b'{"type":"pong"}'
    params: dict[str, Any] = {"crypto_ids": 1 + PRODUCTS.index(product)}
    if channel.startswith("onchain"):
        params = {"platform_id": 14, "address": ("0xAB", "0xab", "0xcd")[choice % 3]}
    data = {"n": number, "tp": ("top_share", "holder_count")[choice % 2]}
    return json.dumps({"type": "data", "channel": channel, "params": params, "data": data}).encode()


class Venue(NamedTuple):
    """What is recorded of a venue here, and what clients may want of it."""

    endpoint: str
    make: Callable[[str, int, str, str, int], bytes]
    channels: tuple[str, ...]
    keys: tuple[Key, ...]


ADVANCED_CHANNELS = ("l2_data", "ticker", "ticker_batch", "market_trades", "candles", "status", "heartbeats", "user")
VENUES = (
    Venue(
        "coinbase-advanced",
        advanced,
        (*ADVANCED_CHANNELS, "futures_balance_summary"),
        (
            *((channel, product) for channel in ("level2", *ADVANCED_CHANNELS[1:6]) for product in PRODUCTS),
            *(("status", ""), ("heartbeats", ""), ("user", ""), ("futures_balance_summary", "")),
        ),
    ),
    Venue(
        "coinbase-exchange",
        exchange,
        ("snapshot", "l2update", "ticker", "match", "status", "level3", "row"),
        (
            *((channel, product) for channel in ("level2", "ticker_batch", "matches") for product in PRODUCTS),
            *(("status", ""), ("level3", "BTC-USD"), ("heartbeat", "BTC-USD")),
        ),
    ),
    Venue(
        "coinmarketcap",
        coinmarketcap,
        ("market@crypto_latest_price", "onchain@token_metric", "onchain@holders_metrics", "pong"),
        (
            *(("market@crypto_latest_price", str(number)) for number in (1, 2, 3)),
            ("onchain@token_metric", "14:0xab"),
            ("onchain@holders_metrics", "14:0xab:top_share"),
            ("onchain@holders_metrics", "14:0xcd:holder_count"),
        ),
    ),
)


@st.composite
def recordings(draw: st.DrawFn, venue: Venue) -> list[Record]:
    """Frames of few channels for some time, then of others; now and then a snapshot, an event, a new connection."""
    records: list[Record] = []
    time, conn = START, 0
    for _ in range(draw(st.integers(1, 8))):
        channels = draw(st.lists(st.sampled_from(venue.channels), min_size=1, max_size=3))
        products = draw(st.lists(st.sampled_from(PRODUCTS), min_size=1, max_size=2))
        every = draw(st.integers(2, 40))
        choices = draw(st.lists(st.integers(0, 99), min_size=1, max_size=8))
        for number in range(draw(st.integers(1, 60))):
            choice = choices[number % len(choices)] + number
            kind = "snapshot" if (number + choice) % every == 0 else "update"
            channel, product = channels[choice % len(channels)], products[choice // 2 % len(products)]
            records.append(Frame(time, conn, venue.make(channel, len(records), kind, product, choice)))
            time += choice % 3 * 1_000_000
        if draw(st.booleans()):
            conn += 1
            records.append(Event(time, conn, "open", {}))
    return records


def wanted_of(venue: Venue) -> st.SearchStrategy[list[Key]]:
    return st.lists(st.sampled_from(venue.keys), min_size=1, max_size=4)


def venue_feed(endpoint: str) -> VenueFeed:
    feed = venue_of(endpoint)
    assert feed is not None
    return feed


@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.endpoint)
def test_what_the_index_leads_to_is_what_all_frames_give(venue: Venue) -> None:
    feed = venue_feed(venue.endpoint)

    @settings(deadline=None)
    @given(recordings(venue), wanted_of(venue), st.floats(0, 1), st.lists(st.floats(0, 1), max_size=2), st.booleans())
    def check(records: list[Record], keys: list[Key], where: float, before: list[float], names: bool) -> None:  # noqa: FBT001
        position, *earlier = [Position(round(len(records) * place), [], START) for place in (where, *before)]
        with TemporaryDirectory() as folder:
            paths = [written(Path(folder) / "a.jsonl.zst", venue.endpoint, records, names_channels=names)]
            expected = snapshots_at(Unindexed, feed, paths, keys, position)
            assert snapshots_at(Timeline, feed, paths, keys, position, earlier) == expected

    check()


@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.endpoint)
def test_so_it_is_with_what_has_no_index_because_it_grows_or_was_cut_off(venue: Venue) -> None:
    feed = venue_feed(venue.endpoint)

    @settings(deadline=None)
    @given(recordings(venue), wanted_of(venue), st.floats(0, 1), st.floats(0, 1))
    def check(records: list[Record], keys: list[Key], where: float, cut: float) -> None:
        with TemporaryDirectory() as folder:
            path = written(Path(folder) / "a.jsonl.zst", venue.endpoint, records)
            index = Timeline([path]).indexes()[0]
            assert index is not None
            first = index.blocks[0].end
            path.write_bytes(path.read_bytes()[: first + round((index.end - first) * cut)])
            batches = list(Timeline([path]).scan(len(records), NEVER))
            position = Position(round(batches[-1].end * where) if batches else 0, [], START)
            expected = snapshots_at(Unindexed, feed, [path], keys, position)
            assert snapshots_at(Timeline, feed, [path], keys, position) == expected

    check()


@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.endpoint)
def test_so_it_is_with_several_files_that_follow_each_other_or_overlap(venue: Venue) -> None:
    """Positions are those of batches as they are played, and what is past of such a batch."""
    feed = venue_feed(venue.endpoint)

    @settings(deadline=None)
    @given(
        recordings(venue),
        st.lists(st.integers(0, 2), min_size=1, max_size=12),
        wanted_of(venue),
        st.lists(st.booleans(), min_size=3, max_size=3),
        st.data(),
    )
    def check(records: list[Record], files: list[int], keys: list[Key], names: list[bool], data: st.DataObject) -> None:
        parts: list[list[Record]] = [[], [], []]
        for number, record in enumerate(records):
            parts[files[number % len(files)] if len(files) > 1 else 3 * number // len(records)].append(record)
        with TemporaryDirectory() as folder:
            paths = [
                written(Path(folder) / f"{number}.jsonl.zst", venue.endpoint, part, names_channels=names[number])
                for number, part in enumerate(parts)
            ]
            batches = list(Timeline(paths, describe=feed.describe).scan(len(records), NEVER))
            if not batches:
                return
            batch = data.draw(st.sampled_from(batches))
            since = [frame.payload for frame in batch.frames[: data.draw(st.integers(0, len(batch.frames)))]]
            position = Position(batch.start, since, START, batch.frames[0].time)
            before = data.draw(st.lists(st.sampled_from(batches), max_size=2))
            earlier = [Position(one.start, [], START, one.frames[0].time) for one in before]
            expected = snapshots_at(Unindexed, feed, paths, keys, position)
            assert snapshots_at(Timeline, feed, paths, keys, position, earlier) == expected

    check()


@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.endpoint)
def test_frames_that_are_taken_together_do_what_each_of_them_does(venue: Venue) -> None:
    feed = venue_feed(venue.endpoint)

    @settings(deadline=None)
    @given(recordings(venue), wanted_of(venue), st.integers(1, 50))
    def check(records: list[Record], keys: list[Key], size: int) -> None:
        payloads = [record.payload for record in records if isinstance(record, Frame)]
        one_by_one: Any = new_state(feed, keys)
        together = one_by_one.copy()
        for payload in payloads:
            one_by_one.apply(feed.describe(payload), payload)
        for start in range(0, len(payloads), size):
            together.apply_run(payloads[start : start + size], feed.describe)
        assert [together.snapshot(*key, START) for key in keys] == [one_by_one.snapshot(*key, START) for key in keys]

    check()


@pytest.mark.parametrize(
    ("capture", "endpoint"),
    [("advanced_2026-08-09", "coinbase-advanced"), ("exchange_2021-04-17", "coinbase-exchange")],
)
def test_so_it_is_with_what_the_venues_really_sent(capture: str, endpoint: str, tmp_path: Path) -> None:
    source = SAMPLES / f"{capture}.frames.jsonl.zst"
    if not source.exists():
        pytest.skip("needs ../shared")
    with source.open("rb") as file:
        rows = [json.loads(line) for line in zstandard.ZstdDecompressor().stream_reader(file).read().splitlines()]
    feed = venue_feed(endpoint)
    records = [Frame(round(row["ts"] * NANOSECONDS), 0, row["data"].encode()) for row in rows if row["dir"] == "recv"]
    paths = [written(tmp_path / "real.jsonl.zst", endpoint, records, 40_000)]
    index = Timeline(paths).indexes()[0]
    assert index is not None
    keys = [(channel, product) for channel, products in index.products.items() for product in products if channel]
    for line in (1, len(records) // 3, len(records) - 5):
        position = Position(line, [], START)
        expected = snapshots_at(Unindexed, feed, paths, keys, position)
        assert snapshots_at(Timeline, feed, paths, keys, position) == expected
    assert any(expected.values())


def test_a_block_that_is_not_what_the_index_says_is_reported_as_by_reading_everything(tmp_path: Path) -> None:
    venue = VENUES[0]
    feed = venue_feed(venue.endpoint)
    records = [Frame(START + n, 0, advanced("ticker", n, "update", "BTC-USD", n)) for n in range(60)]
    path = written(tmp_path / "a.jsonl.zst", venue.endpoint, records)
    index = Timeline([path]).indexes()[0]
    assert index is not None
    block = index.blocks[1]
    data = bytearray(path.read_bytes())
    data[block.offset + block.size - 6] ^= 1
    path.write_bytes(data)
    position = Position(block.lines + index.blocks[0].lines, [], START)
    for kind in (Unindexed, Timeline):
        timeline = kind([path], describe=feed.describe)
        with pytest.raises(CorruptRecordingError, match="corrupt zstd frame"):
            Rebuilder(timeline, feed).snapshots(frozenset({("ticker", "BTC-USD")}), position, NEVER)


def test_an_index_that_counts_wrongly_is_not_followed(tmp_path: Path) -> None:
    venue = VENUES[0]
    feed = venue_feed(venue.endpoint)
    records = [Frame(START + n, 0, advanced("ticker", n, "update", "BTC-USD", n)) for n in range(60)]
    paths = [written(tmp_path / "a.jsonl.zst", venue.endpoint, records)]
    timeline = Timeline(paths, describe=feed.describe)
    index = timeline.indexes()[0]
    assert index is not None
    index.blocks[-1].lines += 1
    key, position = ("ticker", "BTC-USD"), Position(60, [], START)
    expected = snapshots_at(Unindexed, feed, paths, [key], position)
    assert Rebuilder(timeline, feed).snapshots(frozenset({key}), position, NEVER) == expected


def test_what_was_never_recorded_costs_no_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venue = VENUES[0]
    feed = venue_feed(venue.endpoint)
    records = [Frame(START + n, 0, advanced("l2_data", n, "update", "BTC-USD", n)) for n in range(60)]
    paths = [written(tmp_path / "a.jsonl.zst", venue.endpoint, records)]
    rebuilder = Rebuilder(Timeline(paths, describe=feed.describe), feed)
    monkeypatch.setattr(RecordingReader, "block_text", None)
    keys = {("ticker", "BTC-USD"), ("level2", "ETH-USD"), ("level2", "BTC-USD"), ("market_trades", "X-Y")}
    assert rebuilder.snapshots(frozenset(keys), Position(60, [], START), NEVER) == dict.fromkeys(keys)


def test_what_was_traded_long_ago_is_looked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venue = VENUES[0]
    feed = venue_feed(venue.endpoint)
    products = ["ETH-USD", *["BTC-USD"] * 200]
    records = [Frame(START + n, 0, advanced("ticker", n, "update", one, n)) for n, one in enumerate(products)]
    paths = [written(tmp_path / "a.jsonl.zst", venue.endpoint, records)]
    rebuilder = Rebuilder(Timeline(paths, describe=feed.describe), feed)
    read: list[int] = []
    block_text = RecordingReader.block_text

    def counted(reader: RecordingReader, block: IndexedBlock) -> bytes | None:
        read.append(block.offset)
        return block_text(reader, block)

    monkeypatch.setattr(RecordingReader, "block_text", counted)
    key = ("ticker", "ETH-USD")
    first = rebuilder.snapshots(frozenset({key}), Position(150, [], START), NEVER)[key]
    assert first is not None
    assert len(read) > 10
    read.clear()
    assert rebuilder.snapshots(frozenset({key}), Position(151, [], START), NEVER)[key] == first
    assert len(read) == 1
