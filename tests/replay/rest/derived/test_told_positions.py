"""Positions that are told by what is new of them arrive as they are."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from feedrec.replay.rest.derived.told_positions import Hearing, Telling, Told
from feedrec.replay.venue.position import Position

LINES = [[b"frame %d of line %d" % (number, line) for number in range(5)] for line in range(3)]

positions = st.builds(
    lambda line, count, time: Position(line, LINES[line][:count], time, sure_time=line),
    st.integers(0, 2),
    st.integers(0, 5),
    st.integers(0, 9),
)


@given(st.lists(positions))
def test_each_arrives_whole(some: list[Position]) -> None:
    """Whatever was told before it: as msgpack, as it is written to a process."""
    telling, hearing = Telling(), Hearing()
    for position in some:
        data = msgspec.msgpack.encode(telling.tell(position))
        assert hearing.hear(msgspec.msgpack.decode(data, type=Told)) == position


def test_only_what_is_new_is_told() -> None:
    telling = Telling()
    told = [
        telling.tell(Position(line, LINES[line][:count], 0)) for line, count in ((1, 2), (1, 4), (1, 4), (2, 3), (2, 1))
    ]
    assert [(one.known, len(one.position.since)) for one in told] == [(0, 2), (2, 2), (4, 0), (0, 3), (0, 1)]
