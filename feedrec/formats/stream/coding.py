"""What every format of a recording provides: an encoder from lines to bytes and a decoder back, without files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from ..line.index import Mark
from .zstd_frames import StreamDamage

__all__ = ["MAX_LINE", "Decoder", "Encoder"]

MAX_LINE = 64 << 20
"""Bytes that a line may have before a reader refuses it."""


class Encoder(Protocol):
    """Turns lines into the bytes of a file."""

    def begin(self, header: bytes) -> bytes:
        """Take the header; give all that is needed to read it."""

    def add(self, lines: Sequence[bytes], marks: Sequence[Mark] = ()) -> bytes:
        """Take lines without their newlines, and what the index needs of each; give the bytes that are ready."""

    def flush(self) -> bytes:
        """Give all that is needed to read every line added so far."""

    def finish(self) -> bytes:
        """Give the rest; nothing may be added after it."""


class Decoder(Protocol):
    """
    Turns the bytes of a file into lines.

    Attributes:
        damage: Why the stream cannot be read on; None while it can.
        ends_with_seek_table: Whether it must end with one, or was cut off; None as long as that is not known.

    """

    damage: StreamDamage | None
    ends_with_seek_table: bool | None

    def feed(self, data: bytes) -> Iterator[list[bytes]]:
        """
        Take the next bytes; give the lines that are now whole and verified, some at a time; none after damage.

        Exhaust it before the next call. It unpacks no faster than the lines are taken: a few bytes of a hostile file
        hold gigabytes.
        """

    def take_unverified(self) -> list[bytes]:
        """Give the whole lines received that no checksum covers yet."""

    def offset_of_line(self, before: Sequence[bytes]) -> int:
        """
        Tell where a line of those given last stands.

        Args:
            before: The lines before it that were given together with it.

        Returns:
            The offset of its first byte in plain text; that of the zstd frame that holds it in a compressed stream.

        """

    @property
    def unfinished(self) -> int | None:
        """Offset from which on the bytes received make up no whole line or block; None if nothing is left over."""
