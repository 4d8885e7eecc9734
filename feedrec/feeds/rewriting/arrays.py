"""Arrays within a payload, replaced where they stand: every byte around them stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from ..decoding import NOT_UNDERSTOOD

__all__ = ["entries_of", "with_arrays"]

_decode = msgspec.json.Decoder(list[msgspec.Raw]).decode


def entries_of(array: bytes) -> list[bytes]:
    """Return the entries of an array as they stand; none if it is no array."""
    try:
        return [bytes(entry) for entry in _decode(array)]
    except NOT_UNDERSTOOD:
        return []


def with_arrays(payload: bytes, changes: Iterable[tuple[bytes, Sequence[bytes] | None]]) -> bytes | None:
    """
    Return a payload with other entries in some of its arrays.

    Args:
        payload: The payload.
        changes: Arrays as they stand in the payload, in their order, and their entries from now on; None to keep one.

    Returns:
        The new payload; None if an array is not where it should be.

    """
    pieces, done, end = [], 0, 0
    for array, entries in changes:
        start = payload.find(array, end) if array else -1
        if start < 0:
            return None
        end = start + len(array)
        if entries is not None:
            pieces += [payload[done:start], b"[%b]" % b",".join(entries)]
            done = end
    return b"".join([*pieces, payload[done:]])
