"""What becomes of the frames of an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple
from weakref import WeakValueDictionary

from ...model import Frame, FrameInfo
from .chance import Chance
from .fault import CERTAIN, Chosen, Delay, FrameFault, Gap, Scope, Stall

__all__ = ["Fate", "Fates", "FrameFaults", "Frames"]

_ANSWERS = ("ack", "error")  # which a venue sends the recorder, and the replay nobody


class Frames(NamedTuple):
    """
    Recorded frames that follow each other.

    Attributes:
        frames: The frames.
        infos: What each of them is.
        lines: The position of the line of each.

    """

    frames: Sequence[Frame]
    infos: Sequence[FrameInfo]
    lines: Sequence[int]


class Fate:
    """
    What becomes of a frame.

    Attributes:
        position: The position of its line.
        faults: What hits it, for people: if it is left out, that alone.
        is_dropped: Whether it is left out.
        copies: How often it is sent.
        cut: If it is cut, where: out of 2**64, from its beginning to its end.
        is_swapped: Whether the next frame comes before it.
        due: The recorded time at which it comes, in nanoseconds: that at which it was recorded, or later.

    """

    __slots__ = ("copies", "cut", "due", "faults", "is_dropped", "is_swapped", "position")

    def __init__(self, position: int, time: int) -> None:
        self.position = position
        self.faults: list[FrameFault] = []
        self.is_dropped = False
        self.copies = 1
        self.cut: int | None = None
        self.is_swapped = False
        self.due = time


class Fates:
    """
    What becomes of the frames of a batch.

    Args:
        frames: The frames.
        fates: By number of the frame, for those that are hit.

    """

    def __init__(self, frames: Sequence[Frame], fates: dict[int, Fate]) -> None:
        self._frames = frames  # kept: as long as they are, no other frame has the identity of one of them
        self._fates = {id(frames[number]): fate for number, fate in fates.items()}

    def __len__(self) -> int:
        """Return how many are hit."""
        return len(self._fates)

    def of(self, frame: Frame) -> Fate | None:
        """Return what becomes of a frame; None if nothing hits it."""
        return self._fates.get(id(frame))


class FrameFaults:
    """
    What hits the frames of an endpoint.

    Args:
        seed: The seed.
        faults: The faults.
        start: The recorded time from which offsets count, in nanoseconds.
        answers: Whether acks and errors are frames like all others.

    """

    def __init__(self, seed: int, faults: Iterable[FrameFault], start: int, *, answers: bool = False) -> None:
        # By kind and scope, not by the whole text: a higher percentage hits the same frames, and more of them.
        self._by_chance = [
            (fault, Chance(seed, "|".join((_kind(fault), fault.scope.channel, *fault.scope.products))))
            for fault in faults
            if isinstance(fault, Chosen | Delay)
        ]
        stalls = ((fault, fault.moment.within(start)) for fault in faults if isinstance(fault, Stall))
        self._stalls = sorted(((fault, time, time + fault.duration) for fault, time in stalls), key=lambda one: one[1])
        self.gaps = [GapPlaces(fault, fault.moment.within(start)) for fault in faults if isinstance(fault, Gap)]
        self._answers = answers
        self._found: WeakValueDictionary[int, Fates] = WeakValueDictionary()

    def may_hit(self, scope: Scope, info: FrameInfo) -> bool:
        """Tell whether a fault of a scope may hit a frame."""
        return scope.has(info) and (self._answers or info.kind not in _ANSWERS)

    def fates(self, batch: Frames) -> Fates:
        """Return what becomes of frames; it is found once for all who play the same ones."""
        found = self._found.get(id(batch.frames))
        if found is None:
            self._found[id(batch.frames)] = found = self._find(batch)
        return found

    def find_gap(self, gap: GapPlaces, batches: Iterable[Frames]) -> None:
        """Find the frames of a gap among batches that follow each other, as far as they are not known yet."""
        for batch in batches if not gap.is_known else ():
            gap.learn(batch, partial(self.may_hit, gap.fault.scope))
            if gap.is_known:
                return

    def _find(self, batch: Frames) -> Fates:
        fates: dict[int, Fate] = {}

        def hit(number: int, fault: FrameFault) -> Fate:
            fate = fates.get(number)
            if fate is None:
                fates[number] = fate = Fate(batch.lines[number], batch.frames[number].time)
            fate.faults.append(fault)
            return fate

        for fault, chance in self._by_chance:
            for number, value in self._chosen(batch, fault, chance):
                _change(hit(number, fault), fault, value)
        for gap in self.gaps:
            self.find_gap(gap, [batch])
            for number in gap.hits(batch):
                hit(number, gap.fault).is_dropped = True
        self._stall(batch, fates, hit)
        for fate in fates.values():
            if fate.is_dropped:
                fate.faults = [one for one in fate.faults if isinstance(one, Gap) or _is_drop(one)]
        return Fates(batch.frames, fates)

    def _chosen(self, batch: Frames, fault: Chosen | Delay, chance: Chance) -> Iterator[tuple[int, int]]:
        """Yield the numbers of the frames that a fault hits by chance, each with a number that is left to chance."""
        most = CERTAIN if isinstance(fault, Delay) else fault.chance
        for number, value in enumerate(chance.numbers(batch.lines)):
            if value < most and self.may_hit(fault.scope, batch.infos[number]):
                yield number, value * CERTAIN // most

    def _stall(self, batch: Frames, fates: dict[int, Fate], hit: Callable[[int, FrameFault], Fate]) -> None:
        """Have frames that would come in a stall come at its end, which may be within the next one."""
        if not self._stalls:
            return
        for number, frame in enumerate(batch.frames):
            due = fates[number].due if number in fates else frame.time
            for fault, begin, end in self._stalls:
                if begin <= due < end and self.may_hit(fault.scope, batch.infos[number]):
                    hit(number, fault).due = due = end


class GapPlaces:
    """
    Which frames a gap leaves out: so many in a row of those that it may hit.

    Those of a recording that grows are known once somebody plays them.

    Args:
        fault: The gap.
        start: The recorded time at which it begins, in nanoseconds.

    Attributes:
        fault: See above.
        start: See above.
        places: The positions of these frames, as far as they are known.

    """

    def __init__(self, fault: Gap, start: int) -> None:
        self.fault = fault
        self.start = start
        self.places: set[int] = set()
        self._next = 0  # the position up to which everything was looked at

    def learn(self, batch: Frames, may_hit: Callable[[FrameInfo], bool]) -> None:
        """Look at frames that come later than those that were looked at before."""
        for frame, info, line in zip(*batch, strict=True):
            if line < self._next or self.is_known:
                continue
            self._next = line + 1
            if frame.time >= self.start and may_hit(info):
                self.places.add(line)

    @property
    def is_known(self) -> bool:
        """Whether all of them are known."""
        return len(self.places) >= self.fault.count

    def hits(self, batch: Frames) -> Iterator[int]:
        """Yield the numbers of the frames that are left out."""
        if self.places:
            yield from (number for number, line in enumerate(batch.lines) if line in self.places)


def _change(fate: Fate, fault: Chosen | Delay, value: int) -> None:
    """Have a fault change what becomes of a frame; `value` is left to chance, below `CERTAIN`."""
    if isinstance(fault, Delay):
        fate.due += fault.delay - fault.spread + value * (2 * fault.spread + 1) // CERTAIN
    elif fault.kind == "drop":
        fate.is_dropped = True
    elif fault.kind == "dup":
        fate.copies = 2
    elif fault.kind == "reorder":
        fate.is_swapped = True
    else:
        fate.cut = value


def _is_drop(fault: FrameFault) -> bool:
    return isinstance(fault, Chosen) and fault.kind == "drop"


def _kind(fault: Chosen | Delay) -> str:
    return "delay" if isinstance(fault, Delay) else fault.kind
