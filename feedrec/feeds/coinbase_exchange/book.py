"""
The level2 book of one product, taken in and written out in steps.

A snapshot of BTC-USD is 1.1 MB in one frame (2026), and the work on it is cut as `steps.py` says.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from math import isfinite
from typing import NamedTuple

import msgspec

from ..steps import NOT_UNDERSTOOD, clear_in_steps, sort_in_steps

__all__ = ["Book", "BookChange", "decode_book_frame"]

_STEP_BYTES = 1 << 14
"""Payload handled in one step: some 650 levels of 25 bytes."""

Level = tuple[str, str]
"""Price and size, as the venue wrote them."""

_Change = tuple[str, str, str]
"""Side (`buy` or `sell`), price and size."""


class _BookFrame(msgspec.Struct, gc=False):
    product_id: str
    asks: list[Level] = []
    bids: list[Level] = []
    changes: list[_Change] = []
    time: str = ""


class BookChange(NamedTuple):
    """
    What a frame does to a book.

    Attributes:
        product: Whose book it is.
        time: As the frame has it; empty if it has none.
        pieces: Levels with their side, in pieces for one step each.

    """

    product: str
    time: str
    pieces: list[list[_Change]]


_decode_frame = msgspec.json.Decoder(_BookFrame).decode
_decode_levels = msgspec.json.Decoder(list[Level]).decode
_decode_changes = msgspec.json.Decoder(list[_Change]).decode
_encode = msgspec.json.Encoder().encode
_between_levels = re.compile(rb"\]\s*,\s*\[").search

_SIDES = {"asks": "sell", "bids": "buy"}


class Book:
    """
    One product's book: what the venue wrote of each price.

    Prices are told apart by their value: the venue writes some with more zeros than others (channels page).
    """

    __slots__ = ("asks", "bids", "time")

    def __init__(self) -> None:
        self.asks: dict[str, Level] = {}
        self.bids: dict[str, Level] = {}
        self.time = ""

    def copy(self) -> Book:
        copy = Book()
        copy.asks = self.asks.copy()
        copy.bids = self.bids.copy()
        copy.time = self.time
        return copy

    def change(self, changes: Iterable[_Change]) -> None:
        """Set levels, and remove those whose size is zero; what is no number can have no place in a book."""
        for side, price, size in changes:
            try:
                is_zero = not float(size)
                if not isfinite(float(price)):
                    continue
            except ValueError:
                continue
            levels = self.asks if side == "sell" else self.bids
            key = price.rstrip("0").rstrip(".") if "." in price else price
            if is_zero:
                levels.pop(key, None)
            else:
                levels[key] = (price, size)

    def clear(self) -> Iterator[None]:
        """Forget all levels, in steps."""
        yield from clear_in_steps(self.asks)
        yield from clear_in_steps(self.bids)

    def render(self, product: str, time: str) -> Iterator[bytes]:
        """Write the snapshot in parts, as the venue orders it, taking the book apart meanwhile."""
        yield b'{"type":"snapshot","product_id":' + _encode(product) + b',"asks":['
        yield from _write_side(self.asks, reverse=False)
        yield b'],"bids":['
        yield from _write_side(self.bids, reverse=True)
        yield b'],"time":' + _encode(time) + b"}"


def decode_book_frame(payload: bytes, kind: str) -> Generator[None, None, BookChange]:
    """
    Decode a frame of level2: a short one in one step, a long one cut between levels.

    A cut at the wrong place, within a text, leaves pieces that are no JSON. Then, and where the frame has another shape
    than the venue gives it, the whole is decoded at once.

    Args:
        payload: The frame.
        kind: `snapshot` or `update`.

    Raises:
        NOT_UNDERSTOOD: Any of these, if the payload is not a frame of level2.

    """
    if len(payload) > _STEP_BYTES:
        try:
            return (yield from _decode_in_steps(payload, ("asks", "bids") if kind == "snapshot" else ("changes",)))
        except (*NOT_UNDERSTOOD, ValueError):
            pass
    frame = _decode_frame(payload)
    pieces = [_sided("sell", frame.asks), _sided("buy", frame.bids)] if kind == "snapshot" else [frame.changes]
    return BookChange(frame.product_id, frame.time, pieces)


def _decode_in_steps(payload: bytes, names: tuple[str, ...]) -> Generator[None, None, BookChange]:
    """Decode the frame without its lists, then these; ValueError if they do not stand as those of the venue do."""
    bounds = _bounds_of_lists(payload, names)
    first, last = bounds[0], bounds[-1]
    between = payload[first[2] : last[1]] if last is not first else b""
    frame = _decode_frame(payload[: first[1]] + between + payload[last[2] :])
    if frame.asks or frame.bids or frame.changes:
        raise ValueError
    pieces: list[list[_Change]] = []
    for name, start, end in bounds:
        while start < end:
            border = _between_levels(payload, min(start + _STEP_BYTES, end), end)
            piece = b"[%b]" % payload[start : border.start() + 1 if border else end]
            side = _SIDES.get(name)
            pieces.append(_sided(side, _decode_levels(piece)) if side else _decode_changes(piece))
            start = border.end() - 1 if border else end  # noqa: PLW2901
            yield
    return BookChange(frame.product_id, frame.time, pieces)


def _bounds_of_lists(payload: bytes, names: tuple[str, ...]) -> list[tuple[str, int, int]]:
    """
    Find where the lists begin and end, without their brackets, in the order in which they stand.

    Raises:
        ValueError: If they are not found: there may be nothing but time behind the last, nothing but a comma between.

    """
    starts = []
    for name in names:
        key = b'"%b"' % name.encode()
        place = payload.index(key)
        starts.append((place, name, payload.index(b"[", place + len(key)) + 1))
    starts.sort()
    bounds = []
    for number, (_, name, start) in enumerate(starts):
        limit = starts[number + 1][0] if number + 1 < len(starts) else len(payload)
        bounds.append((name, start, payload.rindex(b"]", start, limit)))
    return bounds


def _sided(side: str, levels: list[Level]) -> list[_Change]:
    return [(side, price, size) for price, size in levels]


def _write_side(levels: dict[str, Level], *, reverse: bool) -> Iterator[bytes]:
    separator = b""
    for keys in sort_in_steps(levels, reverse=reverse):
        if keys:
            yield separator + _encode([levels.pop(key) for key in keys])[1:-1]
            separator = b","
        else:
            yield b""
