"""
Which books of a connection are wrong, and what is to be done about it: time in, decisions out. Pure.

1. A book is wrong from the moment at which frames were missed until a snapshot of it arrives, whoever asked for that.
2. One book after another is made right: unsubscribe, wait for the ack, subscribe, wait for the snapshot and the ack.
   The next begins when these have come, since a snapshot may have 5 MB. Each wait is bounded.
3. Frames that are missed before the awaited snapshot do no harm to its book: the snapshot was made after them. But they
   make all others wrong, again if need be.
4. A book is unsubscribed no more than once a minute. Until then it waits, and others go before it.
5. An ack that does not come does not matter: the book is subscribed again all the same. Where no snapshot comes, all of
   it is tried again two minutes after it began, then four and so on, five times in all.
6. What is no longer wanted is dropped at once, and never subscribed again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple

from ...feeds.base import BookSubscription
from ...model import FrameInfo, kinds_of

__all__ = ["ACK_TIMEOUT", "MOST_TRIES", "SNAPSHOT_TIMEOUT", "SPACING", "Step", "WrongBooks"]

SPACING = 60.0
"""Seconds from one resynchronisation of a book to the next."""

ACK_TIMEOUT = 10.0
"""Seconds that the venue gets to answer a message; live, all answers came within half a second."""

SNAPSHOT_TIMEOUT = 60.0
"""Seconds that a snapshot may take: 5 MB over a line that carries other frames as well."""

MOST_TRIES = 5
"""Times that a book is subscribed again without a snapshot; then it is left alone until frames are missed again."""

_ANSWERS = ("ack", "error")
_SEEN = frozenset([*_ANSWERS, "snapshot"])  # kinds of frames that tell something


class Step(NamedTuple):
    """
    What is to be done, or was found.

    Attributes:
        kind: `leave`: unsubscribe the book, then call `sent`; `join`: subscribe it again, then call `sent`; `failed`:
            no snapshot came.
        book: The book.
        reason: Why it is wrong.
        retry: For `failed`: seconds until it is tried again; None if it is not.
        is_late: For `join`: whether the ack of leaving has not come.

    """

    kind: Literal["leave", "join", "failed"]
    book: BookSubscription
    reason: str
    retry: float | None = None
    is_late: bool = False


class _Resync:
    """The book that is being made right."""

    def __init__(self, book: BookSubscription, reason: str, now: float) -> None:
        self.book = book
        self.reason = reason
        self.began = now
        self.is_joining = False
        self.has_snapshot = False
        self.is_refused = False
        self.answers_due = 0
        self.asked_at = now


class WrongBooks:
    """
    The wrong books of one connection. Times are seconds of a steady clock.

    Attributes:
        is_amid: Whether a book is being made right: it may be unsubscribed at this moment.
        is_watching: Whether `saw` or `saw_all` must be told of the frames that arrive.

    """

    def __init__(self) -> None:
        self.is_amid = self.is_watching = False
        self._wrong: dict[BookSubscription, str] = {}
        self._present: _Resync | None = None
        self._not_before: dict[BookSubscription, float] = {}
        self._tries: dict[BookSubscription, int] = {}

    def lost(self, books: Iterable[BookSubscription], reason: str) -> None:
        """Take note that frames were missed, of these books perhaps; `reason` says how that was noticed."""
        present = self._present
        for book in books:
            if present is None or book != present.book or present.has_snapshot:
                self._wrong.setdefault(book, reason)
        self._note()

    def saw(self, info: FrameInfo) -> None:
        """Take what a frame is that arrived, after `lost` if it showed that others were missed."""
        present = self._present
        if info.kind == "snapshot":
            for book in [book for book in self._wrong if _is_of(info, book)]:
                self._succeed(book)
                del self._wrong[book]
            if present is not None and present.is_joining and _is_of(info, present.book):
                present.has_snapshot = True
                self._succeed(present.book)
            self._note()
        elif info.kind in _ANSWERS and present is not None:
            present.answers_due -= 1
            present.is_refused |= info.kind == "error" and present.is_joining

    def saw_all(self, infos: Sequence[FrameInfo]) -> None:
        """Do for frames about which nothing was noticed what `saw` does for each; nearly always there is nothing."""
        if any(info.kind in _SEEN for info in kinds_of(infos)):
            for info in infos:
                self.saw(info)

    def keep(self, books: Collection[BookSubscription]) -> None:
        """Drop all books but these, which are still wanted."""
        self._wrong = {book: reason for book, reason in self._wrong.items() if book in books}
        if self._present is not None and self._present.book not in books:
            self._present = None
        self._note()

    def drop(self, book: BookSubscription) -> None:
        """Give up a book that cannot be unsubscribed."""
        self._wrong.pop(book, None)
        if self._present is not None and self._present.book == book:
            self._present = None
        self._note()

    def hold(self, now: float) -> None:
        """Take note that nothing is read at this moment: what has not arrived is not overdue."""
        if self._present is not None:
            self._present.asked_at = now

    def sent(self, messages: int, now: float) -> None:
        """Take note that so many messages were sent, each of which the venue answers."""
        if self._present is not None:
            self._present.answers_due = messages
            self._present.asked_at = now

    def next(self, now: float) -> Step | None:
        """Return what is to be done at this moment; None for nothing."""
        present = self._present
        if present is None:
            return self._begin(now)
        waited = now - present.asked_at
        is_answered = present.answers_due <= 0
        if present.has_snapshot or not present.is_joining:
            return self._go_on(present, now, is_late=not is_answered) if is_answered or waited >= ACK_TIMEOUT else None
        is_over = waited >= (ACK_TIMEOUT if present.is_refused else SNAPSHOT_TIMEOUT)
        return self._fail(present, now) if is_over else None

    def _go_on(self, present: _Resync, now: float, *, is_late: bool) -> Step | None:
        """Subscribe what is unsubscribed, or begin with the next book."""
        if not present.is_joining:
            present.is_joining = True
            return Step("join", present.book, present.reason, is_late=is_late)
        self._present = None
        self._note()
        return self._begin(now)

    def _begin(self, now: float) -> Step | None:
        for book, reason in self._wrong.items():
            if self._not_before.get(book, now) <= now:
                del self._wrong[book]
                self._not_before[book] = now + SPACING
                self._present = _Resync(book, reason, now)
                self._note()
                return Step("leave", book, reason)
        return None

    def _fail(self, present: _Resync, now: float) -> Step:
        book = present.book
        tries = self._tries[book] = self._tries.get(book, 0) + 1
        self._present = None
        if tries >= MOST_TRIES:
            del self._tries[book]
            self._note()
            return Step("failed", book, present.reason)
        again = max(now, present.began + SPACING * 2**tries)
        self._not_before[book] = again
        self._wrong[book] = present.reason
        self._note()
        return Step("failed", book, present.reason, retry=again - now)

    def _succeed(self, book: BookSubscription) -> None:
        self._tries.pop(book, None)

    def _note(self) -> None:
        self.is_amid = self._present is not None
        self.is_watching = self.is_amid or bool(self._wrong)


def _is_of(info: FrameInfo, book: BookSubscription) -> bool:
    return info.channel == book.channel and not set(book.products).isdisjoint(info.products)
