"""JSON as values that compare exactly: numbers by what they are worth, however they are written."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn

import msgspec

__all__ = ["Json", "Scalar", "is_scalar", "kind_of", "parse_json"]

Scalar = str | int | Decimal
"""A value that may stand for another one: a string or a number."""


class Json(msgspec.Struct, frozen=True):
    """
    A JSON text that was parsed.

    Attributes:
        value: What it says; numbers are integers and decimals.

    """

    value: Any


def parse_json(payload: bytes) -> Json | None:
    """Return what a JSON text says; None if it is none, or one that nests too deep to tell."""
    try:
        return Json(json.loads(payload.decode(), parse_float=Decimal, parse_constant=_refuse))
    except (ValueError, ArithmeticError, RecursionError):
        return None


def is_scalar(value: Any) -> bool:
    """Return whether a value is a string or a number."""
    return kind_of(value) in {"string", "number"}


def kind_of(value: Any) -> str:
    """Return what JSON calls a value."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, str):
        return "string"
    if isinstance(value, (int, Decimal)):
        return "number"
    return "object" if isinstance(value, dict) else "array"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
