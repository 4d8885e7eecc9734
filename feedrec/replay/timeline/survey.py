"""What recordings contain, according to their indexes and their first frames."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ...errors import DamagedRecordingError
from ...feeds import Feed
from ...formats import Recording, open_recording
from ...model import NANOSECONDS, Event, Frame, Header

__all__ = ["Survey", "survey_recordings"]

LONGEST_LOOK = 60 * NANOSECONDS
"""Recorded time that is inspected; every channel of a feed sends something within seconds."""

MOST_TEXT = 64 << 20
"""Bytes of text that are inspected, in each recording."""


class Survey(msgspec.Struct, frozen=True):
    """
    What there is to replay.

    Attributes:
        catalogue: Products by channel: those that were seen, and those that were requested and not refused.
        first_time: Wall time of the first received frame, in nanoseconds; 0 if there is none.
        first_steady: Its steady time.

    """

    catalogue: dict[str, list[str]]
    first_time: int
    first_steady: int


def survey_recordings(paths: Sequence[Path], feed: Feed, shifts: Sequence[int] = ()) -> Survey:
    """
    Inspect the beginning of each recording, and its index if it has one.

    Args:
        paths: The recordings.
        feed: Describes their frames.
        shifts: Nanoseconds from the wall time to the steady time at the beginning of each; none for no difference.

    Raises:
        RecordingError: If one cannot be read at all.

    """
    seen: dict[str, dict[str, None]] = {}
    first_times = []
    for path, shift in zip(paths, shifts or [0] * len(paths), strict=True):
        with open_recording(path) as recording:
            first_time, refused = _look_at_beginning(recording, feed, seen)
            for channel, product in _asked_for(recording.header) - refused:
                seen.setdefault(channel, {})[product] = None
            for channel, products in (recording.index.products if recording.index else {}).items():
                if channel in feed.channels:  # those of acks are not
                    seen.setdefault(channel, {}).update(dict.fromkeys(products))
        if first_time is not None:
            first_times.append((first_time + shift, first_time))
    steady, wall = min(first_times, default=(0, 0))
    return Survey({channel: list(products) for channel, products in seen.items()}, wall, steady)


def _look_at_beginning(
    recording: Recording, feed: Feed, seen: dict[str, dict[str, None]]
) -> tuple[int | None, set[tuple[str, str]]]:
    """Note the channels and products of the first frames; return the first time, and what the venue refused."""
    text = 0
    first_time = None
    refused: set[tuple[str, str]] = set()
    with contextlib.suppress(DamagedRecordingError):  # the replay reports it
        for line, record in recording.lines_with_records():
            text += len(line)
            if isinstance(record, Event):
                refused |= _refused(record)
            elif record.direction == "in":
                first_time = record.time if first_time is None else first_time
                _note(seen, feed, record)
            if text > MOST_TEXT or (first_time is not None and record.time - first_time > LONGEST_LOOK):
                break
    return first_time, refused


def _note(seen: dict[str, dict[str, None]], feed: Feed, frame: Frame) -> None:
    info = feed.describe(frame.payload)
    if info.channel and info.kind not in ("ack", "error"):
        seen.setdefault(info.channel, {}).update(dict.fromkeys(info.products or ("",)))


def _asked_for(header: Header) -> set[tuple[str, str]]:
    return {
        (str(one.get("channel")), str(product)) for one in header.subscriptions for product in one.get("products") or ()
    }


def _refused(event: Event) -> set[tuple[str, str]]:
    """Return what the venue did not accept, according to an event."""
    if event.name != "missing":
        return set()
    return _asked_for(Header("", subscriptions=event.details.get("subscriptions") or []))
