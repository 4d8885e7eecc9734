"""
Received frames out of lines, fast.

A line that `formats.lines` wrote for a received frame with a JSON object differs from the one before it in nothing but
nine digits and the payload, as long as the second is the same:

    {"time":"2026-11-21T17:00:00.223456789Z","conn":0,"dir":"in","frame":{...}}
    |-- same second ------------|-9 digits|-- same connection ---------|payload|

Such a line is cut by position, once the payload proved to be one whole JSON value: then the cut is where `decode_line`
would make it. Every other line is left to `decode_line`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ..model import NANOSECONDS, Frame
from .lines import decode_line

__all__ = ["ReceivedFrames"]

_START = b'{"time":"'
_DIGITS = slice(29, 38)
_DIGITS_END = 38

_validate = msgspec.json.Decoder(msgspec.Raw).decode


class ReceivedFrames:
    """Decodes lines; remembers what the last one looked like."""

    def __init__(self) -> None:
        self._second_text = b"\n"  # no line begins like this
        self._second = 0
        self._middle = b""
        self._conn = 0

    def decode(self, lines: Iterable[bytes]) -> list[Frame]:
        """
        Give the received frames among these lines.

        Raises:
            LineError: If one of them is no line of a recording.

        """
        frames: list[Frame] = []
        for line in lines:
            if line.startswith(self._second_text) and line.startswith(self._middle, _DIGITS_END) and line[-2:] == b"}}":
                digits, payload = line[_DIGITS], line[_DIGITS_END + len(self._middle) : -1]
                if digits.isdigit() and _is_object(payload):
                    frames.append(Frame(self._second + int(digits), self._conn, payload))
                    continue
            record = decode_line(line)
            if isinstance(record, Frame) and record.direction == "in":
                frames.append(record)
                self._remember(line, record)
        return frames

    def _remember(self, line: bytes, frame: Frame) -> None:
        middle = b'Z","conn":%d,"dir":"in","frame":' % frame.conn
        if line.startswith(_START) and line.startswith(middle, _DIGITS_END) and line[_DIGITS].isdigit():
            self._second_text = line[: _DIGITS.start]
            self._second = frame.time - frame.time % NANOSECONDS
            self._middle = middle
            self._conn = frame.conn


def _is_object(payload: bytes) -> bool:
    if payload[:1] != b"{":
        return False
    try:
        _validate(payload)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
