"""
What a file has in it, so that nobody has to read it for that: the summary in its index.

docs/format.md is normative. All steady times are those of a clock whose shift is zero at the first line of the file.
"""

from __future__ import annotations

import msgspec

from ...model import NANOSECONDS, TIME_LIMIT
from ..line.steady_clock import Jump, Reading
from ..line.subscribed import SubscribedState
from .connections import OpenSpan, Replacement
from .histogram import Bins, SecondCount
from .moments import Ends
from .sequence_check import CountReset

__all__ = [
    "FROM_END",
    "LARGEST_SUMMARY",
    "ChannelFacts",
    "FileFacts",
    "FirstReading",
    "SequenceFacts",
    "decode_facts",
    "encode_facts",
]

FROM_END = 180 * NANOSECONDS
"""How far from the end the last reading may be, summed up over blocks; a recorder reads its clocks each minute."""

_MOST_FRAMES = 1 << 53

LARGEST_SUMMARY = 1 << 20
"""Bytes of a summary at most; a file with more to say has none."""


class ChannelFacts(msgspec.Struct, array_like=True):
    """Received frames of a channel and a product, and the bytes of their payloads; None stands for several products."""

    channel: str
    product: str | None
    frames: int = 0
    bytes: int = 0


class SequenceFacts(msgspec.Struct):
    """
    What the numbers of the frames tell, and the events about them.

    Attributes:
        gaps: `gap` events.
        missing: Frames missing according to them.
        unnoticed_gaps: Gaps of which no event tells.
        unnoticed: Frames missing in those.
        resets: Counts that began anew.
        first_resets: The first twenty of them.
        out_of_order: Frames whose number did not fit.

    """

    gaps: int = 0
    missing: int = 0
    unnoticed_gaps: int = 0
    unnoticed: int = 0
    resets: int = 0
    first_resets: list[CountReset] = []
    out_of_order: int = 0


class FirstReading(msgspec.Struct, array_like=True):
    """The first reading of the clocks in a file, and the number of its line, not counting the header."""

    wall: int
    monotonic: int
    line: int

    @property
    def reading(self) -> Reading:
        """The reading."""
        return Reading(self.wall, self.monotonic)


class FileFacts(msgspec.Struct):
    """
    What a file has in it.

    Attributes:
        header: CRC-32 of its first line, without the line feed.
        text: Bytes of its lines, line feeds and header included.
        begin: Steady time of the line after the header; None if there is none.
        begin_wall: Wall time of that line.
        channels: Received frames by channel and product.
        sent: Sent frames.
        events: Events by name; an empty name stands for those that are left over.
        received: The first and the last moment of received frames.
        others: The same of events and sent frames.
        frames_over_time: Received frames by steady time.
        gaps_over_time: Gaps by steady time.
        seconds: The busiest second of the clock.
        sequence: Gaps, resets and frames out of order.
        connections: When connections were open.
        replaced: Connections that were opened to take the place of another one; absent if there is none.
        subscribed: What was asked for, and what of it the venue accepted.
        first_reading: The first reading in the first block that has a line; None if there is none.
        last_reading: The last one, unless it is too far from the end (`several/clocks.py`).
        jump: The first jump of time that nothing explains.

    """

    header: int
    text: int = 0
    begin: int | None = None
    begin_wall: int | None = None
    channels: list[ChannelFacts] = []
    sent: int = 0
    events: dict[str, int] = {}
    received: Ends = msgspec.field(default_factory=Ends)
    others: Ends = msgspec.field(default_factory=Ends)
    frames_over_time: Bins = msgspec.field(default_factory=Bins)
    gaps_over_time: Bins = msgspec.field(default_factory=Bins)
    seconds: SecondCount = msgspec.field(default_factory=SecondCount)
    sequence: SequenceFacts = msgspec.field(default_factory=SequenceFacts)
    connections: list[OpenSpan] = []
    replaced: list[Replacement] | msgspec.UnsetType = msgspec.UNSET
    subscribed: SubscribedState = msgspec.field(default_factory=SubscribedState)
    first_reading: FirstReading | None = None
    last_reading: Reading | None = None
    jump: Jump | None = None

    @property
    def replacements(self) -> list[Replacement]:
        """Connections that were opened to take the place of another one."""
        return [] if self.replaced is msgspec.UNSET else self.replaced

    @property
    def frames(self) -> int:
        """Received frames."""
        return sum(figures.frames for figures in self.channels)

    @property
    def bytes(self) -> int:
        """Bytes of their payloads."""
        return sum(figures.bytes for figures in self.channels)

    @property
    def is_possible(self) -> bool:
        """Whether a file may have that in it, as far as figures are derived from it."""
        walls = [moment[1] for ends in (self.received, self.others) for moment in (ends.first, ends.last) if moment]
        walls += [reset.time for reset in self.sequence.first_resets]
        walls += [] if self.jump is None else self.jump
        walls += [] if self.begin_wall is None else [self.begin_wall]
        return (
            all(0 <= wall < TIME_LIMIT for wall in walls)
            and _are_possible(self.frames_over_time)
            and _are_possible(self.gaps_over_time)
            and all(figures.frames > 0 <= figures.bytes for figures in self.channels)
            and self.frames_over_time.total == self.frames < _MOST_FRAMES
            and (self.received.first is None) == (self.received.last is None) == (self.frames == 0)
            and (self.others.first is None) == (self.others.last is None)
            and (self.begin is None) == (self.begin_wall is None)
            and self.bytes <= max(self.text, 0)
            and 0 <= self.seconds.most <= self.frames
            and all(second[1] >= 0 for second in (self.seconds.first, self.seconds.last) if second)
        )


_decode = msgspec.json.Decoder(FileFacts).decode
_decode_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_KEYS = frozenset(FileFacts.__struct_fields__) - {"replaced"}


def encode_facts(facts: FileFacts) -> bytes | None:
    """Encode a summary; None if it is longer than it may be."""
    try:
        text = msgspec.json.encode(facts)
    except (OverflowError, ValueError):  # a number beyond 64 bits, as only a hostile line has
        return None
    return text if len(text) <= LARGEST_SUMMARY else None


def decode_facts(text: bytes) -> FileFacts | None:
    """Decode a summary; None if it cannot be one, or does not say everything, as one of an earlier version."""
    try:
        if not _decode_keys(text).keys() >= _KEYS:
            return None
        facts = _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return facts if facts.is_possible else None


def _are_possible(bins: Bins) -> bool:
    has_times = bins.first is not None and bins.last is not None and bins.first <= bins.last
    return (
        _is_width(bins.width)
        and len(bins.steps) == len(bins.counts)
        and has_times == bool(bins.counts)
        and (bins.first is None) == (bins.last is None)
        and min(bins.steps[1:], default=1) > 0
        and min(bins.counts, default=1) > 0
    )


def _is_width(width: int) -> bool:
    number, rest = divmod(width, NANOSECONDS >> 9)
    return not rest and number > 0 and number & (number - 1) == 0
