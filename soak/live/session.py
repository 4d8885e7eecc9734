"""
What a client makes of what it is given, from its subscription to its end.

Each frame says on which connection of the recorder it came and its number there, in `client_id`; so does a snapshot
that the server makes of a state: it has the `client_id` of the last frame that changed that.
"""

from __future__ import annotations

import time

from ..fickle_feed import numbered_in
from ..ledger import digest_of
from .level_book import LevelBook, book_event
from .notes import BookNote, Columns, Key, Session, StateNote

__all__ = ["Listening"]

_ACK = b'{"channel":"subscriptions"'
_BOOK = b'{"channel":"l2_data"'
_CHANNEL = b'{"channel":"'
_SNAPSHOT = b'"type":"snapshot"'
_PRODUCT = b'"product_id":"'
_SEQUENCE = b'"sequence_num":'
_HEAD = 260
"""Bytes in which all that stands before the first object of a frame does."""

_MOST_ODD = 20


class Listening:
    """
    One session.

    Args:
        client: The name of the client.

    """

    def __init__(self, client: str) -> None:
        self.acks = 0
        self._client = client
        self._opened, self._first = time.monotonic_ns(), 0
        self._columns = Columns()
        self._states: list[StateNote] = []
        self._books: dict[str, LevelBook] = {}
        self._last: dict[str, tuple[str, int]] = {}
        self._odd: list[str] = []

    def take(self, payload: bytes) -> None:
        """Take the next message."""
        if payload.startswith(_ACK):
            self.acks += 1
            return
        self._first = self._first or time.monotonic_ns()
        try:
            name, number = numbered_in(payload)
            self._columns.add(name, number, digest_of(_as_sent(payload, number)))
            if payload.startswith(_BOOK):
                self._take_book(payload, name, number)
            elif _SNAPSHOT in payload[:_HEAD]:
                self._states.append(StateNote(len(self._columns) - 1, _key_of(payload), 0))
        except ValueError:
            if len(self._odd) < _MOST_ODD:
                self._odd.append(payload[:200].decode(errors="replace"))

    def ended(self, how: str) -> Session:
        """Return what is to be noted at its end."""
        columns = self._columns
        books = [BookNote(product, *self._last[product], book.digest()) for product, book in self._books.items()]
        return Session(
            client=self._client,
            opened=self._opened,
            first=self._first,
            ended=time.monotonic_ns(),
            end=how,
            connections=columns.connections,
            places=columns.places.tobytes(),
            numbers=columns.numbers.tobytes(),
            digests=columns.digests.tobytes(),
            states=self._states,
            books=books,
            odd=self._odd,
        )

    def _take_book(self, payload: bytes, name: str, number: int) -> None:
        event = book_event(payload)
        product = event.product_id
        book = self._books.setdefault(product, LevelBook())
        book.take(event)
        self._last[product] = name, number
        if event.type == "snapshot":
            self._states.append(StateNote(len(self._columns) - 1, ("l2_data", product), book.digest()))


def _as_sent(payload: bytes, number: int) -> bytes:
    """Return a frame as the venue sent it: it numbers frames as it counts them."""
    start = payload.index(_SEQUENCE, 0, _HEAD) + len(_SEQUENCE)
    return b"%b%d%b" % (payload[:start], number, payload[payload.index(b",", start) :])


def _key_of(payload: bytes) -> Key:
    channel = payload[len(_CHANNEL) : payload.index(b'"', len(_CHANNEL))].decode()
    start = payload.find(_PRODUCT)
    if start < 0:
        return channel, ""
    start += len(_PRODUCT)
    return channel, payload[start : payload.index(b'"', start)].decode()
