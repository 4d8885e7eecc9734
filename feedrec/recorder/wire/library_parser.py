"""
What must be known of the parser within `websockets` to cut frames out of a stream beside it.

The parser is a generator that waits for bytes wherever it lacks some. Where it is between two frames, nothing tells
but the place at which it waits. That is no part of the library's interface, so `is_known` tries it out first.
"""

from __future__ import annotations

import functools
import logging
from types import CodeType
from typing import Any

from websockets.protocol import Protocol, Side, State
from websockets.streams import StreamReader

__all__ = ["is_between_frames", "is_known", "limit_of"]

log = logging.getLogger("feedrec")

_WAITS_FOR_FRAME = "at_eof"  # a method of the library's reader, in which the parser waits between frames
_WHOLE, _HEAD, _WRONG = b"\x81\x01a", b"\x81\x05", b"\x83\x00"


def is_between_frames(protocol: Protocol) -> bool:
    """Return whether the parser of an open connection has taken whole frames only, and nothing changes their bytes."""
    is_open = protocol.state is State.OPEN and not protocol.extensions
    return is_open and not protocol.reader.buffer and _waits_in(protocol.parser) is _place()


@functools.cache
def is_known() -> bool:
    """Return whether the parser of this version of the library is one of which `is_between_frames` can tell."""
    is_so = _try_out()
    if not is_so:
        log.info("this version of websockets is not one that is known: receiving takes more time")
    return is_so


def _try_out() -> bool:
    try:
        protocol = Protocol(Side.CLIENT, max_size=1)
        found = [is_between_frames(protocol), limit_of(protocol) == 1]
        protocol.receive_data(_WHOLE)
        found += [is_between_frames(protocol), len(protocol.events_received()) == 1]
        protocol = Protocol(Side.CLIENT)
        protocol.receive_data(_HEAD)  # it has taken them, so that its buffer is empty
        found.append(not is_between_frames(protocol))
        protocol = Protocol(Side.CLIENT)
        protocol.receive_data(_WRONG)
        found.append(not is_between_frames(protocol))
    except Exception:  # noqa: BLE001  of a library of which nothing is known
        return False
    return all(found)


def limit_of(protocol: Protocol) -> int | None:
    """Return how many bytes a message may have; None for no limit."""
    if hasattr(protocol, "max_message_size"):  # since websockets 15; before, it was `max_size`
        limits = protocol.max_message_size, protocol.max_fragment_size
        return min((limit for limit in limits if limit is not None), default=None)
    limit: int | None = getattr(protocol, "max_size")  # noqa: B009  mypy knows the newest library only
    return limit


def _place() -> CodeType:
    code: CodeType = getattr(StreamReader, _WAITS_FOR_FRAME).__code__
    return code


def _waits_in(parser: Any) -> CodeType | None:
    """Return the innermost code in which a generator waits."""
    code: CodeType | None = None
    while parser is not None:
        code, parser = parser.gi_code, parser.gi_yieldfrom
    return code
