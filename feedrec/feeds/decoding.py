"""JSON texts of a known shape, decoded without exceptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

__all__ = ["NOT_UNDERSTOOD", "decoder_of"]

T = TypeVar("T")

NOT_UNDERSTOOD = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What msgspec raises for a text that is broken or has another shape."""


def decoder_of(shape: type[T]) -> Callable[[bytes | str], T | None]:
    """Return a decoder of texts of this shape, which returns None for any other text."""
    decode = msgspec.json.Decoder(shape).decode

    def decode_or_none(text: bytes | str) -> T | None:
        try:
            return decode(text)
        except NOT_UNDERSTOOD:
            return None

    return decode_or_none
