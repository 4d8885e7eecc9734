"""Frames on their way to the process that checks them arrive as they were sent."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from feedrec.recorder.checking.check_frames import CheckFrame, forgetting, parts_of, read_frames

NUMBER = st.integers(0, 2**64 - 1)
READS = st.lists(st.tuples(NUMBER, NUMBER, st.lists(st.binary(), max_size=3)))

Reads = list[tuple[int, int, list[bytes]]]


def sent(reads: Reads) -> bytes:
    """Write reads as they are sent; one without frames has its connection forgotten."""
    return b"".join(
        part
        for conn, time, payloads in reads
        for part in (parts_of(conn, time, payloads) if payloads else [forgetting(conn)])
    )


def frames_of(reads: Reads) -> list[CheckFrame]:
    found = []
    for conn, time, payloads in reads:
        found += [CheckFrame(conn, time, payload) for payload in payloads] or [CheckFrame(conn, 0, None)]
    return found


@given(READS)
def test_what_is_sent_arrives(reads: Reads) -> None:
    assert list(read_frames(io.BytesIO(sent(reads)))) == frames_of(reads)


@given(READS, st.data())
def test_what_is_cut_off_is_left_out(reads: Reads, data: st.DataObject) -> None:
    whole = sent(reads)
    found = list(read_frames(io.BytesIO(whole[: data.draw(st.integers(0, len(whole) - 1 if whole else 0))])))
    assert found == frames_of(reads)[: len(found)]
