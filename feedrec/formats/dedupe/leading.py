"""
Which segment leads a track, frame by frame. Pure: the core of what makes one recording of several.

All segments of the track are known from the start, with their ends, but not which position each frame has.

1. One segment leads; its frames are taken. `position` is how far the track has been told.
2. A frame of another segment is left out if the one that leads goes on beyond it; otherwise it waits until that one has
   ended. The one that goes on then is complete after `position` and reaches beyond it: of several, the one of the
   recording that comes first. Its frames are taken from the first later than `position`.
3. A segment of a recording that comes before the leading one leads as soon as it is complete after `position`. Its
   frames wait for a moment, because those of the other recording may be a little behind.
4. A segment can only lead if none of its frames beyond `position` was left out (`Segment.passed`). Where several frames
   share a time, that includes those at `position` itself: as long as some may not have been told, a segment that is
   complete after that time, or left one of them out, does not have them all. Where times may be out of order, the
   others have to be told so far beyond its beginning that nothing from before that is still to come. If it leads all
   the same, what others tell from around its beginning is taken.
5. If no segment goes on, something is missing: the next one that has a frame leads. A state of which something is
   missing is of no use, so the first snapshot leads whosever it is. So it is with what a segment had still to tell that
   came too late to be waited for.
6. Frames of one position are told apart by their contents, and equal ones by how many came before in their segment.
7. On a track whose positions are numbers, a frame that has one which was left out is taken, whosever it is. What else
   it has may be what the leading segment is about to tell: until that one is as far, its frames are looked at.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from .numbers import NumberSet
from .protocols import Cover, Track, spans_of
from .segments import Segment

__all__ = ["Leading", "Missing", "Verdict"]

_MOST_RECENT = 4096  # contents that are remembered


class Verdict(enum.Enum):
    """What to do with a frame, as far as one track is concerned."""

    KEEP = enum.auto()
    LEAD = enum.auto()
    """Take it, and have its segment lead."""
    LEAVE = enum.auto()
    WAIT = enum.auto()
    """Wait until the leading segment has ended."""
    WAIT_SHORTLY = enum.auto()
    """Wait until the leading segment is as far as the frame's."""


class Missing(NamedTuple):
    """
    What no recording has of a track.

    Attributes:
        track: The track.
        after: The last position that was told.
        before: The first one after that.
        numbers: How many numbers are missing; None if positions are no numbers without holes.

    """

    track: Track
    after: int
    before: int
    numbers: int | None


class Leading:
    """
    Follows one track.

    Args:
        track: The track.
        segments: All of its segments.
        dealt_with: The number of the last line that was dealt with, by connection; it is kept up to date elsewhere.

    Attributes:
        leader: The segment that leads; None before the first frame.
        position: How far the track has been told; not brought up to date while `is_behind`.
        is_behind: Whether frames were taken that were not looked at.
        is_whole: Whether a snapshot came since something was missing, if the track is a state.
        repeated: Numbers that were told twice.

    """

    def __init__(self, track: Track, segments: Sequence[Segment], dealt_with: Mapping[int, int]) -> None:
        self.track = track
        self.segments = segments
        self.leader: Segment | None = None
        self.is_behind = False
        self.is_whole = not track.is_state
        self.position = -1
        self.repeated = 0
        self._dealt_with = dealt_with
        self._given_up: set[Segment] = set()
        self._since = -1  # the position when it began to lead
        self._own = -1  # how far its own frames are; of a counted track
        self._is_partly_told = False  # whether more frames may have this position
        self._told = NumberSet()  # of a counted track
        self._due = NumberSet()  # passed over, but some segment has them
        self._filled = NumberSet()  # told by segments that did not lead
        self._recent: dict[int, int] = {}  # contents told last, by hash: how often; with `reach`, at which position
        self._known = NumberSet(span for one in segments for span in one.numbers if track.is_counted)

    @property
    def is_awaited(self) -> bool:
        """Whether the leading segment is not all that matters: others have what is missing, or told what is to come."""
        if self.track.is_counted:
            has_caught_up = self._own > self._since and self._own >= self._filled.last
        else:
            has_caught_up = self.position > self._since + self.track.reach
        return not (self.is_whole and has_caught_up) or bool(self._due)

    def judge(self, segment: Segment, cover: Cover, *, is_start: bool) -> Verdict:
        """
        Say what to do with a frame.

        Args:
            segment: Its segment.
            cover: What it covers.
            is_start: Whether it is a snapshot.

        """
        leader = self.leader
        if leader is not None and self._is_over(leader):
            self._catch_up(leader)
        if leader is None or (is_start and not self.is_whole and self.track.is_state):
            return Verdict.LEAD
        if segment is leader:
            return Verdict.LEAVE if self._was_told_by_others(segment, cover) else Verdict.KEEP
        if segment.is_reset and segment.conn == leader.conn:
            return Verdict.LEAD
        if not self._is_later(segment, cover):
            return Verdict.LEAVE
        if self.track.is_counted and (cover.last <= self.position or _count(self._due, cover)):
            return Verdict.KEEP  # it fills a hole
        return self._judge_later(segment, leader, cover)

    def _judge_later(self, segment: Segment, leader: Segment, cover: Cover) -> Verdict:
        """Say what to do with a frame of another segment that tells something new."""
        can_lead = self._has_rest(segment) and self._is_far_beyond(segment)
        if self._is_over(leader):
            following = self._following()
            if following is None or following is segment or (can_lead and segment.rank <= following.rank):
                return Verdict.LEAD
            self.leader, self._since = following, self.position
            self._own = max(following.start, following.passed)
            leader = following
        is_before = segment.rank < leader.rank
        if is_before and can_lead:
            return Verdict.LEAD
        if self.track.reach and cover.last <= min(leader.start, self._since) + self.track.reach:
            return Verdict.KEEP  # it may be from before the leading one began; what that one tells again is left out
        if leader.end <= cover.last + self.track.reach and (leader.end < cover.last or not self.track.is_counted):
            return Verdict.WAIT
        return Verdict.WAIT_SHORTLY if is_before and segment.passed <= self.position else Verdict.LEAVE

    def _following(self) -> Segment | None:
        """Return the segment that goes on where the leading one has ended; None if there is none."""
        found = (one for one in self.segments if self.position < one.end and self._has_rest(one))
        return min((one for one in found if not self._is_over(one)), key=self._order, default=None)

    def _order(self, segment: Segment) -> tuple[int, int, int]:
        """Return what orders segments that go on: where each may lack some, the one that began first lacks least."""
        return (0 if self._is_far_beyond(segment) else segment.first_time, segment.rank, -segment.end)

    def _is_far_beyond(self, segment: Segment) -> bool:
        """Return whether nothing from before a segment is still to come, where times may be out of order."""
        return not self.track.reach or segment.start + 2 * self.track.reach <= self.position

    def _has_rest(self, segment: Segment) -> bool:
        """Return whether all that was not told yet, up to the end of a segment, is still to come of it."""
        if self.is_behind:  # what was left out meanwhile was not looked at
            return False
        lacking = max(segment.start, segment.passed + self.track.reach)
        return lacking < self.position or (lacking == self.position and not self._is_partly_told)

    def take(self, segment: Segment, cover: Cover, verdict: Verdict, *, is_start: bool) -> Missing | None:
        """Take a frame, or leave it out, as was said; return what is missing before it."""
        missing = None
        if verdict is not Verdict.LEAVE:
            missing = self._lead(segment, cover, is_start=is_start) if verdict is Verdict.LEAD else None
            self._tell(segment, cover, is_start=is_start)
        elif segment is not self.leader and self._is_later(segment, cover):
            segment.passed = max(segment.passed, cover.last)
        if not self.track.is_counted:
            segment.note(cover.last, hash(cover.content))
        elif segment is self.leader:
            self._own = cover.last
        return missing

    def give_up_leader(self) -> None:
        """Wait no longer for what the leading segment still has to tell."""
        if self.leader is not None:
            self._given_up.add(self.leader)

    def _is_over(self, segment: Segment) -> bool:
        return self._dealt_with.get(segment.conn, -1) >= segment.last or segment in self._given_up

    def _lead(self, segment: Segment, cover: Cover, *, is_start: bool) -> Missing | None:
        before = self.leader
        self.leader = segment
        if segment.is_reset or before is None or (is_start and not self.is_whole and self.track.is_state):
            self.is_whole = self.is_whole or is_start
            self._since = self.position = cover.first - 1
            self._recent.clear()
            if segment.is_reset:
                self._told, self._due, self._filled = NumberSet(), NumberSet(), NumberSet()
            elif before is None:
                self._pass_over([(0, self.position)])
            return self._pass_over(_holes(cover))
        self._since = self.position
        if self._has_rest(segment) or (is_start and segment.start <= self.position):
            return None
        self.is_whole = not self.track.is_state or is_start
        if not self.track.is_counted:
            resumed = max(segment.start, segment.passed, self.position)
            return None if self.track.is_beat else Missing(self.track, self.position, resumed, None)
        return self._pass_over([(self.position + 1, cover.first - 1), *_holes(cover)])

    def _catch_up(self, leader: Segment) -> None:
        """Take note that a segment has led to its end, whether or not its frames were looked at."""
        if leader in self._given_up:  # what it still had to tell up to its end will not be taken
            return
        if not self.track.is_counted:
            if leader.end > self.position:  # there was nothing else up to there
                self.position, self._is_partly_told = leader.end, False
            self.is_behind = False
        elif self.is_behind:
            self._told.add(self.position, leader.end)
            self.position, self.is_behind = max(self.position, leader.end), False

    def _pass_over(self, spans: Iterable[tuple[int, int]]) -> Missing | None:
        """Pass over numbers; return those that no segment has. The others are due."""
        passed = NumberSet(spans).without(self._told)
        missing = passed.without(self._known)
        self._due = self._due.joined(passed.without(missing))
        if not missing:
            return None
        return Missing(self.track, missing.first - 1, missing.last + 1, len(missing))

    def _tell(self, segment: Segment, cover: Cover, *, is_start: bool) -> None:
        if self.track.is_counted:
            if self.is_behind and segment is self.leader:
                self._told.add(self.position, cover.first - 1)
            if cover.first <= self._since or segment is not self.leader or self._filled:
                self.repeated += _count(self._told, cover)
            for first, last in spans_of(cover):
                self._told.add(first, last)
                if segment is not self.leader:
                    self._filled.add(first, last)
            if self._due:
                self._due = self._due.without(NumberSet(spans_of(cover)))
            if segment is self.leader:
                self.position = max(self.position, cover.last)
            if self._filled.last > self.position:
                self.position = self._told.reach_of(self.position)
        else:
            self._remember(cover)
            if cover.last >= self.position and not self.track.reach:
                self._is_partly_told = not is_start
            self.position = max(self.position, cover.last)
        self.is_behind = self.is_behind and segment is not self.leader

    def _remember(self, cover: Cover) -> None:
        recent, reach = self._recent, self.track.reach
        if cover.last > self.position and not reach:
            recent.clear()
        elif reach and len(recent) > _MOST_RECENT:
            least = max(self.position, cover.last) - reach
            self._recent = recent = {one: at for one, at in recent.items() if at >= least}
        if cover.last >= self.position - reach:
            content = hash(cover.content)
            recent[content] = cover.last if reach else recent.get(content, 0) + 1

    def _is_recent(self, segment: Segment, cover: Cover) -> bool:
        """Return whether a frame was told lately: the second of two equal ones of a position, if both were."""
        content = hash(cover.content)
        if self.track.reach:
            return content in self._recent
        return self._recent.get(content, 0) > segment.count(cover.last, content)

    def _is_later(self, segment: Segment, cover: Cover) -> bool:
        if self.track.is_counted:
            return self._has_new(cover)
        if cover.last > self.position and not self.track.reach:
            return True
        return cover.last >= self.position - self.track.reach and not self._is_recent(segment, cover)

    def _was_told_by_others(self, segment: Segment, cover: Cover) -> bool:
        since, reach = self._since, self.track.reach
        if not self.track.is_counted:
            is_near = cover.last <= since + reach
            return cover.last < since - reach or (is_near and self._is_recent(segment, cover))
        if self._has_new(cover):
            return False
        return cover.last <= since or _count(self._filled, cover) > 0

    def _has_new(self, cover: Cover) -> bool:
        return _count(self._told, cover) < sum(last - first + 1 for first, last in spans_of(cover))


def _count(numbers: NumberSet, cover: Cover) -> int:
    """Return how many of the numbers of a frame are in a set."""
    return sum(numbers.count_within(first, last) for first, last in spans_of(cover))


def _holes(cover: Cover) -> list[tuple[int, int]]:
    """Return the spans of the numbers that a frame leaves out between its first and its last."""
    return [(before[1] + 1, after[0] - 1) for before, after in pairwise(spans_of(cover))]
