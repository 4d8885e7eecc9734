"""
Missing frames, found by the numbers in the frames of Coinbase Exchange.

1. `full` numbers the events of a product without holes, and so does `level3` (Exchange channels page). Other channels
   carry only some of these numbers: their frames reveal no gaps, but fill holes in `full`, since one's own orders and
   matches are described as another channel.
2. Trades of a product are numbered without holes. The first `match`, or the `last_match` before it, is where the count
   begins.
3. A heartbeat names the last trade. As a match may arrive a little after the heartbeat that counts it, a promised trade
   is missing only if it has not arrived by the next heartbeat, a second later.
4. Numbers belong to the venue and continue over connections, so the first may be any.
5. An ack means that channels were joined or left. It comes before their data (capture of 2021-04-17), so after it the
   first number may be any again.
"""

from __future__ import annotations

from ...model import FrameInfo
from ..base import Gap
from .frames import TradeInfo

__all__ = ["ExchangeSequence"]

_MOST_AHEAD = 10_000
"""Numbers ahead of a count that are remembered; there are more only if the channel was left."""


class ExchangeSequence:
    """
    The rule for one connection: numbers by product, in each channel that has them without holes.

    Args:
        follows_full: Whether `full` is received.
        follows_matches: Whether all matches are received.

    Attributes:
        out_of_order: Frames seen with a lower number than an earlier one; they are not lost.

    """

    def __init__(self, *, follows_full: bool = True, follows_matches: bool = True) -> None:
        self._follows_full = follows_full
        self._follows_matches = follows_matches
        self._full: dict[str, _Count] = {}
        self._level3: dict[str, _Count] = {}
        self._trades: dict[str, _Count] = {}
        self._promised: dict[str, int] = {}
        self.out_of_order = 0

    def observe(self, info: FrameInfo) -> Gap | None:
        """Take the description of a frame; return the gap that it reveals: of trades for matches and heartbeats."""
        channel = info.channel
        if channel in {"level2", "ticker"} or not info.products:
            if info.kind == "ack":
                self._forget()
            return None
        product = info.products[0]
        if channel == "full" and self._follows_full:
            return self._count(self._full, product, info.sequence)
        if channel == "level3":
            return self._count(self._level3, product, info.sequence)
        if isinstance(info, TradeInfo):
            return self._observe_trade(info, product)
        if channel == "user":
            self._fill(self._full, product, info.sequence)
        return None

    def follow(self, *, full: bool, matches: bool) -> None:
        """Set which of the channels that are numbered without holes are received from now on."""
        self._follows_full = full
        self._follows_matches = matches

    def _forget(self) -> None:
        for numbers in (self._full, self._level3, self._trades, self._promised):
            numbers.clear()

    def _observe_trade(self, info: TradeInfo, product: str) -> Gap | None:
        if info.channel == "heartbeat":
            return self._keep_promise(product, info.trade_id)
        if info.kind == "snapshot":
            self._trades.setdefault(product, _Count()).begin(info.trade_id + 1)
            return None
        self._fill(self._full, product, info.sequence)
        if info.channel == "user":
            self._fill(self._trades, product, info.trade_id)
            return None
        return self._count(self._trades, product, info.trade_id) if self._follows_matches else None

    def _keep_promise(self, product: str, last_trade: int) -> Gap | None:
        promised = self._promised.get(product)
        self._promised[product] = last_trade
        count = self._trades.get(product)
        return None if promised is None or count is None else count.reach(promised)

    def _count(self, counts: dict[str, _Count], product: str, number: int | None) -> Gap | None:
        if number is None:
            return None
        count = counts.get(product)
        if count is None:
            count = counts[product] = _Count()
        if count.expected is not None and number < count.expected:
            self.out_of_order += 1
            return None
        return count.take(number)

    def _fill(self, counts: dict[str, _Count], product: str, number: int | None) -> None:
        count = counts.get(product)
        if count is not None and number is not None:
            count.fill(number)


class _Count:
    """Numbers that grow by one; `expected` comes next, None as long as it may be any."""

    __slots__ = ("_ahead", "expected")

    def __init__(self) -> None:
        self.expected: int | None = None
        self._ahead: set[int] = set()

    def begin(self, expected: int) -> None:
        """Begin again, but never expect a number that was seen."""
        if self.expected is None or expected > self.expected:
            self.expected = expected
            self._ahead.clear()

    def take(self, number: int) -> Gap | None:
        """Take a number that is not lower than expected; return the gap before it, if there is one."""
        expected = self.expected
        if self._ahead:
            expected = self._pass_fillings()
        if expected is None or number <= expected:
            self.expected = number + 1 if expected is None or number == expected else expected
            return None
        return self._close_gap(expected, number)

    def fill(self, number: int) -> None:
        """Take a number that may be of another frame: it reveals no gap, but is not missing."""
        expected = self.expected
        if expected is None or number < expected:
            return
        if number == expected:
            self.expected = number + 1
        elif len(self._ahead) < _MOST_AHEAD:
            self._ahead.add(number)
        else:
            self.expected = None
            self._ahead.clear()

    def reach(self, number: int) -> Gap | None:
        """Expect everything up to a number to have come; return the gap at the end, if there is one."""
        expected = self._pass_fillings()
        if expected is None or number < expected:
            return None
        return self._close_gap(expected, number + 1, taken=False)

    def _pass_fillings(self) -> int | None:
        while self.expected is not None and self.expected in self._ahead:
            self._ahead.discard(self.expected)
            self.expected += 1
        return self.expected

    def _close_gap(self, expected: int, number: int, *, taken: bool = True) -> Gap | None:
        """Continue after a gap before `number`, which itself was `taken` or not."""
        self.expected = number + 1 if taken else number
        received = number
        while received - 1 in self._ahead:
            received -= 1
        if self._ahead:
            self._ahead = {ahead for ahead in self._ahead if ahead >= self.expected}
        return Gap(expected, received)
