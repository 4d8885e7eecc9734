"""Tickers as ticker_batch has them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ...decoding import decoder_of

__all__ = ["batched_ticker", "without_best"]

_LACKING = ("best_bid", "best_ask", "best_bid_quantity", "best_ask_quantity")
"""Keys of a ticker that ticker_batch does not have (the AsyncAPI document of Advanced Trade)."""

_Ticker = Mapping[str, msgspec.Raw]


class _Event(msgspec.Struct, gc=False):
    tickers: list[dict[str, msgspec.Raw]] = []


class _Frame(msgspec.Struct, gc=False):
    events: list[_Event] = []


_decode_frame = decoder_of(_Frame)
_decode_ticker = decoder_of(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


def without_best(ticker: bytes) -> bytes:
    """Return a ticker as ticker_batch has it; what is no object stays."""
    fields = _decode_ticker(ticker)
    return ticker if fields is None else _encode(_batched(fields))


def batched_ticker(payload: bytes, product: str) -> _Ticker | None:
    """Return what ticker_batch has of the ticker of a product in a frame of ticker; None if there is none."""
    name = _encode(product)
    for event in (_decode_frame(payload) or _Frame()).events:
        for ticker in event.tickers:
            if bytes(ticker.get("product_id", b"")) == name:
                return _batched(ticker)
    return None


def _batched(ticker: _Ticker) -> _Ticker:
    return {name: value for name, value in ticker.items() if name not in _LACKING}
