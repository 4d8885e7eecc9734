"""Which snapshots come: never one that does not, and each that the frames ahead or the indexes show in time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.venue import SNAPSHOT_WAIT, Key
from feedrec.formats import create_recording
from feedrec.formats.line.index import Index, IndexedBlock, SnapshotPlace
from feedrec.model import NANOSECONDS, Frame, FrameInfo, Header, Kind
from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.timeline import shared_timeline
from feedrec.replay.timeline.coming_snapshots import ComingSnapshots, FirstFrames, Outlook, shown_by_indexes
from feedrec.replay.timeline.frame_batches import FrameBatch
from feedrec.replay.timeline.shared_timeline import SharedTimeline
from feedrec.replay.timeline.timeline import Timeline

from ...timing import HANG_TIMEOUT, wait_until
from ..recordings import START

A, B, ALL = ("book", "A"), ("book", "B"), ("book", "")
Told = tuple[float, str, str, Kind]
"""Seconds, channel, product and kind of a frame."""


class Toy(msgspec.Struct):
    """What a frame says."""

    channel: str
    product: str
    kind: Kind
    padding: str = ""


def describe(payload: bytes) -> FrameInfo:
    toy = msgspec.json.decode(payload, type=Toy)
    return FrameInfo(toy.channel, (toy.product,) if toy.product else (), None, toy.kind)


def frame_of(told: Told, padding: int = 0) -> Frame:
    seconds, channel, product, kind = told
    payload = msgspec.json.encode(Toy(channel, product, kind, "x" * padding))
    return Frame(START + round(seconds * NANOSECONDS), 0, payload)


def batch_of(frames: Sequence[Told], lap: int = 0) -> FrameBatch:
    made = [frame_of(told) for told in frames]
    infos = [describe(frame.payload) for frame in made]
    return FrameBatch(0, len(made), made, [RecordedSteady(frame.time) for frame in made], infos, lap)


def record(path: Path, frames: Sequence[Told], padding: int = 0) -> Path:
    writer = create_recording(path, Header("toy", created=START))
    for told in frames:
        frame = frame_of(told, padding)
        writer.write(frame, describe(frame.payload))
    return writer.finish()


def coming(
    paths: Sequence[Path], *wanted: Key, past: int = 0, end: float | None = None, loop: bool = False
) -> set[Key]:
    """Ask in the first batch of a timeline, of whose frames so many are past."""
    until = None if end is None else START + round(end * NANOSECONDS)
    timeline = Timeline(paths, end=until, loop=loop, describe=describe)

    async def find() -> set[Key]:
        async with SharedTimeline(timeline, keeps_beginning=True).open(None) as source:
            batch = await source.next_batch()
            assert batch is not None
            now = batch.times[past]
            return await ComingSnapshots(timeline).find(set(wanted), Outlook(batch, past, now, source))

    return asyncio.run(asyncio.wait_for(find(), HANG_TIMEOUT))


# The frames ahead


def first_frames(wanted: Sequence[Key], *batches: FrameBatch, until: float = 5) -> FirstFrames:
    frames = FirstFrames(wanted, RecordedSteady(START + round(until * NANOSECONDS)))
    for batch in batches:
        frames.take(batch)
    return frames


def test_a_snapshot_comes_if_it_is_the_next_frame_of_its_kind_in_time() -> None:
    told: list[Told] = [(0, "trades", "A", "snapshot"), (1, "book", "B", "update"), (5, "book", "A", "snapshot")]
    frames = first_frames([A, B], batch_of(told))
    assert (frames.coming, frames.left) == ({A}, set())
    frames = first_frames([A, B], batch_of(told), until=4.9)
    assert (frames.coming, frames.left) == (set(), set())
    frames = first_frames([A, B], batch_of(told[:2]))
    assert (frames.coming, frames.left) == (set(), {A})


def test_all_of_a_channel_begins_with_the_snapshot_of_any_product_or_of_none() -> None:
    assert first_frames([ALL], batch_of([(0, "book", "B", "snapshot")])).coming == {ALL}
    assert first_frames([ALL, A], batch_of([(0, "book", "", "snapshot"), (6, "x", "", "other")])).coming == {ALL}


frames_told = st.lists(
    st.tuples(
        st.integers(0, 8),
        st.sampled_from(["book", "trades"]),
        st.sampled_from(["A", "B", ""]),
        st.sampled_from(["snapshot", "update", "other"]),
    ),
    max_size=12,
).map(sorted)


@given(told=frames_told, cut=st.integers(0, 12), wanted=st.sets(st.sampled_from([A, B, ALL, ("trades", "A")])))
def test_it_is_the_same_however_frames_are_cut_into_batches(told: list[Told], cut: int, wanted: set[Key]) -> None:
    parts = [part for part in (told[:cut], told[cut:]) if part]
    frames = first_frames(list(wanted), *map(batch_of, parts))
    expected, left = set(), set()
    for channel, product in wanted:
        its = [one for one in told if one[1] == channel and (product in ("", one[2]))]
        if its and its[0][0] <= 5:
            expected |= {(channel, product)} if its[0][3] == "snapshot" else set()
        elif not told or told[-1][0] <= 5:
            left.add((channel, product))
    assert (frames.coming, frames.left) == (expected, left)


# The indexes


def block(first: int, last: int, *snapshots: SnapshotPlace) -> IndexedBlock:
    return IndexedBlock(0, 1, 1, 10, 0, first, last, {}, list(snapshots))


def book(line: int, *products: str) -> SnapshotPlace:
    return SnapshotPlace(line, "book", products)


INDEX = Index({}, [block(100, 199, book(2, "A")), block(200, 299, book(5, "B")), block(300, 399, book(7, "A", "B"))])


def test_of_one_recording_a_snapshot_after_the_position_counts() -> None:
    assert shown_by_indexes([INDEX], [A, B, ALL], 2, 150, 250) == {A, ALL}
    assert shown_by_indexes([INDEX], [A, B, ALL], 3, 150, 250) == set()
    assert shown_by_indexes([INDEX], [A, B, ALL], 3, 150, 299) == {B, ALL}
    assert shown_by_indexes([INDEX], [A, B, ALL], 16, 260, 398) == set()
    assert shown_by_indexes([INDEX], [A, B, ALL], 16, 260, 399) == {A, B, ALL}


def test_of_several_recordings_only_blocks_count_that_are_ahead_for_certain() -> None:
    assert shown_by_indexes([INDEX, Index({}, [])], [A, B], 0, 150, 299) == {B}
    assert shown_by_indexes([INDEX, Index({}, [])], [A, B], 0, 200, 299) == set()


# Recordings

BOOKS: list[Told] = [(0, "trades", "A", "update"), (0.5, "book", "A", "snapshot"), (2, "book", "A", "update")]


def test_what_a_small_recording_holds_is_known(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl.zst", BOOKS)
    assert coming([path], A, B) == {A}
    assert coming([path], A, B, past=2) == set()
    assert coming([path], A, end=0.5) == set()
    assert coming([path], A, B, loop=True) == {A}
    assert coming([path], A, past=2, loop=True) == set()


def test_two_recordings_are_looked_at_together(tmp_path: Path) -> None:
    paths = [record(tmp_path / "a.jsonl.zst", BOOKS), record(tmp_path / "b.jsonl.zst", [(1, "book", "B", "snapshot")])]
    assert coming(paths, A, B) == {A, B}


def test_what_is_still_to_be_recorded_is_not_waited_for(tmp_path: Path) -> None:
    with create_recording(tmp_path / "a.jsonl", Header("toy", created=START)) as writer:
        for told in BOOKS[:2]:
            writer.write(frame_of(told))
        writer.flush()
        part = tmp_path / "a.jsonl.part"
        wait_until(lambda: part.read_bytes().count(b"\n") == 3)
        assert coming([part], A, B) == {A}


@pytest.mark.parametrize("suffix", [".jsonl.zst", ".jsonl"])
def test_beyond_what_is_decoded_ahead_the_index_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """A file without one tells nothing. What comes later than the wait does not count, nor does what is not there."""
    monkeypatch.setattr(shared_timeline, "RESERVE", 1 << 16)
    late = SNAPSHOT_WAIT / NANOSECONDS + 10
    many: list[Told] = [(number / 1000, "trades", "A", "update") for number in range(3000)]
    told: list[Told] = [*many, (4, "book", "A", "snapshot"), *((4 + one[0], *one[1:]) for one in many)]
    path = record(tmp_path / f"a{suffix}", [*told, (late, "book", "B", "snapshot")], padding=2000)
    assert coming([path], A, B, ("book", "C")) == ({A} if suffix == ".jsonl.zst" else set())
