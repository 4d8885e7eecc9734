"""
What may stand in a cell: numbers and names that mean the same to every reader of CSV.

A venue's text is taken as it is where it is plain. All else could end a cell or a line, be a formula in a spreadsheet,
or a number that only some tools can read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from ...formats.file.naming.safe_names import safe_name

__all__ = ["are_plain_pairs", "plain_name", "plain_number", "plain_pair", "plain_token"]

_DIGITS = 40
"""Digits that a number may have on either side of its point."""

_NUMBER = rf"[0-9]{{1,{_DIGITS}}}+(?:\.[0-9]{{1,{_DIGITS}}}+)?+"
_PLAIN = re.compile(rf"-?+{_NUMBER}")
_is_pair = re.compile(rf"{_NUMBER},{_NUMBER}").fullmatch
_PAIRS = re.compile(rf"(?:{_NUMBER},{_NUMBER}\n)*+")  # nothing to go back to, so its memory does not grow
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+@-]{0,79}")
_OTHER = re.compile(r"[^A-Za-z0-9._+@-]")


def are_plain_pairs(cells: Sequence[str]) -> bool:
    """Return whether texts are all pairs of plain numbers without a sign, parted by a comma."""
    text = "\n".join(cells) + "\n"
    return _PAIRS.fullmatch(text) is not None and text.count("\n") == len(cells)


def plain_number(text: str) -> str | None:
    """
    Return a number as digits with at most a sign and a point: as it was written, if it was so.

    None if it is no number, or has more than 40 digits before the point or after it.
    """
    if _PLAIN.fullmatch(text):
        return text
    if len(text) > 2 * _DIGITS:  # reading it would take time with the square of that
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) > _DIGITS:
        return None
    written = format(number, "f")
    return written if _PLAIN.fullmatch(written) else None


def plain_pair(one: str, other: str) -> str | None:
    """Return two numbers as their cells, parted by a comma; None if `plain_number` gives one as None."""
    cells = f"{one},{other}"
    if _is_pair(cells):
        return cells
    plain, plain_other = plain_number(one), plain_number(other)
    return None if plain is None or plain_other is None else f"{plain},{plain_other}"


def plain_token(text: str) -> str:
    """Return a name or a number of the venue; empty if it is not plain."""
    return text if _TOKEN.fullmatch(text) else ""


def plain_name(product: str) -> str:
    """Return a product as a part of a file name, of plain characters."""
    return _OTHER.sub("-", safe_name(product)).lstrip("-+@.") or "product"
