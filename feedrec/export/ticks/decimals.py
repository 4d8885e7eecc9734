"""Texts as decimals, exactly or not at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["DECIMAL", "UnfitError", "decimals_of"]

_PRECISION, _SCALE = 38, 18
DECIMAL = pa.decimal128(_PRECISION, _SCALE)
"""Numbers below 10^20 with up to 18 places: all that 16 bytes hold with as many places as Ether has."""

_SURELY_SMALL = 9e19
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_ZERO = re.compile(r"[+-]?[0.]+(?:[eE]|$)")


class UnfitError(ValueError):
    """
    A value does not fit in its column.

    Attributes:
        place: The number of the value.
        reason: What is wrong with it.

    """

    def __init__(self, place: int, reason: str) -> None:
        super().__init__(place, reason)
        self.place = place
        self.reason = reason


def decimals_of(texts: Sequence[str | None]) -> Any:
    """
    Return an array of numbers; None is null.

    Raises:
        UnfitError: If a text is no number, or its value would have to be rounded, or is too large.

    """
    try:
        array = pa.array(texts, pa.string())
        if _are_plain(array):
            return array.cast(DECIMAL)
    except ValueError:  # pyarrow does not say which; and a zero may have any exponent
        pass
    return pa.array([_decimal_of(place, text) for place, text in enumerate(texts)], DECIMAL)


def _are_plain(array: Any) -> bool:
    """
    Tell whether pyarrow surely makes the numbers that are written, or an error.

    Of what has an exponent, more than 38 digits, or a value from 10^20 on, pyarrow 26 makes other numbers.
    """
    longest = pc.max(pc.binary_length(array)).as_py() or 0
    buffer = array.buffers()[2]
    data = b"" if buffer is None else buffer.to_pybytes()
    if longest > _PRECISION or b"e" in data or b"E" in data:
        return False
    if longest <= _PRECISION - _SCALE:
        return True
    return (pc.max(pc.abs(array.cast(pa.float64()))).as_py() or 0.0) < _SURELY_SMALL


def _decimal_of(place: int, text: str | None) -> Decimal | None:
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise UnfitError(place, "is no number")
    if _ZERO.match(text):
        return Decimal(0)
    try:
        number = Decimal(text).normalize(Context(prec=max(len(text), 1)))
    except ArithmeticError:  # an exponent that no decimal has
        raise UnfitError(place, _TOO_MUCH) from None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_SCALE or number.adjusted() >= _PRECISION - _SCALE:
        raise UnfitError(place, _TOO_MUCH)
    return number


_TOO_MUCH = f"does not fit in decimal({_PRECISION}, {_SCALE})"
