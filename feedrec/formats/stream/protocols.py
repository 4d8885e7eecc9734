"""What every format of a recording provides: an encoder from lines to bytes, and a decoder back, without files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from ..line.frame_run import FrameRun
from ..line.index import Mark
from .text_form import TextForm
from .whole_block import WholeBlock
from .zstd_parser import StreamDamage

__all__ = ["MAX_LINE", "NOTHING_PENDING", "Decoder", "Encoder", "Pending", "excess"]

MAX_LINE = 96 << 20
"""Maximum length of a line in bytes: enough for a message of 64 MiB, whose line is a third longer in base64."""


def excess(size: int) -> str:
    """Say why a line of so many bytes, too many, is not written."""
    return f"a line of {size} bytes was not written: no reader takes more than {MAX_LINE}"


class Pending(NamedTuple):
    """
    What was added to an encoder since the last point at which all lines before it had been returned whole.

    Attributes:
        lines: Number of lines.
        text: Bytes of their text, newlines included.
        size: Bytes that were returned of them.

    """

    lines: int = 0
    text: int = 0
    size: int = 0


NOTHING_PENDING = Pending()


class Encoder(Protocol):
    """Encodes lines as the bytes of a file."""

    def begin(self, header: bytes) -> bytes:
        """Encode the header; return everything needed to read it."""

    def add(self, lines: Sequence[bytes], marks: Sequence[Mark] = ()) -> bytes:
        """Encode lines without their newlines, with the mark of each for the index; return the bytes that are ready."""

    def add_run(self, run: FrameRun) -> bytes | None:
        """Encode frames at once, as `add` encodes their lines; None if these are to be added one by one."""

    def add_block(self, block: WholeBlock) -> bytes | None:
        """Take over a block as it is; None if its lines are to be added one by one."""

    def flush(self) -> bytes:
        """Return everything needed to read all lines added so far."""

    def finish(self) -> bytes:
        """Return the rest; nothing may be added after that."""

    @property
    def pending(self) -> Pending:
        """
        What a file lacks, or has in part, that is written up to what was returned last.

        A file that is cut off before the returned bytes of these lines has all lines before them. A format that cannot
        be cut off says that nothing is pending.
        """

    @property
    def end_size(self) -> int | None:
        """Bytes that `finish` would return if it followed a `flush`; None if that is not known before."""


class Decoder(Protocol):
    """
    Decodes the bytes of a file into lines.

    Attributes:
        damage: Why the stream cannot be read any further; None while it can.
        ends_with_seek_table: Whether the stream must end with one, or was cut off; None while that is unknown.

    """

    damage: StreamDamage | None
    ends_with_seek_table: bool | None

    def feed(self, data: bytes) -> Iterator[list[bytes]]:
        """
        Decode the next bytes; yield the lines that are now complete and verified, some at a time; none after damage.

        Exhaust it before the next call. It decompresses no faster than the lines are consumed: a few bytes of a hostile
        file hold gigabytes.
        """

    def take_unverified(self) -> list[bytes]:
        """Return the complete lines received that no checksum covers yet."""

    def take_last_line(self) -> list[bytes]:
        """
        Return the last line if it is whole but for its line feed; none if it is cut off, or nothing is left over.

        For the end of a file that does not grow, after `take_unverified`.
        """

    @property
    def form(self) -> TextForm:
        """What was found beside the lines so far."""

    def offset_of_line(self, before: Sequence[bytes]) -> int:
        """
        Return the position of one of the lines returned last.

        Args:
            before: The lines before it that were returned together with it.

        Returns:
            The offset of its first byte in plain text; in a compressed stream, that of the zstd frame or gzip member.

        """

    @property
    def unfinished(self) -> int | None:
        """Offset after the last complete line or block received; None if nothing is left over."""
