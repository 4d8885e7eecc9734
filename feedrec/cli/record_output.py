"""Where `feedrec record` writes: a file, a folder, stdout, a sequence of files, Parquet."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from ..errors import RecordingExistsError, UsageError
from ..model import NANOSECONDS, Header
from .options import DURATION, ROTATE_AFTER, file_mode_option

if TYPE_CHECKING:
    from ..feeds import Feed, Subscription
    from ..formats import RecordingWriter
    from ..formats.file.modes import FileMode
    from ..formats.file.rotation import RotateAfter
    from ..recorder.output.parquet_finisher import ParquetFinisher
    from ..recorder.output.writer_protocol import GrowingRecording
    from .record_source import Source

__all__ = ["Output", "OutputOptions", "default_name", "open_output", "output_options"]

log = logging.getLogger("feedrec")


_OPTIONS = (
    click.option(
        "-o",
        "--output",
        metavar="PATH",
        help="File, folder, or - for stdout; .jsonl is uncompressed.  [default: a new .jsonl.zst in this folder]",
    ),
    click.option(
        "--format",
        "kind",
        type=click.Choice(["jsonl", "parquet"]),
        help="Format to write, if the name of the output does not say.  [default: jsonl]",
    ),
    click.option(
        "--rotate",
        type=ROTATE_AFTER,
        help="Start a new file (OUTPUT-0001, -0002 ...) at this interval or size, e.g. 1h or 512MB.",
    ),
    click.option(
        "--level", metavar="N", type=click.IntRange(1, 19), default=3, show_default=True, help="zstd compression level."
    ),
    click.option("--fsync", type=DURATION, help="Flush to the storage device this often, in case of power loss."),
    click.option("--overwrite", is_flag=True, help="Replace the output file if it exists."),
    file_mode_option("only you, where credentials or other secrets are sent; else as the umask says"),
)


class OutputOptions(msgspec.Struct, frozen=True):
    """
    The values of the options.

    Attributes:
        output: File, folder, or `-`; None for a new file in the current folder.
        kind: `jsonl` or `parquet`; None to derive it from the name.
        rotate: When to start a new file; None for a single file.
        level: zstd level; None for the default.
        fsync: Seconds between flushes to the storage device.
        overwrite: Whether to replace existing files.
        mode: Who may read the files; None for the default.

    """

    output: str | None
    kind: str | None
    rotate: RotateAfter | None
    level: int | None
    fsync: float | None
    overwrite: bool
    mode: FileMode | None = None

    def __post_init__(self) -> None:
        """Refuse options that cannot be combined."""
        if self.output == "-" and (self.kind == "parquet" or self.rotate is not None):
            raise UsageError(
                "-o - writes JSON lines to stdout: leave out --format parquet and --rotate, or name a file"
            )
        from ..formats.file.names import PARQUET_SUFFIX, RECORDING_SUFFIXES

        if self.kind is None or not (self.output or "").endswith(RECORDING_SUFFIXES):
            return
        if (self.kind == "parquet") != (self.output or "").endswith(PARQUET_SUFFIX):
            raise UsageError(f"{self.output} does not match --format {self.kind}: change one of them")

    @property
    def suffix(self) -> str:
        """The suffix of a generated name."""
        from ..formats.file.names import PARQUET_SUFFIX, ZSTD_SUFFIX

        return PARQUET_SUFFIX if self.kind == "parquet" else ZSTD_SUFFIX


class Output(NamedTuple):
    """The writer, and what converts its finished files to Parquet, if anything."""

    writer: GrowingRecording
    finisher: ParquetFinisher | None = None

    def finish_parquet(self) -> None:
        """
        Wait for the last Parquet file.

        Raises:
            RecordingError: If one could not be written; its journal is kept.

        """
        if self.finisher is not None:
            self.finisher.finish()


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of `OutputOptions`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def open_output(source: Source, options: OutputOptions) -> Output:
    """
    Start the recording.

    Raises:
        UsageError: If the name does not match any format.
        RecordingExistsError: If the file already exists.
        WriteError: If it cannot be created.

    """
    from ..formats import RecordingWriter
    from ..formats.file.target import StreamTarget
    from ..formats.stream.plain import PlainEncoder

    header = source.header()
    if options.mode is None:
        options = msgspec.structs.replace(options, mode=source.file_mode())
    if options.output == "-":
        return Output(RecordingWriter(StreamTarget(sys.stdout.buffer), header, PlainEncoder()))
    path = Path(options.output or ".")
    if not (os.path.isdir(path) or (options.output or "").endswith("/")):  # noqa: PTH112  Path.is_dir may raise
        return _open_file(path, header, options)
    number = 0
    while True:
        number += 1
        second = header.created // NANOSECONDS
        name = default_name(source.feed, source.subscriptions, second, number, options.suffix)
        with contextlib.suppress(RecordingExistsError):  # another recorder started in the same second
            return _open_file(path / name, header, msgspec.structs.replace(options, overwrite=False))


def _open_file(path: Path, header: Header, options: OutputOptions) -> Output:
    from ..formats import create_recording
    from ..formats.file.modes import USUAL
    from ..formats.file.names import PARQUET_SUFFIX, journal_path, numbered_path
    from ..formats.file.rotation import RotatingWriter, next_number
    from ..recorder.output.parquet_finisher import ParquetFinisher, leftover_journals

    def create(path: Path, header: Header) -> RecordingWriter:
        if path.suffix == PARQUET_SUFFIX:
            if os.path.lexists(path) and not options.overwrite:
                raise RecordingExistsError(path, "already exists: choose another name, or use --overwrite")
            path = journal_path(path)
        return create_recording(
            path,
            header,
            overwrite=options.overwrite,
            level=options.level,
            fsync_interval=options.fsync,
            mode=options.mode or USUAL,
        )

    first = 1 if options.rotate is None or options.overwrite else next_number(path)
    if first > 1:
        log.info("continuing after earlier files, with %s", numbered_path(path, first).name)
    if path.suffix != PARQUET_SUFFIX:
        if options.rotate is None:
            return Output(create(path, header))
        return Output(RotatingWriter(path, header, create, options.rotate, first=first))
    left_over = leftover_journals(path.parent)
    finisher = ParquetFinisher(overwrite=options.overwrite)
    writer = RotatingWriter(path, header, create, options.rotate, finisher.add, first=first)
    for journal in left_over:
        finisher.add_leftover(journal)
    return Output(writer, finisher)


def default_name(
    feed: Feed, subscriptions: Sequence[Subscription], second: int, number: int = 1, suffix: str = ""
) -> str:
    """Name a recording after its endpoint, channels and start; `number` distinguishes those of the same second."""
    channels = [
        item.channel for item in subscriptions if item.channel != feed.heartbeat_channel or len(subscriptions) == 1
    ]
    named = "+".join(channels) if len(channels) <= 4 else f"{len(channels)}-channels"
    parts = [feed.name, *filter(None, [named])]
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
    tail = f"-{number}" if number > 1 else ""
    return re.sub(r"[^\w.+@-]", "-", f"{'_'.join(parts)}_{stamp}{tail}{suffix}")
