"""The figures that a recorder serves for Prometheus, asked for now and then while it is attacked."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Scrapes"]

_PATIENCE = 30.0
_SERVED = re.compile(r"metrics at (http://\S+)")
_SAMPLE = re.compile(r"^(feedrec_\w+)(?:\{[^}]*\})? ([-+\d.eE]+)$", re.MULTILINE)


class Scrapes:
    """
    What was asked for so far.

    Args:
        log: What the recorder says, where it serves them among it: it chose a port that was free.

    Attributes:
        answered: How often it answered.
        failed: How often it did not, once it had.
        frames: How many frames it had received the last time.
        went_back: How often a counter was less than before.
        refusing: How often it said that the disk takes nothing.

    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self.answered = self.failed = self.frames = self.went_back = self.refusing = 0

    def take(self) -> None:
        """Ask once, if it has said where."""
        served = _SERVED.findall(self._log.read_text()) if self._log.exists() else []
        if not served:
            return
        try:
            with urllib.request.urlopen(served[-1], timeout=_PATIENCE) as answer:
                text = answer.read().decode()
        except (OSError, urllib.error.URLError):
            self.failed += self.answered > 0
            return
        self.answered += 1
        frames = round(sum(_values(text, "feedrec_frames_total")))
        self.went_back += frames < self.frames
        self.frames = frames
        self.refusing += any(_values(text, "feedrec_disk_refusing"))


def _values(text: str, name: str) -> Iterator[float]:
    return (float(value) for found, value in _SAMPLE.findall(text) if found == name)
