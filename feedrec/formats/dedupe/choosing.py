"""
Which lines of several recordings are taken, in the order of their steady times.

Each recording keeps its order: where one of its frames waits, all that follow it wait. What waits is bounded by time,
since it is only where the lead of a track passes from one recording to another that anything does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from ...model import NANOSECONDS, FrameInfo, kinds_of
from ..line.index import Mark
from .leading import Leading, Missing, Verdict
from .numbered_lines import Received
from .protocols import Cover, Track, TrackRule
from .segments import LAST_RESORT, Estimate, Segment

__all__ = ["MARGIN", "Choosing", "Item", "Output", "Part"]

MARGIN = 15 * NANOSECONDS
"""From the end of a segment: before that, nothing of another recording can matter."""

_SHORTLY = NANOSECONDS
_LONG = 5 * NANOSECONDS
_FILLING = (Verdict.KEEP, Verdict.LEAD)


class Part(NamedTuple):
    """What a frame is to one of its tracks: what it covers is None if that does not matter."""

    leading: Leading
    segment: Segment
    cover: Cover | None
    is_start: bool


class Item(NamedTuple):
    """
    A line to be taken or left out.

    Attributes:
        rank: The place of its recording.
        file: The input.
        conn: The connection, by its number in the output; None if it is of none.
        number: The number of the line.
        time: Its steady time.
        shift: From its wall time to that.
        line: The line.
        mark: Its mark.
        parts: What it is to its tracks; none for a line that is taken in any case.

    """

    rank: int
    file: int
    conn: int | None
    number: int
    time: int
    shift: int
    line: bytes
    mark: Mark
    parts: Sequence[Part] = ()


class Output(Protocol):
    """Where lines go that are taken."""

    def take(self, item: Item, not_after: int | None) -> object:
        """Take a line, whose wall time must not be after that of the first recording's next line, if there is one."""

    def take_run(self, received: Received, conn: int) -> object:
        """Take frames of the first recording that follow each other."""

    def miss(self, item: Item, missing: Missing, not_after: int | None) -> object:
        """Take note of what is missing before a line."""


class Choosing:
    """
    Chooses.

    Args:
        segments: All segments by track.
        rule: Tells what frames cover.
        estimate: Tells where a frame is that does not say.
        output: Where lines go that are taken.

    Attributes:
        tracks: How each track is led.

    """

    def __init__(
        self, segments: Mapping[Track, Sequence[Segment]], rule: TrackRule, estimate: Estimate, output: Output
    ) -> None:
        self._dealt_with: dict[int, int] = {}
        self.tracks = {track: Leading(track, found, self._dealt_with) for track, found in segments.items()}
        self._rule, self._estimate, self._output = rule, estimate, output
        self._places: dict[tuple[int, Track], tuple[list[int], list[Segment]]] = {}
        self._repeating: dict[tuple[int, Track, int], Segment] = {}
        for track, found in segments.items():
            for segment in sorted(found, key=lambda one: one.first):
                if segment.rank >= LAST_RESORT:
                    self._repeating[segment.conn, track, segment.first] = segment
                else:
                    firsts, those = self._places.setdefault((segment.conn, track), ([], []))
                    firsts.append(segment.first)
                    those.append(segment)
        self._queues: dict[int, deque[Item]] = {}
        self._now = 0

    def is_needed(self, until: int) -> bool:
        """Return whether frames up to a steady time may be needed of other recordings than the first."""
        if any(self._queues.values()):
            return True
        return not all(self._is_settled(one, until) for one in self.tracks.values())

    def take_received(self, received: Received, rank: int, conn: int) -> None:
        """Take received frames of one connection that follow each other."""
        columns = received.columns
        if rank == 0 and self._pass_run(received, conn):
            self._now = max(self._now, received.times[-1])
            return
        for place, info in enumerate(columns.infos):
            item = Item(
                rank,
                received.file,
                conn,
                received.numbers[place],
                received.times[place],
                received.shift,
                columns.lines[place],
                columns.mark(place),
            )
            self.take_frame(item, info, columns.payloads[place])

    def take_frame(self, item: Item, info: FrameInfo, payload: bytes) -> None:
        """Take a received frame, whose item has no parts yet."""
        tracks = self._rule.tracks(info)
        if not tracks:
            self.take(item)
            return
        # A frame that is taken for the sake of one track tells of the others, too: all of them are looked at then.
        is_settled = all(self._is_settled(self.tracks[track], item.time) for track in tracks if track in self.tracks)
        parts = [
            part
            for track in tracks
            if (part := self._part(item, track, info, payload, is_settled=is_settled)) is not None
        ]
        if parts:
            self.take(item._replace(parts=parts))
        elif item.rank == 0:
            self.take(item)  # it tells nothing that could be compared

    def take(self, item: Item) -> None:
        """Take the next line."""
        self._now = max(self._now, item.time)
        queue = self._queues.get(item.rank)
        if queue or not self._is_dealt_with(item, 0):
            self._queues.setdefault(item.rank, deque()).append(item)
        if queue or any(self._queues.values()):
            self._release()

    def finish(self) -> None:
        """Deal with all that waits."""
        self._now += 2 * _LONG
        while any(self._queues.values()):
            self._release()
            self._now += _LONG

    def _is_settled(self, leading: Leading, until: int) -> bool:
        """Return whether the first recording leads a track beyond a steady time."""
        leader = leading.leader
        is_first = leader is not None and leader.rank == 0 and until + MARGIN <= leader.end_time
        return is_first and not leading.is_awaited

    def _pass_run(self, received: Received, conn: int) -> bool:
        """Pass on frames of the first recording if it leads all of their tracks, and return whether it does."""
        if any(self._queues.values()):
            return False
        until, first = received.times[-1], received.numbers[0]
        found: dict[Track, Leading] = {}
        for info in kinds_of(received.columns.infos):
            for track in self._rule.tracks(info):
                if info.kind == "snapshot" and (track.is_state or track.is_counted):
                    return False
                if track in found:
                    continue
                leading = self.tracks.get(track)
                if leading is None or not self._is_settled(leading, until):
                    return False
                leader = leading.leader
                if leader is None or leader.conn != conn or leader.first > first:
                    return False
                found[track] = leading
        for leading in found.values():
            leading.is_behind = True
        self._output.take_run(received, conn)
        self._note(conn, received.numbers[-1])
        return True

    def _note(self, conn: int | None, line: int) -> None:
        if conn is not None:
            self._dealt_with[conn] = line

    def _part(self, item: Item, track: Track, info: FrameInfo, payload: bytes, *, is_settled: bool) -> Part | None:
        """Return what a frame is to a track; None if nothing is known of it."""
        segment = self._segment_of(item, track, info)
        if segment is None:
            return None
        leading = self.tracks[track]
        is_start = info.kind == "snapshot" and track.is_state
        if is_settled:
            return Part(leading, segment, None, is_start)
        cover = self._rule.cover(track, info, payload)
        if cover is None and not track.is_counted:
            position = self._estimate(item.time)
            cover = _Estimated(position, position, payload)
        return None if cover is None else Part(leading, segment, cover, is_start)

    def _segment_of(self, item: Item, track: Track, info: FrameInfo) -> Segment | None:
        conn = item.conn or 0
        if track.is_counted and info.kind == "snapshot":
            return self._repeating.get((conn, track, item.number))
        firsts, segments = self._places.get((conn, track), ((), ()))
        place = bisect_right(firsts, item.number) - 1
        return segments[place] if place >= 0 and item.number <= segments[place].last else None

    def _is_dealt_with(self, item: Item, age: int) -> bool:
        """Take a line, or leave it out; return False if it is to wait."""
        if not item.parts:
            self._output.take(item, self._next_of_first(item))
            self._note(item.conn, item.number)
            return True
        verdicts = [self._judge(part, age) for part in item.parts]
        if not any(verdict in _FILLING for verdict in verdicts):
            if any(verdict is not Verdict.LEAVE for verdict in verdicts):
                return False
            is_taken = False
        else:
            is_taken = True
        not_after = self._next_of_first(item)
        for part, verdict in zip(item.parts, verdicts, strict=True):
            if part.cover is None:
                part.leading.is_behind = part.leading.is_behind or verdict is Verdict.KEEP
            else:
                if is_taken and verdict not in _FILLING and part.leading.track.is_counted:
                    verdict = Verdict.KEEP  # noqa: PLW2901  it is told, be it for the sake of another track
                missing = part.leading.take(part.segment, part.cover, verdict, is_start=part.is_start)
                if missing is not None:
                    self._output.miss(item, missing, not_after)
        if is_taken:
            self._output.take(item, not_after)
        self._note(item.conn, item.number)
        return True

    def _judge(self, part: Part, age: int) -> Verdict:
        leading, segment, cover, is_start = part
        if cover is None:
            return Verdict.KEEP if segment is leading.leader else Verdict.LEAVE
        verdict = leading.judge(segment, cover, is_start=is_start)
        while verdict is Verdict.WAIT and age > _LONG and leading.leader is not None:
            leading.give_up_leader()
            verdict = leading.judge(segment, cover, is_start=is_start)
        return Verdict.LEAVE if verdict is Verdict.WAIT_SHORTLY and age > _SHORTLY else verdict

    def _next_of_first(self, item: Item) -> int | None:
        """Return the wall time of the next waiting line of the first recording."""
        queue = self._queues.get(0)
        return queue[0].mark[0] if queue and item.rank else None

    def _release(self) -> None:
        """Deal with the lines that need not wait any more."""
        is_moving = True
        while is_moving:
            is_moving = False
            for queue in self._queues.values():
                while queue and self._is_dealt_with(queue[0], self._now - queue[0].time):
                    queue.popleft()
                    is_moving = True


class _Estimated(NamedTuple):
    first: int
    last: int
    content: bytes
    spans: Sequence[tuple[int, int]] = ()
