"""A run of frames has the text and the marks of its lines, and there is none of what cannot stand verbatim."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.line.codec import encode_received
from feedrec.formats.line.frame_run import FrameRun, Read, joined_runs, run_of
from feedrec.formats.line.index import Mark
from feedrec.formats.line.payload.verbatim import MAX_NESTING
from feedrec.model import FrameInfo, FrameInfos

DEEP = b"[" * (MAX_NESTING - 1) + b"]" * (MAX_NESTING - 1)
ORDINARY = [
    b'{"a":1}',
    b"[]",
    b"7",
    b'"x y"',
    b'{"a": [1, {"b":"\\u00e9"}]}',
    '"\u00e9\u20ac"'.encode(),
    b'"\x7f"',
    DEEP,
]
ORDINARY += [b'{"a":"%b"}' % (b"[" * 300), b"[%b]" % b",".join([b"{}"] * 200)]
ODD = [b" 7", b"7 ", b"[1,\n2]", b"\t[]", b"[]\r", b"[%b]" % DEEP, b'"\xff"', b'"\xe2\x82"', b"\xac", b"no JSON", b""]
ODD += [b'"\x01"', b"\x00"]

Line = tuple[bytes, Mark]


def infos_for(reads: Sequence[Read], *, parses: bool) -> list[FrameInfo]:
    payloads = [payload for _, payloads in reads for payload in payloads]
    return [FrameInfo(f"channel {number % 3}", (), number, parses=parses) for number in range(len(payloads))]


def lines_of(conn: int, reads: Sequence[Read], infos: Sequence[FrameInfo]) -> list[Line]:
    """Return the lines as they are without a run."""
    frames = [(time, payload) for time, payloads in reads for payload in payloads]
    return [
        (
            encode_received(time, conn, payload, binary=False, parses=info.parses),
            (time, conn, info, len(payload), True),
        )
        for (time, payload), info in zip(frames, infos, strict=True)
    ]


some_reads = st.lists(
    st.tuples(st.integers(0, 3_000_000_000), st.lists(st.sampled_from(ORDINARY), min_size=1, max_size=5)),
    min_size=1,
    max_size=5,
).map(sorted)


def some_run() -> tuple[FrameRun, list[Line]]:
    reads = [(number * 700_000_000, ORDINARY) for number in range(3)]
    infos = infos_for(reads, parses=True)
    run = run_of(4, reads, infos)
    assert run is not None
    return run, lines_of(4, reads, infos)


@given(some_reads, st.integers(0, 1000), st.booleans())
def test_a_run_has_the_lines_and_the_marks_of_its_frames(reads: list[Read], conn: int, parses: bool) -> None:  # noqa: FBT001
    infos = infos_for(reads, parses=parses)
    expected = lines_of(conn, reads, infos)
    run = run_of(conn, reads, infos)
    assert run is not None
    assert run.lines() == expected
    assert run.text == b"".join(line + b"\n" for line, _ in expected)
    assert run.last_mark == expected[-1][1]


def test_a_read_without_frames_adds_nothing() -> None:
    infos = infos_for([(5, [b"[1]", b"[2]"])], parses=True)
    run = run_of(0, [(4, []), (5, [b"[1]", b"[2]"]), (6, [])], infos)
    assert run is not None
    assert run.lines() == lines_of(0, [(5, [b"[1]", b"[2]"])], infos)


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_with_a_payload_that_cannot_stand_verbatim_there_is_no_run(odd: bytes, place: int) -> None:
    assert b'"frame":' not in encode_received(0, 0, odd, binary=False, parses=False)
    payloads = [b"[]"] * 4
    payloads.insert(place, odd)
    assert run_of(0, [(0, payloads)], infos_for([(0, payloads)], parses=False)) is None


@given(st.lists(st.sampled_from(ORDINARY + ODD) | st.text('[]{}" \\\n\t1,:', max_size=8).map(str.encode), min_size=1))
def test_there_is_a_run_where_each_frame_stands_verbatim(payloads: list[bytes]) -> None:
    infos = infos_for([(0, payloads)], parses=False)
    lines = lines_of(0, [(0, payloads)], infos)
    is_verbatim = all(b'"dir":"in","frame":' in line for line, _ in lines)
    run = run_of(0, [(0, payloads)], infos)
    assert (run is not None) == is_verbatim
    if run is not None:
        assert run.lines() == lines


def test_parts_of_a_run_are_runs() -> None:
    run, lines = some_run()
    for count in range(1, len(lines)):
        first, rest = run.parted(count)
        assert (first.lines(), rest.lines()) == (lines[:count], lines[count:])


def test_as_many_lines_are_within_a_size_as_have_no_more_bytes() -> None:
    run, lines = some_run()
    sizes = [sum(len(line) + 1 for line, _ in lines[:count]) for count in range(len(lines) + 1)]
    for count, size in enumerate(sizes):
        assert run.lines_within(size) == count
        assert run.lines_within(size + 1) == count
        assert count == 0 or run.lines_within(size - 1) == count - 1


@given(st.lists(st.tuples(some_reads, st.booleans()), min_size=1, max_size=5))
def test_joined_runs_are_their_lines_in_order(parts: list[tuple[Sequence[Read], bool]]) -> None:
    runs = []
    for reads, by_column in parts:
        infos: Sequence[FrameInfo] = infos_for(reads, parses=True)
        if by_column:
            kinds = [FrameInfo(f"channel {number}", parses=True) for number in range(3)]
            numbers = list(range(len(infos)))
            infos = FrameInfos(kinds, [number % 3 for number in numbers], list(numbers))
        run = run_of(7, reads, infos)
        assert run is not None
        runs.append(run)
    joined = joined_runs(runs)
    assert joined.lines() == [line for run in runs for line in run.lines()]
    assert isinstance(joined.infos, FrameInfos) == all(isinstance(run.infos, FrameInfos) for run in runs)
    assert len(runs) > 1 or joined is runs[0]
