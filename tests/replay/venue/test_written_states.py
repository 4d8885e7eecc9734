"""What is rebuilt from written states is what is rebuilt from everything, whatever stands beside which recordings."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.feeds import venue_of
from feedrec.feeds.coinbase_advanced.state import MarketState
from feedrec.feeds.state.dumped_state import DumpRules, dump_rules
from feedrec.feeds.venue import Key, VenueFeed
from feedrec.formats.checkpoints.making import make_checkpoints
from feedrec.formats.checkpoints.source import Spacing
from feedrec.formats.checkpoints.state_file import StateWriter, open_state
from feedrec.formats.file.modes import PRIVATE
from feedrec.formats.file.names import part_path, state_path
from feedrec.formats.line.codec import encode_frame, encode_header
from feedrec.formats.line.index_marks import LineMarks
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.model import Describe, Frame, FrameInfo, Header
from feedrec.replay.timeline.timeline import Timeline
from feedrec.replay.venue.rebuild import Position, Rebuilder
from feedrec.replay.venue.state_cache import StateCache
from feedrec.replay.venue.written_states import WrittenStates

from .test_gathering import NEVER, START, Unindexed

if TYPE_CHECKING:
    from tests.object_server import Bucket

BTC, ETH = ("level2", "BTC-USD"), ("level2", "ETH-USD")
MS = 1_000_000


def advanced(number: int, kind: str, product: str, choice: int) -> bytes:
    side, price = ("bid", "offer")[choice % 2], str(1 + choice % 7)
    level = {"side": side, "event_time": f"T{number}", "price_level": price, "new_quantity": str(choice % 3)}
    event = {"type": kind, "product_id": product, "updates": [level]}
    return json.dumps({"channel": "l2_data", "sequence_num": number, "pad": "x" * 300, "events": [event]}).encode()


def exchange(number: int, kind: str, product: str, choice: int) -> bytes:
    fields = {"type": "snapshot", "product_id": product, "pad": "x" * 300, "time": f"T{number}"}
    if kind == "snapshot":
        return json.dumps(fields | {"bids": [["1", "1"]], "asks": [["9", str(choice)]]}).encode()
    change = [("buy", "sell")[choice % 2], str(choice % 9), str(choice % 3)]
    return json.dumps(fields | {"type": "l2update", "changes": [change]}).encode()


MAKERS = {"coinbase-advanced": advanced, "coinbase-exchange": exchange}


def feed_of(endpoint: str) -> VenueFeed:
    found = venue_of(endpoint)
    assert found is not None
    return found


def rules_of(endpoint: str) -> DumpRules:
    found = dump_rules(feed_of(endpoint))
    assert found is not None
    return found


def write(path: Path, endpoint: str, frames: Sequence[Frame], part: int | None = None) -> Path:
    """Write a recording in blocks of three frames or so."""
    encoder = BlockEncoder(block_size=1500)
    lines = [encode_frame(frame) for frame in frames]
    extra = {} if part is None else {"part": part}
    header = Header(endpoint, url="wss://example.test", created=START, extra=extra)
    marks = LineMarks(feed_of(endpoint).describe).of(lines)
    path.write_bytes(encoder.begin(encode_header(header)) + encoder.add(lines, marks) + encoder.finish())
    return path


def make(path: Path, endpoint: str, least: int = 1000) -> int:
    return make_checkpoints(path, rules_of(endpoint), spacing=lambda: Spacing(least, 0), least=least)


def rebuilder(kind: type[Timeline], endpoint: str, paths: Sequence[Path], cache: StateCache | None = None) -> Rebuilder:
    timeline = kind(paths, describe=feed_of(endpoint).describe)
    return Rebuilder(timeline, feed_of(endpoint), written=WrittenStates(timeline, feed_of(endpoint), cache, least=0))


def at(line: int, times: Sequence[int]) -> Position:
    return Position(line, [], 7, times[line] if line < len(times) else times[-1] + 1)


steps = st.tuples(
    st.sampled_from(["snapshot", *["update"] * 15]),
    st.sampled_from(["BTC-USD", "ETH-USD"]),
    st.integers(0, 20),
    st.integers(0, 2),
)


OPENING = [("snapshot", "BTC-USD", 1, 0), ("snapshot", "ETH-USD", 1, 0)]


@pytest.mark.parametrize("endpoint", MAKERS)
@settings(max_examples=60)
@given(
    walk=st.lists(steps, min_size=20, max_size=50).map(lambda walk: [*OPENING, *walk]),
    cuts=st.lists(st.integers(1, 49), max_size=2),
    is_apart=st.booleans(),
    made=st.sets(st.integers(0, 2)),
    places=st.lists(st.integers(1, 50), min_size=1, max_size=4),
    keys=st.sampled_from([[BTC], [ETH], [BTC, ETH]]),
)
def test_the_state_is_that_of_everything(
    endpoint: str,
    walk: list[tuple[str, str, int, int]],
    cuts: list[int],
    is_apart: bool,  # noqa: FBT001
    made: set[int],
    places: list[int],
    keys: list[Key],
) -> None:
    """Of one file, of several parts, and of recordings that overlap; a cache is filled meanwhile."""
    times = [START + number * MS for number in range(len(walk))]
    frames = [
        Frame(time, 0, MAKERS[endpoint](number, kind, product, choice))
        for number, (time, (kind, product, choice, _)) in enumerate(zip(times, walk, strict=True))
    ]
    with TemporaryDirectory() as name:
        folder = Path(name)
        if is_apart:
            groups = [[frame for frame, (*_, its) in zip(frames, walk, strict=True) if its == one] for one in range(3)]
        else:
            ends = [0, *sorted(set(cuts)), len(frames)]
            groups = [frames[first:last] for first, last in itertools.pairwise(ends)]
        paths = [
            write(folder / f"a-{part:04d}.jsonl.zst", endpoint, group, None if is_apart else part)
            for part, group in enumerate((one for one in groups if one), 1)
        ]
        for number in made:
            if number < len(paths):
                make(paths[number], endpoint)
        cache = StateCache(folder / "cache")
        one = rebuilder(Timeline, endpoint, paths, cache)
        for place in places:
            position = at(min(place, len(walk)), times)
            expected = rebuilder(Unindexed, endpoint, paths).snapshots(frozenset(keys), position, NEVER)
            assert one.snapshots(frozenset(keys), position, NEVER) == expected
            again = rebuilder(Timeline, endpoint, paths, cache)
            assert again.snapshots(frozenset(keys), position, NEVER) == expected


class Deep:
    """A recording that begins with a snapshot, and what is read of it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, size: int = 90) -> None:
        self.endpoint = "coinbase-advanced"
        self.path = folder / "a.jsonl.zst"
        self.times = [START + number * MS for number in range(size)]
        self.frames = [
            Frame(time, 0, advanced(number, "update" if number else "snapshot", "BTC-USD", number))
            for number, time in enumerate(self.times)
        ]
        write(self.path, self.endpoint, self.frames)
        self.applied = 0
        apply, apply_run = MarketState.apply, MarketState.apply_run

        def count(state: MarketState, info: FrameInfo, payload: bytes) -> None:
            self.applied += 1
            apply(state, info, payload)

        def count_run(state: MarketState, payloads: Sequence[bytes], describe: Describe) -> None:
            before = self.applied
            apply_run(state, payloads, describe)
            self.applied = before + len(payloads)

        monkeypatch.setattr(MarketState, "apply", count)
        monkeypatch.setattr(MarketState, "apply_run", count_run)

    def frames_read(self, line: int, cache: StateCache | None = None) -> int:
        position = at(line, self.times)
        expected = rebuilder(Unindexed, self.endpoint, [self.path]).snapshots(frozenset([BTC]), position, NEVER)
        self.applied = 0
        found = rebuilder(Timeline, self.endpoint, [self.path], cache).snapshots(frozenset([BTC]), position, NEVER)
        assert found == expected
        return self.applied


@pytest.fixture
def deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deep:
    return Deep(tmp_path, monkeypatch)


def test_a_late_client_costs_the_way_from_the_last_checkpoint(deep: Deep) -> None:
    assert deep.frames_read(80) == 80
    assert make(deep.path, deep.endpoint) > 5
    assert deep.frames_read(80) < 10


def test_through_a_link_they_are_found_where_the_recording_is(deep: Deep, tmp_path: Path) -> None:
    make(deep.path, deep.endpoint)
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "b.jsonl.zst"
    link.symlink_to(deep.path)
    deep.path = link
    assert deep.frames_read(80) < 10


def test_those_of_another_recording_and_of_another_version_count_as_none(deep: Deep, tmp_path: Path) -> None:
    other = write(tmp_path / "b.jsonl.zst", deep.endpoint, deep.frames[:-1])
    make(other, deep.endpoint)
    shutil.copy(state_path(other), state_path(deep.path))
    assert deep.frames_read(80) == 80
    rules = rules_of(deep.endpoint)._replace(kind="coinbase-advanced 0")
    assert make_checkpoints(deep.path, rules, spacing=lambda: Spacing(1, 0), least=1)
    assert deep.frames_read(80) == 80


def test_damage_is_one_line_of_the_log_and_more_is_read(deep: Deep, caplog: pytest.LogCaptureFixture) -> None:
    make(deep.path, deep.endpoint)
    place = state_path(deep.path)
    data = place.read_bytes()
    place.write_bytes(data[:-3])
    assert deep.frames_read(80) == 80
    assert len(caplog.records) == 1
    place.write_bytes(bytes(len(data) // 2) + data[len(data) // 2 :])
    assert deep.frames_read(40) <= 40
    assert len(caplog.records) <= 2


@pytest.mark.parametrize("lie", [b"", b"\x90", b"{" * 99_999], ids=["empty", "no book", "noise"])
def test_a_lie_that_passes_every_crc_is_refused_by_the_state(deep: Deep, lie: bytes) -> None:
    make(deep.path, deep.endpoint)
    with open_state(state_path(deep.path)) as state:  # type: ignore[union-attr]
        directory = state.directory
    writer = StateWriter(state_path(deep.path), PRIVATE)
    writer.add(60, deep.times[60], {BTC: (lie, 0)})
    writer.commit(directory.kind, directory.recording)
    assert deep.frames_read(80) == 80


def test_one_that_is_said_to_be_behind_the_end_is_not_taken(deep: Deep) -> None:
    make(deep.path, deep.endpoint)
    with open_state(state_path(deep.path)) as state:  # type: ignore[union-attr]
        directory, dumped = state.directory, state.read(state.directory.checkpoints[0].blobs[0])
    writer = StateWriter(state_path(deep.path), PRIVATE)
    writer.add(10**15, deep.times[60], {BTC: (dumped, 0)})
    writer.commit(directory.kind, directory.recording)
    assert deep.frames_read(80) == 80
    assert deep.frames_read(90) == 90


def test_what_goes_back_to_a_file_that_is_not_replayed_is_not_taken(tmp_path: Path) -> None:
    """The book of the second file began in the first: without that, nothing of it is known."""
    frames = [Frame(START + n * MS, 0, advanced(n, "update" if n else "snapshot", "BTC-USD", n)) for n in range(90)]
    first = write(tmp_path / "a-0001.jsonl.zst", "coinbase-advanced", frames[:40], 1)
    second = write(tmp_path / "a-0002.jsonl.zst", "coinbase-advanced", frames[40:], 2)
    make(second, "coinbase-advanced")
    assert state_path(second).exists()
    alone = rebuilder(Timeline, "coinbase-advanced", [second])
    assert alone.snapshots(frozenset([BTC]), Position(40, [], 7), NEVER) == {BTC: None}
    both = rebuilder(Timeline, "coinbase-advanced", [first, second])
    assert both.snapshots(frozenset([BTC]), Position(90, [], 7), NEVER)[BTC]


def test_what_was_rebuilt_is_kept_for_the_next_replay(deep: Deep, tmp_path: Path) -> None:
    cache = StateCache(tmp_path / "cache")
    assert deep.frames_read(80, cache) == 80
    assert deep.frames_read(80, cache) < 3
    assert deep.frames_read(85, cache) < 8
    assert deep.frames_read(40, cache) == 40
    assert deep.frames_read(40, cache) < 3
    assert deep.frames_read(80, cache) < 3
    assert len(list((tmp_path / "cache").iterdir())) == 1


def damage_states(path: Path) -> None:
    """Damage the state of every checkpoint, not the directory."""
    with open_state(path) as state:  # type: ignore[union-attr]
        places = [blob.offset for one in state.directory.checkpoints for blob in one.blobs]
    data = bytearray(path.read_bytes())
    for place in places:
        data[place + 5] ^= 1
    path.write_bytes(data)


def test_a_damaged_state_of_the_cache_is_replaced(deep: Deep, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = StateCache(tmp_path / "cache")
    deep.frames_read(40, cache)
    deep.frames_read(80, cache)
    (path,) = (tmp_path / "cache").iterdir()
    damage_states(path)
    assert deep.frames_read(80, cache) == 80
    (line,) = caplog.messages
    assert str(path) in line
    assert deep.frames_read(80, cache) < 3


def test_what_is_rebuilt_in_place_of_a_damaged_checkpoint_is_kept(deep: Deep, tmp_path: Path) -> None:
    make(deep.path, deep.endpoint)
    damage_states(state_path(deep.path))
    cache = StateCache(tmp_path / "cache")
    assert deep.frames_read(80, cache) == 80
    assert deep.frames_read(80, cache) < 3
    assert state_path(deep.path).exists()


def test_what_took_little_reading_is_not_kept(deep: Deep, tmp_path: Path) -> None:
    timeline = Timeline([deep.path], describe=feed_of(deep.endpoint).describe)
    written = WrittenStates(timeline, feed_of(deep.endpoint), StateCache(tmp_path / "cache"))
    Rebuilder(timeline, feed_of(deep.endpoint), written=written).snapshots(frozenset([BTC]), at(80, deep.times), NEVER)
    assert not (tmp_path / "cache").exists()


def test_of_a_recording_that_is_not_finished_nothing_is_kept(deep: Deep, tmp_path: Path) -> None:
    deep.path = deep.path.rename(part_path(deep.path))
    cache = StateCache(tmp_path / "cache")
    assert deep.frames_read(80, cache) == deep.frames_read(80, cache) == 80
    assert not (tmp_path / "cache").exists()


def test_in_a_bucket_the_state_beside_a_recording_is_used(tmp_path: Path, bucket: Bucket) -> None:
    times = [START + number * MS for number in range(90)]
    kinds = ["snapshot", *["update"] * 89]
    frames = [
        Frame(time, 0, advanced(number, kind, "BTC-USD", number))
        for number, (time, kind) in enumerate(zip(times, kinds, strict=True))
    ]
    path = write(tmp_path / "a.jsonl.zst", "coinbase-advanced", frames)
    make(path, "coinbase-advanced")
    for one in (path, state_path(path)):
        bucket.store.create(one.name, one)
    url, position = bucket.url / path.name, at(80, times)
    expected = rebuilder(Unindexed, "coinbase-advanced", [path]).snapshots(frozenset([BTC]), position, NEVER)
    there = rebuilder(Timeline, "coinbase-advanced", [url])
    bucket.requests.clear()
    assert there.snapshots(frozenset([BTC]), position, NEVER) == expected
    assert {request.key for request in bucket.requests} == {"a.jsonl.zst", "a.jsonl.zst.state"}
    bucket.requests.clear()
    assert there.snapshots(frozenset([BTC]), at(70, times), NEVER) is not None
    assert len(bucket.requests) <= 2
