"""Figures of a recording, in one file or in several, from one pass over it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ...errors import DamagedRecordingError
from ...model import NANOSECONDS, Event, FrameInfo, Header, format_time
from ..file.recording import DecodedBatch, Recording
from ..line.steady_clock import Jump, SteadyClock
from ..line.subscribed import Subscribed
from .connections import Connections, Span, reconnects_by_run
from .histogram import BusiestSecond, Histogram
from .moments import Ends, at_steady_times, steady_times_of
from .sequence_check import MakeRule, SequenceCheck

__all__ = ["Activity", "ChannelFigures", "RecordingSummary", "combine", "frames_missing", "summarise"]

_SEVERAL = "several"
_STATES = ("finished", "being written", "unfinished", "damaged")  # the worst is the last
_LARGEST_GAP = 1_000_000  # docs/format.md; feedrec 0.1.0 took odd numbers for larger ones
_SUMS = (
    "frames",
    "bytes",
    "sent",
    "connections",
    "gaps",
    "unnoticed_gaps",
    "missing",
    "resets",
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
        others: Events and sent frames.
        busiest: The most frames received within one second.
        ends: The first and the last moment of all.

    """

    def __init__(self) -> None:
        self.ends = Ends()
        self.frames = Histogram()
        self.gaps = Histogram()
        self.others = Histogram()
        self.busiest = BusiestSecond()
        self._files: list[tuple[Header, Sequence[Span]]] = []
        self._are_found = True
        self._times: Counter[int] = Counter()
        self._reconnects = Histogram()

    @property
    def span(self) -> tuple[int, int] | None:
        """Earliest and latest time of all; None if nothing happened."""
        happened = [part for part in (self.frames, self.others) if part.first is not None and part.last is not None]
        if not happened:
            return None
        return min(part.first or 0 for part in happened), max(part.last or 0 for part in happened)

    def add_connections(self, header: Header, spans: Sequence[Span]) -> None:
        """Add the connections of a file; those of its other parts may show that some of them are reconnects."""
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
        damage: What is wrong, if it is damaged or cut off.
        recordings: Number of recordings; parts of one recording count once.
        frames: Received frames.
        bytes: Bytes of their payloads.
        sent: Sent frames.
        connections: Connections opened.
        reconnects: Those that took the place of one that was lost, in all files of a recording.
        gaps: Gaps in the venue's sequence.
        unnoticed_gaps: Those of them that the recorder did not notice.
        missing: Frames missing in those gaps.
        resets: Counts that the venue began anew on an open connection.
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
    damage: str | None = None
    recordings: int = 1
    frames: int = 0
    bytes: int = 0
    sent: int = 0
    connections: int = 0
    reconnects: int = 0
    gaps: int = 0
    unnoticed_gaps: int = 0
    missing: int = 0
    resets: int = 0
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
    activity, clock = activity or Activity(), clock or SteadyClock()
    summary = RecordingSummary(recording.header, text_size=len(recording.header_line) + 1)
    summary.subscribed.ask(recording.header.subscriptions)
    channels, connections = _Channels(), Connections()
    sequence = SequenceCheck(None if "filtered" in recording.header.extra else sequence_rule)
    try:
        for batch in recording.decoded_batches(describe=describe):
            summary.text_size += sum(map(len, batch.lines)) + len(batch.lines)
            steady = at_steady_times(batch, clock)
            summary.ends.add(batch.frames, steady.frames)
            activity.ends.add(batch.others, steady.others)
            _count_received(summary, steady, activity)
            channels.add(steady)
            connections.add(steady)
            activity.gaps.add(steady_times_of(sequence.take_batch(batch), batch, steady))
            _count_others(summary, steady, activity)
    except DamagedRecordingError as damage:
        summary.damage = str(damage)
    summary.jump = clock.jump
    activity.ends.join(summary.ends)
    summary.channels = channels.in_order()
    _take_sequence(summary, sequence)
    summary.state = _state(recording, summary.damage)
    _take_connections(summary, connections)
    activity.add_connections(recording.header, connections.spans)
    summary.busiest_second = activity.busiest.most
    summary.file_size = recording.size
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


def frames_missing(gap: dict[str, Any]) -> int:
    """Return the number of frames missing according to a `gap` event; 0 if it has no such number."""
    missing = gap.get("missing")
    return missing if isinstance(missing, int) else 0


def _state(recording: Recording, damage: str | None) -> str:
    if recording.is_live:
        return "being written"
    if damage is not None:
        return "damaged"
    return "unfinished" if recording.is_part else "finished"


def _count_received(summary: RecordingSummary, batch: DecodedBatch, activity: Activity) -> None:
    if not batch.frames:
        return
    times = [frame.time for frame in batch.frames]
    summary.frames += len(batch.frames)
    summary.bytes += sum([len(frame.payload) for frame in batch.frames])
    activity.frames.add(times)
    activity.busiest.add(times)


def _count_others(summary: RecordingSummary, batch: DecodedBatch, activity: Activity) -> None:
    gaps = []
    for record in batch.others:
        if not isinstance(record, Event):
            summary.sent += 1
        elif record.name == "open":
            summary.connections += 1
        elif record.name == "gap" and frames_missing(record.details) <= _LARGEST_GAP:
            gaps.append(record.time)
            summary.missing += frames_missing(record.details)
        else:
            summary.subscribed.add(record.name, record.details)
    summary.gaps += len(gaps)
    activity.gaps.add(gaps)
    activity.others.add([record.time for record in batch.others])


def _take_sequence(summary: RecordingSummary, sequence: SequenceCheck) -> None:
    """Add what the frames themselves tell to what the events tell."""
    summary.gaps += sequence.lost_gaps
    summary.unnoticed_gaps = sequence.lost_gaps
    summary.missing += sequence.lost
    summary.resets, summary.out_of_order = sequence.resets, sequence.out_of_order
    summary.notes = sequence.reset_texts


def _take_connections(summary: RecordingSummary, connections: Connections) -> None:
    if summary.state != _STATES[0] or "part" in summary.header.extra:
        connections.stay_open()
    summary.spans = connections.spans
    summary.reconnects = _count_reconnects([summary])


def _count_reconnects(summaries: Sequence[RecordingSummary]) -> int:
    by_run = reconnects_by_run((summary.header, summary.spans) for summary in summaries)
    return sum(map(len, by_run.values()))


class _Channels:
    """Counts by channel and product."""

    def __init__(self) -> None:
        self._figures: dict[tuple[str, str], ChannelFigures] = {}

    def add(self, batch: DecodedBatch) -> None:
        sums: dict[tuple[str, tuple[str, ...]], list[int]] = {}
        for frame, info in zip(batch.frames, batch.infos, strict=True):
            key = info.channel, info.products
            if key not in sums:
                sums[key] = [0, 0]
            counts = sums[key]
            counts[0] += 1
            counts[1] += len(frame.payload)
        for (channel, products), (frames, size) in sums.items():
            product = "".join(products) if len(products) < 2 else _SEVERAL
            figures = self._figures.setdefault((channel, product), ChannelFigures(channel, product))
            figures.frames += frames
            figures.bytes += size

    def in_order(self) -> list[ChannelFigures]:
        return [self._figures[name] for name in sorted(self._figures)]
