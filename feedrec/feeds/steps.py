"""
Long work done in steps of under a millisecond, between which whoever runs it may pause.

A thread that decodes a book of some megabytes at once, or sorts and writes it, would stop all other threads for some
25 ms. What stays whole is the copy of a book: some 1 ms for one of 46,000 levels.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import msgspec

from ..model import FrameInfo

__all__ = [
    "NOT_UNDERSTOOD",
    "STEP_BYTES",
    "STEP_ITEMS",
    "apply_in_steps",
    "clear_in_steps",
    "join_in_steps",
    "sort_in_steps",
]

STEP_BYTES = 1 << 16
"""Payload decoded in one step: some 600 levels of 100 bytes, 0.3 ms."""

STEP_ITEMS = 512
"""Objects handled in one step."""

_SAMPLE = 32
"""One price in so many is looked at to find how the prices of a book are spread."""

NOT_UNDERSTOOD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for a payload that is broken or has another shape."""


def apply_in_steps(
    apply: Callable[[FrameInfo, bytes], Iterator[None]], frames: Iterable[tuple[FrameInfo, bytes]]
) -> Iterator[None]:
    """Take in many frames, each in the steps of `apply`, with a pause at least after each 64 KiB."""
    size = 0
    for info, payload in frames:
        yield from apply(info, payload)
        size += len(payload)
        if size >= STEP_BYTES:
            size = 0
            yield


def clear_in_steps(items: dict[Any, Any]) -> Iterator[None]:
    """Empty a dictionary: to free 92,000 texts at once takes too long for one step."""
    while items:
        for _ in range(min(len(items), STEP_ITEMS)):
            items.popitem()
        yield


def join_in_steps(parts: Iterator[bytes]) -> Iterator[bytes | None]:
    """Give None for each part, then all of them joined."""
    made = []
    for part in parts:
        made.append(part)
        yield None
    yield b"".join(made)  # other threads run meanwhile: above 1 MiB, CPython lets go of the lock here


def sort_in_steps(prices: Collection[str], *, reverse: bool) -> Iterator[list[str]]:
    """
    Sort prices, given as text, by their value: in runs that follow each other, some of them empty.

    One call of `sorted` for the 27,000 offers of BTC-USD takes some 10 ms once updates have mixed them. So they are
    dealt out to ranges of about equal numbers, found from a sample, and each range is sorted by itself.
    """
    unsorted = list(prices)
    yield []
    sample = sorted(map(float, unsorted[::_SAMPLE]))
    bounds = sample[:: max(1, STEP_ITEMS // _SAMPLE)]
    yield []
    ranges: list[list[str]] = [[] for _ in range(len(bounds) + 1)]
    for start in range(0, len(unsorted), 2 * STEP_ITEMS):
        for price in unsorted[start : start + 2 * STEP_ITEMS]:
            ranges[bisect(bounds, float(price))].append(price)
        yield []
    del unsorted  # what is done with is let go bit by bit, for the reason given at `clear_in_steps`
    yield []
    if not reverse:
        ranges.reverse()
    while ranges:
        one = ranges.pop()
        one.sort(key=float, reverse=reverse)
        yield one
