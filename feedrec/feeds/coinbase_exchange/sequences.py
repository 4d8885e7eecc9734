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
6. Within each of these counts, gaps, resets and frames out of order are those of feeds/sequence.py. What a heartbeat
   promised before trades were counted anew is forgotten.
"""

from __future__ import annotations

from ...model import FrameInfo
from ..sequence import LARGEST_GAP, ContiguousSequence, Discontinuity, Gap, Reset
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

    """

    def __init__(self, *, follows_full: bool = True, follows_matches: bool = True) -> None:
        self._follows_full = follows_full
        self._follows_matches = follows_matches
        self._full: dict[str, _Count] = {}
        self._level3: dict[str, _Count] = {}
        self._trades: dict[str, _Count] = {}
        self._promised: dict[str, int] = {}
        self._out_of_order = 0  # in counts that are forgotten

    @property
    def out_of_order(self) -> int:
        """Frames seen whose number did not fit; they are not lost."""
        counts = (count for counts in (self._full, self._level3, self._trades) for count in counts.values())
        return self._out_of_order + sum(count.out_of_order for count in counts)

    def observe(self, info: FrameInfo) -> Discontinuity | None:
        """Take the description of a frame; return what it reveals: of trades for matches and heartbeats."""
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
        self._out_of_order = self.out_of_order
        for numbers in (self._full, self._level3, self._trades, self._promised):
            numbers.clear()

    def _observe_trade(self, info: TradeInfo, product: str) -> Discontinuity | None:
        if info.channel == "heartbeat":
            return self._keep_promise(product, info.trade_id)
        if info.kind == "snapshot":
            self._trades.setdefault(product, _Count()).begin(info.trade_id + 1)
            return None
        self._fill(self._full, product, info.sequence)
        if info.channel == "user":
            self._fill(self._trades, product, info.trade_id)
            return None
        if not self._follows_matches:
            return None
        found = self._count(self._trades, product, info.trade_id)
        if isinstance(found, Reset):
            self._promised.pop(product, None)
        return found

    def _keep_promise(self, product: str, last_trade: int) -> Gap | None:
        promised = self._promised.get(product)
        self._promised[product] = last_trade
        count = self._trades.get(product)
        return None if promised is None or count is None else count.reach(promised)

    def _count(self, counts: dict[str, _Count], product: str, number: int | None) -> Discontinuity | None:
        if number is None:
            return None
        count = counts.get(product)
        if count is None:
            count = counts[product] = _Count()
        if number == count.expected and not count.ahead:  # nearly always: spares two calls for each frame
            count.expected = number + 1
            return None
        return count.observe(number)

    def _fill(self, counts: dict[str, _Count], product: str, number: int | None) -> None:
        count = counts.get(product)
        if count is not None and number is not None:
            count.fill(number)


class _Count(ContiguousSequence):
    """
    Numbers that grow by one, some of which may be seen elsewhere.

    Attributes:
        ahead: Numbers that were seen elsewhere before it was their turn.

    """

    def __init__(self) -> None:
        super().__init__(None)
        self.ahead: set[int] = set()

    def begin(self, expected: int) -> None:
        """Begin again, but never expect a number that was seen."""
        if self.expected is None or expected > self.expected:
            self.expected = expected
            self.ahead.clear()

    def observe(self, sequence: int) -> Discontinuity | None:
        if not self.ahead:
            return super().observe(sequence)
        before, expected = self.expected, self._pass_fillings()
        if before is not None and expected is not None and before <= sequence < expected:
            return None  # it was filled
        found = super().observe(sequence)
        if isinstance(found, Reset):
            self.ahead.clear()
        return found

    def fill(self, number: int) -> None:
        """Take a number that may be of another frame: it reveals nothing, but is not missing."""
        expected = self.expected
        if expected is None:
            return
        if number < expected:
            self._fill_after_suspect(number)
        elif number == expected:
            self.expected = number + 1
        elif len(self.ahead) < _MOST_AHEAD:
            self.ahead.add(number)
        else:
            self.expected = None
            self.ahead.clear()

    def reach(self, number: int) -> Gap | None:
        """Expect everything up to a number to have come; return the gap at the end, if there is one."""
        expected = self._pass_fillings()
        if expected is None or not expected <= number <= expected + LARGEST_GAP:
            return None
        gap = self._find_gap(expected, number + 1)
        self.expected = number + 1
        return gap

    def _pass_fillings(self) -> int | None:
        while self.expected is not None and self.expected in self.ahead:
            self.ahead.discard(self.expected)
            self.expected += 1
        return self.expected

    def _find_gap(self, expected: int, received: int) -> Gap:
        first = received
        while first - 1 in self.ahead:
            first -= 1
        super()._find_gap(expected, received)
        self._late -= self.ahead
        self.ahead = {number for number in self.ahead if number >= received}
        return Gap(expected, first)
