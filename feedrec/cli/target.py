"""Where `feedrec record` writes: a file, a folder, stdout, one file after another, Parquet."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ..errors import RecordingExistsError, UsageError
from ..model import NANOSECONDS, Header

if TYPE_CHECKING:
    from ..feeds import Feed, Subscription
    from ..formats import RecordingWriter
    from ..recorder.journals import ParquetFinisher
    from ..recorder.segments import GrowingRecording
    from .options import Portion

__all__ = ["Output", "OutputOptions", "default_name", "open_output"]

_PARQUET = ".parquet"


class OutputOptions(msgspec.Struct, frozen=True):
    """
    What a person asked for.

    Attributes:
        place: File, folder, or `-`; None for a new file here.
        kind: `jsonl` or `parquet`; None to tell it from the name.
        rotate: How much goes into one file; None for everything.
        level: zstd level; None for the default.
        fsync: Seconds between forced writes to the medium.
        overwrite: Whether to replace files.

    """

    place: str | None
    kind: str | None
    rotate: Portion | None
    level: int | None
    fsync: float | None
    overwrite: bool

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        if self.place == "-" and (self.kind == "parquet" or self.rotate is not None):
            raise UsageError("stdout takes lines of JSON: leave out --format parquet and --rotate, or name a file")
        from ..formats.folder import SUFFIXES

        if self.kind is None or not (self.place or "").endswith(SUFFIXES):
            return
        if (self.kind == "parquet") != (self.place or "").endswith(_PARQUET):
            raise UsageError(f"{self.place} is no name for --format {self.kind}: leave out one of them")

    @property
    def suffix(self) -> str:
        """What the name ends with if it is not given."""
        return _PARQUET if self.kind == "parquet" else ".jsonl.zst"


class Output(NamedTuple):
    """Where the lines go, and what is to be done with the files that are finished, if anything."""

    writer: GrowingRecording
    finisher: ParquetFinisher | None = None

    def finish_parquet(self) -> None:
        """
        Wait for the last Parquet file.

        Raises:
            RecordingError: If one could not be made; its journal is there.

        """
        if self.finisher is not None:
            self.finisher.finish()


def open_output(feed: Feed, header: Header, subscriptions: Sequence[Subscription], options: OutputOptions) -> Output:
    """
    Begin the recording.

    Raises:
        UsageError: If the name tells no format.
        RecordingExistsError: If something is there already.
        WriteError: If it cannot be created.

    """
    from ..formats import RecordingWriter
    from ..formats.blocks import PlainEncoder
    from ..formats.target import StreamTarget

    if options.place == "-":
        return Output(RecordingWriter(StreamTarget(sys.stdout.buffer), header, PlainEncoder()))
    path = Path(options.place or ".")
    if not (os.path.isdir(path) or (options.place or "").endswith("/")):  # noqa: PTH112  Path.is_dir may raise
        return _open_file(path, header, options)
    number = 0
    while True:
        number += 1
        name = default_name(feed, subscriptions, header.created // NANOSECONDS, number, options.suffix)
        with contextlib.suppress(RecordingExistsError):  # by another recorder that started in the same second
            return _open_file(path / name, header, msgspec.structs.replace(options, overwrite=False))


def _open_file(path: Path, header: Header, options: OutputOptions) -> Output:
    from ..formats import create_recording
    from ..formats.portions import Portions
    from ..recorder.journals import ParquetFinisher, journal_path, leftover_journals
    from ..recorder.segments import SegmentedWriter

    def create(path: Path, header: Header) -> RecordingWriter:
        if path.suffix == _PARQUET:
            if os.path.lexists(path) and not options.overwrite:
                raise RecordingExistsError(path, "is there already: choose another name, or give --overwrite")
            path = journal_path(path)
        return create_recording(
            path, header, overwrite=options.overwrite, level=options.level, fsync_interval=options.fsync
        )

    portions = None if options.rotate is None else Portions(*options.rotate)
    if path.suffix != _PARQUET:
        return Output(create(path, header) if portions is None else SegmentedWriter(path, header, create, portions))
    left_over = leftover_journals(path.parent)
    finisher = ParquetFinisher(overwrite=options.overwrite)
    writer = SegmentedWriter(path, header, create, portions, finisher.add)
    for journal in left_over:
        finisher.add_leftover(journal)
    return Output(writer, finisher)


def default_name(
    feed: Feed, subscriptions: Sequence[Subscription], second: int, number: int = 1, suffix: str = ".jsonl.zst"
) -> str:
    """Name a recording after its endpoint, channels and start; `number` tells those of one second apart."""
    channels = [
        item.channel for item in subscriptions if item.channel != feed.heartbeat_channel or len(subscriptions) == 1
    ]
    named = "+".join(channels) if len(channels) <= 4 else f"{len(channels)}-channels"
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
    tail = f"-{number}" if number > 1 else ""
    return re.sub(r"[^\w.+@-]", "-", f"{feed.name}_{named}_{stamp}{tail}{suffix}")
