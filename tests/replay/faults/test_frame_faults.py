"""What becomes of frames, against a form that looks at each of them alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.model import Frame, FrameInfo
from feedrec.replay.faults.fault import CERTAIN, Chosen, Delay, FrameFault, Gap, Scope, Stall
from feedrec.replay.faults.frame_faults import FrameFaults, Frames
from feedrec.replay.faults.reading import read_fault

START = 1_795_280_520_000_000_000
MS = 1_000_000
INFOS = [
    FrameInfo("ticker", ("BTC-USD",), kind="update"),
    FrameInfo("level2", ("BTC-USD", "ETH-USD"), kind="update"),
    FrameInfo("level2", ("SOL-USD",), kind="snapshot"),
    FrameInfo("subscriptions", (), kind="ack"),
]
TEXTS = [
    "drop=30%",
    "drop=60%:level2",
    "dup=50%:level2:ETH-USD,XRP-USD",
    "reorder=50%",
    "truncate=50%:ticker",
    "delay=50ms±20ms",
    "delay=5ms:level2",
    "stall=30ms@+20ms",
    "stall=30ms@+45ms:level2",
    "gap=3@+30ms",
    "gap=2@+10ms:level2",
]
Simple = tuple[list[str], bool, int, int | None, bool, int]


def batch_of(kinds: Sequence[int], start: int = 0) -> Frames:
    """Frames of some kinds, 3 ms apart, at every second line."""
    frames = [Frame(START + (start + number) * 3 * MS, 0, b"{}") for number in range(len(kinds))]
    return Frames(frames, [INFOS[kind] for kind in kinds], [2 * (start + number) for number in range(len(kinds))])


def faults_of(texts: Sequence[str], seed: int) -> tuple[list[FrameFault], FrameFaults]:
    faults = [fault for text in texts if isinstance(fault := read_fault(text), FrameFault)]
    assert len(faults) == len(texts)
    return faults, FrameFaults(seed, faults, START)


def number_of(seed: int, fault: Chosen | Delay, position: int) -> int:
    kind = fault.kind if isinstance(fault, Chosen) else "delay"
    what = "|".join((kind, fault.scope.channel, *fault.scope.products))
    digest = hashlib.blake2b(f"{seed}|{what}|{position // 8}".encode()).digest()
    return int.from_bytes(digest[position % 8 * 8 :][:8], "little")


def is_in(scope: Scope, info: FrameInfo) -> bool:
    channel = not scope.channel or scope.channel == info.channel
    return channel and (not scope.products or bool(set(scope.products) & set(info.products))) and info.kind != "ack"


def expected(seed: int, faults: Sequence[FrameFault], all_frames: Frames) -> list[Simple]:
    """Say what becomes of each frame, one by one."""
    gaps = {
        fault.text: [
            line
            for frame, info, line in zip(*all_frames, strict=True)
            if frame.time >= fault.moment.within(START) and is_in(fault.scope, info)
        ][: fault.count]
        for fault in faults
        if isinstance(fault, Gap)
    }
    return [
        expected_alone(seed, [fault for fault in faults if is_in(fault.scope, info)], frame.time, line, gaps)
        for frame, info, line in zip(*all_frames, strict=True)
    ]


def expected_alone(seed: int, faults: Sequence[FrameFault], time: int, line: int, gaps: dict[str, list[int]]) -> Simple:
    """Say what becomes of a frame that these faults may hit."""
    chosen = [
        (fault, number)
        for fault in faults
        if isinstance(fault, Chosen) and (number := number_of(seed, fault, line)) < fault.chance
    ]
    drops = [fault.text for fault, _ in chosen if fault.kind == "drop"]
    drops += [fault.text for fault in faults if line in gaps.get(fault.text, [])]
    if drops:
        return (sorted(drops), True, 1, None, False, 0)
    hits, kinds = [fault.text for fault, _ in chosen], {fault.kind for fault, _ in chosen}
    cut = next((number * CERTAIN // one.chance for one, number in chosen if one.kind == "truncate"), None)
    for fault in faults:
        if isinstance(fault, Delay):
            time += fault.delay - fault.spread + number_of(seed, fault, line) * (2 * fault.spread + 1) // CERTAIN
            hits.append(fault.text)
    for fault in sorted((one for one in faults if isinstance(one, Stall)), key=lambda one: one.moment):
        begin = fault.moment.within(START)
        if begin <= time < begin + fault.duration:
            time = begin + fault.duration
            hits.append(fault.text)
    return (sorted(hits), False, 2 if "dup" in kinds else 1, cut, "reorder" in kinds, time)


def outcome(faults: FrameFaults, batch: Frames) -> list[Simple]:
    """Say what became of each frame of a batch."""
    fates = faults.fates(batch)
    found: list[Any] = []
    for frame, line in zip(batch.frames, batch.lines, strict=True):
        fate = fates.of(frame)
        if fate is None:
            found.append(([], False, 1, None, False, frame.time))
            continue
        assert fate.position == line
        texts = sorted(fault.text for fault in fate.faults)
        if fate.is_dropped:
            found.append((texts, True, 1, None, False, 0))
        else:
            found.append((texts, False, fate.copies, fate.cut, fate.is_swapped, fate.due))
    return found


@given(
    seed=st.integers(0, 1000),
    texts=st.lists(st.sampled_from(TEXTS), unique=True, max_size=4),
    kinds=st.lists(st.integers(0, len(INFOS) - 1), max_size=40),
    cut=st.integers(0, 40),
)
def test_each_frame_meets_what_is_found_of_it_alone(seed: int, texts: list[str], kinds: list[int], cut: int) -> None:
    """However the recordings are parted into batches, and wherever a client begins."""
    faults, found = faults_of(texts, seed)
    everything = batch_of(kinds)
    for gap in found.gaps:
        found.find_gap(gap, [everything])
    pieces = [batch_of(kinds[:cut]), batch_of(kinds[cut:], len(kinds[:cut]))]
    outcomes = [outcome(found, batch) for batch in (*reversed(pieces), everything)]
    wanted = expected(seed, faults, everything)
    assert outcomes[1] + outcomes[0] == outcomes[2] == wanted


@given(seed=st.integers(0, 1000), shares=st.lists(st.integers(0, 100), min_size=2, max_size=2))
def test_a_higher_percentage_hits_the_same_frames_and_more(seed: int, shares: list[int]) -> None:
    batch = batch_of([0] * 50)
    fewer, more = (
        {
            line
            for line, one in zip(batch.lines, outcome(faults_of([f"drop={share}%"], seed)[1], batch), strict=True)
            if one[1]
        }
        for share in sorted(shares)
    )
    assert fewer <= more


def test_none_are_hit_and_all_are() -> None:
    batch = batch_of([0] * 50)
    assert [len(faults_of([f"drop={share}%"], 7)[1].fates(batch)) for share in (0, 100)] == [0, 50]


def test_what_is_found_of_a_batch_is_found_once() -> None:
    batch = batch_of([0] * 50)
    faults = faults_of(["drop=50%"], 7)[1]
    found = faults.fates(batch)
    assert faults.fates(batch) is found
    assert len(faults_of(["drop=50%"], 7)[1].fates(batch)) == len(found)


@pytest.mark.parametrize(("answers", "hit"), [(False, [6, 8]), (True, [2, 4])])
def test_acks_count_only_where_they_are_sent(*, answers: bool, hit: list[int]) -> None:
    (fault,) = faults_of(["gap=2@+1ms"], 7)[0]
    faults = FrameFaults(7, [fault], START, answers=answers)
    batch = batch_of([0, 3, 3, 0, 0])
    faults.find_gap(faults.gaps[0], iter([batch]))
    assert sorted(faults.gaps[0].places) == hit
    assert faults.gaps[0].is_known
