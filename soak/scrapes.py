"""The figures that a recorder serves for Prometheus, asked for now and then while it is attacked."""

from __future__ import annotations

import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

__all__ = ["Scrapes", "free_port"]

_PATIENCE = 30.0
_SAMPLE = re.compile(r"^(feedrec_\w+)(?:\{[^}]*\})? ([-+\d.eE]+)$", re.MULTILINE)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Scrapes:
    """
    What was asked for so far.

    Args:
        port: Where the recorder serves it.

    Attributes:
        answered: How often it answered.
        failed: How often it did not, once it had.
        frames: How many frames it had received the last time.
        went_back: How often a counter was less than before.
        refusing: How often it said that the disk takes nothing.

    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._url = f"http://127.0.0.1:{port}/metrics"
        self.answered = self.failed = self.frames = self.went_back = self.refusing = 0

    def take(self) -> None:
        """Ask once."""
        try:
            with urllib.request.urlopen(self._url, timeout=_PATIENCE) as answer:
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
