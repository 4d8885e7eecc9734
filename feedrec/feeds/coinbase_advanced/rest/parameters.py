"""The parameters of a request, as grpc-gateway reads them (`runtime/query.go`); an empty one counts as not there."""

from __future__ import annotations

import re
from collections.abc import Collection

from ....http_messages import HttpRequest
from .errors import invalid_argument, unreadable

__all__ = ["flag", "limit_of", "one_of", "seconds", "whole"]

_INTEGER = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_SECONDS = re.compile(r"\d{1,11}", re.ASCII)
_TRUE, _FALSE = ("1", "t", "T", "true", "TRUE", "True"), ("0", "f", "F", "false", "FALSE", "False")
"""What Go's `strconv.ParseBool` takes. The SDK sends `False`: `requests` writes a bool of Python so."""


def whole(request: HttpRequest, name: str) -> int:
    """
    Return a whole number, 0 if it is not given.

    Raises:
        BadRequestError: If it is none of 32 bits.

    """
    text = request.parameter(name) or ""
    if not text:
        return 0
    number = int(text) if _INTEGER.fullmatch(text) else None
    if number is None:
        raise unreadable(name, f'strconv.ParseInt: parsing "{text}": invalid syntax')
    if not -(2**31) <= number < 2**31:
        raise unreadable(name, f'strconv.ParseInt: parsing "{text}": value out of range')
    return number


def limit_of(request: HttpRequest, most: int) -> int:
    """
    Return how many items are asked for: `limit`, at most so many, and so many if it is not given.

    Raises:
        BadRequestError: If it is no whole number from 0 on.

    """
    limit = whole(request, "limit")
    if limit < 0:
        raise invalid_argument("limit argument is invalid")
    return min(limit or most, most)


def flag(request: HttpRequest, name: str) -> bool:
    """
    Return a truth value, False if it is not given.

    Raises:
        BadRequestError: If it is none.

    """
    text = request.parameter(name) or ""
    if text and text not in _TRUE and text not in _FALSE:
        raise unreadable(name, f'strconv.ParseBool: parsing "{text}": invalid syntax')
    return text in _TRUE


def one_of(request: HttpRequest, name: str, values: Collection[str]) -> str:
    """
    Return a name of a list, empty if it is not given.

    Raises:
        BadRequestError: If it is not on the list.

    """
    text = request.parameter(name) or ""
    if text and text not in values:
        raise unreadable(name, f'"{text}" is not a valid value')
    return text


def seconds(request: HttpRequest, name: str) -> int | None:
    """
    Return a time in seconds since 1970, None if it is not given.

    Raises:
        BadRequestError: If it is none. The words are those that the venue begins with where there are too many candles.

    """
    text = request.parameter(name) or ""
    if text and not _SECONDS.fullmatch(text):
        raise invalid_argument("start and end argument is invalid")
    return int(text) if text else None
