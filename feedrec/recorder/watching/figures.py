"""Figures by endpoint and channel: plain counts, which the receive path adds to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ...formats.facts.facts_builder import frames_missing
from ...model import FrameInfo, FrameInfos
from .lag import LagHistogram

__all__ = ["COUNTED", "LONGEST_LABEL", "MOST_CHANNELS", "OTHER", "ChannelFigures", "EndpointFigures", "label"]

COUNTED = frozenset({"gap", "reset", "resync"})
"""The events of a recording that count for their channel."""

OTHER = "other"
"""The channel of frames that name none, or one that is neither the feed's nor asked for."""

MOST_CHANNELS = 500
"""Channels of an endpoint that are told apart: each is a dozen series."""

LONGEST_LABEL = 100


def label(text: str) -> str:
    """Return text of a venue or a user as the value of a label: not too long, and valid UTF-8."""
    return text[:LONGEST_LABEL].encode(errors="replace").decode()


class ChannelFigures:
    """
    What was received of one channel.

    Attributes:
        frames, bytes: Frames, and bytes of their payloads.
        gaps, missing, resets, resyncs: See `Counts`.
        lag: How late its frames are.

    """

    __slots__ = ("bytes", "frames", "gaps", "lag", "missing", "resets", "resyncs")

    def __init__(self) -> None:
        self.frames = self.bytes = self.gaps = self.missing = self.resets = self.resyncs = 0
        self.lag = LagHistogram()

    def as_tuple(self) -> tuple[int, int, int, int, int, int, list[int]]:
        """Return frames, bytes, gaps, missing frames, resets, resyncs, and lags by size as they are now."""
        lags = self.lag.counts.copy()
        return self.frames, self.bytes, self.gaps, self.missing, self.resets, self.resyncs, lags


class EndpointFigures:
    """
    What was received from one endpoint.

    Args:
        known: The channels of the feed.
        is_asked_for: Whether something else is a channel that was asked for.

    Attributes:
        channels: The figures by channel: no more than `MOST_CHANNELS`, and `OTHER` for all others. What the venue
            counts for a connection as a whole is that of the channel that has no name.

    """

    def __init__(self, known: Collection[str], is_asked_for: Callable[[str], bool]) -> None:
        self._known, self._is_asked_for = known, is_asked_for
        self.channels = {"": ChannelFigures()}  # from the start: a count that appears above zero has no increase

    def of(self, channel: str) -> ChannelFigures:
        """Return the figures of a channel."""
        found = self.channels.get(channel)
        if found is not None and channel:
            return found
        is_own = channel and (channel in self._known or self._is_asked_for(channel))
        if not is_own or len(self.channels) >= MOST_CHANNELS:
            channel = OTHER
        return self.channels.setdefault(label(channel), ChannelFigures())

    def add(self, infos: Sequence[FrameInfo], sizes: Sequence[int]) -> None:
        """Add frames: what they are, and the bytes of each payload."""
        if not isinstance(infos, FrameInfos):
            for info, size in zip(infos, sizes, strict=True):
                figures = self.of(info.channel)
                figures.frames += 1
                figures.bytes += size
            return
        names = {kind.channel for kind in infos.kinds}
        if len(names) == 1:  # as nearly always: the heartbeats come once a second
            figures = self.of(names.pop())
            figures.frames += len(sizes)
            figures.bytes += sum(sizes)
            return
        channels = [self.of(kind.channel) for kind in infos.kinds]
        for place, size in zip(infos.which, sizes, strict=True):
            figures = channels[place]
            figures.frames += 1
            figures.bytes += size

    def event(self, name: str, details: dict[str, object]) -> None:
        """Add an event of the recording, if it counts."""
        if name not in COUNTED:
            return
        channel = details.get("channel")
        figures = self.of(channel) if isinstance(channel, str) and channel else self.channels[""]
        if name == "gap":
            figures.gaps += 1
            figures.missing += frames_missing(details)
        elif name == "reset":
            figures.resets += 1
        else:
            figures.resyncs += 1
