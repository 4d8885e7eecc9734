"""What two connections have brought both counts once, by each rule."""

from __future__ import annotations

import pytest

from feedrec.formats.facts.repeats import LONGEST_OVERLAP, Repeats
from feedrec.model import NANOSECONDS, Event, Frame, FrameInfo, FrameInfos, Record

BOOK = FrameInfo("book", ("A",), 7, "update", parses=True)
SNAPSHOT = FrameInfo("book", ("A",), 0, "snapshot", parses=True)
OTHER = FrameInfo("book", ("B",), 1, "update", parses=True)
BOTH = FrameInfo("book", ("A", "B"), 1, "update", parses=True)
BEAT = FrameInfo("beats", (), 3, "heartbeat", parses=True)
ACK = FrameInfo("book", (), 3, "ack", parses=True)

OPENED = Event(1, 1, "open", {"replaces": 0})

Step = tuple[int, FrameInfo] | Event


def count(*steps: Step, repeats: Repeats | None = None, spacing: int = 1, start: int = 0) -> list[bool]:
    """Tell of each frame whether it counts, which its description says; events stand between frames."""
    frames: list[Frame] = []
    infos: list[FrameInfo] = []
    others: list[Record] = []
    places: list[int] = []
    for number, step in enumerate(steps):
        if isinstance(step, Event):
            others.append(step)
            places.append(len(frames))
        else:
            frames.append(Frame(start + number * spacing, step[0], b"{}"))
            infos.append(step[1])
    kinds = list(dict.fromkeys(infos))
    columns = FrameInfos(kinds, list(map(kinds.index, infos)), [info.sequence for info in infos])
    found = (repeats or Repeats()).without_repeats(frames, columns, others, places)
    if repeats is None:
        assert list(found) == list(Repeats().without_repeats(frames, infos, others, places))
    assert [info.sequence for info in found] == [info.sequence for info in infos]
    return [info.kind == before.kind and info == before for info, before in zip(found, infos, strict=True)]


def test_without_a_replacement_everything_counts_as_it_is() -> None:
    infos = [BOOK, OTHER]
    frames = [Frame(1, conn, b"{}") for conn in (0, 1)]
    assert Repeats().without_repeats(frames, infos) is infos
    assert Repeats().without_repeats(frames, []) == []


def test_the_old_connection_tells_each_product_up_to_the_first_frame_of_the_new_one() -> None:
    steps: list[Step] = [
        (0, BOOK),
        OPENED,
        (0, BOOK),
        (1, SNAPSHOT),
        (0, BOOK),
        (0, OTHER),
        (1, BOOK),
        (1, OTHER),
        (0, OTHER),
    ]
    assert count(*steps) == [True, True, True, False, True, True, True, False]


def test_events_that_come_without_frames_are_heard() -> None:
    repeats = Repeats()
    assert repeats.without_repeats([], [], [OPENED], [0]) == []
    assert count((1, SNAPSHOT), (0, BOOK), repeats=repeats) == [True, False]


def test_a_frame_of_several_products_counts_until_all_of_them_are_told() -> None:
    assert count(OPENED, (1, SNAPSHOT), (0, BOTH), (1, OTHER), (0, BOTH)) == [True, True, True, False]


def test_acks_of_the_new_connection_tell_nothing() -> None:
    assert count(OPENED, (1, ACK), (0, BOOK), (1, FrameInfo()), (0, BOOK)) == [True] * 4


def test_a_new_connection_that_ends_first_has_told_nothing_for_good() -> None:
    assert count(OPENED, (1, SNAPSHOT), (0, BOOK), Event(5, 1, "close"), (0, BOOK)) == [True, False, True]


def test_after_the_old_connection_another_may_follow() -> None:
    steps: list[Step] = [OPENED, (1, SNAPSHOT), Event(3, 0, "close"), Event(4, 2, "open", {"replaces": 1})]
    steps += [(2, SNAPSHOT), (1, BOOK)]
    assert count(*steps) == [True, True, False]


def test_of_heartbeats_side_by_side_one_connection_counts_until_it_stops() -> None:
    second: list[Step] = [(conn, BEAT) for conn in (0, 1)]
    spacing = NANOSECONDS // 2
    assert count(*second * 3, (1, BEAT), (1, BEAT), (1, BEAT), spacing=spacing, start=1) == [
        *[True, False] * 3,
        False,
        True,
        True,
    ]


def test_a_reading_that_begins_later_knows_of_it_for_a_while() -> None:
    repeats = Repeats([(1, 0)])
    assert count((1, BOOK), (0, BOOK), repeats=repeats) == [True, False]
    assert count((0, BOOK), repeats=repeats, start=LONGEST_OVERLAP + 2) == [True]


def test_connections_of_a_later_recording_are_numbered_from_another_number_on() -> None:
    repeats = Repeats((), 1000)
    assert count(Event(1, 1001, "open", {"replaces": 0}), (1001, BOOK), (1000, BOOK), (0, BOOK), repeats=repeats) == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("value", [None, "0", -1, 1.5, True])
def test_what_is_no_number_of_a_connection_replaces_nothing(value: object) -> None:
    assert count(Event(1, 1, "open", {"replaces": value}), (1, BOOK), (0, BOOK)) == [True, True]
