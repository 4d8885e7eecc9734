"""The resynchronisation of one connection's books: what is asked of the venue, and what the recording says about it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

from ...feeds import Feed, FeedClient, Message, Subscription
from ...feeds.base import BookSubscription
from ...feeds.client_half.subscriptions import add_subscriptions, named, remove_subscriptions
from .wrong_books import Step, WrongBooks

__all__ = ["Asking", "Resync"]

_SETTLES_WITHIN = 15.0  # seconds: longer than any client half waits for its acks

log = logging.getLogger("feedrec")


class Asking(NamedTuple):
    """An event to write, and the messages to send right after it."""

    event: str
    details: dict[str, Any]
    messages: list[Message]


class Resync:
    """
    Decides when the books of one connection are subscribed again, and by which messages, once it is turned on.

    A venue that counts by product has missed frames of that product alone; any other, of all of its connection.
    While a subscription is not settled, nothing is begun, so that answers are not mistaken for those of others.

    Args:
        feed: Tells which subscriptions are those of books.
        client: The client half of the connection.

    Attributes:
        wrong: Its wrong books, which must be told what arrives while they watch.

    """

    def __init__(self, feed: Feed, client: FeedClient) -> None:
        self._client = client
        self._is_on = False
        self._subscriptions: list[Subscription] = []
        self._books_of = getattr(feed, "books", None)  # a plug-in's own feed need not have it
        self.wrong = WrongBooks()
        self._asked_at: float | None = None  # when something else was asked for; None until that is looked at

    @property
    def is_amid(self) -> bool:
        """Whether a book is unsubscribed for a moment, or subscribed again and not there yet."""
        return self.wrong.is_amid

    def turn_on(self, subscriptions: Sequence[Subscription]) -> None:
        """Resynchronise from now on, on a connection that asks for this when it opens; before, nothing is done."""
        self._is_on = True
        self._subscriptions = list(subscriptions)

    def lost(self, reason: str, product: str | None = None) -> None:
        """
        Take note that frames were missed.

        Args:
            reason: What revealed it: the name of an event.
            product: The product whose count revealed it; None if it was the count of the connection.

        """
        if not self._is_on:
            return
        acceptance = self._client.acceptance
        present, _ = remove_subscriptions(self._subscriptions, () if acceptance is None else acceptance.missing)
        books = self._books(present)
        self.wrong.lost([book for book in books if product is None or product in book.products], reason)

    def subscribed(self, subscriptions: Sequence[Subscription]) -> None:
        """Take note that more is asked for."""
        self._subscriptions, _ = add_subscriptions(self._subscriptions, subscriptions)
        self._asked_at = None

    def unsubscribed(self, subscriptions: Sequence[Subscription]) -> None:
        """Take note that something is no longer asked for: it is not subscribed again."""
        self._subscriptions, _ = remove_subscriptions(self._subscriptions, subscriptions)
        if self.wrong.is_watching:
            self.wrong.keep(self._books(self._subscriptions))

    def hold(self, now: float) -> None:
        """Take note that reading is paused, at a steady time in seconds."""
        self.wrong.hold(now)

    def next(self, now: float, time: int) -> Asking | None:
        """
        Return what is to be asked of the venue now, then call `sent`; None for nothing.

        Args:
            now: A steady time in seconds.
            time: The wall clock in nanoseconds, for what is signed.

        """
        if not (self.is_amid or (self.wrong.is_watching and self._is_settled(now))):
            return None
        while (step := self.wrong.next(now)) is not None:
            if step.kind == "failed":
                _warn(step)
                continue
            subscription = step.book.subscription
            if step.kind == "join":
                if step.is_late:
                    log.warning("%s: the end was not acknowledged; it is subscribed again", named([subscription]))
                messages = self._client.subscribe([subscription], time)
                return Asking("resubscribe", _details(step, messages), messages)
            interrupt = getattr(self._client, "interrupt", self._client.unsubscribe)
            messages = interrupt([subscription], time)
            if messages:
                log.info("%s: subscribing again for its snapshot (%s)", named([subscription]), step.reason)
                return Asking("resync", _details(step, messages, reason=step.reason), messages)
            self.wrong.drop(step.book)
        return None

    def sent(self, asking: Asking, now: float) -> None:
        """Take note that the messages were sent."""
        self.wrong.sent(len(asking.messages), now)

    def _books(self, subscriptions: Sequence[Subscription]) -> list[BookSubscription]:
        return [] if self._books_of is None else list(self._books_of(subscriptions))

    def _is_settled(self, now: float) -> bool:
        if self._asked_at is None:
            self._asked_at = now
        return self._client.acceptance is not None or now - self._asked_at >= _SETTLES_WITHIN


def _details(step: Step, messages: Sequence[Message], **more: str) -> dict[str, Any]:
    one = step.book.subscription
    return {"channel": one.channel, "product": one.products[0], **more, "messages": len(messages)}


def _warn(step: Step) -> None:
    what = named([step.book.subscription])
    if step.retry is None:
        log.warning("%s: no snapshot came, and that is not tried again: its book is wrong until the next one", what)
    else:
        log.warning("%s: no snapshot came; it is subscribed again in %.0f s", what, step.retry)
