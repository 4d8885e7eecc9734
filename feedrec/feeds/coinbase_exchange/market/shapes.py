"""The parts of frames of Coinbase Exchange that tell of the market, but books (Exchange channels page)."""

from __future__ import annotations

from typing import Literal

import msgspec

from ...decoding import decoder_of

__all__ = ["Match", "TickerFrame", "decode_match", "decode_ticker"]


class Match(msgspec.Struct, gc=False):
    """A match; `side` is the maker's."""

    type: Literal["match", "last_match"]
    product_id: str
    trade_id: int
    price: str
    size: str
    time: str
    side: Literal["buy", "sell"]


class TickerFrame(msgspec.Struct, gc=False):
    """A ticker; captures of 2021 have no sizes of the best bid and ask."""

    product_id: str
    time: str = ""
    price: str = ""
    best_bid: str = ""
    best_bid_size: str = ""
    best_ask: str = ""
    best_ask_size: str = ""
    volume_24h: str = ""
    low_24h: str = ""
    high_24h: str = ""


decode_match = decoder_of(Match)
decode_ticker = decoder_of(TickerFrame)
