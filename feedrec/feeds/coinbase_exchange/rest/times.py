"""`GET /time`: the venue's time."""

from __future__ import annotations

from ....model import format_time

__all__ = ["time_text"]

_MILLISECOND = 1_000_000


def time_text(time: int) -> bytes:
    """
    Return the body of the answer, at a time in nanoseconds: whole milliseconds, `epoch` in seconds with decimals.

    `fetch_time` of ccxt 4.5.90, which has such an answer as its example, and `TimeSkew` of coinbase-pro-node 9.1.0.
    """
    milliseconds = time // _MILLISECOND
    seconds, rest = divmod(milliseconds, 1000)
    epoch = f"{seconds}.{rest:03d}".rstrip("0").rstrip(".") if rest else f"{seconds}"
    return f'{{"iso":"{format_time(milliseconds * _MILLISECOND)[:23]}Z","epoch":{epoch}}}'.encode()
