"""The faults of an endpoint, as its recordings have it."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
from collections.abc import Iterator
from functools import partial

from ...errors import RecordingError
from ...feeds import Feed, feed_of
from ...model import describe_nothing
from ...spelling import did_you_mean
from ..faults.all_faults import AllFaults
from ..faults.fault import FrameFault, Scope
from ..faults.faulty_server import EndpointFaults
from ..faults.frame_faults import Frames
from ..timeline.timeline import AFTER_ALL, Timeline
from .mock_venue import MockVenue

__all__ = ["faults_of"]

MOST_BATCHES = 1000
"""Batches that are looked at to find the frames of a gap; of one that goes on after that, it is seen as they come."""

_log = logging.getLogger("feedrec.replay")


def faults_of(faults: AllFaults, name: str, timeline: Timeline, venue: MockVenue | None, start: int) -> EndpointFaults:
    """
    Return the faults of an endpoint.

    Args:
        faults: The faults of the replay.
        name: The name of the endpoint.
        timeline: Its recordings.
        venue: Answers its clients; None where they are sent every frame.
        start: The recorded time from which offsets count, in nanoseconds.

    """
    feed = feed_of(name) if venue is None else venue.feed
    _warn_of_channels(faults, name, feed)
    found = faults.of_endpoint(
        name,
        start,
        describe_nothing if feed is None else feed.describe,
        getattr(feed, "close_reasons", {}),
        scope=partial(_as_described, feed),
        answers=venue is None,
    )
    for gap in found.frames.gaps:
        with contextlib.suppress(RecordingError):  # clients meet it too, and say so
            found.frames.find_gap(gap, _frames_from(timeline, gap.start))
    return found


def _frames_from(timeline: Timeline, time: int) -> Iterator[Frames]:
    """Yield what is recorded by now from a wall time on, not all of it."""
    since = timeline.position_at(time)
    if since != AFTER_ALL:
        batches = timeline.scan(AFTER_ALL, threading.Event(), since, time, waits=False)
        for batch in itertools.islice(batches, MOST_BATCHES):
            yield Frames(batch.frames, batch.infos, batch.lines)


def _as_described(feed: Feed | None, scope: Scope) -> Scope:
    """Return a scope by the names that frames have."""
    if feed is None or not scope.channel:
        return scope
    channel = feed.channel_name(scope.channel)
    return Scope(channel, tuple(feed.product_name(channel, product) for product in scope.products))


def _warn_of_channels(faults: AllFaults, name: str, feed: Feed | None) -> None:
    for fault in faults.faults:
        if not isinstance(fault, FrameFault) or not fault.scope.channel:
            continue
        if feed is None or not feed.channels:
            _log.warning("%s hits nothing of %s, whose channels are not known", fault.text, name)
        elif (channel := fault.scope.channel) not in feed.channels and feed.channel_name(channel) not in feed.channels:
            meant = did_you_mean(channel, feed.channels)
            _log.warning("%s hits nothing known of %s, which has no such channel%s", fault.text, name, meant)
