"""The venue's sequence in a recording: gaps, resets and frames out of order, with an event for them or without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ...model import Event, Frame, FrameInfo, format_time
from ..file.recording import DecodedBatch

__all__ = ["Discontinuity", "MakeRule", "SequenceCheck", "SequenceRule"]

_MOST_TEXTS = 20


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
        """Observe the next frame; return the gap before it, or the reset that it shows."""


MakeRule = Callable[[bool], SequenceRule]
"""Makes the rule for one connection; the argument says whether its `open` event was recorded."""


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
        reset_texts: What to say of them; of the first twenty.

    """

    def __init__(self, make_rule: MakeRule | None) -> None:
        self.noticed_gaps = self.lost_gaps = self.lost = self.resets = 0
        self.reset_texts: list[str] = []
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
        if event.name == "open":
            self._end(event.conn)
            if self._make_rule is not None and not event.details.get("unverified"):  # its frames may be lost
                self._rules[event.conn] = self._make_rule(True)
        elif event.name == "close":
            self._end(event.conn)
        elif event.name in {"gap", "reset"}:
            self._announced.add(event.conn)
            if event.name == "reset":
                said = (event.details.get(name) for name in ("expected", "received", "channel", "product"))
                self._add_reset(event.conn, event.time, *said)
        elif event.name == "damage":
            self.forget()

    def take_frame(self, frame: Frame, info: FrameInfo) -> Discontinuity | None:
        """Take the next record if it is a received frame; return a gap before it of which no event tells."""
        if self._make_rule is None or frame.synthetic or frame.unverified:
            return None
        rule = self._rules.get(frame.conn)
        if rule is None:
            rule = self._rules[frame.conn] = self._make_rule(False)
        found = rule.observe(info)
        if found is None and not self._announced:
            return None
        was_announced = frame.conn in self._announced
        self._announced.discard(frame.conn)
        if found is None:
            return None
        if not found.missing:
            if not was_announced:
                self._add_reset(frame.conn, frame.time, found.expected, found.received)
            return None
        if was_announced:
            self.noticed_gaps += 1
            return None
        self.lost_gaps += 1
        self.lost += found.missing
        return found

    def take_batch(self, batch: DecodedBatch) -> list[int]:
        """Take the next lines; return the times of gaps of which no event tells."""
        times: list[int] = []
        start = 0
        for place, record in [*zip(batch.places, batch.others, strict=True), (len(batch.frames), None)]:
            for frame, info in zip(batch.frames[start:place], batch.infos[start:place], strict=True):
                if self.take_frame(frame, info) is not None:
                    times.append(frame.time)
            start = place
            if isinstance(record, Event):
                self.take_event(record)
        return times

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

    def _add_reset(
        self, conn: int, time: int, expected: object, received: object, channel: object = None, product: object = None
    ) -> None:
        self.resets += 1
        if len(self.reset_texts) < _MOST_TEXTS:
            of = "" if channel is None else f" of {channel} {product}"
            numbers = f"expected {expected}, received {received}"
            text = f"the count{of} of connection {conn} began anew at {format_time(time)} ({numbers})"
            self.reset_texts.append(text)


def _out_of_order(rule: SequenceRule) -> int:
    return getattr(rule, "out_of_order", 0)  # a plug-in's rule need not count them
