"""Whether a file ends before its first line does: whatever reads it, nothing can be saved of it."""

from __future__ import annotations

from .gzip_members import GzipDecoder
from .plain import PlainDecoder
from .protocols import Decoder
from .zstd_blocks import BlockDecoder

__all__ = ["ends_within_first_line"]

_BEGINNINGS: tuple[tuple[bytes, type[BlockDecoder | GzipDecoder | PlainDecoder]], ...] = (
    (b"\x28\xb5\x2f\xfd", BlockDecoder),
    (b"\x1f\x8b\x08", GzipDecoder),
    (b"{", PlainDecoder),
)


def ends_within_first_line(data: bytes) -> bool:
    """
    Return whether a recording of these bytes, all of it, ends within its first line, as one that was just begun.

    What is damaged, or may begin again behind damage, does not; nor does what was never a recording.
    """
    if not data:
        return True
    for magic, make in _BEGINNINGS:
        if magic.startswith(data[: len(magic)]):
            begins_again = make is not PlainDecoder and data.find(magic, 1) > 0
            return not begins_again and _has_no_line(make(), data)
    return False


def _has_no_line(decoder: Decoder, data: bytes) -> bool:
    lines = any(map(len, decoder.feed(data)))
    if decoder.damage is not None:
        return False
    return not (lines or decoder.take_unverified() or decoder.take_last_line())
