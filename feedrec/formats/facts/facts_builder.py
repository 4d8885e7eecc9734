"""Gathers what a file has in it from its lines, in their order."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from ...model import Event, Frame, FrameInfo, Header, Record
from ..line.codec import decode_line
from ..line.columns import ReceivedColumns
from ..line.frame_run import FrameRun
from ..line.steady_clock import SteadyClock, reading_in, reading_of
from ..line.subscribed import Subscribed
from .channel_counts import ChannelCounts
from .connections import Connections
from .file_facts import FROM_END, ChannelFacts, FileFacts, FirstReading, SequenceFacts
from .histogram import Histogram
from .sequence_check import MakeRule, SequenceCheck

__all__ = ["Columns", "FactsBuilder", "frames_missing"]

_MOST_BINS, _MOST_FINE = 4096, 1024
"""Bins of the histograms of a file: with an hour of frames still a second wide at most, and few in a short file."""

Columns = tuple[Sequence[int], Sequence[int], Sequence[FrameInfo | None], Sequence[int], Sequence[bool]]
"""The marks of some lines, column by column."""

_LARGEST_GAP = 1_000_000  # docs/format.md; feedrec 0.1.0 took odd numbers for larger ones
_MOST_CHANNELS = 10_000
_MOST_EVENTS, _LONGEST_EVENT = 100, 100  # names of events, and letters in one


def frames_missing(gap: dict[str, Any]) -> int:
    """Return the number of frames missing according to a `gap` event; 0 if it has no such number."""
    missing = gap.get("missing")
    return missing if isinstance(missing, int) else 0


class FactsBuilder:
    """
    Gathers what a file has in it.

    Args:
        header: The header of the file.
        header_line: That line.
        make_rule: The sequence rule of the feed whose descriptions it is given; None if nothing describes the frames.
        clock: Gives steady times; by default as of the beginning of a file before which no reading is known.

    """

    def __init__(
        self,
        header: Header,
        header_line: bytes,
        make_rule: MakeRule | None = None,
        clock: SteadyClock | None = None,
    ) -> None:
        self._counts = ChannelCounts()
        self._facts = FileFacts(zlib.crc32(header_line), text=len(header_line) + 1)
        self._clock = clock or SteadyClock()
        self._sequence = SequenceCheck(None if header.left_out else make_rule)
        self._sequence_facts = SequenceFacts()
        self._connections = Connections()
        self._subscribed = Subscribed(header.subscriptions)
        self._frames, self._gaps = Histogram(_MOST_BINS, _MOST_FINE), Histogram(_MOST_BINS, _MOST_FINE)
        self._channels: dict[tuple[str, str | None], ChannelFacts] = {}
        self._lines = 0
        self._from_end = 0  # nanoseconds in the blocks after the last reading
        self._reading_in_block = self._had_block = False

    def take(self, lines: Sequence[bytes], columns: Columns) -> None:
        """
        Take the next lines, one or more, whose frames are counted elsewhere.

        Args:
            lines: The lines.
            columns: What their marks say, column by column.

        Raises:
            LineError: If one of them is not a line of a recording.

        """
        self.take_text(lines)
        times, conns, infos, _, in_sequence = columns
        left_out = () if all(in_sequence) else {number for number, is_in in enumerate(in_sequence) if not is_in}
        start = 0
        if not all(infos):
            for number, info in enumerate(infos):
                if info is None:
                    run = slice(start, number)
                    self._take_run(times[run], conns[run], infos[run], _within(left_out, run))
                    self._take_other(decode_line(lines[number]), lines[number])
                    start = number + 1
        run = slice(start, len(lines))
        self._take_run(times[run], conns[run], infos[run], _within(left_out, run))

    def take_run(self, run: FrameRun) -> None:
        """Take frames that follow each other, which are counted elsewhere."""
        self._facts.text += len(run.text)
        self._take_run(run.times, [run.conn] * len(run.times), run.infos, ())

    def take_received(self, received: ReceivedColumns) -> None:
        """Take frames that follow each other, which are counted elsewhere."""
        self.take_text(received.lines)
        self._take_run(received.times, received.conns, received.infos, ())

    def take_text(self, lines: Sequence[bytes]) -> None:
        """Count the bytes of the next lines, before `take_decoded`."""
        self._facts.text += sum(map(len, lines)) + len(lines)

    def take_decoded(
        self, frames: Sequence[Frame], infos: Sequence[FrameInfo], others: Sequence[Record], places: Sequence[int]
    ) -> None:
        """
        Take the next records.

        Args:
            frames: The received frames among them.
            infos: Their descriptions.
            others: The others.
            places: For each of those, how many of the received frames stand before it.

        """
        times, conns = [frame.time for frame in frames], [frame.conn for frame in frames]
        self._counts.add(conns, infos, [len(frame.payload) for frame in frames])
        left_out = {number for number, frame in enumerate(frames) if frame.synthetic or frame.unverified}
        start = 0
        for place, other in zip(places, others, strict=True):
            run, start = slice(start, place), place
            self._take_run(times[run], conns[run], infos[run], _within(left_out, run))
            self._take_other(other)
        run = slice(start, len(frames))
        self._take_run(times[run], conns[run], infos[run], _within(left_out, run))

    def end_block(self, first: int | None, last: int | None) -> None:
        """End a block; its earliest and latest time are None if there was no line in it."""
        if first is None or last is None:
            return
        self._had_block = True
        if not self._reading_in_block:
            self._from_end += last - first
        self._reading_in_block = False

    def take_counts(self, counts: ChannelCounts) -> None:
        """Take frames that were counted elsewhere."""
        for (_, channel, products), (frames, size) in counts.counts.items():
            key = channel, ("".join(products) if len(products) < 2 else None)
            figures = self._channels.get(key)
            if figures is None:
                figures = self._channels[key] = ChannelFacts(*key)
            figures.frames += frames
            figures.bytes += size

    @property
    def has_too_many_channels(self) -> bool:
        """Whether there are more channels and products than a summary may have."""
        return len(self._channels) > _MOST_CHANNELS

    def finish(self) -> FileFacts:
        """Return what the file has in it."""
        self.take_counts(self._counts)
        facts, sequence, of_events = self._facts, self._sequence, self._sequence_facts
        facts.channels = list(self._channels.values())
        facts.frames_over_time, facts.gaps_over_time = self._frames.written(), self._gaps.written()
        of_events.unnoticed_gaps, of_events.unnoticed = sequence.lost_gaps, sequence.lost
        of_events.resets, of_events.first_resets = sequence.resets, sequence.first_resets
        of_events.out_of_order = sequence.out_of_order
        facts.sequence = of_events
        facts.connections = self._connections.spans
        facts.replaced = self._connections.replacements or msgspec.UNSET
        facts.subscribed = self._subscribed.written()
        facts.jump = self._clock.jump
        if self._from_end > FROM_END:
            facts.last_reading = None
        return facts

    def _take_run(
        self,
        times: Sequence[int],
        conns: Sequence[int],
        infos: Sequence[FrameInfo | None],
        left_out: Collection[int],
    ) -> None:
        """Take received frames that follow each other."""
        if not times:
            return
        walls = list(times)
        steady = self._clock.take_run(walls)
        self._begin(walls[0], steady[0])
        self._lines += len(walls)
        facts = self._facts
        facts.received.add(steady, walls)
        facts.seconds.add_sorted(steady)
        self._frames.add_sorted(steady)
        seen = set(conns)
        self._connections.see(seen if len(seen) == 1 else dict.fromkeys(conns))  # in order of appearance
        lost = self._sequence.take_run(walls, conns, infos, left_out)  # type: ignore[arg-type]
        if lost:
            self._gaps.add_sorted([steady[number] for number, _ in lost])

    def _take_other(self, record: Record, line: bytes | None = None) -> None:
        """Take an event or a sent frame."""
        facts, reading = self._facts, reading_of(record)
        steady = self._clock.take(record.time, reading)
        self._begin(record.time, steady)
        facts.others.add([steady], [record.time])
        if line is not None and reading is not None and reading_in(line) is not None:
            if facts.first_reading is None and not self._had_block:
                facts.first_reading = FirstReading(*reading, self._lines)
            facts.last_reading = reading
            self._from_end, self._reading_in_block = 0, True
        self._lines += 1
        if isinstance(record, Event):
            self._take_event(record, steady)
        else:
            facts.sent += 1

    def _take_event(self, event: Event, steady: int) -> None:
        self._sequence.take_event(event)
        self._connections.take_event(event, steady)
        self._subscribed.add(event.name, event.details)
        events, name = self._facts.events, event.name
        if name not in events and (len(events) >= _MOST_EVENTS or len(name) > _LONGEST_EVENT):
            name = ""
        events[name] = events.get(name, 0) + 1
        if name == "gap" and frames_missing(event.details) <= _LARGEST_GAP:
            self._sequence_facts.gaps += 1
            self._sequence_facts.missing += frames_missing(event.details)
            self._gaps.add_sorted([steady])

    def _begin(self, wall: int, steady: int) -> None:
        if self._facts.begin is None:
            self._facts.begin, self._facts.begin_wall = steady, wall


def _within(numbers: Collection[int], run: slice) -> Collection[int]:
    """Return those numbers that are in a run, counted from where it begins."""
    return [number - run.start for number in numbers if run.start <= number < run.stop] if numbers else ()
