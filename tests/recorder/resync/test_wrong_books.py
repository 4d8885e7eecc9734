"""Wrong books are made right, one after another, whatever the venue answers and whatever is missed meanwhile."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import Subscription
from feedrec.feeds.base import BookSubscription
from feedrec.model import FrameInfo
from feedrec.recorder.resync.wrong_books import (
    ACK_TIMEOUT,
    MOST_TRIES,
    SNAPSHOT_TIMEOUT,
    SPACING,
    Step,
    WrongBooks,
)

ACK = FrameInfo("subscriptions", (), None, "ack")
ERROR = FrameInfo("", (), None, "error")


def book(product: str) -> BookSubscription:
    return BookSubscription(Subscription("level2", (product,)), "level2", (product,))


def snapshot(product: str) -> FrameInfo:
    return FrameInfo("level2", (product,), None, "snapshot")


A, B = book("A"), book("B")


class Told:
    """Wrong books whose steps are carried out, as one message each."""

    def __init__(self) -> None:
        self.books = WrongBooks()
        self.now = 0.0

    def steps(self) -> list[tuple[str, str]]:
        """Carry out what is to be done now; return the kinds and products."""
        found: list[tuple[str, str]] = []
        while (step := self.books.next(self.now)) is not None:
            is_last = step.kind == "failed" and step.retry is None
            found.append(("given up" if is_last else step.kind, step.book.products[0]))
            if step.kind != "failed":
                self.books.sent(1, self.now)
        return found

    def saw(self, *infos: FrameInfo) -> None:
        for info in infos:
            self.books.saw(info)

    def after(self, seconds: float) -> list[tuple[str, str]]:
        self.now += seconds
        return self.steps()


def test_books_are_made_right_one_after_another() -> None:
    told = Told()
    assert not told.books.is_watching
    told.books.lost([A, B], "gap")
    assert told.books.is_watching
    assert told.steps() == [("leave", "A")]
    assert told.after(1) == []
    told.saw(ACK)
    assert told.steps() == [("join", "A")]
    told.saw(snapshot("A"))
    assert told.steps() == []  # the ack may come after the snapshot
    told.saw(ACK)
    assert told.steps() == [("leave", "B")]
    told.saw(ACK)
    assert told.steps() == [("join", "B")]
    told.saw(ACK, snapshot("B"))
    assert told.steps() == []
    assert not told.books.is_watching


UPDATE = FrameInfo("level2", ("A",), None, "update")


@given(st.lists(st.sampled_from([UPDATE, UPDATE, ACK, ERROR, snapshot("A"), snapshot("B")])), st.integers(0, 2))
def test_frames_told_together_do_what_they_do_one_by_one(infos: list[FrameInfo], answers: int) -> None:
    ways = Told(), Told()
    for told in ways:
        told.books.lost([A, B], "gap")
        told.steps()
        for _ in range(answers):
            told.saw(ACK)
            told.steps()
    ways[0].books.saw_all(infos)
    ways[1].saw(*infos)
    waits = [0.0, ACK_TIMEOUT, SNAPSHOT_TIMEOUT, SPACING]
    assert [ways[0].after(wait) for wait in waits] == [ways[1].after(wait) for wait in waits]
    assert ways[0].books.is_watching == ways[1].books.is_watching


def test_a_snapshot_that_comes_by_itself_makes_a_book_right() -> None:
    told = Told()
    told.books.lost([A, B], "gap")
    told.saw(snapshot("A"), FrameInfo("matches", ("B",), None, "snapshot"))
    assert told.steps() == [("leave", "B")]


def test_what_is_missed_before_the_snapshot_harms_other_books_and_after_it_this_one_too() -> None:
    told = Told()
    told.books.lost([A], "gap")
    told.steps()
    told.books.lost([A, B], "gap")  # the snapshot of A is still to come
    told.saw(ACK)
    assert told.steps() == [("join", "A")]
    told.saw(snapshot("A"))
    told.books.lost([A], "gap")
    told.saw(ACK)
    assert told.steps() == [("leave", "B")]
    told.saw(ACK)
    told.steps()
    told.saw(snapshot("B"), ACK)
    assert told.steps() == []
    assert told.after(SPACING - told.now - 0.001) == []
    assert told.after(0.001) == [("leave", "A")]


def test_an_ack_that_does_not_come_delays_the_subscribing_and_no_more() -> None:
    told = Told()
    told.books.lost([A], "gap")
    told.steps()
    assert told.after(ACK_TIMEOUT - 1) == []
    told.now += 1
    step = told.books.next(told.now)
    assert step == Step("join", A, "gap", is_late=True)


def test_nothing_is_overdue_while_reading_is_paused() -> None:
    told = Told()
    told.books.lost([A], "gap")
    told.steps()
    told.now += 10 * ACK_TIMEOUT
    told.books.hold(told.now)
    assert told.steps() == []


def test_a_book_without_a_snapshot_is_tried_five_times_ever_more_rarely_and_is_subscribed_in_the_end() -> None:
    told = Told()
    told.books.lost([A], "gap")
    began, steps = [], []
    for _ in range(10_000):
        for kind, _product in told.steps():
            steps.append(kind)
            if kind == "leave":
                began.append(told.now)
        told.saw(ACK)
        told.now += 1
    assert steps == [*["leave", "join", "failed"] * (MOST_TRIES - 1), "leave", "join", "given up"]
    assert [round(later - before) for before, later in itertools.pairwise(began)] == [120, 240, 480, 960]
    assert not told.books.is_watching
    told.books.lost([A], "gap")
    assert told.steps() == [("leave", "A")]


def test_a_refusal_is_not_waited_out() -> None:
    told = Told()
    told.books.lost([A], "gap")
    told.steps()
    told.saw(ACK)
    told.steps()
    told.saw(ERROR)
    assert told.after(ACK_TIMEOUT) == [("failed", "A")]
    assert ACK_TIMEOUT < SNAPSHOT_TIMEOUT


def test_what_is_no_longer_wanted_is_not_subscribed_again() -> None:
    told = Told()
    told.books.lost([A, B], "gap")
    told.steps()
    told.books.keep([B])
    told.saw(ACK)
    assert told.steps() == [("leave", "B")]
    told.books.keep([])
    assert told.after(SNAPSHOT_TIMEOUT) == []
    assert not told.books.is_watching


PRODUCTS = ("A", "B", "C")
DOINGS = st.lists(
    st.tuples(st.just("lost"), st.sets(st.sampled_from(PRODUCTS), min_size=1))
    | st.tuples(st.just("wait"), st.floats(0, 200))
    | st.tuples(st.just("answer"), st.sampled_from(["ack", "error", "none"]))
    | st.tuples(st.just("snapshot"), st.sampled_from(PRODUCTS)),
    max_size=60,
)


class Venue:
    """A venue that does what it is told, and what is true of the books that came from it."""

    def __init__(self) -> None:
        self.told = Told()
        self.subscribed = set(PRODUCTS)
        self.wrong: set[str] = set()
        self.given_up: set[str] = set()
        self._left_at: dict[str, float] = {}

    def do(self, doing: str, what: object) -> None:
        if doing == "lost":
            assert isinstance(what, set)
            self.told.books.lost([book(product) for product in sorted(what)], "gap")
            self.wrong |= what
        elif doing == "wait":
            assert isinstance(what, float)
            self.told.now += what
        elif doing == "answer":
            self.told.saw(*{"ack": [ACK], "error": [ERROR]}.get(str(what), []))
        elif what in self.subscribed:
            self.told.saw(snapshot(str(what)))
            self.wrong.discard(str(what))
        for kind, product in self.told.steps():
            self.take(kind, product)

    def take(self, kind: str, product: str) -> None:
        if kind == "leave":
            assert self.subscribed == set(PRODUCTS), "one at a time"
            assert self.told.now - self._left_at.get(product, -SPACING) >= SPACING - 1e-6
            self._left_at[product] = self.told.now
            self.subscribed.discard(product)
        elif kind == "join":
            assert product not in self.subscribed
            self.subscribed.add(product)
        elif kind == "given up":
            self.given_up.add(product)


@given(DOINGS)
def test_whatever_happens_every_book_ends_up_subscribed_and_right_and_none_is_left_twice_a_minute(
    doings: list[tuple[str, object]],
) -> None:
    venue = Venue()
    for doing, what in doings:
        venue.do(doing, what)
    for number in range(60 * MOST_TRIES * len(PRODUCTS)):  # from now on the venue is as it should be
        venue.do("answer", "ack")
        present = venue.told.books._present
        if present is not None and present.is_joining:
            venue.do("snapshot", present.book.products[0])
        venue.do("wait", 10.0 + number % 2)
    assert venue.subscribed == set(PRODUCTS)
    assert not venue.told.books.is_watching
    assert venue.wrong <= venue.given_up
