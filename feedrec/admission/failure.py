"""What is said of a bug of ours that a client ran into."""

from __future__ import annotations

import traceback
from pathlib import Path

__all__ = ["place_of"]


def place_of(error: BaseException) -> str:
    """Say what failed where, but not the error's text: that may quote a client's message, secrets included."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in line {place.lineno} of {Path(place.filename).name}"
