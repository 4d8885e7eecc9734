"""Faults of a replay among the marks of an overview, which comes from a process that knows nothing of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from .parameters import MILLISECOND

__all__ = ["Hit", "MarkTold", "with_faults"]

_MOST = 200


class Hit(Protocol):
    """What a fault hit; as text, it is a line for people."""

    @property
    def time(self) -> int | None:
        """Its recorded time, in nanoseconds; None if it has none."""


class MarkTold(msgspec.Struct):
    """A mark: milliseconds since the start; see `Mark`."""

    ms: float
    kind: str
    text: str


def with_faults(body: bytes, hits: Sequence[Hit], origin: int) -> bytes:
    """
    Return an overview with marks for faults.

    Args:
        body: The overview, as JSON.
        hits: What was hit so far; of those within the overview's time so many are told that there is room for.
        origin: The wall time from which its milliseconds count, in nanoseconds.

    """
    if not hits:
        return body
    told = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    first, end = (origin + round(msgspec.json.decode(told[name], type=float) * MILLISECOND) for name in ("from", "to"))
    within = [(hit.time, hit) for hit in hits if hit.time is not None and first <= hit.time < end]
    count = min(len(within), _MOST)
    chosen = [within[number * len(within) // count] for number in range(count)]
    marks = msgspec.json.decode(told["marks"], type=list[MarkTold])
    marks += [MarkTold((time - origin) / MILLISECOND, "fault", str(hit)) for time, hit in chosen]
    left_out = msgspec.json.decode(told["marks_left_out"], type=int) + len(within) - count
    changed = {"marks": sorted(marks, key=lambda mark: mark.ms), "marks_left_out": left_out}
    return msgspec.json.encode({**told, **changed})
