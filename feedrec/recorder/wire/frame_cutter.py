"""
Cuts the frames of a WebSocket out of the bytes that arrive, by their positions (RFC 6455, 5.2).

Nearly all that a venue sends are whole, uncompressed text frames. Their payloads are cut out here, which takes a
fraction of the time of a parser. Every other frame is left to the library's parser, from its first byte to its last;
and so is all that follows a frame which it refuses as soon as it has seen its head.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

__all__ = ["FrameCutter"]

_WHOLE_TEXT = 0x81  # FIN, no reserved bits, text
_FIN, _OPCODE = 0x80, 0x0F
_CONTINUATION, _TEXT, _BINARY = 0, 1, 2
_OPCODES = frozenset([_CONTINUATION, _TEXT, _BINARY, 8, 9, 10])
_TWO_BYTES, _EIGHT_BYTES = 126, 127  # that hold the length
_LONGEST_USUAL_HEAD = 4


class FrameCutter:
    """
    Cuts what a server sends; no message has begun before the first byte that it is fed.

    Args:
        max_size: Bytes that a message may have, as the library's parser was told; None for no limit.

    """

    def __init__(self, max_size: int | None) -> None:
        self._most = sys.maxsize if max_size is None else max_size
        self._kept: list[bytes] = []  # the beginning of a frame
        self._kept_size = 0
        self._needed = 0  # bytes without which nothing more can be cut
        self._data = b""
        self._position = 0  # up to which the data was cut
        self._missing = 0  # bytes of the frame that the library has in part
        self._fragments: int | None = None  # bytes of the message of which fragments have come

    @property
    def is_between_frames(self) -> bool:
        """Whether what was yielded up to now are whole frames."""
        return not self._missing

    @property
    def has_rest(self) -> bool:
        """Whether the beginning of a frame is kept."""
        return bool(self._kept_size)

    def feed(self, data: bytes) -> Iterator[list[bytes] | bytes]:
        """
        Add bytes; yield what is whole, in order.

        Yields:
            The payloads of text frames that follow each other, as a list; or, as bytes, what is for the library. After
            such bytes the iteration may be left, and the others are what `take_rest` returns.

        """
        rest, data = data[: self._missing], data[self._missing :]
        self._missing -= len(rest)
        self._kept.append(data)
        self._kept_size += len(data)
        if rest:
            yield rest
        if self._kept_size < self._needed:
            return
        self._data, self._position = b"".join(self._kept) if len(self._kept) > 1 else data, 0
        self._kept, self._kept_size, self._needed = [], 0, 0
        while True:
            if payloads := self._texts():
                yield payloads
            whole = self._other()
            if not whole:
                break
            yield whole
        self._keep()

    def take_rest(self) -> bytes:
        """Return what was fed and not yielded, and forget it."""
        self._keep()
        rest = b"".join(self._kept)
        self._kept, self._kept_size, self._needed = [], 0, 0
        return rest

    def _keep(self) -> None:
        """Keep what was not cut until more arrives, or until it is taken."""
        rest, self._data, self._position = self._data[self._position :], b"", 0
        if rest:
            self._kept.append(rest)
            self._kept_size += len(rest)

    def _texts(self) -> list[bytes]:
        """Cut whole text frames up to the first frame that is none, or is not whole."""
        payloads: list[bytes] = []
        if self._fragments is not None:
            return payloads
        data, position, most = self._data, self._position, self._most
        size = len(data)
        last = size - _LONGEST_USUAL_HEAD
        add = payloads.append
        while position <= last and data[position] == _WHOLE_TEXT:  # for each frame: be quick
            length = data[position + 1]
            if length == _TWO_BYTES:
                start = position + 4
                length = data[position + 2] << 8 | data[position + 3]
            elif length < _TWO_BYTES:
                start = position + 2
            else:
                start, length = self._extent(position)
                if length < 0:
                    break
            end = start + length
            if end > size or length > most:
                break
            add(data[start:end])
            position = end
        self._position = position
        return payloads

    def _extent(self, position: int) -> tuple[int, int]:
        """Return where the payload of a frame begins, and its length; -1 for one that is masked or not known yet."""
        data = self._data
        length = data[position + 1]
        start = position + 2
        if length > _EIGHT_BYTES:
            return start, -1
        if length < _TWO_BYTES:
            return start, length
        end = start + (2 if length == _TWO_BYTES else 8)
        return end, int.from_bytes(data[start:end], "big") if end <= len(data) else -1

    def _other(self) -> bytes:
        """Cut a frame for the library, or everything if it refuses that; nothing if it is a text that is not whole."""
        data, position = self._data, self._position
        if len(data) - position < 2:
            self._needed = 2
            return b""
        first, second = data[position], data[position + 1]
        if first & _OPCODE not in _OPCODES or second > _EIGHT_BYTES:
            return self._everything()
        start, length = self._extent(position)
        if length < 0:
            self._needed = 4 if second == _TWO_BYTES else 10
            return b""
        if length > self._most - (self._fragments or 0):
            return self._everything()
        end = start + length
        if end > len(data) and first == _WHOLE_TEXT and self._fragments is None:
            self._needed = end - position
            return b""
        self._follow(first, length)
        self._missing = max(0, end - len(data))  # a long one is not kept here: the library keeps it
        self._position = min(end, len(data))
        return data[position : self._position]

    def _everything(self) -> bytes:
        rest, self._position = self._data[self._position :], len(self._data)
        return rest

    def _follow(self, first: int, length: int) -> None:
        """Note whether a message has begun of which more fragments are to come."""
        opcode = first & _OPCODE
        if opcode in {_TEXT, _BINARY}:
            self._fragments = None if first & _FIN else length
        elif opcode == _CONTINUATION and self._fragments is not None:
            self._fragments = None if first & _FIN else self._fragments + length
