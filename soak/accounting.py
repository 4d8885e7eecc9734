"""
Account for every frame that a venue sent: it is recorded, byte for byte, or something in the files names its absence.

What is sent on a connection arrives in order, or the connection is over. So a frame that was sent may be missing only
at the end of its connection, after the last one recorded: where the files have a `close`, or where they end because the
recorder was killed. A `gap` event names what the venue left out, and nothing else.

Pure: a `ConnectionAccount` is told what the files have of one connection, line by line, and compares.
"""

from __future__ import annotations

from .ledger import NEW_COUNT, WITHHELD, Ledger

__all__ = ["ConnectionAccount", "Tally"]

_SHOWN = 20


class Tally:
    """
    What became of the frames of many connections.

    Attributes:
        sent: Frames that the venue sent.
        recorded: Those of them that are in the files, once, in order and as they were.
        closed, killed: Those that are missing before a `close`, and before the end of a file whose recorder was killed.
        left_out: Frames that the venue left out and that a `gap` event names.
        resets: Counts that began anew, which a `reset` event names.
        wrong: What breaks a promise, in words: the first of it.
        faults: How much does.

    """

    def __init__(self) -> None:
        self.sent = self.recorded = self.closed = self.killed = self.left_out = self.resets = self.faults = 0
        self.wrong: list[str] = []

    def blame(self, text: str, times: int = 1) -> None:
        """Note something that breaks a promise."""
        self.faults += times
        if len(self.wrong) < _SHOWN:
            self.wrong.append(text)

    @property
    def is_complete(self) -> bool:
        """Whether every frame is accounted for, and nothing is wrong."""
        return not self.faults and self.sent == self.recorded + self.closed + self.killed


class ConnectionAccount:
    """
    Follows what the files have of one connection.

    Args:
        ledger: What was sent on it.
        tally: Where the outcome goes.

    """

    def __init__(self, ledger: Ledger, tally: Tally) -> None:
        self._ledger, self._tally = ledger, tally
        self._last = -1
        self._seen = bytearray(len(ledger))
        self._gap: tuple[int, int] | None = None
        self._named_resets = 0
        self._ended = False
        tally.sent += sum(kind != WITHHELD for kind in ledger.kinds)

    def frame(self, number: int, digest: int) -> None:
        """Take the next frame of the files, which says that it has this number."""
        gap, self._gap = self._gap, None
        if not 0 <= number < len(self._ledger) or self._ledger.kinds[number] == WITHHELD:
            self._blame(f"frame {number} was never sent")
        elif self._seen[number]:
            self._blame(f"frame {number} is there twice")
        elif number < self._last:
            self._blame(f"frame {number} comes after {self._last}")
        else:
            self._check_between(number, gap)
            self._seen[number] = 1
            self._last = number
            if self._ledger.digests[number] == digest:
                self._tally.recorded += 1
            else:
                self._blame(f"frame {number} is not what was sent")

    def gap(self, expected: int, received: int, missing: int) -> None:
        """Take a `gap` event, which is about the frame that follows."""
        if missing != received - expected:
            self._blame(f"a gap of {missing} from {expected} to {received}")
        self._gap = expected, received

    def reset(self, received: int) -> None:
        """Take a `reset` event, which is about the frame before it."""
        if self._last < 0 or self._ledger.kinds[self._last] != NEW_COUNT:
            self._blame(f"the count did not begin anew at frame {self._last}")
        elif self._ledger.sequences[self._last] != received:
            self._blame(f"the count did not begin anew with {received}")
        else:
            self._named_resets += 1
            self._tally.resets += 1

    def ended(self, *, killed: bool) -> int | None:
        """
        Take the end: a `close` event, or that of the files of a recorder that was killed.

        Returns when the first frame that is missing there was sent; None if none is.
        """
        if self._ended:
            self._blame("it was closed twice")
            return None
        self._ended = True
        if (unnamed := self._resets_recorded() - self._named_resets) > 0:
            self._blame(f"{unnamed} resets without an event", unnamed)
        absent = self._sent_between(self._last + 1, len(self._ledger))
        if killed:
            self._tally.killed += len(absent)
        else:
            self._tally.closed += len(absent)
        return self._ledger.times[absent[0]] if absent else None

    def over(self) -> None:
        """Take it that the files have no more: a connection whose end nothing named has lost what came after."""
        if not self._ended:
            absent = self._sent_between(self._last + 1, len(self._ledger))
            self._blame(f"it has no end, and {len(absent)} frames after {self._last} are missing", max(1, len(absent)))

    def _check_between(self, number: int, gap: tuple[int, int] | None) -> None:
        """Compare what was left out before a frame with the gap that names it; nothing else may be missing."""
        absent = self._sent_between(self._last + 1, number)
        if absent:
            self._blame(f"frames {absent[0]} to {absent[-1]} are missing", len(absent))
        sequences = self._ledger.sequences
        left_out = number - self._last - 1 - len(absent)
        if absent or (not left_out and gap is None):
            return
        true_gap = (sequences[number] - left_out, sequences[number]) if left_out else None
        if gap == true_gap:
            self._tally.left_out += left_out
        else:
            self._blame(f"a gap of {gap} is named before frame {number}, and {true_gap} is true")

    def _sent_between(self, start: int, end: int) -> list[int]:
        return [number for number in range(start, end) if self._ledger.kinds[number] != WITHHELD]

    def _resets_recorded(self) -> int:
        """Return how many resets a recorder could see: it has the first frame of the new count, and the second."""
        kinds = self._ledger.kinds
        starts = [number for number, kind in enumerate(kinds) if kind == NEW_COUNT]
        return sum(self._seen[start] and start < self._last for start in starts)

    def _blame(self, text: str, times: int = 1) -> None:
        self._tally.blame(f"connection {self._ledger.name}: {text}", times)
