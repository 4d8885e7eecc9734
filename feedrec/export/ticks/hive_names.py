"""
What folders are called: `date=2026-08-09/product=BTC-USD`.

Hive, Spark, DuckDB, Polars and pyarrow turn `%2F` back into `/`. Spark takes each such triple for a character of its
own, so letters of other alphabets stay as they are. A name that no folder can have is cut, and has a checksum.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath

from ..days import DAY, date_of

__all__ = ["partition_folder"]

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
_NULL = "__HIVE_DEFAULT_PARTITION__"
_LONGEST = 200
"""Bytes of a folder's name after `product=`: file systems have 255 for all of it."""

_DIGEST = 8


def partition_folder(table: str, day: int, product: str) -> PurePosixPath:
    """
    Return the folder of a product's rows of a day.

    Args:
        table: The table.
        day: The day, counted from 1970-01-01.
        product: The product; a name that could be anything else in a path is spelled out.

    """
    return PurePosixPath(table, f"date={date_of(day * DAY).isoformat()}", f"product={_value(product)}")


def _value(product: str) -> str:
    spelled = "".join(map(_spelled, product))
    if spelled.casefold() == _NULL.casefold():
        return spelled.replace("_", "%5F", 1)
    if len(spelled.encode()) > _LONGEST:
        digest = hashlib.sha256(product.encode(errors="surrogatepass")).hexdigest()[:_DIGEST]
        whole = re.sub(r"%\w?$", "", spelled.encode()[: _LONGEST - _DIGEST - 1].decode(errors="ignore"))
        return f"{whole}-{digest}"
    return spelled or _NULL


def _spelled(character: str) -> str:
    if character in _PLAIN or (not character.isascii() and character.isprintable()):
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode(errors="surrogatepass"))
