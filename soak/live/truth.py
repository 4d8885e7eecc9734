"""What the files of a recorder tell: all frames of a run in their order, and books as of some of them."""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterator
from pathlib import Path

from feedrec.errors import RecordingError
from feedrec.formats import open_recording
from feedrec.model import Frame

from ..fickle_feed import numbered_in
from .level_book import LevelBook, book_event
from .notes import Key

__all__ = ["Place", "Run", "read_runs", "run_of"]

Place = tuple[str, int]
"""A connection, and the number of a frame on it."""

_channel = re.compile(rb'\{"channel":"([^"]*)"').match
_product = re.compile(rb'"product_id":"([^"]*)"').search


def run_of(connection: str) -> str:
    """Return the run that a connection is of."""
    return connection.rpartition("-")[0]


class Run:
    """
    The recorded frames of one run, in their order; the place of a frame is how many were before it.

    Attributes:
        places: The place of each frame, by its connection and number there.
        keys: For each frame, what it is of, as a number.
        known: These numbers.
        of_key: For each such number, the places of its frames.
        last: For each connection, the number of its last frame.
        books: The books that were asked for, by product and frame.

    """

    def __init__(self) -> None:
        self.places: dict[str, dict[int, int]] = {}
        self.keys = array("H")
        self.known: dict[Key, int] = {}
        self.of_key: list[array[int]] = []
        self.last: dict[str, int] = {}
        self.books: dict[tuple[str, Place], int] = {}
        self._books: dict[str, LevelBook] = {}

    def take(self, payload: bytes, wanted: Collection[tuple[str, Place]]) -> None:
        """Take the next frame of the files."""
        name, number = numbered_in(payload)
        key = _key_of(payload)
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = len(self.of_key)
            self.of_key.append(array("q"))
        place = len(self.keys)
        self.keys.append(known)
        self.of_key[known].append(place)
        self.places.setdefault(name, {})[number] = place
        self.last[name] = number
        if key[0] == "l2_data":
            self._follow(payload, key[1], (name, number), wanted)

    def _follow(self, payload: bytes, product: str, at: Place, wanted: Collection[tuple[str, Place]]) -> None:
        book = self._books.setdefault(product, LevelBook())
        book.take(book_event(payload))
        if (product, at) in wanted:
            self.books[product, at] = book.digest()


def read_runs(files: Collection[Path], wanted: Collection[tuple[str, Place]]) -> dict[str, Run]:
    """
    Read the files of a recorder, in their order.

    Args:
        files: The files; what is damaged ends with what is before.
        wanted: The books to know: of which product, after which frame.

    Returns:
        The runs, by the name under which they connected.

    """
    runs: dict[str, Run] = {}
    for path in files:
        for payload in _received(path):
            runs.setdefault(run_of(numbered_in(payload)[0]), Run()).take(payload, wanted)
    return runs


def _received(path: Path) -> Iterator[bytes]:
    try:
        with open_recording(path) as recording:
            for record in recording:
                if isinstance(record, Frame) and record.direction == "in" and not record.synthetic:
                    yield record.payload
    except RecordingError:
        return  # whether it may be so, the account of the files says


def _key_of(payload: bytes) -> Key:
    channel, product = _channel(payload), _product(payload)
    return ("" if channel is None else channel[1].decode()), ("" if product is None else product[1].decode())
