"""JSON texts of a known shape, decoded without exceptions."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

import msgspec

__all__ = ["NOT_UNDERSTOOD", "decoder_of", "numbers_in", "whole_number"]

T = TypeVar("T")

NOT_UNDERSTOOD = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What msgspec raises for a text that is broken or has another shape."""


_GREATEST = 2**63 - 1
_MOST_DIGITS = 19
_decode_numbers = msgspec.json.Decoder(list[float]).decode


def whole_number(value: Any) -> int | None:
    """Return a number of a frame, however it was written (`4`, `4.0`, `"4"`); None if it is no whole number from 0."""
    if isinstance(value, str):
        is_whole = value.isdecimal() and value.isascii() and len(value) <= _MOST_DIGITS
    else:
        is_whole = isinstance(value, float) and value.is_integer()
    number = int(value) if is_whole else value
    return number if type(number) is int and 0 <= number <= _GREATEST else None


def numbers_in(texts: Collection[str]) -> list[float] | None:
    """
    Return the values of texts that are all numbers of JSON; None if one is not.

    For many texts, this takes a fraction of the time of calling `float` for each.
    """
    try:
        numbers = _decode_numbers(f"[{','.join(texts)}]")
    except NOT_UNDERSTOOD:
        return None
    return numbers if len(numbers) == len(texts) else None


def decoder_of(shape: type[T]) -> Callable[[bytes | str], T | None]:
    """Return a decoder of texts of this shape, which returns None for any other text."""
    decode = msgspec.json.Decoder(shape).decode

    def decode_or_none(text: bytes | str) -> T | None:
        try:
            return decode(text)
        except NOT_UNDERSTOOD:
            return None

    return decode_or_none
