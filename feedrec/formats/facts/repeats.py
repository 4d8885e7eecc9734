"""
What two connections of a recording have brought both, so that a client of a replay gets it once.

1. A connection may be opened to take the place of another one before that is closed (docs/format.md, "Replaced
   connections"). Of each channel and product, the old one tells up to the first frame of the new one, which is a
   snapshot where there are any, and the new one from there on. If the new one ends before it has taken the place, the
   old one tells everything again.
2. Of connections side by side, each has heartbeats that are about no product. Those of one of them count, until they
   have not come for a while.

Frames that do not count are described as what no client gets, but with their numbers: so a recorded gap stays one, and
what is left out is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import compress

from ...model import NANOSECONDS, Describe, Event, Frame, FrameInfo, FrameInfos, Record
from ..line.codec import decode_line
from ..line.fast_path import ReceivedFrames
from ..line.index import Index
from .connections import is_number
from .file_facts import decode_facts

__all__ = ["LONGEST_OVERLAP", "FramesOnce", "OverlapReading", "Overlaps", "Repeats", "replacements_in"]

LONGEST_OVERLAP = 60 * NANOSECONDS
"""Recorded time after which what was replaced before the reading began does not matter: handovers take seconds."""

_BEATS_STOPPED = NANOSECONDS * 3 // 2

_OF_CONNECTIONS = frozenset(["open", "close"])
_EVENT_TEXTS = tuple(b'"%b"' % name.encode() for name in _OF_CONNECTIONS)


class Repeats:
    """
    Tells which frames of one recording repeat what another connection has brought; it is told of all in their order.

    Args:
        known: Connections that were opened to take the place of others, each with the other one, as an index says: the
            reading may begin after the events that say so.
        first_conn: What was added to the numbers of all connections, but not to those in `known` and within events.
        forgets: Whether what is known does not matter after `LONGEST_OVERLAP`.

    """

    def __init__(self, known: Iterable[tuple[int, int]] = (), first_conn: int = 0, *, forgets: bool = True) -> None:
        self._first_conn = first_conn
        self._heirs = {first_conn + old: first_conn + new for new, old in known}
        self._brought: dict[int, set[tuple[str, str]]] = {new: set() for new in self._heirs.values()}
        self._known = set(self._heirs) if forgets else set[int]()
        self._known_until: int | None = None
        self._conn: int | None = None  # of the last frame
        self._are_several = False
        self._beating = (0, 0)  # the connection whose heartbeats count, and when the last one came

    def without_repeats(
        self,
        frames: Sequence[Frame],
        infos: Sequence[FrameInfo],
        others: Sequence[Record] = (),
        places: Sequence[int] = (),
    ) -> Sequence[FrameInfo]:
        """
        Return what frames are, where those that are repeats are nothing for any client.

        Args:
            frames: The frames.
            infos: What the feed says of each; nothing if it does not.
            others: Events and sent frames among them.
            places: For each of those, how many of the frames stand before it.

        """
        repeated = self._places(frames, infos, others, places)
        return _described_again(infos, repeated) if repeated else infos

    def those_that_count(
        self,
        frames: Sequence[Frame],
        infos: Sequence[FrameInfo],
        others: Sequence[Record] = (),
        places: Sequence[int] = (),
    ) -> tuple[Sequence[Frame], Sequence[FrameInfo]]:
        """Return the frames that are no repeats, and what they are; as for `without_repeats`."""
        repeated = set(self._places(frames, infos, others, places))
        if not repeated:
            return frames, infos
        kept = [number not in repeated for number in range(len(frames))]
        chosen = infos.chosen(kept) if isinstance(infos, FrameInfos) else list(compress(infos, kept))
        return list(compress(frames, kept)), chosen

    def _places(
        self, frames: Sequence[Frame], infos: Sequence[FrameInfo], others: Sequence[Record], places: Sequence[int]
    ) -> list[int]:
        """Return which of some frames are repeats, with the events among them."""
        if frames and not infos:
            return []
        repeated: list[int] = []
        start = 0
        for place, other in zip(places, others, strict=True):
            if isinstance(other, Event) and other.name in _OF_CONNECTIONS:
                repeated += self._repeated(frames, infos, start, place)
                start = place
                self.take_event(other)
        return repeated + self._repeated(frames, infos, start, len(frames))

    def is_repeat(self, frame: Frame, info: FrameInfo) -> bool:
        """Tell whether the next frame is a repeat."""
        if frame.synthetic:  # it is the state of a file at its beginning
            return False
        if info.kind == "heartbeat" and not info.products:
            return self._is_other_beat(frame)
        if not info.channel or info.kind in {"ack", "error"}:
            return False
        conn = frame.conn
        keys = {(info.channel, product) for product in info.products or ("",)}
        if conn in self._brought:
            self._brought[conn] |= keys
        heir = self._heirs.get(conn)
        return heir is not None and keys <= self._brought[heir]

    def _repeated(self, frames: Sequence[Frame], infos: Sequence[FrameInfo], start: int, end: int) -> list[int]:
        """Return which of some frames are repeats; mostly there is one connection, and one look says so."""
        if start == end:
            return []
        ends = {self._conn, frames[start].conn, frames[end - 1].conn} - {None}
        self._are_several |= len(ends) > 1
        self._conn = frames[end - 1].conn
        self._forget_known(frames[start].time)
        if not self._heirs and not self._are_several:
            return []
        kinds = infos.kinds if isinstance(infos, FrameInfos) else infos
        if not self._heirs and not any(kind.kind == "heartbeat" for kind in kinds):
            return []
        return [number for number in range(start, end) if self.is_repeat(frames[number], infos[number])]

    def take_event(self, event: Event) -> None:
        """Take note of what happened to a connection."""
        conn = event.conn
        if conn is None or event.name not in _OF_CONNECTIONS:
            return
        if event.name == "open":
            if is_number(old := event.details.get("replaces")):
                self._known.discard(self._first_conn + old)
                self._heirs[self._first_conn + old], self._brought[conn] = conn, set()
        else:
            self._end(conn)

    def _end(self, conn: int) -> None:
        """Take note that a connection is over: what it replaced, or was replaced by, is told by one of them alone."""
        heir = self._heirs.pop(conn, None)
        if heir is not None:
            self._brought.pop(heir, None)
        for old in [old for old, new in self._heirs.items() if new == conn]:
            del self._heirs[old]
        self._brought.pop(conn, None)

    def _forget_known(self, time: int) -> None:
        """Forget what the index said once it does not matter any more."""
        if not self._known:
            return
        if self._known_until is None:
            self._known_until = time + LONGEST_OVERLAP
        elif time > self._known_until:
            for old in self._known:
                self._brought.pop(self._heirs.pop(old, -1), None)
            self._known.clear()

    def _is_other_beat(self, frame: Frame) -> bool:
        """Tell whether another connection's heartbeats count."""
        conn, last = self._beating
        if last and frame.conn != conn and 0 <= frame.time - last < _BEATS_STOPPED:
            return True
        self._beating = frame.conn, frame.time
        return False


def _described_again(infos: Sequence[FrameInfo], repeated: Sequence[int]) -> Sequence[FrameInfo]:
    """Return descriptions in which some frames are what no client gets."""
    if isinstance(infos, FrameInfos):
        which = list(infos.which)
        for number in repeated:
            which[number] = len(infos.kinds)
        return FrameInfos([*infos.kinds, FrameInfo(kind="ack", parses=True)], which, infos.sequences)
    described = list(infos)
    for number in repeated:
        described[number] = FrameInfo(sequence=infos[number].sequence, kind="ack", parses=True)
    return described


class FramesOnce:
    """The frames that count among the lines of several recordings, of which it is given all events."""

    def __init__(self) -> None:
        self._repeats: defaultdict[int, Repeats] = defaultdict(Repeats)

    def frame(self, file: int, line: bytes, info: FrameInfo | None) -> Frame | None:
        """
        Return what a line of one of them has if that is a received frame that counts.

        Args:
            file: Which of them.
            line: The line.
            info: What the frame is; None for any other line.

        Raises:
            LineError: If it is not a line of a recording.

        """
        if info is None and not any(text in line for text in _EVENT_TEXTS):
            return None
        record, repeats = decode_line(line), self._repeats[file]
        if isinstance(record, Event):
            repeats.take_event(record)
            return None
        return None if info is None or repeats.is_repeat(record, info) else record


def replacements_in(index: Index) -> list[tuple[int, int]]:
    """Return which connections of a recording were to take the place of which: pairs of a new one and the old one."""
    if index.summary is None or b'"replaced":' not in index.summary:
        return []
    facts = decode_facts(index.summary)
    return [] if facts is None else [(one.conn, one.replaces) for one in facts.replacements]


class Overlaps:
    """
    What an index tells of the connections of a recording that brought the same for a while.

    Args:
        index: The index.

    Attributes:
        blocks: Numbers of the blocks in which a frame may be a repeat, or may be what others repeat.

    """

    def __init__(self, index: Index) -> None:
        known = replacements_in(index)
        self.blocks: frozenset[int] = frozenset().union(*(_blocks_of(index, *both) for both in known))
        self._known = known

    def reading(self, describe: Describe | None) -> OverlapReading | None:
        """Return one reading of these blocks, by what frames are; None if there is nothing to tell."""
        return OverlapReading(self.blocks, self._known, describe) if self.blocks and describe is not None else None


class OverlapReading:
    """
    Tells of lines that are read in their order, perhaps not all, which of them do not count.

    Args:
        blocks: Numbers of the blocks in which there may be such lines.
        known: See `Repeats`.
        describe: Says what a frame is.

    """

    def __init__(self, blocks: Collection[int], known: Iterable[tuple[int, int]], describe: Describe) -> None:
        self._blocks = blocks
        self._repeats = Repeats(known, forgets=False)
        self._received = ReceivedFrames(describe)

    def counts(self, block: int, lines: Sequence[bytes]) -> list[bool]:
        """
        Tell of each of the next lines of a block whether it counts.

        Raises:
            LineError: If one of them is not a line of a recording.

        """
        if block not in self._blocks:
            return [True] * len(lines)
        return [not any(map(self._repeats.is_repeat, *self._received.decode([line]))) for line in lines]


def _blocks_of(index: Index, new: int, old: int) -> range:
    """Return the blocks from the first with frames of one connection to the last with frames of another one."""
    has_new = [number for number, block in enumerate(index.blocks) if str(new) in block.frames]
    has_old = [number for number, block in enumerate(index.blocks) if str(old) in block.frames]
    return range(has_new[0], has_old[-1] + 1) if has_new and has_old else range(0)
