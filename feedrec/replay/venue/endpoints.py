"""The endpoints of the recordings, each served at its path: `/` and its name."""

from __future__ import annotations

import functools
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from ...errors import RecordingError, UsageError
from ...feeds import Feed, feed_of, hosts_of, venue_of
from ...feeds.rewriting.time_fields import time_fields_of
from ...feeds.venue import VenueFeed
from ...formats.several.inputs import Input
from ...model import NANOSECONDS, Header, describe_nothing, parse_time
from ..clock.schedule import Clock, Sleep
from ..clock.shared_clock import SharedTime
from ..clock.tempo import Tempo
from ..clock.time_types import RecordedSteady, RecordedWall, Shift, steady_time
from ..clock.timing import Timing
from ..faults.all_faults import AllFaults
from ..faults.faulty_server import EndpointFaults
from ..options import AtEnd, ReplayOptions
from ..outages.endpoint_outages import EndpointOutages
from ..outages.reading import OutageReading
from ..timeline.batch_window import Place
from ..timeline.frame_stream import FrameSource
from ..timeline.last_frame import last_frame_time
from ..timeline.shared_timeline import SharedTimeline
from ..timeline.span import Span
from ..timeline.timeline import Timeline, inspect_recordings
from .answering.settings import settings_of
from .endpoint_faults import faults_of
from .mock_venue import MockVenue
from .start_rule import StartRule, chosen_keys

__all__ = ["Endpoint", "Endpoints", "open_endpoints"]

LONGEST_WAIT = 10 * NANOSECONDS
"""Recorded time that an endpoint may begin after the others without a warning."""

_log = logging.getLogger("feedrec.replay")


class Endpoint(msgspec.Struct, frozen=True):
    """
    An endpoint that is served.

    Attributes:
        name: Its name; several endpoints that are replayed verbatim, or as dialogues, are one, whose name joins theirs
            by `+`.
        timeline: Its recordings.
        venue: Answers its clients; None to send them every frame.
        timing: How its time passes.
        frames: The timeline as its clients read it together.
        start_rule: When a client has subscribed enough to begin at once; None if it is sent every frame.
        at_end: What becomes of its clients after the last frame.
        faults: What hits what it sends; None if nothing does.
        outages: When it cannot be reached; None if it always can.

    """

    name: str
    timeline: Timeline
    venue: MockVenue | None
    timing: Timing
    frames: SharedTimeline
    start_rule: StartRule | None = None
    at_end: AtEnd = "close"
    faults: EndpointFaults | None = None
    outages: EndpointOutages | None = None

    def open_stream(self, place: Place) -> FrameSource:
        """Open its frames for a client, from a place on."""
        return self.frames.open_at(place)

    @property
    def disconnects(self) -> list[RecordedSteady]:
        """When faults disconnect its clients."""
        times = () if self.faults is None else self.faults.disconnects
        shift = Shift(self.timeline.beginnings()[0].clock.shift) if times else Shift(0)
        return [steady_time(RecordedWall(time), shift) for time, _ in times]

    @property
    def path(self) -> str:
        """The path at which it is served if there are several."""
        return f"/{self.name}"


class Endpoints:
    """
    All endpoints that are served.

    Args:
        header: The header of the first recording.
        endpoints: At least one.
        shared: The time of all clients, if they share it.
        venues: The endpoints that are answered for.

    Attributes:
        header: See above.
        shared: See above.
        tempo: How fast their time passes.

    """

    def __init__(
        self, header: Header, endpoints: Sequence[Endpoint], shared: SharedTime | None, venues: Collection[str]
    ) -> None:
        self.header = header
        self.shared = shared
        self._venues = venues
        self.tempo = endpoints[0].timing.tempo
        self._endpoints = endpoints

    def __iter__(self) -> Iterator[Endpoint]:
        """Iterate over them, in the order of the recordings."""
        return iter(self._endpoints)

    @property
    def timelines(self) -> list[SharedTimeline]:
        """Their timelines, in the order of the recordings."""
        return [endpoint.frames for endpoint in self._endpoints]

    @property
    def names(self) -> list[str]:
        """Their names, in the order of the recordings."""
        return [endpoint.name for endpoint in self._endpoints]

    @property
    def paths(self) -> list[str]:
        """The paths that clients choose from; empty if there is only one endpoint."""
        return [endpoint.path for endpoint in self._endpoints] if len(self._endpoints) > 1 else []

    @property
    def files(self) -> list[Path]:
        """All recordings."""
        return [path for endpoint in self._endpoints for path in endpoint.timeline.paths]

    def span(self, start: int | None, end: int | None) -> Span:
        """Return from when to when they are played; `start` and `end` are wall times that were chosen."""
        beginnings = [int(parse_time(one.first.decode())) for each in self for one in each.timeline.beginnings()]
        first = min(beginnings, default=self.header.created)

        def find_end() -> int | None:
            times = [last_frame_time(path) for path in self.files]
            last = max((time for time in times if time is not None), default=None)
            if last is None or None in times:
                return end
            return last if end is None else min(last, end)

        return Span(first if start is None else max(first, start), find_end)

    @functools.cached_property
    def hosts(self) -> frozenset[str]:
        """Names of hosts that clients may believe to talk to: those of the catalogue, of which all feeds are loaded."""
        return hosts_of(self._venues)

    @property
    def damage(self) -> list[RecordingError]:
        """What was found so far of recordings that are cut off."""
        return [damage for endpoint in self._endpoints for damage in endpoint.timeline.damage]

    def at(self, target: str) -> Endpoint | None:
        """
        Return the endpoint that a request target such as `/name?query` refers to; None if there is no such path.

        A single endpoint is served at any path. Of several, the first one is also served at `/`.
        """
        path = target.partition("?")[0] or "/"
        if len(self._endpoints) == 1 or path == "/":
            return self._endpoints[0]
        return next((endpoint for endpoint in self._endpoints if path in (endpoint.path, f"{endpoint.path}/")), None)

    def close(self) -> None:
        """End what serves clients beside the event loop."""
        for endpoint in self._endpoints:
            if endpoint.venue is not None:
                endpoint.venue.close()
            if endpoint.outages is not None:
                endpoint.outages.close()

    def next_stop(self, time: RecordedSteady) -> RecordedSteady | None:
        """Return when clients of any endpoint are next disconnected after a steady time; None for never."""
        found = [outage.begin for one in self if one.outages is not None and (outage := one.outages.after(time))]
        return min([*found, *(stop for one in self for stop in one.disconnects if stop > time)], default=None)


def open_endpoints(
    paths: Sequence[Path | str], options: ReplayOptions, clock: Clock, sleep: Sleep, faults: AllFaults | None = None
) -> Endpoints:
    """
    Inspect recordings, and set up their endpoints.

    Args:
        paths: The recordings.
        options: How to replay them.
        clock: Returns the monotonic time.
        sleep: Sleeps for some seconds; for zero seconds it lets other tasks run.
        faults: What goes wrong on purpose; None for nothing.

    Raises:
        UsageError: If recordings or options conflict.
        RecordingError: If a recording cannot be read.

    """
    files = inspect_recordings(paths)
    groups = _by_endpoint(files)
    feeds = _feeds_of(list(groups), options)
    if not feeds and options.settings:
        raise UsageError("a replay that sends every frame unchanged has no settings: leave out --set")
    if not feeds:
        groups = {"+".join(groups): files}
    if options.restamp:
        _check_times({name: feeds.get(name) for name in groups})
    is_hit = faults is not None
    timelines = {name: _timeline(one, options, feeds.get(name), is_hit=is_hit) for name, one in groups.items()}
    venues = _venues(feeds, timelines, options, faults)
    surveys = {name: venue.survey for name, venue in venues.items() if venue.survey.first_time}
    beginning = max(min((survey.first_steady for survey in surveys.values()), default=0), options.start or 0)
    tempo, shared = _tempo(options, clock), None
    if options.shares_clock(of_several=len(groups) > 1):
        _warn_of_waits({name: survey.first_steady for name, survey in surveys.items()}, beginning)
        first = RecordedSteady(beginning) if beginning else None
        shared = SharedTime(first, tempo, clock, ends=not (options.paused or options.live), is_live=options.live)
    settle = round(options.settle * NANOSECONDS)
    chosen = chosen_keys(options.start_after, {name: venue.feed for name, venue in venues.items()})
    endpoints = []
    for name, timeline in timelines.items():
        own = beginning if shared else max(surveys[name].first_time if name in surveys else 0, options.start or 0)
        timing = Timing(tempo, clock, sleep, settle, RecordedWall(own))
        together = SharedTimeline(timeline, keeps_beginning=shared is None)
        rule = StartRule(venues[name].survey.catalogue, chosen.get(name)) if name in venues else None
        hits = None if faults is None else faults_of(faults, name, timeline, venues.get(name), files[0].header.created)
        rest = options.at_end, hits, _outages(timeline, options)
        endpoints.append(Endpoint(name, timeline, venues.get(name), timing, together, rule, *rest))
    return Endpoints(files[0].header, endpoints, shared, feeds.keys())


def _outages(timeline: Timeline, options: ReplayOptions) -> EndpointOutages | None:
    if not options.with_outages:
        return None
    outages = EndpointOutages(OutageReading(timeline))
    outages.start()
    return outages


def _by_endpoint(files: Sequence[Input]) -> dict[str, list[Input]]:
    groups: dict[str, list[Input]] = {}
    for file in files:
        groups.setdefault(file.header.endpoint, []).append(file)
    return groups


def _feeds_of(names: Sequence[str], options: ReplayOptions) -> dict[str, VenueFeed]:
    """Return the feed that answers for each endpoint; none at all if the recordings are replayed verbatim."""
    if options.mode in {"verbatim", "dialogue"}:
        return {}
    feeds = {name: feed for name in names if (feed := venue_of(name)) is not None}
    unknown = [name for name in names if name not in feeds]
    if unknown and len(names) > 1:
        raise UsageError(
            f"unknown endpoint {unknown[0]!r}: its recordings cannot be served next to others; leave them out, or use "
            "--mode verbatim"
        )
    if unknown and options.mode == "venue":
        raise UsageError(f"unknown endpoint {unknown[0]!r}: it cannot be replayed as a venue; use --mode verbatim")
    if unknown and options.auth == "strict":
        raise UsageError(f"unknown endpoint {unknown[0]!r}: its credentials cannot be checked; leave out --auth strict")
    return feeds


def _tempo(options: ReplayOptions, clock: Clock) -> Tempo:
    longest = None if options.max_gap is None else round(options.max_gap * NANOSECONDS)
    tempo = Tempo(options.speed, clock, is_paused=options.paused, longest_silence=longest)
    tempo.is_fixed = options.restamp
    return tempo


def _check_times(feeds: Mapping[str, VenueFeed | None]) -> None:
    for name, feed in feeds.items():
        if feed is None or time_fields_of(feed) is None:
            raise UsageError(f"nothing says where the frames of {name} have times: leave out --restamp")


def _timeline(files: list[Input], options: ReplayOptions, feed: Feed | None, *, is_hit: bool) -> Timeline:
    if feed is None and is_hit and len(_by_endpoint(files)) == 1:
        feed = feed_of(files[0].header.endpoint)
    timeline = Timeline(
        [file.path for file in files],
        start=options.start,
        end=options.end,
        loop=options.loop,
        describe=feed.describe if feed is not None else describe_nothing if is_hit else None,
        describe_all=getattr(feed, "describe_all", None),  # a plug-in's own feed need not have it
        files=files,
    )
    timeline.beginnings()  # looked at now, not when the first client comes
    return timeline


def _venues(
    feeds: Mapping[str, VenueFeed],
    timelines: Mapping[str, Timeline],
    options: ReplayOptions,
    faults: AllFaults | None,
) -> dict[str, MockVenue]:
    auth = options.make_auth() if faults is None else options.make_auth(faults.auth_failures.fails)
    settings = settings_of(feeds, options.settings, auth)
    return {
        name: MockVenue(feed, timelines[name], settings[name], auth, keeps_states=options.cache)
        for name, feed in feeds.items()
    }


def _warn_of_waits(firsts: Mapping[str, int], beginning: int) -> None:
    for name, first in firsts.items():
        if first - beginning > LONGEST_WAIT:
            wait = (first - beginning) // NANOSECONDS
            _log.warning("%s begins %d s into the replay: until then, its clients receive only replies", name, wait)
