"""Frames that the server half makes, those that it owes, and recorded frames with a new number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from itertools import repeat
from operator import is_
from typing import Any

import msgspec

from ..venue import Message, Pieces, Send
from .frames import go_time

__all__ = ["Unanswered", "error", "made_frame", "renumbered", "renumbered_all"]

_LARGE = 1 << 16
"""Bytes from which on a message is not copied to change a number in it."""

_written = b'"sequence_num":%d'.__mod__

_WRITTEN_OTHERWISE = re.compile(rb'("sequence_num"\s*:\s*)(?:"\d+"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)')


class Unanswered:
    """
    A message that is not acknowledged yet.

    Args:
        channel: The channel that it is for.
        products: What it subscribes; none if it unsubscribes.
        waiting: Products whose snapshot has not passed.
        since: When it came, or was given a state.

    """

    def __init__(self, channel: str, products: list[str], waiting: list[str], since: int) -> None:
        self.channel = channel
        self.products = products
        self.waiting = set(waiting)
        self.since = since


def error(message: str) -> Send:
    """Return an error; it has neither channel nor number."""
    return Send(msgspec.json.encode({"type": "error", "message": message}))


def made_frame(channel: str, event: dict[str, Any], number: int, time: int, client_id: bytes) -> bytes:
    """
    Return a frame, key for key as the venue writes it.

    Args:
        channel: Its name in frames.
        event: The one event of the frame.
        number: Its `sequence_num`.
        time: The venue's time in nanoseconds.
        client_id: The value of that key as JSON; empty if there is none.

    """
    head: dict[str, Any] = {"channel": channel}
    if client_id:
        head["client_id"] = msgspec.Raw(client_id)
    return msgspec.json.encode(head | {"timestamp": go_time(time), "sequence_num": number, "events": [event]})


def renumbered(payload: bytes, recorded: int, number: int) -> Message:
    """Replace the digits of `sequence_num`; every other byte stays, and so do the quotes of a number that is text."""
    written, new = b'"sequence_num":%d' % recorded, b'"sequence_num":%d' % number
    if len(payload) >= _LARGE and (place := payload.find(written)) >= 0:
        view = memoryview(payload)
        return Pieces(view[:place], new, view[place + len(written) :])
    changed = payload.replace(written, new, 1)
    return _WRITTEN_OTHERWISE.sub(partial(_with_number, number), payload, count=1) if changed is payload else changed


def renumbered_all(payloads: Sequence[bytes], recorded: Sequence[int], numbers: Sequence[int]) -> Sequence[bytes]:
    """Do what `renumbered` does for many payloads, whose numbers are mostly written as the venue writes them."""
    if recorded == list(numbers):
        return payloads
    changed = list(map(bytes.replace, payloads, map(_written, recorded), map(_written, numbers), repeat(1)))
    if any(map(is_, changed, payloads)):
        for place, (payload, old, new) in enumerate(zip(payloads, recorded, numbers, strict=True)):
            if changed[place] is payload and old != new:
                changed[place] = bytes(renumbered(payload, old, new))
    return changed


def _with_number(number: int, written: re.Match[bytes]) -> bytes:
    return b'%b"%d"' % (written[1], number) if written[0].endswith(b'"') else b"%b%d" % (written[1], number)
