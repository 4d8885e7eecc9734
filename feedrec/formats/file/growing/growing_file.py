"""One file of a recording while it is written: lines in, encoded bytes out, and what the disk has not taken yet."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from ....errors import RecordingError, UsageError, WriteError
from ....model import Header
from ...facts.sequence_check import MakeRule
from ...line.codec import decode_header, encode_header
from ...line.frame_run import FrameRun
from ...line.index import Mark
from ...places.url_path import UrlPath
from ...stream.gzip_members import DEFAULT_GZIP_LEVEL, GzipEncoder
from ...stream.plain import PlainEncoder
from ...stream.protocols import MAX_LINE, Encoder, excess
from ...stream.whole_block import WholeBlock
from ...stream.zstd_blocks import DEFAULT_LEVEL, BlockEncoder
from ..modes import USUAL, FileMode
from ..names import GZIP_SUFFIX, PARQUET_SUFFIX, PLAIN_SUFFIX
from ..stream_target import StreamTarget
from ..target import FileTarget, Target

__all__ = ["GrowingFile", "Line", "begin_file", "begin_stream", "frames_in"]

Line = tuple[bytes, Mark]
"""A line without its newline, and what the index needs to know about it."""


def frames_in(one: Line | FrameRun | WholeBlock) -> int:
    """Return how many received frames these are."""
    return one[1][2] is not None if isinstance(one, tuple) else one.frames


class GrowingFile:
    """
    A file that has its header, and to which lines are added.

    What the target refuses is kept and can be handed to it again; so are the lines that are not wholly in the file yet,
    for another file that continues this one.

    Args:
        target: Where the bytes go.
        encoder: Encodes lines as bytes.
        header: The first line.
        prove: Called when everything is written, with the number of lines after the header; raises RecordingError if
            the target does not have them.

    Attributes:
        target: As given.
        held_text: Bytes of the text of `held`.
        text_size: Bytes of text added, the header and newlines included.
        frames: Received frames added.
        synced_size: Bytes that are known to be on the storage device.
        is_left: Whether the recording goes on without it, and that was said.

    Raises:
        WriteError: If the header cannot be written; then there is no file.

    """

    def __init__(
        self, target: Target, encoder: Encoder, header: bytes, prove: Callable[[int], object] = lambda _lines: None
    ) -> None:
        self.target = target
        self._held: deque[Line | FrameRun | WholeBlock] = deque()
        self._held_lines = 0
        self.held_text = 0
        self.text_size = len(header) + 1
        self.frames = 0
        self.synced_size = 0
        self.is_left = False
        self._encoder = encoder
        self._prove = prove
        self._lines = 0
        self._rest = b""  # encoded, and not taken by the target
        self._whole = 0  # size of the file up to which every line is held in it, or is not in it at all
        try:
            if len(header) > MAX_LINE:
                raise WriteError(target.path, excess(len(header)))  # noqa: TRY301
            self._put(encoder.begin(header))
        except BaseException:
            target.remove()
            raise

    @property
    def size(self) -> int:
        """Bytes written to the target."""
        return self.target.size

    @property
    def lines(self) -> int:
        """Lines added, and the header."""
        return 1 + self._lines

    @property
    def held(self) -> list[Line]:
        """The lines that are not wholly with the operating system."""
        return [line for one in list(self._held) for line in ([one] if isinstance(one, tuple) else one.lines())]

    @property
    def whole_text(self) -> int:
        """Bytes of text that the file has wholly."""
        return self.text_size - self.held_text

    @property
    def end_size(self) -> int | None:
        """Bytes that `end` would write now, if everything is flushed; None if nothing tells."""
        return self._encoder.end_size

    def add(self, lines: Sequence[Line]) -> None:
        """
        Add lines.

        Raises:
            WriteError: If the target refuses; `retry` goes on from there.

        """
        texts, marks = zip(*lines, strict=True)
        size = sum(map(len, texts)) + len(texts)
        self._hold(lines, len(lines), size)
        self.frames += len(list(filter(None, [mark[2] for mark in marks])))
        self._put(self._encoder.add(texts, marks))

    def add_run(self, run: FrameRun | WholeBlock) -> None:
        """Add frames that follow each other, or a block as it is; raises as `add` does."""
        encoder = self._encoder
        data = encoder.add_block(run) if isinstance(run, WholeBlock) else encoder.add_run(run)
        if data is None:
            self.add(run.lines())
            return
        self._hold([run], run.count, run.size)
        self.frames += run.frames
        self._put(data)

    def flush(self) -> None:
        """Have every line wholly with the operating system; raises as `add` does."""
        self._put(self._encoder.flush())

    def end(self) -> None:
        """Write the end of the file, after which nothing may be added; raises as `add` does."""
        self._put(self._encoder.finish())
        try:
            self._prove(self._lines)
        except RecordingError as error:
            raise WriteError(self.target.path, f"not everything was written: {error.reason}") from error

    def retry(self) -> None:
        """Hand the target what it has refused; raises as `add` does."""
        self._put(b"")

    def cut_back(self) -> bool:
        """Remove from the file what it has in part, or of the lines held; return whether that was possible."""
        with contextlib.suppress(WriteError):
            self.target.cut(self._whole)  # it may have more than it said when it refused
        return self.target.size == self._whole

    def _hold(self, added: Sequence[Line | FrameRun | WholeBlock], lines: int, size: int) -> None:
        self._lines += lines
        self._held += added
        self._held_lines += lines
        self.held_text += size
        self.text_size += size

    def _let_go(self, lines: int) -> None:
        """Hold only so many lines, the last ones."""
        while (beyond := self._held_lines - lines) > 0:
            one = self._held.popleft()
            count = 1 if isinstance(one, tuple) else one.count
            if isinstance(one, FrameRun) and count > beyond:
                self._held.appendleft(one.parted(beyond)[1])
                count = beyond
            self._held_lines -= count

    def _put(self, data: bytes) -> None:
        self._rest = self._rest + data if self._rest else data
        before = self.target.size
        try:
            self.target.write(self._rest)
        finally:
            self._rest = self._rest[self.target.size - before :]
        pending = self._encoder.pending
        self._let_go(pending.lines)
        self.held_text = pending.text
        self._whole = self.target.size - pending.size


def begin_file(
    path: Path,
    header: Header | bytes,
    *,
    overwrite: bool = False,
    level: int | None = None,
    mode: FileMode = USUAL,
    make_rule: MakeRule | None = None,
) -> GrowingFile:
    """
    Begin a file; its suffix determines the format: `.jsonl.zst`, `.jsonl.gz`, plain `.jsonl`, or `.parquet`.

    Parquet cannot be read until it is finished: write what is recorded live as lines first.

    Args:
        path: Its name.
        header: Its first line; as bytes (`Recording.header_line`), a header to be kept verbatim.
        overwrite: Whether a file of that name may be replaced.
        level: Compression level, on the format's own scale; None for its default.
        mode: Who may read it; see modes.py.
        make_rule: The sequence rule of the endpoint, if every received frame comes with the description by that
            endpoint; then the file says of itself what is in it, as its frames tell it.

    Raises:
        UsageError: If the name has none of these suffixes, or is a URL, or there is no such level.
        LineError: If the line passed is not a header.
        RecordingExistsError: If the file, or an unfinished one of its name, exists and `overwrite` is false.
        WriteError: If it cannot be created.

    """
    if isinstance(path, UrlPath):
        raise UsageError(f"{path}: a recording grows in a file here, which `feedrec ship` uploads: name such a file")
    line = _line_of(header)
    encoder = _encoder_for(path, level, make_rule)
    target = FileTarget(path, overwrite=overwrite, mode=mode)
    if path.suffix != PARQUET_SUFFIX:
        return GrowingFile(target, encoder, line)
    from ..parquet.parquet_recording import require_lines  # noqa: PLC0415  loads pyarrow

    return GrowingFile(target, encoder, line, lambda lines: require_lines(target.place or target.path, lines))


def begin_stream(
    stream: BinaryIO,
    suffix: str,
    header: Header | bytes,
    *,
    level: int | None = None,
    make_rule: MakeRule | None = None,
) -> GrowingFile:
    """
    Begin a recording in a stream, such as stdout.

    Args:
        stream: The stream.
        suffix: The suffix of a file in its format, not `.parquet`.
        header: As for `begin_file`.
        level: As for `begin_file`.
        make_rule: As for `begin_file`.

    Raises:
        UsageError: If there is no such level.
        LineError: If the line passed is not a header.
        WriteError: If it cannot be written.

    """
    encoder = _encoder_for(Path(f"stream{suffix}"), level, make_rule)
    return GrowingFile(StreamTarget(stream), encoder, _line_of(header))


def _line_of(header: Header | bytes) -> bytes:
    """Return the line of a header; one that is a line is kept."""
    if not isinstance(header, bytes):
        return encode_header(header)
    decode_header(header)
    return header.replace(b"\n", b" ")  # only between keys: a JSON string has none


def _encoder_for(path: Path, level: int | None, make_rule: MakeRule | None) -> Encoder:
    if path.suffix == ".zst":
        return BlockEncoder(DEFAULT_LEVEL if level is None else level, make_rule=make_rule)
    if path.suffix == PLAIN_SUFFIX:
        return PlainEncoder()
    if path.name.endswith(GZIP_SUFFIX):
        if level is not None and not 1 <= level <= 9:
            raise UsageError(f"invalid gzip level {level}: must be 1 to 9")
        return GzipEncoder(DEFAULT_GZIP_LEVEL if level is None else level)
    if path.suffix == PARQUET_SUFFIX:
        from ...stream.parquet_encoder import ParquetEncoder  # noqa: PLC0415  loads pyarrow
        from .spool import Spool  # noqa: PLC0415

        return ParquetEncoder(DEFAULT_LEVEL if level is None else level, sink=Spool(), make_rule=make_rule)
    raise UsageError(f"{path}: the name of a recording must end in .jsonl.zst, .jsonl.gz, .jsonl or .parquet")
