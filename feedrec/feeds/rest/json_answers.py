"""Answers of JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from ...http_messages import HttpAnswer
from .half import GUESSED

__all__ = ["json_answer"]

_encode = msgspec.json.Encoder().encode


def json_answer(value: Any, status: int = 200, *, guessed: str = "") -> HttpAnswer:
    """
    Return an answer of JSON without spaces, as the venues of Coinbase write it.

    Args:
        value: What it says.
        status: Its status.
        guessed: What of it was made up, in a few words; see `GUESSED`.

    """
    return HttpAnswer(status, _encode(value), headers=((GUESSED, guessed),) if guessed else ())
