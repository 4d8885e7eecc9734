"""
What a venue notes of each message that it sends on a connection, before it sends it: one file for each connection.

A connection's frames are numbered from 0, in the order of the venue's count. Those that it leaves out, so that the
count has a hole, are noted too.
"""

from __future__ import annotations

import struct
from array import array
from hashlib import blake2b
from pathlib import Path

__all__ = ["NEW_COUNT", "SENT", "WITHHELD", "Ledger", "LedgerFile", "digest_of"]

SENT, WITHHELD, NEW_COUNT = 0, 1, 2
"""A frame was sent; it was left out; it was sent, and the venue began its count anew with it."""

_ENTRY = struct.Struct("=QqqB")


def digest_of(payload: bytes) -> int:
    """Return what tells a payload from any other, as a number of 64 bits."""
    return int.from_bytes(blake2b(payload, digest_size=8).digest())


class Ledger:
    """
    What was noted of one connection, in columns: a number is the place of its frame in each.

    Attributes:
        name: The connection.
        digests: Of the payloads.
        sequences: The venue's numbers.
        times: When each was sent, in nanoseconds of the steady clock of this machine.
        kinds: `SENT`, `WITHHELD` or `NEW_COUNT`.

    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.digests, self.sequences, self.times = array("Q"), array("q"), array("q")
        self.kinds = bytearray()

    def __len__(self) -> int:
        """Return how many numbers it has."""
        return len(self.kinds)

    def note(self, digest: int, sequence: int, time: int, kind: int = SENT) -> None:
        """Note the frame with the next number."""
        self.digests.append(digest)
        self.sequences.append(sequence)
        self.times.append(time)
        self.kinds.append(kind)

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """Read what a `LedgerFile` wrote."""
        ledger = cls(path.name)
        data = path.read_bytes()
        for digest, sequence, time, kind in _ENTRY.iter_unpack(data[: len(data) // _ENTRY.size * _ENTRY.size]):
            ledger.note(digest, sequence, time, kind)
        return ledger


class LedgerFile:
    """Writes the ledger of one connection."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def note(self, digest: int, sequence: int, time: int, kind: int = SENT) -> None:
        """Note the frame with the next number."""
        self._file.write(_ENTRY.pack(digest, sequence, time, kind))

    def flush(self) -> None:
        """Give what was noted to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Finish it."""
        self._file.close()
