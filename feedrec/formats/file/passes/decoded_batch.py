"""Many lines decoded together: all of them, or those that are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, compress
from typing import NamedTuple, TypeVar

from ....model import Describe, Frame, FrameInfo, Record
from ...line.fast_path import ReceivedFrames
from ...line.selection import Selection

__all__ = ["DecodedBatch", "chosen_batch"]

_One = TypeVar("_One")
_Other = TypeVar("_Other")


class DecodedBatch(NamedTuple):
    """
    A few thousand lines, decoded.

    Attributes:
        lines: The lines.
        frames: The received frames among them.
        infos: The descriptions of those frames; empty if nothing describes them.
        others: The events and sent frames among the lines.
        places: For each of those, how many of the received frames stand before it.

    """

    lines: list[bytes]
    frames: list[Frame]
    infos: list[FrameInfo]
    others: list[Record]
    places: list[int]

    def chosen(self, selection: Selection, describe: Describe) -> DecodedBatch:
        """Return what is chosen of lines whose times all are; without descriptions."""
        infos = self.infos or [FrameInfo()] * len(self.frames)
        frames_kept = selection.takes_each([one.conn for one in self.frames], infos)
        others_kept = [selection.takes(other, describe) for other in self.others]
        before = [0, *accumulate(frames_kept)]
        return DecodedBatch(
            list(compress(self.lines, self.in_order(frames_kept, others_kept))),
            list(compress(self.frames, frames_kept)),
            [],
            list(compress(self.others, others_kept)),
            [before[place] for place in compress(self.places, others_kept)],
        )

    def add(self, following: DecodedBatch) -> None:
        """Add what follows, without its descriptions."""
        before = len(self.frames)
        self.lines.extend(following.lines)
        self.frames.extend(following.frames)
        self.others.extend(following.others)
        self.places.extend(before + place for place in following.places)

    def records(self) -> list[Record]:
        """Return the records of all lines, in their order."""
        return self.in_order(self.frames, self.others)

    def in_order(self, of_frames: Sequence[_One], of_others: Sequence[_Other]) -> list[_One | _Other]:
        """Return what there is for each frame and for each of the others, in the order of the lines."""
        ordered: list[_One | _Other] = []
        start = 0
        for place, other in zip(self.places, of_others, strict=True):
            ordered += of_frames[start:place]
            ordered.append(other)
            start = place
        ordered += of_frames[start:]
        return ordered


def chosen_batch(lines: Sequence[bytes], selection: Selection, received: ReceivedFrames) -> DecodedBatch:
    """
    Return what a selection has of lines whose times it takes, without descriptions.

    Of received frames that stand together, only those that are chosen are made objects.

    Args:
        lines: The lines.
        selection: A filter.
        received: Decodes them, with descriptions if the selection needs some.

    Raises:
        LineError: If one of them is not a line of a recording.

    """
    batch = DecodedBatch([], [], [], [], [])
    odd: list[bytes] = []
    for begin, end, columns in received.stretches(lines):
        if columns is None:
            odd += lines[begin:end]
            continue
        if odd:
            batch.add(_chosen_of_odd(odd, selection, received))
            odd = []
        chosen = columns.chosen(selection.takes_each(columns.conns, columns.infos))
        if chosen is not None:
            batch.lines.extend(chosen.lines)
            batch.frames.extend(map(Frame, chosen.times, chosen.conns, chosen.payloads))
    if odd:
        batch.add(_chosen_of_odd(odd, selection, received))
    return batch


def _chosen_of_odd(lines: list[bytes], selection: Selection, received: ReceivedFrames) -> DecodedBatch:
    others: list[Record] = []
    places: list[int] = []
    return DecodedBatch(lines, *received.decode(lines, others, places), others, places).chosen(
        selection, received.describe
    )
