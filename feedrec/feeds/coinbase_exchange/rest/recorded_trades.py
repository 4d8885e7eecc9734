"""
The trades of a product as the recordings have them.

They are the matches, or where none are recorded the trades that tickers name. These may lack some: the venue sends one
ticker for several matches that come at once ("Exchange WebSocket Channels").
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ....model import NANOSECONDS, parse_time
from ...decoding import decoder_of
from ...rest import Market
from ...rest.candles import Trade
from .recorded import is_recorded

__all__ = ["RecordedTrade", "RecordedTrades", "recorded_trades"]

_CLOCKS_DIFFER = 60 * NANOSECONDS
"""How much later by the recorder's clock than by the venue's, or earlier, a trade may be."""

_OTHER_SIDE = {"buy": "sell", "sell": "buy"}


class RecordedTrade(Trade, frozen=True, gc=False):
    """
    A trade.

    Attributes:
        side: That of the maker.
        written_time: Its time, as the venue wrote it.

    """

    side: str
    written_time: str


class _Match(msgspec.Struct, gc=False):
    """A match, or a ticker, which has `last_size`, and the taker's side."""

    trade_id: int
    price: str
    time: str
    side: str = ""
    size: str = ""
    last_size: str = ""


_decode = decoder_of(_Match)


class RecordedTrades:
    """
    The trades of a product.

    Args:
        market: What the recordings tell.
        channel: The channel of the frames that they are in.
        product: The product.

    Attributes:
        guessed: What is not known of them, in a few words; see `GUESSED`.

    """

    def __init__(self, market: Market, channel: str, product: str) -> None:
        self._market = market
        self._key = channel, product
        self.guessed = "" if channel == "matches" else "trades by tickers, which may lack some"

    def since(self, time: int) -> Iterator[RecordedTrade]:
        """Yield those that were made from a time on, and perhaps some before, as they came: some several times."""
        for frame in self._market.frames(*self._key, max(time - _CLOCKS_DIFFER, 0)):
            trade = _trade_in(frame.payload)
            if trade is not None:
                yield trade

    def first(self) -> RecordedTrade | None:
        """Return the first one; None if none has been played."""
        return next(self.since(0), None)

    def last(self) -> list[RecordedTrade]:
        """Return the last one if one is known: before any was played, that is the first one that comes."""
        trade = _trade_in(self._market.snapshot(*self._key) or b"")
        return [] if trade is None else [trade]


def recorded_trades(market: Market, product: str) -> RecordedTrades | None:
    """Return the trades of a product from the channel that tells most of them; None if none tells any."""
    channel = next((one for one in ("matches", "ticker") if is_recorded(market, one, product)), None)
    return None if channel is None else RecordedTrades(market, channel, product)


def _trade_in(payload: bytes) -> RecordedTrade | None:
    match = _decode(payload)
    if match is None or not match.price:
        return None
    try:
        time = parse_time(match.time)
    except ValueError:
        return None
    size = match.last_size
    side = _OTHER_SIDE.get(match.side, match.side) if size else match.side
    return RecordedTrade(match.trade_id, time, match.price, size or match.size, side, match.time)
