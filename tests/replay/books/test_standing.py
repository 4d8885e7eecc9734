"""Whether a book is known, by what happened to its connections."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.state.doubts import DOUBTS, DOUBTS_OF_RUN
from feedrec.model import Event
from feedrec.replay.books.standing import CLOSED, NO_SNAPSHOT, PART_MISSING, Standing, Unknown

ONE, OTHER = (0, 0), (0, 1)


def known(time: int = 1) -> Standing:
    standing = Standing("level2", "BTC-USD")
    standing.began(ONE, time, 7)
    return standing


def test_before_a_snapshot_nothing_is_known() -> None:
    standing = Standing("level2", "BTC-USD")
    standing.told([ONE], 3, 4)
    assert standing.unknown_at(5) == Unknown(NO_SNAPSHOT)
    assert (standing.received, standing.sequence) == (3, 4)


def test_a_snapshot_makes_it_known_and_each_doubt_ends_that() -> None:
    for name in DOUBTS | DOUBTS_OF_RUN:
        standing = known()
        assert standing.unknown_at(9) is None
        standing.take_event(0, Event(2, 0, name))
        standing.take_event(0, Event(3, 0, "gap"))
        standing.told([ONE], 4, 9)
        assert standing.unknown_at(9) == Unknown(name, 2)
        standing.began(ONE, 5, 10)
        assert standing.unknown_at(9) is None


def test_what_happens_to_other_connections_and_runs_does_not_matter() -> None:
    standing = known()
    standing.take_event(0, Event(2, 1, "gap"))
    standing.take_event(1, Event(2, 0, "gap"))
    standing.take_event(1, Event(2, 0, "damage"))
    standing.take_event(0, Event(2, None, "http"))
    standing.take_event(0, Event(2, 1, CLOSED))
    assert standing.unknown_at(3) is None


def test_damage_is_of_all_connections_of_its_run() -> None:
    standing = known()
    standing.take_event(0, Event(2, 5, "damage"))
    assert standing.unknown_at(3) == Unknown("damage", 2)


def test_where_recordings_were_merged_a_gap_names_its_channel_and_no_connection() -> None:
    standing = known()
    standing.take_event(0, Event(2, 5, "gap", {"channel": "matches", "product": "BTC-USD"}), by_channel=True)
    standing.take_event(0, Event(2, 5, "gap", {"channel": "level2", "product": "ETH-USD"}), by_channel=True)
    assert standing.unknown_at(3) is None
    standing.take_event(0, Event(4, 5, "gap", {"channel": "level2", "product": "BTC-USD"}), by_channel=True)
    assert standing.unknown_at(5) == Unknown("gap", 4)


def test_it_is_closed_after_what_is_asked_for_at_the_same_time() -> None:
    standing = known()
    standing.take_event(0, Event(4, 0, CLOSED))
    assert standing.unknown_at(4) is None
    assert standing.unknown_at(5) == Unknown(CLOSED, 4)


def test_while_another_connection_brings_the_same_it_stays_known() -> None:
    """As after a replacement, and where the one that replaces ends first."""
    standing = known()
    standing.began(OTHER, 2, 0)
    standing.take_event(0, Event(3, 0, CLOSED))
    assert standing.unknown_at(4) is None
    standing = known()
    standing.began(OTHER, 2, 0)
    standing.repeated(ONE)
    standing.take_event(0, Event(3, 1, CLOSED))
    assert standing.unknown_at(4) is None
    standing.take_event(0, Event(4, 0, "gap"))
    assert standing.unknown_at(4) == Unknown("gap", 4)


def test_a_gap_of_what_does_not_count_does_not_matter() -> None:
    standing = known()
    standing.began(OTHER, 2, 0)
    standing.take_event(0, Event(3, 0, "gap"))
    assert standing.unknown_at(4) is None


def test_the_connection_of_a_state_that_was_not_sent_is_learned_from_the_next_update() -> None:
    standing = Standing("level2", "BTC-USD")
    standing.began((0, 9), 1, None, is_synthetic=True)
    standing.told([ONE], 2, 3)
    standing.take_event(0, Event(3, 0, CLOSED))
    assert standing.unknown_at(4) is not None


def test_a_missing_part_is_a_doubt() -> None:
    standing = known()
    standing.doubt(lambda conn: conn[0] == 0, 5, PART_MISSING)
    unknown = standing.unknown_at(6)
    assert unknown == Unknown(PART_MISSING, 5)
    assert str(unknown) == "a file is missing"


@given(st.lists(st.tuples(st.sampled_from(["began", "told", "repeated", "gap", "close", "open"]), st.integers(0, 2))))
def test_it_is_known_only_after_a_snapshot_and_says_why_otherwise(steps: list[tuple[str, int]]) -> None:
    """Whatever happens: a snapshot makes it known at once, and a doubt about all of a run unknown."""
    standing = Standing("level2", "BTC-USD")
    has_snapshot = False
    for time, (what, conn) in enumerate(steps, start=1):
        if what == "began":
            standing.began((0, conn), time, None)
            has_snapshot = True
            assert standing.unknown_at(time) is None
        elif what == "told":
            standing.told([(0, conn)], time, None)
        elif what == "repeated":
            standing.repeated((0, conn))
        else:
            standing.take_event(0, Event(time, conn, what))
        assert has_snapshot or standing.unknown_at(time) is not None
    standing.take_event(0, Event(99, 0, "damage"))
    unknown = standing.unknown_at(100)
    assert unknown is not None
    assert str(unknown)
