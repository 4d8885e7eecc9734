"""Choosing records by channel, product and time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.line.selection import Selection
from feedrec.model import Event, Frame, FrameInfo, FrameInfos, Record


def describe(payload: bytes) -> FrameInfo:
    channel, *products = payload.decode().split()
    return FrameInfo(channel, tuple(products))


def frame(time: int, payload: bytes = b"ticker A B") -> Frame:
    return Frame(time, 0, payload)


@pytest.mark.parametrize(
    ("selection", "record", "taken"),
    [
        (Selection(), Event(0, 0, "open"), True),
        (Selection(start=5), frame(4), False),
        (Selection(start=5), frame(5), True),
        (Selection(end=5), frame(4), True),
        (Selection(end=5), frame(5), False),
        (Selection(start=5), Event(9, 0, "gap"), True),
        (Selection(channels=frozenset({"ticker"})), frame(0), True),
        (Selection(channels=frozenset({"trades"})), frame(0), False),
        (Selection(channels=frozenset({"ticker"})), Event(0, 0, "open"), False),
        (Selection(products=frozenset({"B", "C"})), frame(0), True),
        (Selection(products=frozenset({"C"})), frame(0), False),
        (Selection(channels=frozenset({"ticker"})), Frame(0, 0, b"ticker A", binary=True), False),
        (Selection(connections=frozenset({1})), frame(0), False),
        (Selection(connections=frozenset({0})), frame(0), True),
        (Selection(connections=frozenset({1})), Event(0, 0, "open"), False),
        (Selection(connections=frozenset({1})), Event(0, 1, "open"), True),
        (Selection(direction="in"), frame(0), True),
        (Selection(direction="out"), frame(0), False),
        (Selection(connections=frozenset({1})), Event(0, None, "http"), True),
        (Selection(connections=frozenset({1}), start=5), Event(4, None, "http"), False),
        (Selection(connections=frozenset({1}), direction="in"), Event(0, None, "http"), False),
        (Selection(direction="in"), Event(0, 0, "open"), False),
        (Selection(direction="in", keeps_events=True), Event(0, 0, "open"), True),
        (Selection(channels=frozenset({"ticker"}), keeps_events=True), Event(0, 0, "open"), True),
        (Selection(start=5, keeps_events=True), Event(4, 0, "open"), False),
    ],
)
def test_what_is_taken(selection: Selection, record: Record, *, taken: bool) -> None:
    assert selection.takes(record, describe) is taken


def test_everything_is_everything() -> None:
    assert Selection().is_everything
    assert not Selection(start=0).is_everything
    assert not Selection(connections=frozenset({0})).is_everything
    assert Selection(keeps_events=True).is_everything


def test_only_the_criteria_used_are_shown() -> None:
    assert Selection(start=5, keeps_events=True).as_dict() == {}
    chosen = Selection(frozenset({"b", "a"}), connections=frozenset({2, 0}), direction="in")
    assert chosen.as_dict() == {"channels": ["a", "b"], "connections": [0, 2], "direction": "in"}


def test_names_may_come_in_any_collection() -> None:
    for channels in (["ticker"], ("ticker",), {"ticker"}, "ticker"):
        selection = Selection(channels=channels, products=["A"], connections=[0])
        assert selection == Selection(frozenset({"ticker"}), frozenset({"A"}), connections=frozenset({0}))
        assert selection.takes(frame(0), describe)


@given(
    st.builds(
        Selection,
        channels=st.sampled_from([(), "a", "ab"]),
        products=st.sampled_from([(), "A", "AB"]),
        connections=st.sampled_from([(), (0,), (0, 1)]),
        direction=st.sampled_from([None, "in", "out"]),
    ),
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.builds(FrameInfo, st.sampled_from(["", "a", "b"]), st.sampled_from([(), ("A",), ("B", "C")])),
        )
    ),
)
def test_many_frames_are_chosen_as_each_of_them(selection: Selection, frames: list[tuple[int, FrameInfo]]) -> None:
    expected = [selection.takes_received(*one) for one in frames]
    conns, infos = [conn for conn, _ in frames], [info for _, info in frames]
    assert selection.takes_each(conns, infos) == expected
    by_column = FrameInfos(infos, list(range(len(infos))), [None] * len(infos))
    assert selection.takes_each(conns, by_column) == expected
