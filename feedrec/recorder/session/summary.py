"""What a run came to."""

from __future__ import annotations

from typing import Any

import msgspec

from ..output.counting_writer import Counts

__all__ = ["Progress", "Summary"]


class Progress(msgspec.Struct, frozen=True):
    """
    A run as it stands.

    Attributes:
        state: `connecting`, `recording`, or what it waits for.
        seconds: Time since the run began.
        counts: Its figures.
        file_size: Bytes on disk.

    """

    state: str
    seconds: float
    counts: Counts
    file_size: int

    @property
    def reconnects(self) -> int:
        """Connections after the first."""
        return max(0, self.counts.connections - 1)

    @property
    def ratio(self) -> float | None:
        """Bytes of payload per byte on disk."""
        return self.counts.bytes / self.file_size if self.file_size else None


class Summary(msgspec.Struct, frozen=True):
    """
    A run that is over.

    Attributes:
        path: The recording; None if nothing was kept.
        seconds: How long the run lasted.
        counts: Its figures.
        file_size: Bytes of the recording.

    """

    path: str | None
    seconds: float
    counts: Counts
    file_size: int

    def as_dict(self) -> dict[str, Any]:
        """Give it as the JSON object of `--json`."""
        progress = Progress("done", self.seconds, self.counts, self.file_size)
        return {
            "path": self.path,
            "seconds": round(self.seconds, 3),
            **msgspec.structs.asdict(self.counts),
            "reconnects": progress.reconnects,
            "file_size": self.file_size,
            "ratio": round(progress.ratio, 3) if progress.ratio else None,
        }
