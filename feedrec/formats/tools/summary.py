"""Figures of a recording, in one file or in several: from its index, or from one pass over it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ...errors import DamagedRecordingError
from ...model import NANOSECONDS, FrameInfo, Header, format_time
from ..facts.file_facts import FileFacts
from ..facts.histogram import BusiestSecond, Histogram
from ..facts.moments import Ends
from ..facts.sequence_check import MakeRule
from ..file.recording import Recording
from ..line.http_events import HTTP
from ..line.steady_clock import Jump, SteadyClock
from ..line.subscribed import Subscribed
from ..several.inputs import Input
from .reconnects import Span, reconnects_by_run, spans_of

__all__ = ["Activity", "ChannelFigures", "RecordingSummary", "combine", "summarise", "summarise_unread"]

_SEVERAL = "several"
_STATES = ("finished", "being written", "unfinished", "damaged")  # the worst is the last
_SUMS = (
    "frames",
    "bytes",
    "sent",
    "requests",
    "connections",
    "replacements",
    "refusals",
    "gaps",
    "unnoticed_gaps",
    "missing",
    "resets",
    "resyncs",
    "findings",
    "out_of_order",
    "text_size",
    "file_size",
)


class Activity:
    """
    What happened when, in one file or in several, by steady time.

    Attributes:
        frames: Received frames.
        gaps: Gaps in the venue's sequence.
        others: The first and the last moment of events and sent frames.
        busiest: The most frames received within one second.
        ends: The first and the last moment of all.

    """

    def __init__(self) -> None:
        self.ends = Ends()
        self.frames = Histogram()
        self.gaps = Histogram()
        self.others = Ends()
        self.busiest = BusiestSecond()
        self._files: list[tuple[Header, Sequence[Span]]] = []
        self._are_found = True
        self._times: Counter[int] = Counter()
        self._reconnects = Histogram()

    @property
    def span(self) -> tuple[int, int] | None:
        """Earliest and latest time of all; None if nothing happened."""
        frames, others = self.frames, self.others
        times = [frames.first, frames.last, others.first and others.first[0], others.last and others.last[0]]
        happened = [time for time in times if time is not None]
        return (min(happened), max(happened)) if happened else None

    def add(self, header: Header, facts: FileFacts, spans: Sequence[Span], shift: int) -> None:
        """
        Add what happened in a file.

        Args:
            header: Its header.
            facts: What is in it.
            spans: Its connections; those of its other parts may show that some of them are reconnects.
            shift: Nanoseconds from its steady times to those that are common to all files.

        """
        self.frames.add_bins(facts.frames_over_time, shift)
        self.gaps.add_bins(facts.gaps_over_time, shift)
        self.busiest.add(facts.seconds, facts.frames_over_time, shift)
        self.others.join(facts.others, shift)
        self.ends.join(facts.others, shift)
        self.ends.join(facts.received, shift)
        self._files.append((header, spans))
        self._are_found = False

    @property
    def reconnects(self) -> Histogram:
        """Connections that took the place of one that was lost, in the files so far."""
        if not self._are_found:
            self._are_found = True
            times = Counter(time for times in reconnects_by_run(self._files).values() for time in times)
            self._reconnects.add((times - self._times).elements())
            self._times |= times
        return self._reconnects


class ChannelFigures(msgspec.Struct):
    """Received frames of one channel and product; the product of frames that concern more than one is `several`."""

    channel: str
    product: str
    frames: int = 0
    bytes: int = 0


class RecordingSummary(msgspec.Struct):
    """
    Figures of a recording; times in nanoseconds, sizes in bytes.

    Attributes:
        state: `finished`, `being written`, `unfinished` (never closed), or `damaged`.
        read: Whether it was read; otherwise this is what its index says, and damage would not be known.
        damage: What is wrong, if it is damaged or cut off.
        recordings: Number of recordings; parts of one recording count once.
        frames: Received frames.
        bytes: Bytes of their payloads.
        sent: Sent frames.
        requests: HTTP requests that were answered.
        connections: Connections opened.
        reconnects: Those that took the place of one that was lost, in all files of a recording.
        replacements: Those that took the place of one that was closed for that.
        refusals: Attempts to connect that failed.
        gaps: Gaps in the venue's sequence.
        unnoticed_gaps: Those of them that the recorder did not notice.
        missing: Frames missing in those gaps.
        resets: Counts that the venue began anew on an open connection.
        resyncs: Books that the recorder subscribed again, for a snapshot.
        findings: What a check beside the recorder found wrong in what the venue sent.
        out_of_order: Frames whose number did not fit; they are not lost.
        busiest_second: Most frames received within one second of the clock.
        text_size: Bytes of all lines.
        file_size: Bytes on disk.
        channels: Figures by channel and product.
        spans: When connections were open.
        notes: What to say of resets.
        subscribed: What was asked for, and what of it the venue accepted.
        ends: The first and the last moment of received frames.
        jump: The first jump of time that nothing explains.

    """

    header: Header
    state: str = "finished"
    read: bool = True
    damage: str | None = None
    recordings: int = 1
    frames: int = 0
    bytes: int = 0
    sent: int = 0
    requests: int = 0
    connections: int = 0
    reconnects: int = 0
    replacements: int = 0
    refusals: int = 0
    gaps: int = 0
    unnoticed_gaps: int = 0
    missing: int = 0
    resets: int = 0
    resyncs: int = 0
    findings: int = 0
    out_of_order: int = 0
    busiest_second: int = 0
    text_size: int = 0
    file_size: int = 0
    channels: list[ChannelFigures] = []
    spans: list[Span] = []
    notes: list[str] = []
    subscribed: Subscribed = msgspec.field(default_factory=Subscribed)
    ends: Ends = msgspec.field(default_factory=Ends)
    jump: Jump | None = None

    @property
    def first_time(self) -> int | None:
        """Wall time of the first received frame; None if there is none."""
        return None if self.ends.first is None else self.ends.first[1]

    @property
    def last_time(self) -> int | None:
        """Wall time of the last received frame."""
        return None if self.ends.last is None else self.ends.last[1]

    @property
    def seconds(self) -> float:
        """Steady time from the first to the last received frame."""
        if self.ends.first is None or self.ends.last is None:
            return 0.0
        return (self.ends.last[0] - self.ends.first[0]) / NANOSECONDS

    @property
    def ratio(self) -> float | None:
        """Bytes of payload per byte on disk."""
        return self.bytes / self.file_size if self.file_size and self.bytes else None

    def as_dict(self) -> dict[str, Any]:
        """Return it as a JSON object, with times as text."""
        facts = msgspec.structs.asdict(self)
        header = facts.pop("header")
        for name in ("spans", "ends", "jump"):
            del facts[name]
        start = {"endpoint": header.endpoint, "url": header.url, "software": header.software}
        facts |= {
            "created": format_time(header.created),
            "subscriptions": header.subscriptions,
            "first_time": _as_text(self.first_time),
            "last_time": _as_text(self.last_time),
            "seconds": round(self.seconds, 9),
            "frames_per_second": round(self.frames / self.seconds, 3) if self.seconds else None,
            "bytes_per_second": round(self.bytes / self.seconds, 3) if self.seconds else None,
            "ratio": round(self.ratio, 3) if self.ratio else None,
            "channels": [msgspec.structs.asdict(figures) for figures in self.channels],
            "subscribed": msgspec.structs.asdict(self.subscribed.facts()),
        }
        return {**start, **facts}


def _as_text(time: int | None) -> str | None:
    return None if time is None else format_time(time)


def summarise(
    recording: Recording,
    describe: Callable[[bytes], FrameInfo],
    activity: Activity | None = None,
    sequence_rule: MakeRule | None = None,
    clock: SteadyClock | None = None,
) -> RecordingSummary:
    """
    Read a recording to its end and count. Damage is part of the result, not an error.

    Args:
        recording: A recording that was not read yet.
        describe: The feed's; returns channel and products of a payload.
        activity: Collects what happened when; pass the same one for all files of a recording.
        sequence_rule: The feed's, see `SequenceCheck`; None to count only the gaps that the recorder noticed.
        clock: Its clock as of its first line; of several files, so that their times can be compared.

    Returns:
        The figures; the busiest second is that of the activity.

    """
    from ..facts.facts_builder import FactsBuilder  # noqa: PLC0415  mostly, what a file says of itself is enough

    clock = clock or SteadyClock()
    builder = FactsBuilder(recording.header, recording.header_line, sequence_rule, SteadyClock(0, clock.reading))
    summary = RecordingSummary(recording.header)
    try:
        for batch in recording.decoded_batches(describe=describe):
            builder.take_text(batch.lines)
            builder.take_decoded(batch.frames, batch.infos, batch.others, batch.places)
    except DamagedRecordingError as damage:
        summary.damage = str(damage)
    summary.state = _state(recording, summary.damage)
    summary.file_size = recording.size
    _take(summary, builder.finish(), activity or Activity(), clock.shift)
    return summary


def summarise_unread(one: Input, activity: Activity, clock: SteadyClock) -> RecordingSummary | None:
    """
    Return the figures of a finished file from what it says of itself; None if it has to be read.

    Args:
        one: The file.
        activity: As for `summarise`.
        clock: As for `summarise`.

    """
    if one.facts is None or clock.reading is not None:  # of another file, which may show that the clock was set
        return None
    summary = RecordingSummary(one.header, read=False, file_size=one.size)
    _take(summary, one.facts, activity, clock.shift)
    return summary


def combine(summaries: Sequence[RecordingSummary]) -> RecordingSummary:
    """
    Return the figures of several files, one or more, as those of one recording.

    The state is the worst of them. The header has what all headers agree on, the earliest `created`, and every
    subscription once. Parts of one recording are recognised by their headers: the same endpoint, url, `created` and
    software.
    """
    if len(summaries) == 1:
        return summaries[0]
    headers = [summary.header for summary in summaries]
    total = RecordingSummary(_common_header(headers))
    total.state = max((summary.state for summary in summaries), key=_STATES.index)
    total.read = all(summary.read for summary in summaries)
    total.damage = "; ".join(summary.damage for summary in summaries if summary.damage is not None) or None
    total.recordings = len({(header.endpoint, header.url, header.created, header.software) for header in headers})
    for summary in summaries:
        total.ends.join(summary.ends)
        total.subscribed.join(summary.subscribed)
    total.busiest_second = max(summary.busiest_second for summary in summaries)
    for name in _SUMS:
        setattr(total, name, sum(getattr(summary, name) for summary in summaries))
    total.reconnects = _count_reconnects(summaries)
    total.notes = [note for summary in summaries for note in summary.notes]
    by_name: dict[tuple[str, str], ChannelFigures] = {}
    for figures in (figures for summary in summaries for figures in summary.channels):
        key = figures.channel, figures.product
        sums = by_name.setdefault(key, ChannelFigures(*key))
        sums.frames += figures.frames
        sums.bytes += figures.bytes
    total.channels = [by_name[key] for key in sorted(by_name)]
    return total


def _common_header(headers: Sequence[Header]) -> Header:
    first = headers[0]
    subscriptions = {msgspec.json.encode(item): item for header in headers for item in header.subscriptions}
    return Header(
        first.endpoint if len({header.endpoint for header in headers}) == 1 else "",
        first.url if len({header.url for header in headers}) == 1 else "",
        min(header.created for header in headers),
        first.software if len({header.software for header in headers}) == 1 else "",
        list(subscriptions.values()),
    )


def _state(recording: Recording, damage: str | None) -> str:
    if recording.is_live:
        return "being written"
    if damage is not None:
        return "damaged"
    return "unfinished" if recording.is_part else "finished"


def _take(summary: RecordingSummary, facts: FileFacts, activity: Activity, shift: int) -> None:
    """Take what is in a file."""
    sequence = facts.sequence
    summary.text_size, summary.sent = facts.text, facts.sent
    summary.frames, summary.bytes = facts.frames, facts.bytes
    summary.connections, summary.requests = facts.events.get("open", 0), facts.events.get(HTTP, 0)
    summary.replacements, summary.refusals = facts.events.get("replaced", 0), facts.events.get("refused", 0)
    summary.gaps, summary.unnoticed_gaps = sequence.gaps + sequence.unnoticed_gaps, sequence.unnoticed_gaps
    summary.missing = sequence.missing + sequence.unnoticed
    summary.resets, summary.out_of_order = sequence.resets, sequence.out_of_order
    summary.resyncs = facts.events.get("resync", 0)
    summary.findings = facts.events.get("crossed", 0) + facts.events.get("contradiction", 0)
    summary.notes = [str(reset) for reset in sequence.first_resets]
    summary.channels = _figures(facts)
    summary.ends.join(facts.received, shift)
    summary.jump = facts.jump
    summary.subscribed = Subscribed.of(facts.subscribed)
    stays_open = summary.state != _STATES[0] or "part" in summary.header.extra
    summary.spans = spans_of(facts, shift, stays_open=stays_open)
    summary.reconnects = _count_reconnects([summary])
    activity.add(summary.header, facts, summary.spans, shift)
    summary.busiest_second = activity.busiest.most


def _figures(facts: FileFacts) -> list[ChannelFigures]:
    found: dict[tuple[str, str], ChannelFigures] = {}
    for one in facts.channels:
        key = one.channel, _SEVERAL if one.product is None else one.product
        figures = found.setdefault(key, ChannelFigures(*key))
        figures.frames += one.frames
        figures.bytes += one.bytes
    return [found[key] for key in sorted(found)]


def _count_reconnects(summaries: Sequence[RecordingSummary]) -> int:
    by_run = reconnects_by_run((summary.header, summary.spans) for summary in summaries)
    return sum(map(len, by_run.values()))
