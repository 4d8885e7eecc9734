"""A run of which nothing is kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ...formats.line.index import Mark
from ...model import FrameInfo, Record

__all__ = ["NullWriter"]


class NullWriter:
    """What a run writes to when a program only wants its frames; see `GrowingRecording`."""

    path = Path(os.devnull)
    file_size = 0
    backlog = 0
    is_full = False
    failure = None

    def __init__(self) -> None:
        self.on_drained: Callable[[], object] = lambda: None

    def write(self, record: Record, info: FrameInfo | None = None) -> None:
        """Let it go."""

    def write_line(self, line: bytes, mark: Mark | None = None) -> None:
        """Let it go."""

    def finish(self, patience: float | None = None) -> Path:  # noqa: ARG002
        """Have nothing to finish."""
        return self.path

    def discard(self) -> None:
        """Have nothing to remove."""
