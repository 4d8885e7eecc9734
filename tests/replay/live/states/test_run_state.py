"""The state that the lines of a run lead to."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path
from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import find_feed
from feedrec.feeds.coinbase_advanced import CoinbaseAdvanced
from feedrec.feeds.venue import Key, VenueFeed
from feedrec.formats import open_recording
from feedrec.formats.line.codec import encode_frame
from feedrec.formats.line.index import Index
from feedrec.model import Frame, Record
from feedrec.replay.live.states.run_state import RunState
from feedrec.replay.timeline.timeline import Timeline
from feedrec.replay.venue.rebuild import Position, Rebuilder

from .runs import KEYS, START, exchange, known, lines_of, records, write

DEMO = Path(__file__).parents[4] / "feedrec" / "cli" / "demo.jsonl.zst"


class Unindexed(Timeline):
    """Does not know what an index tells: a replay reads everything then."""

    def indexes(self) -> list[Index | None]:
        return [None for _ in self.paths]

    def counted_blocks(self) -> None:
        return None


@given(records(), st.lists(st.integers(1, 9), min_size=1))
def test_it_is_that_of_a_replay_however_the_lines_come(
    tmp_path_factory: pytest.TempPathFactory, run: list[Record], sizes: list[int]
) -> None:
    lines, state, feed = lines_of(run), RunState(exchange()), exchange()
    begin = 0
    for size in itertools.cycle(sizes):
        if begin >= len(lines):
            break
        state.take(lines[begin : begin + size])
        begin += size
    path = write(tmp_path_factory.mktemp("run") / "x.jsonl.zst", run)
    rebuilder = Rebuilder(Unindexed([path], describe=feed.describe), feed)
    assert known(state) == rebuilder.snapshots(
        frozenset(KEYS), Position(len(lines), [], START, START), threading.Event()
    )


def test_what_is_kept_only_by_name_is_kept_of_every_product() -> None:
    feed, state = cast(VenueFeed, find_feed("coinbase-advanced")), None
    with open_recording(DEMO) as demo:
        products = {
            product
            for _, infos in demo.frame_batches(describe=feed.describe)
            for info in infos
            for product in info.products
        }
    state = RunState(feed)
    with open_recording(DEMO) as demo:
        lines = [line for batch in demo.batches() for line in batch]
        state.take(lines)
    keys = [("ticker_batch", product) for product in products] + [("heartbeats", "")]
    rebuilder = Rebuilder(Timeline([DEMO], describe=feed.describe), feed)
    found = rebuilder.snapshots(frozenset(keys), Position(len(lines), [], START, START), threading.Event())
    assert known(state, keys) == found
    assert any(found.values())


def test_synthetic_frames_are_left_out_where_what_they_tell_is_known() -> None:
    book = {"type": "snapshot", "product_id": "A", "bids": [["1", "1"]], "asks": []}
    real = encode_frame(Frame(START, 0, msgspec.json.encode(book)))
    old = encode_frame(Frame(START, 0, msgspec.json.encode(book | {"bids": []}), synthetic=True))
    for without, price in ((True, b'"1"'), (False, b"[]")):
        state = RunState(exchange())
        state.take([real])
        state.take([old], without_synthetic=without)
        assert price in (state.snapshot(("level2", "A"), START) or b"")


class Applied:
    """A state of a plug-in: it has what it must, and nothing else."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []

    def apply(self, info: object, payload: bytes) -> None:  # noqa: ARG002
        self.payloads.append(payload)

    def keys(self) -> list[Key]:
        return []

    def snapshot(self, channel: str, product: str, time: int) -> bytes | None:  # noqa: ARG002
        return b"".join(self.payloads)


class Plugin(CoinbaseAdvanced):
    def state(self, wanted: object) -> Applied | None:  # type: ignore[override]
        return Applied() if wanted is None else None


def test_the_state_of_a_plugin_is_given_one_frame_after_another() -> None:
    state = RunState(cast(VenueFeed, Plugin("x", "wss://x")))
    state.take(lines_of([Frame(START, 0, b"{}"), Frame(START, 0, b"\x00", binary=True), Frame(START, 0, b"[]")]))
    assert state.snapshot(("a", "b"), START) == b"{}[]"
    state.forget()
    assert state.snapshot(("a", "b"), START) == b""


def test_a_feed_without_states_knows_nothing() -> None:
    state = RunState(cast(VenueFeed, find_feed("raw")))
    state.take(lines_of([Frame(START, 0, b"{}")]))
    assert state.snapshot(("a", "b"), START) is None
