"""Salvages a recording by reading it normally, up to the first damage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...errors import CorruptRecordingError, LineError, TruncatedRecordingError
from ..file.recording import Recording
from ..stream.whole_block import ReadFrame
from .salvage_blocks import Hole

__all__ = ["PrefixSalvage"]


class PrefixSalvage:
    """
    Reads a gzip or Parquet recording, with the interface of `BlockSalvage`.

    Args:
        recording: A recording that was not read yet.

    """

    def __init__(self, recording: Recording) -> None:
        self.size = recording.size
        self._recording = recording
        self._lines: list[bytes] = []

    @property
    def offset(self) -> int:
        """Bytes read so far."""
        return self._recording.bytes_read

    def pieces(self) -> Iterator[list[bytes] | Hole]:
        """Yield lines, and at the first damage a hole that covers the rest of the file."""
        yield [self._recording.header_line]
        try:
            for lines in self._recording.batches():
                self._lines = lines
                yield lines
                self._lines = []
        except TruncatedRecordingError as damage:
            yield Hole(damage.offset, self.size, damage.reason, lines=1, frames=1, is_end=True)
        except CorruptRecordingError as damage:
            yield Hole(damage.offset, self.size, damage.reason)

    def offset_of_line(self, before: Sequence[bytes]) -> int:
        """Return the position of one of the lines yielded last; see `Decoder.offset_of_line`."""
        try:
            self._recording.raise_bad_line(self._lines[len(before)], LineError())
        except CorruptRecordingError as place:
            return place.offset

    def whole_frame(self, lines: Sequence[bytes]) -> ReadFrame | None:  # noqa: ARG002
        """Return nothing: there are no frames that could be copied."""
        return None

    def unverified(self, hole: Hole) -> Iterator[list[bytes]]:  # noqa: ARG002
        """Yield nothing: what follows damage is not read."""
        return iter(())
