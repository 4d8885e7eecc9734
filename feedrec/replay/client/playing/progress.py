"""How far a timeline is played to one client."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence

from ....model import Frame, FrameInfo
from ...clock.lateness import LateFrame
from ...clock.time_types import Monotonic, RecordedSteady, RecordedWall, Shift, shift_of
from ...timeline.frame_batches import FrameBatch
from ...timeline.frame_stream import FrameSource

__all__ = ["Progress"]


class Progress:
    """
    How far a timeline is played to one client.

    Args:
        time: The steady time at which it begins.
        shift: The shift of the first frame.

    Attributes:
        batch: The batch that is played.
        past: How many of its frames are past.
        stream: What follows the batch; None if nothing does, or nobody knows.
        time: The steady time of the last frame that was attended to, or of what was made after it.
        shift: The shift of the last frame that was attended to, or of the last batch.

    """

    def __init__(self, time: RecordedSteady, shift: Shift) -> None:
        self.move(time, shift)

    def move(self, time: RecordedSteady, shift: Shift) -> None:
        """Go on at another steady time, where nothing is read yet."""
        self.batch, self.past = FrameBatch(0, 0, [], [], []), 0
        self.stream: FrameSource | None = None
        self.time, self.shift = time, shift

    def begin(self, batch: FrameBatch, stream: FrameSource) -> None:
        """Go on to the next batch."""
        self.batch, self.past, self.stream = batch, batch.first, stream

    def end_at(self, position: int) -> None:
        """Be at a position where there is no frame."""
        self.batch, self.past = FrameBatch(position, position, [], [], []), 0

    @property
    def frame_at_hand(self) -> Frame | None:
        """The frame that is played now, or comes next; None if it is not known."""
        frames = self.batch.frames
        return frames[self.past] if self.past < len(frames) else None

    @property
    def reached(self) -> tuple[FrameBatch, int] | None:
        """The batch that is played, and how many of its frames are past; None before the first."""
        return (self.batch, self.past) if self.batch.end else None

    @property
    def present_shift(self) -> Shift:
        """The shift of the last frame that is past."""
        return self.shift_at(self.past - 1) if self.past > self.batch.first else self.shift

    def present(self, now: RecordedSteady) -> RecordedSteady:
        """Return the steady time that is the present where a clock says `now`: the next frame may be late."""
        if self.past < len(self.batch.times):
            now = min(now, self.batch.times[self.past])
        return max(self.time, now)

    def next_payload(self) -> bytes | None:
        """Return the next frame, or the last one as long as the next is not known."""
        frames = self.batch.frames
        return frames[min(self.past, len(frames) - 1)].payload if frames else None

    def shift_at(self, number: int) -> Shift:
        """Return the shift of a frame of the batch."""
        return shift_of(RecordedWall(self.batch.frames[number].time), self.batch.times[number])

    def frame_due_at(
        self,
        deadline: Monotonic,
        due: Sequence[Monotonic],
        lateness: int,
        subscribed: Mapping[str, Collection[str]] | None,
    ) -> LateFrame:
        """
        Return which frame was late.

        Args:
            deadline: When it was due.
            due: When the frames of the batch were.
            lateness: How late it was, in nanoseconds.
            subscribed: What the client has subscribed, as `FeedServer` has it; None if it gets every frame. Of several
                frames that were due together it was sent only these.

        """
        frames, infos = self.batch.frames, self.batch.infos
        end = min(self.past + 1, len(due))  # the frame at hand may have been handed over
        first = bisect_left(due, deadline, 0, end)
        for number in range(first, end):
            if due[number] != deadline:
                break
            info = infos[number] if infos else FrameInfo()
            if subscribed is None or _is_among(info, subscribed):
                return LateFrame(lateness, frames[number].time, info.channel or None, info.products)
        return LateFrame(lateness, frames[min(first, len(frames) - 1)].time)


def _is_among(info: FrameInfo, subscribed: Mapping[str, Collection[str]]) -> bool:
    products = subscribed.get(info.channel)
    if products is None:
        return False
    return not products or not info.products or any(product in products for product in info.products)
