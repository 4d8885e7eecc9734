"""Where the state of a market can be known from: never too late, and as late as the indexes tell."""

from __future__ import annotations

import msgspec

from feedrec.formats.line.index import Index, IndexedBlock, SnapshotPlace
from feedrec.replay.timeline.snapshot_search import latest_snapshots

PRODUCTS = {"level2": ["A", "B"], "ticker": ["A"]}


def block(first: int, last: int, *snapshots: SnapshotPlace) -> IndexedBlock:
    return IndexedBlock(0, 1, 1, 10, 0, first, last, {}, list(snapshots))


def level2(line: int, *products: str) -> SnapshotPlace:
    return SnapshotPlace(line, "level2", products)


INDEX = Index(
    PRODUCTS,
    [
        block(100, 199, level2(0, "A"), level2(1, "B"), SnapshotPlace(2, "ticker", ("A",))),
        block(200, 299, level2(5, "A")),
        block(300, 399, level2(7, "A", "B")),
    ],
)
A, B = ("level2", "A"), ("level2", "B")


def test_of_one_recording_the_last_snapshot_before_the_position_counts() -> None:
    assert latest_snapshots([INDEX], [A], 15, 0) == 100
    assert latest_snapshots([INDEX], [A], 16, 0) == 200
    assert latest_snapshots([INDEX], [A], 28, 0) == 300


def test_of_several_things_the_one_that_was_told_longest_ago_decides() -> None:
    assert latest_snapshots([INDEX], [A, B], 20, 0) == 100
    assert latest_snapshots([INDEX], [A, B], 28, 0) == 300
    assert latest_snapshots([INDEX], [A, ("ticker", "A")], 28, 0) == 100


def test_any_frame_is_a_snapshot_of_a_channel_whose_last_frame_tells_all() -> None:
    beats = ("heartbeats", "")
    beating, silent = {"0": {"heartbeats": 9, "level2": 1}}, {"0": {"level2": 1}}
    frames = [beating, beating, silent]
    blocks = [msgspec.structs.replace(one, frames=two) for one, two in zip(INDEX.blocks, frames, strict=True)]
    index = Index(PRODUCTS, blocks)
    assert latest_snapshots([index], [A, beats], 28, 0, ["heartbeats"]) == 200
    assert latest_snapshots([index], [beats], 19, 0, ["heartbeats"]) == 100
    assert latest_snapshots([index], [beats], 9, 0, ["heartbeats"]) == 0
    assert latest_snapshots([INDEX], [A, beats], 28, 0, ["heartbeats"]) == 300
    assert latest_snapshots([INDEX], [beats], 28, 399, ["heartbeats"]) == 399


def test_of_several_recordings_only_what_is_surely_past_counts() -> None:
    other = Index({"level2": ["C"]}, [block(250, 260, level2(0, "C"))])
    assert latest_snapshots([INDEX, other], [A], 28, 299) == 100
    assert latest_snapshots([INDEX, other], [A], 28, 300) == 200
    assert latest_snapshots([INDEX, other], [A, ("level2", "C")], 28, 300) == 200


def test_a_clock_that_was_set_back_makes_nothing_past_that_is_not() -> None:
    index = Index({"level2": ["A"]}, [block(100, 900), block(200, 210, level2(0, "A"))])
    other = Index({}, [])
    assert latest_snapshots([index, other], [A], 0, 800) == 0
    assert latest_snapshots([index, other], [A], 0, 901) == 200


def test_what_is_nowhere_is_not_looked_for_and_what_has_no_snapshot_is_read_from_the_beginning() -> None:
    assert latest_snapshots([INDEX], [A, ("level2", "Z")], 28, 0) == 300
    assert latest_snapshots([INDEX], [("level2", "Z")], 28, 0) == 0
    silent = Index(PRODUCTS, [block(100, 199)])
    assert latest_snapshots([silent], [A], 5, 0) == 0


def test_all_products_of_a_channel_are_read_from_the_beginning() -> None:
    index = Index({"status": ["A"]}, [block(100, 199, SnapshotPlace(0, "status", ("A",)))])
    assert latest_snapshots([index], [("status", "")], 5, 0) == 0


def test_a_recording_without_an_index_is_read_from_the_beginning() -> None:
    assert latest_snapshots([INDEX, None], [A], 28, 400) == 0
