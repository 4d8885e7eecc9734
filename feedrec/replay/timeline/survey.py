"""
What recordings contain, according to their indexes and their first frames.

A recording without an index is looked at for a minute. With one that tells all, a hundred frames will do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from ...errors import DamagedRecordingError
from ...feeds.venue import Sample, VenueFeed
from ...formats import Recording, open_recording
from ...formats.facts.file_facts import decode_facts
from ...formats.line.index import Index
from ...model import NANOSECONDS, Event, Frame, Header

__all__ = ["Survey", "survey_recordings"]

LONGEST_LOOK = 60 * NANOSECONDS
"""Recorded time that is inspected; every channel of a feed sends something within seconds."""

MOST_FRAMES = 100
"""Frames of each recording that show how the venue's frames look, and what its clock said."""

LEAST_DIFFERENCE = NANOSECONDS
"""Less than this is how long frames are on their way, rather than a difference of clocks."""

MOST_TEXT = 64 << 20
"""Bytes of text that are inspected, in each recording."""


class Survey(msgspec.Struct, frozen=True):
    """
    What there is to replay.

    Attributes:
        catalogue: Products by channel: those that were seen, and those that were requested and not refused.
        first_time: Wall time of the first received frame, in nanoseconds; 0 if there is none.
        first_steady: Its steady time.
        ahead: Nanoseconds by which the venue's clock is ahead of the recorder's; 0 if it is less than a second.
        behind: By how much the times that frames name are ahead at least, mostly negative: the longest way.
        sample: How the recordings begin.

    """

    catalogue: dict[str, list[str]]
    first_time: int
    first_steady: int
    ahead: int = 0
    behind: int = 0
    sample: Sample = Sample()


def survey_recordings(paths: Sequence[Path], feed: VenueFeed, shifts: Sequence[int] = ()) -> Survey:
    """
    Inspect the beginning of each recording, and its index if it has one.

    Args:
        paths: The recordings.
        feed: Describes their frames.
        shifts: Nanoseconds from the wall time to the steady time at the beginning of each; none for no difference.

    Raises:
        RecordingError: If one cannot be read at all.

    """
    looks = []
    seen: dict[str, dict[str, None]] = {}
    requested: dict[str, set[str]] = {}
    for path, shift in zip(paths, shifts or [0] * len(paths), strict=True):
        with open_recording(path) as recording:
            look = _look_at_beginning(recording, feed, seen, shift)
            for channel, asked_for in look.requested.items():
                requested.setdefault(channel, set()).update(asked_for)
                if asked_for or channel not in feed.channels:  # nothing else tells of one that is not known
                    seen.setdefault(channel, {}).update(dict.fromkeys(asked_for or ("",)))
            for channel, products in (recording.index.products if recording.index else {}).items():
                if channel in feed.channels:  # those of acks are not
                    seen.setdefault(channel, {}).update(dict.fromkeys(products))
        looks.append(look)
    first = min((look for look in looks if look.frames), key=lambda look: look.beginning, default=None)
    steady, wall = (0, 0) if first is None else first.beginning
    payloads = [frame.payload for look in looks for frame in look.frames]
    sample = Sample(payloads, requested, any(look.is_sparse for look in looks))
    catalogue = {channel: list(products) for channel, products in seen.items()}
    return Survey(catalogue, wall, steady, *_compare_clocks(feed, first.frames if first else ()), sample)


_ALL = "\0"
"""Stands for all channels: no venue calls one so."""


class _Look(NamedTuple):
    """
    What the beginning of a recording says.

    Attributes:
        shift: Nanoseconds from the wall time to the steady time there.
        frames: The first received frames.
        requested: What was asked for, and not refused: products by channel, none for a channel without products.
        is_sparse: Whether holes in the numbers of frames are no gaps.

    """

    shift: int
    frames: list[Frame]
    requested: dict[str, set[str]]
    is_sparse: bool

    @property
    def beginning(self) -> tuple[int, int]:
        """The steady time of the first frame, and its wall time."""
        return self.frames[0].time + self.shift, self.frames[0].time


def _look_at_beginning(recording: Recording, feed: VenueFeed, seen: dict[str, dict[str, None]], shift: int) -> _Look:
    """Note the channels and products of the first frames."""
    text = 0
    frames: list[Frame] = []
    untold = _untold(recording, feed)
    refused: list[dict[str, set[str]]] = []
    with contextlib.suppress(DamagedRecordingError):  # the replay reports it
        for line, record in recording.lines_with_records():
            text += len(line)
            if isinstance(record, Event):
                refused.append(_refused(record))
            elif record.direction == "in":
                if len(frames) < MOST_FRAMES:
                    frames.append(record)
                untold.discard(_note(seen, feed, record))
            is_told = not untold and len(frames) >= MOST_FRAMES
            if is_told or text > MOST_TEXT or (frames and record.time - frames[0].time > LONGEST_LOOK):
                break
    requested = _asked_for(recording.header)
    for one in refused:
        for channel, products in one.items():
            left = requested.get(channel, set()) - products
            if channel in requested and not left and (products or not requested[channel]):
                del requested[channel]
            elif left:
                requested[channel] = left
    return _Look(shift, frames, requested, "deduplicated" in recording.header.extra)


def _compare_clocks(feed: VenueFeed, frames: Sequence[Frame]) -> tuple[int, int]:
    """
    Return by how much the venue's clock is ahead of the recorder's, and by how much its frames are at least.

    A frame that came late is no sign of a clock that is behind, so the one that was least late tells.
    """
    named = ((feed.own_time(frame.payload), frame.time) for frame in frames if not frame.synthetic)
    found = [own - recorded for own, recorded in named if own is not None]
    most = max(found, default=0)
    return most if abs(most) >= LEAST_DIFFERENCE else 0, min(found, default=0)


def _untold(recording: Recording, feed: VenueFeed) -> set[str]:
    """
    Return the channels of which the index does not tell what they are: those of acks, and those that are not known.

    Returns:
        `_ALL` alone if there is no index, or something may have been refused.

    """
    index = recording.index
    if index is None or _may_lack(recording.header, index):
        return {_ALL}
    return set(index.products).difference(feed.channels)


def _may_lack(header: Header, index: Index) -> bool:
    """Whether the venue may have refused some of what was asked for: that has no frames, and an event tells."""
    facts = None if index.summary is None else decode_facts(index.summary)
    if facts is not None and not facts.events.keys() & {"missing", ""}:
        return False
    return any(
        channel not in index.products or not products.issubset(index.products[channel])
        for channel, products in _asked_for(header).items()
    )


def _note(seen: dict[str, dict[str, None]], feed: VenueFeed, frame: Frame) -> str:
    """Note what a frame is of; return the channel, also of an ack."""
    info = feed.describe(frame.payload)
    if info.channel and info.kind not in ("ack", "error"):
        seen.setdefault(info.channel, {}).update(dict.fromkeys(info.products or ("",)))
    return info.channel


def _asked_for(header: Header) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in header.subscriptions:
        found.setdefault(str(one.get("channel")), set()).update(map(str, one.get("products") or ()))
    return found


def _refused(event: Event) -> dict[str, set[str]]:
    """Return what the venue did not accept, according to an event."""
    if event.name != "missing":
        return {}
    return _asked_for(Header("", subscriptions=event.details.get("subscriptions") or []))
