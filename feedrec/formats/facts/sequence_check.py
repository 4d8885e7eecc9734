"""The venue's sequence in a recording: gaps, resets and frames out of order, with an event for them or without."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import msgspec

from ...model import DescribeAll, Event, Frame, FrameInfo, describe_nothing, format_time

__all__ = ["CountReset", "Discontinuity", "MakeRule", "Rules", "SequenceCheck", "SequenceRule"]

_MOST_RESETS = 20
_LONGEST_TEXT = 100


class Discontinuity(Protocol):
    """A gap, or a reset, of which nothing is known to be missing."""

    @property
    def expected(self) -> int:
        """The number that came next."""

    @property
    def received(self) -> int:
        """The number that came, or with which the count began anew."""

    @property
    def missing(self) -> int:
        """Frames lost; 0 for a reset."""


class SequenceRule(Protocol):
    """Follows the numbers of the frames received on one connection."""

    def observe(self, info: FrameInfo) -> Discontinuity | None:
        """
        Observe the next frame; return the gap before it, or the reset that it shows.

        A rule may have `passes(infos)` too: it observes frames that follow each other if there is nothing to find among
        them, and returns whether it did.
        """


class CountReset(msgspec.Struct, frozen=True, array_like=True):
    """
    A count that the venue began anew, as it is told; what an event says of it may be anything.

    Attributes:
        conn: The connection.
        time: Wall time in nanoseconds.
        expected: The number that came next.
        received: The number with which the count began anew.
        channel: The channel, if the count is not that of the whole connection.
        product: The product.

    """

    conn: int
    time: int
    expected: int | str | None
    received: int | str | None
    channel: int | str | None = None
    product: int | str | None = None

    def __str__(self) -> str:
        of = "" if self.channel is None else f" of {self.channel} {self.product}"
        numbers = f"expected {self.expected}, received {self.received}"
        return f"the count{of} of connection {self.conn} began anew at {format_time(self.time)} ({numbers})"


MakeRule = Callable[[bool], SequenceRule]
"""Makes the rule for one connection; the argument says whether its `open` event was recorded."""


class Rules(msgspec.Struct, frozen=True):
    """
    What is known about the recorded feed.

    Attributes:
        describe: Describes a payload.
        sequence_rule: Makes the sequence rule for one connection; None to ignore gaps.
        describe_all: Describes several payloads at once, if anything can.

    """

    describe: Callable[[bytes], FrameInfo] = describe_nothing
    sequence_rule: MakeRule | None = None
    describe_all: DescribeAll | None = None


class SequenceCheck:
    """
    Follows the sequence of every connection of a recording, record by record.

    A gap is counted once, whether there is an event for it, or it shows only in the frames, or both; so is a reset.

    Args:
        make_rule: Makes the rule for one connection; None if only events count, as where frames were left out.

    Attributes:
        noticed_gaps: Gaps between the frames of which an event tells.
        lost_gaps: Gaps of which none does.
        lost: Frames missing in those.
        resets: Counts that began anew.
        first_resets: The first twenty of them.

    """

    def __init__(self, make_rule: MakeRule | None) -> None:
        self.noticed_gaps = self.lost_gaps = self.lost = self.resets = 0
        self.first_resets: list[CountReset] = []
        self._make_rule = make_rule
        self._rules: dict[int, SequenceRule] = {}
        self._announced: set[int] = set()  # connections with an event before the next frame
        self._out_of_order = 0

    @property
    def out_of_order(self) -> int:
        """Frames whose number did not fit; they are not lost."""
        return self._out_of_order + sum(map(_out_of_order, self._rules.values()))

    def take_event(self, event: Event) -> None:
        """Take the next record if it is an event."""
        conn = event.conn
        if conn is None:
            return
        if event.name == "open":
            self._end(conn)
            if self._make_rule is not None and not event.details.get("unverified"):  # its frames may be lost
                self._rules[conn] = self._make_rule(True)
        elif event.name == "close":
            self._end(conn)
        elif event.name in {"gap", "reset"}:
            self._announced.add(conn)
            if event.name == "reset":
                said = (event.details.get(name) for name in ("expected", "received", "channel", "product"))
                self._add_reset(conn, event.time, *said)
        elif event.name == "damage":
            self.forget()

    def take_frame(self, frame: Frame, info: FrameInfo) -> Discontinuity | None:
        """Take the next record if it is a received frame; return a gap before it of which no event tells."""
        if self._make_rule is None or frame.synthetic or frame.unverified:
            return None
        return self._judge(self._rule_for(frame.conn).observe(info), frame.conn, frame.time)

    def take_run(
        self, times: Sequence[int], conns: Sequence[int], infos: Sequence[FrameInfo], left_out: Collection[int] = ()
    ) -> list[tuple[int, Discontinuity]]:
        """
        Take received frames that follow each other.

        Args:
            times: Their wall times.
            conns: Their connections.
            infos: Their descriptions.
            left_out: The numbers of those among them that are of no sequence.

        Returns:
            The numbers of those before which there is a gap of which no event tells, each with that gap.

        """
        if self._make_rule is None:
            return []
        lost: list[tuple[int, Discontinuity]] = []
        rules, announced = self._rules, self._announced
        if not announced and not left_out and conns and conns.count(conns[0]) == len(conns):
            passes = getattr(self._rule_for(conns[0]), "passes", None)
            if passes is not None and passes(infos):
                return lost
        for number, (conn, info) in enumerate(zip(conns, infos, strict=True)):
            if left_out and number in left_out:
                continue
            found = (rules.get(conn) or self._rule_for(conn)).observe(info)
            if found is not None or announced:
                gap = self._judge(found, conn, times[number])
                if gap is not None:
                    lost.append((number, gap))
        return lost

    def forget(self) -> None:
        """Expect records to be missing here, which was reported."""
        for conn in list(self._rules):
            self._end(conn)
        self._announced.clear()

    def _end(self, conn: int) -> None:
        self._announced.discard(conn)
        rule = self._rules.pop(conn, None)
        if rule is not None:
            self._out_of_order += _out_of_order(rule)

    def _rule_for(self, conn: int) -> SequenceRule:
        rule = self._rules.get(conn)
        if rule is None:
            assert self._make_rule is not None  # noqa: S101  for mypy
            rule = self._rules[conn] = self._make_rule(False)
        return rule

    def _judge(self, found: Discontinuity | None, conn: int, time: int) -> Discontinuity | None:
        """Count what the rule found before a frame; return it if it is a gap of which no event tells."""
        if found is None and not self._announced:
            return None
        was_announced = conn in self._announced
        self._announced.discard(conn)
        if found is None:
            return None
        if not found.missing:
            if not was_announced:
                self._add_reset(conn, time, found.expected, found.received)
            return None
        if was_announced:
            self.noticed_gaps += 1
            return None
        self.lost_gaps += 1
        self.lost += found.missing
        return found

    def _add_reset(self, conn: int, time: int, *said: object) -> None:
        self.resets += 1
        if len(self.first_resets) < _MOST_RESETS:
            self.first_resets.append(CountReset(conn, time, *map(_as_told, said)))


def _as_told(said: object) -> int | str | None:
    """Return what stands in an event so that it can be written down in few bytes."""
    if said is None or (type(said) is int and abs(said) < 1 << 63):
        return said
    return str(said)[:_LONGEST_TEXT]


def _out_of_order(rule: SequenceRule) -> int:
    return getattr(rule, "out_of_order", 0)  # a plug-in's rule need not count them
