"""The result of a repair: what was saved, and what was lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

__all__ = ["Loss", "Repair"]

_MOST = 100


class Loss(msgspec.Struct, frozen=True):
    """
    One place where something was lost.

    Attributes:
        reason: What is wrong there.
        offset: Byte offset in the damaged file.
        bytes: Bytes that could not be read.
        lines: Lines lost; None if unknown.
        frames: Received frames among them; None if unknown.
        first: Last good time before it, as text.
        last: First good time after it, as text.

    """

    reason: str
    offset: int
    bytes: int
    lines: int | None
    frames: int | None
    first: str | None = None
    last: str | None = None


class Repair(msgspec.Struct):
    """
    The result of a repair.

    Attributes:
        path: The damaged file.
        output: The new file.
        header: `kept`; `unverified` if it comes from a damaged block; `made up` if it was lost.
        lines: Lines saved after the header.
        frames: Received frames among them.
        unverified: Lines from damaged blocks among them.
        losses: Where something was lost; the first hundred places.
        loss_count: Number of all such places.
        lines_lost: Lines lost, as far as known.
        frames_lost: Received frames lost, as far as known.
        is_exact: Whether nothing else was lost.
        joined: Further headers: recordings appended to the first in the same file, which are one with it now.
        removed: Whether the damaged file was removed, or replaced.

    """

    path: Path
    output: Path
    header: str = "kept"
    lines: int = 0
    frames: int = 0
    unverified: int = 0
    losses: list[Loss] = []
    loss_count: int = 0
    lines_lost: int = 0
    frames_lost: int = 0
    is_exact: bool = True
    joined: int = 0
    removed: bool = False

    def add(self, loss: Loss) -> None:
        """Add a loss."""
        self.loss_count += 1
        self.lines_lost += loss.lines or 0
        self.frames_lost += loss.frames or 0
        self.is_exact = self.is_exact and loss.lines is not None and loss.frames is not None
        if len(self.losses) < _MOST:
            self.losses.append(loss)

    @property
    def is_lossless(self) -> bool:
        """Whether nothing in the file was lost."""
        return self.loss_count == 0 and self.header == "kept" and not self.unverified

    def as_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        facts = msgspec.to_builtins(
            {**msgspec.structs.asdict(self), "path": str(self.path), "output": str(self.output)}
        )
        return {"path": facts.pop("path"), "output": facts.pop("output"), "lossless": self.is_lossless, **facts}
