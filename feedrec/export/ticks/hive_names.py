"""
What folders are called: `date=2026-08-09/product=BTC-USD`.

Hive, Spark, DuckDB, Polars and pyarrow turn `%2F` back into `/`. Spark takes each such triple for a character of its
own, so letters of other alphabets stay as they are.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from ..days import DAY, date_of

__all__ = ["partition_folder"]

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
_NULL = "__HIVE_DEFAULT_PARTITION__"


def partition_folder(table: str, day: int, product: str) -> PurePosixPath:
    """
    Return the folder of a product's rows of a day.

    Args:
        table: The table.
        day: The day, counted from 1970-01-01.
        product: The product; a name that could be anything else in a path is spelled out.

    """
    return PurePosixPath(
        table, f"date={date_of(day * DAY).isoformat()}", f"product={''.join(map(_spelled, product)) or _NULL}"
    )


def _spelled(character: str) -> str:
    if character in _PLAIN or (not character.isascii() and character.isprintable()):
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode(errors="surrogatepass"))
