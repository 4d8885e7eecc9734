"""What a recorder and the processes that serve live tell each other."""

from __future__ import annotations

import itertools
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.live_messages import (
    Clients,
    Logged,
    Parcel,
    ParcelKind,
    Parcels,
    Ready,
    Wish,
    packed,
    read_told,
    told_line,
)

parcels = st.builds(
    Parcel, st.integers(0, 2**64 - 1), st.sampled_from(ParcelKind), st.integers(0, 2**16 - 1), st.binary(max_size=50)
)


@given(st.lists(parcels), st.lists(st.integers(0, 300)))
def test_parcels_come_out_as_they_went_in_however_they_are_cut(sent: list[Parcel], cuts: list[int]) -> None:
    """Whatever reads bring, each parcel is whole, once, and in its place."""
    data = b"".join(part for parcel in sent for part in packed(parcel))
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    reading, received = Parcels(), list[Parcel]()
    for start, end in itertools.pairwise(places):
        received += reading.feed(data[start:end])
    assert received == sent


def test_a_parcel_comes_as_soon_as_it_is_whole() -> None:
    head, content = packed(Parcel(1, ParcelKind.LINES, 0, b"{}\n"))
    reading = Parcels()
    assert list(reading.feed(head + content[:2])) == []
    assert list(reading.feed(content[2:])) == [Parcel(1, ParcelKind.LINES, 0, b"{}\n")]


def test_what_is_no_parcel_is_refused() -> None:
    with pytest.raises(ValueError, match="ParcelKind"):
        list(Parcels().feed(b"\xff" * 8 + b"\xee" + b"\0" * 6))


def test_what_a_process_tells_is_read_again() -> None:
    ready, logged = Ready(["ws://127.0.0.1:1"]), Logged(logging.INFO, "a\nb")
    for told in (ready, logged, Wish(1, 0, [{"channel": "ticker"}]), Clients(1, 3, 1)):
        line = told_line(told)
        assert line.count(b"\n") == 1
        assert read_told(line) == told


@pytest.mark.parametrize("line", [b"", b"[]", b'{"type":"else"}', b'{"type":"ready"}', b"\xff"])
def test_what_is_no_such_line_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match="no line of a serving process"):
        read_told(line)
