"""How a run stands, and what it came to."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from ...formats.line.subscribed import SubscribedFacts
from ..output.counting_writer import Counts
from ..watching.shipping_facts import ShippingFacts

__all__ = ["Progress", "RunState", "Summary"]


class RunState(enum.StrEnum):
    """What a run, or one connection of it, is doing."""

    CONNECTING = "connecting"
    RECORDING = "recording"
    RECONNECTING = "reconnecting"
    """It waits before it connects again."""

    IDLE = "idle"
    """Everything was unsubscribed: no connection is opened until something is subscribed."""

    FINISHING = "finishing"
    """The connections are closed, and the recording is being finished."""


class Progress(msgspec.Struct, frozen=True):
    """
    A run as it stands.

    Attributes:
        state: What it is doing: a `RunState`, which is a string.
        seconds: Time since the run began.
        counts: Its figures.
        file_size: Bytes of the recording on disk.

    """

    state: str
    seconds: float
    counts: Counts
    file_size: int

    @property
    def reconnects(self) -> int:
        """Connections that took the place of one that was lost."""
        return self.counts.reconnects

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
        lost: Received frames that are not in the recording, since the disk did not take them.
        files: The files of the recording, if that is known.
        subscribed: What was asked for, and what of it the venue accepted.
        shipping: What was shipped, and what is left; None if nothing is shipped.

    """

    path: str | None
    seconds: float
    counts: Counts
    file_size: int
    lost: int = 0
    files: list[str] = []
    subscribed: SubscribedFacts = SubscribedFacts()
    shipping: ShippingFacts | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as the JSON object of `--json`."""
        progress = Progress("done", self.seconds, self.counts, self.file_size)
        counts = msgspec.structs.asdict(self.counts)
        del counts["most_open"]
        return {
            "path": self.path,
            "seconds": round(self.seconds, 3),
            **counts,
            "reconnects": progress.reconnects,
            "file_size": self.file_size,
            "ratio": round(progress.ratio, 3) if progress.ratio else None,
            "lost": self.lost,
            "files": self.files,
            "subscribed": msgspec.structs.asdict(self.subscribed),
            **({} if self.shipping is None else {"shipping": self.shipping.as_dict()}),
        }
