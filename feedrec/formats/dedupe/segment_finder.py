"""Finds segments: what each connection of a recording received without a break."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...model import NANOSECONDS, FrameInfo, FrameInfos
from ..facts.sequence_check import MakeRule, SequenceRule
from .protocols import Cover, Track, TrackRule, spans_of
from .segments import LAST_RESORT, Estimate, Segment

__all__ = ["SegmentFinder"]

_LARGEST_GAP = 1_000_000  # docs/format.md, "Sequences"
_UNKNOWN = 1 << 62
_SLACK = NANOSECONDS // 2
"""By how much frames of different tracks may be out of order on a connection, and come later than others."""


class _Open:
    """
    A segment that goes on; what its last frame covers is looked at when it is asked for.

    Attributes:
        segment: The segment.
        is_broken: Whether the next frame begins another one.
        is_doubtful: Whether it may be over: the client said something since the last frame, or frames were lost.
        resumed: After a break, the time from which on the connection is complete; None if it is not known.
        info: What its last frame is; None if that was looked at.
        payload: Its payload.

    """

    __slots__ = ("info", "is_broken", "is_doubtful", "payload", "resumed", "segment")

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self.is_broken = self.is_doubtful = False
        self.resumed: int | None = None
        self.info: FrameInfo | None = None
        self.payload = b""


class _Connection:
    """A connection: its sequence, its tracks, those that wait for a frame after a break, and its last frame."""

    __slots__ = ("last", "open", "resuming", "sequence")

    def __init__(self, sequence: SequenceRule | None) -> None:
        self.sequence = sequence
        self.open: dict[Track, _Open] = {}
        self.resuming: list[_Open] = []
        self.last: tuple[int, int, bytes] | None = None


class SegmentFinder:
    """
    Finds the segments of one recording, from its lines in their order.

    Args:
        rank: Its place among all recordings.
        rule: Tells what frames cover.
        make_rule: Makes the sequence rule for a connection; None if holes in the venue's numbers are no gaps.
        estimate: Tells when a frame was sent that does not say.

    Attributes:
        segments: Those found so far, by track.
        frames: Frames received that are of a track.

    """

    def __init__(self, rank: int, rule: TrackRule, make_rule: MakeRule | None, estimate: Estimate) -> None:
        self.segments: dict[Track, list[Segment]] = {}
        self.frames = 0
        self._rank, self._rule, self._make_rule, self._estimate = rank, rule, make_rule, estimate
        self._conns: dict[int, _Connection] = {}

    def break_off(self, conn: int | None = None, product: str | None = None) -> None:
        """Expect frames to be missing: of all connections or of one, of all products or of one."""
        for one in self._conns.values() if conn is None else [self._conn(conn)]:
            self._break(one, product)
            if product is None:
                one.sequence = self._new_sequence()

    def close(self, conn: int) -> None:
        """Expect nothing more of a connection."""
        found = self._conns.pop(conn, None)
        if found is not None:
            self._end(found)

    def hear_client(self, conn: int) -> None:
        """Take note that the client said something."""
        for found in self._conn(conn).open.values():
            found.is_doubtful = True

    def take(
        self, line: int, times: Sequence[int], conn: int, infos: Sequence[FrameInfo], payloads: Sequence[bytes]
    ) -> None:
        """
        Take received frames of one connection that follow each other.

        Args:
            line: The number of the first line.
            times: The steady times.
            conn: The connection.
            infos: What they are.
            payloads: Their payloads.

        """
        of = self._conn(conn)
        passes = getattr(of.sequence, "passes", None)
        if isinstance(infos, FrameInfos) and (of.sequence is None or (passes is not None and passes(infos))):
            self._resume(of, times[0], payloads[0])
            self._take_described(line, times, conn, infos, payloads)
            of.last = line + len(times) - 1, times[-1], payloads[-1]
            return
        for number, info in enumerate(infos):
            if of.sequence is not None and of.sequence.observe(info) is not None:
                for product in (info.products if self._rule.is_by_product else None) or (None,):
                    self._break(of, product)
            self.take_unnumbered(line + number, times[number], conn, info, payloads[number])

    def take_unnumbered(self, line: int, time: int, conn: int, info: FrameInfo, payload: bytes) -> None:
        """Take a frame that is of no sequence."""
        of = self._conn(conn)
        self._resume(of, time, payload)
        tracks = self._rule.tracks(info)
        self.frames += bool(tracks)
        self._take_tracks(tracks, line, time, conn, info, payload)
        of.last = line, time, payload

    def finish(self) -> dict[Track, list[Segment]]:
        """Return all segments, by track."""
        for conn in list(self._conns):
            self.close(conn)
        return self.segments

    def _conn(self, conn: int) -> _Connection:
        found = self._conns.get(conn)
        if found is None:
            found = self._conns[conn] = _Connection(self._new_sequence())
        return found

    def _new_sequence(self) -> SequenceRule | None:
        return None if self._make_rule is None else self._make_rule(False)

    def _break(self, of: _Connection, product: str | None) -> None:
        for track, found in of.open.items():
            if product not in (None, track.product):
                continue
            if track.is_counted:
                found.is_doubtful = True  # its numbers will tell
                continue
            if not found.is_broken:
                self._extend(found, of, is_last=False)
                found.is_broken = True
            found.resumed = None
            of.resuming.append(found)

    def _end(self, of: _Connection) -> None:
        for track, found in of.open.items():
            if not found.is_broken:
                self._extend(found, of, is_last=track.is_counted)

    def _extend(self, found: _Open, of: _Connection, *, is_last: bool) -> None:
        """Extend a segment up to the last frame of its connection."""
        self._look_at_last(found)
        if found.is_doubtful or of.last is None:
            return
        segment = found.segment
        segment.last, segment.end_time, payload = of.last
        if not is_last:
            told, estimated = self._rule.venue_time(payload), self._estimate(segment.end_time)
            segment.end = max(segment.end, (estimated if told is None else min(told, estimated)) - _SLACK)

    def _resume(self, of: _Connection, time: int, payload: bytes) -> None:
        """Take the first frame after a break."""
        if of.resuming:
            resumed = max(self._rule.venue_time(payload) or 0, self._estimate(time)) + _SLACK
            for found in of.resuming:
                found.resumed = None if found.is_doubtful else resumed
            of.resuming = []

    def _take_described(
        self, line: int, times: Sequence[int], conn: int, infos: FrameInfos, payloads: Sequence[bytes]
    ) -> None:
        """Take frames in sequence: of those in order, only the last of a kind is looked at, if nothing begins."""
        last = dict(zip(infos.which, range(len(times)), strict=True))
        opened = self._conns[conn].open
        tracks_of = [self._rule.tracks(kind) if place in last else () for place, kind in enumerate(infos.kinds)]
        begins = any(
            infos.kinds[place].kind == "snapshot" or track not in opened or opened[track].is_broken
            for place in last
            for track in tracks_of[place]
            if not track.is_counted
        )
        careful = {place for place in last if begins or any(track.is_counted for track in tracks_of[place])}
        for place, number in last.items():
            if place not in careful:
                for track in tracks_of[place]:
                    self._go_on(opened[track], line + number, times[number], infos[number], payloads[number])
        self.frames += sum(map([bool(tracks) for tracks in tracks_of].__getitem__, infos.which))
        if careful:
            for number, place in enumerate(infos.which):
                if place in careful:
                    frame = line + number, times[number], conn, infos[number], payloads[number]
                    self._take_tracks(tracks_of[place], *frame)

    def _take_tracks(
        self, tracks: Iterable[Track], line: int, time: int, conn: int, info: FrameInfo, payload: bytes
    ) -> None:
        opened = self._conns[conn].open
        for track in tracks:
            found = opened.get(track)
            is_start = info.kind == "snapshot"
            if track.is_counted:
                cover = self._rule.cover(track, info, payload)
                if cover is not None and is_start:
                    self._add_counted(track, conn, spans_of(cover), line, time, LAST_RESORT)
                elif cover is not None:
                    self._count(track, found, conn, cover, line, time)
            elif found is None or found.is_broken or (is_start and track.is_state):
                self._begin(track, conn, info, payload, line, time)
            else:
                self._go_on(found, line, time, info, payload)

    def _begin(self, track: Track, conn: int, info: FrameInfo, payload: bytes, line: int, time: int) -> None:
        """Begin a segment of a track that is in order."""
        opened = self._conns[conn].open
        before = opened.get(track)
        if before is not None:
            self._look_at_last(before)
        is_start = info.kind == "snapshot" and track.is_state
        cover = self._rule.cover(track, info, payload)
        start = end = self._estimate(time) if cover is None else cover.last
        if cover is None and is_start:
            start = _UNKNOWN
        elif before is not None and before.resumed is not None and not before.is_doubtful and not is_start:
            start = min(start, before.resumed)
        opened[track] = _Open(self._add(track, conn, start, end, line, time))

    def _go_on(self, found: _Open, line: int, time: int, info: FrameInfo, payload: bytes) -> None:
        segment = found.segment
        if segment.start == _UNKNOWN:  # the snapshot does not say when it is of
            cover = self._rule.cover(segment.track, info, payload)
            segment.start = self._estimate(time) if cover is None else cover.last
        segment.last, segment.end_time = line, time
        found.info, found.payload, found.is_doubtful = info, payload, False

    def _look_at_last(self, found: _Open) -> None:
        if found.info is not None:
            segment = found.segment
            cover = self._rule.cover(segment.track, found.info, found.payload)
            end = self._estimate(segment.end_time) if cover is None else cover.last
            segment.end = max(segment.end, end)
            found.info, found.payload = None, b""

    def _count(self, track: Track, found: _Open | None, conn: int, cover: Cover, line: int, time: int) -> None:
        """Take a frame of a counted track."""
        segment = None if found is None else found.segment
        is_reset = segment is not None and cover.last < segment.end - _LARGEST_GAP
        if found is None or segment is None or is_reset or spans_of(cover)[-1][0] > segment.end + 1:
            new = self._add_counted(track, conn, spans_of(cover), line, time)
            new.is_reset = is_reset
            self._conns[conn].open[track] = _Open(new)
            return
        segment.end = max(segment.end, cover.last)
        segment.last, segment.end_time, found.is_doubtful = line, time, False

    def _add_counted(
        self, track: Track, conn: int, spans: Sequence[tuple[int, int]], line: int, time: int, more: int = 0
    ) -> Segment:
        *beside, (first, last) = spans
        segment = self._add(track, conn, first - 1, last, line, time, more)
        segment.beside = beside
        return segment

    def _add(self, track: Track, conn: int, start: int, end: int, line: int, time: int, more: int = 0) -> Segment:
        segment = Segment(self._rank + more, conn, track, start, end, line, time)
        self.segments.setdefault(track, []).append(segment)
        return segment
