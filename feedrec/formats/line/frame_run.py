"""
Received frames that follow each other, as one text: what a recorder writes nearly all the time.

To make a line of each, and to take each line in hand again on its way to the disk, costs several times as much. Only
what is known to be ordinary is written like this; the text is the same as that of the single lines.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import msgspec

from ...model import FrameInfo, FrameInfos
from .codec import received_text
from .index import Mark
from .payload.verbatim import is_json, stand_verbatim

__all__ = ["AFTER_PAYLOAD", "FrameRun", "Read", "joined_runs", "run_of"]

AFTER_PAYLOAD = 2
"""Bytes of a line after its payload: a brace and the line feed."""

Read = tuple[int, list[bytes]]
"""When a read of the socket was, in nanoseconds, and the text messages that it completed."""


class FrameRun(msgspec.Struct, frozen=True, gc=False):
    """
    Received frames of one connection that follow each other, at least one.

    Attributes:
        text: Their lines, each with its line feed.
        conn: The connection.
        times: When each was received, in nanoseconds; never decreasing.
        infos: What each is.
        sizes: Bytes of each payload.

    """

    text: bytes
    conn: int
    times: list[int]
    infos: Sequence[FrameInfo]
    sizes: list[int]

    @property
    def count(self) -> int:
        """Number of lines."""
        return len(self.times)

    @property
    def frames(self) -> int:
        """Number of received frames."""
        return len(self.times)

    @property
    def size(self) -> int:
        """Bytes of their lines."""
        return len(self.text)

    @property
    def last_mark(self) -> Mark:
        """The mark of the last line."""
        return self.times[-1], self.conn, self.infos[-1], self.sizes[-1], True

    def lines_within(self, size: int) -> int:
        """Return how many of the lines, from the first on, have no more than so many bytes together."""
        around = self.around
        return bisect_right(list(accumulate([around + payload for payload in self.sizes])), size)

    def parted(self, count: int) -> tuple[FrameRun, FrameRun]:
        """Return the first lines, so many, and the others, at least one of each."""
        end = sum(self.sizes[:count]) + count * self.around
        first = FrameRun(self.text[:end], self.conn, self.times[:count], self.infos[:count], self.sizes[:count])
        return first, FrameRun(self.text[end:], self.conn, self.times[count:], self.infos[count:], self.sizes[count:])

    @property
    def around(self) -> int:
        """Bytes of a line around its payload, the same in each: what stands before it, a brace, and the line feed."""
        return (len(self.text) - sum(self.sizes)) // len(self.sizes)

    def lines(self) -> list[tuple[bytes, Mark]]:
        """Return the single lines without their line feeds, and the mark of each."""
        lines = self.text.split(b"\n")
        lines.pop()
        columns = zip(self.times, self.infos, self.sizes, strict=True)
        marks: list[Mark] = [(time, self.conn, info, size, True) for time, info, size in columns]
        return list(zip(lines, marks, strict=True))


def joined_runs(runs: Sequence[FrameRun]) -> FrameRun:
    """Return runs of one connection, at least one, as a single one."""
    if len(runs) == 1:
        return runs[0]
    times, sizes = list[int](), list[int]()
    for run in runs:
        times += run.times
        sizes += run.sizes
    return FrameRun(b"".join([run.text for run in runs]), runs[0].conn, times, _joined_infos(runs), sizes)


def _joined_infos(runs: Sequence[FrameRun]) -> Sequence[FrameInfo]:
    """Return what their frames are, column by column if it is known like that of each run."""
    kinds, which, sequences = list[FrameInfo](), list[int](), list[int | None]()
    for run in runs:
        infos = run.infos
        if not isinstance(infos, FrameInfos):
            return [info for run in runs for info in run.infos]
        before = len(kinds)
        kinds += infos.kinds
        which += [before + place for place in infos.which]
        sequences += infos.sequences
    return FrameInfos(kinds, which, sequences)


def run_of(conn: int, reads: Sequence[Read], infos: Sequence[FrameInfo]) -> FrameRun | None:
    """
    Return frames as a run; None if there is anything among them that cannot stand in its line as it is.

    Args:
        conn: The connection.
        reads: The frames, by the reads that completed them, which may have none; the times never decrease.
        infos: What each of them is.

    """
    payloads = [payload for _, read in reads for payload in read] if len(reads) > 1 else reads[0][1]
    all_parse = isinstance(infos, FrameInfos) and all(info.parses for info in infos.kinds)
    if not all_parse and not all(info.parses or is_json(one) for info, one in zip(infos, payloads, strict=True)):
        return None
    text = b"".join([received_text(time, conn, read) for time, read in reads if read])
    if not stand_verbatim(payloads, text):
        return None
    times: list[int] = []
    for time, read in reads:
        times += [time] * len(read)
    return FrameRun(text, conn, times, infos, list(map(len, payloads)))
