"""Options of `feedrec record` and `proxy` that say where is written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
import msgspec

from .....errors import UsageError
from ....options import DURATION, ROTATE_AFTER, SIZE, all_options, file_mode_option, overwrite_option
from ....uploading import refuse_url
from .keep_options import joined_keeps, keep_option

if TYPE_CHECKING:
    from .....formats.file.modes import FileMode
    from .....formats.file.naming.template import Template
    from .....formats.file.rotation import RotateAfter
    from .....recorder.keeping.keep_rule import Keep

__all__ = ["OutputOptions", "output_options"]

output_options = all_options(
    click.option(
        "-o",
        "--output",
        metavar="PATH",
        help="File, folder, - for stdout, or names such as {date}/{channel}-{time}.jsonl.zst; .jsonl is uncompressed.  "
        "[default: a new .jsonl.zst in this folder]",
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
    click.option(
        "--disk-patience",
        type=DURATION,
        default="10m",
        show_default=True,
        help="End the run when the disk, full or broken, has taken nothing for this long.",
    ),
    click.option("--min-free", type=SIZE, help="Leave this much of the disk free: wait as if it were full."),
    click.option(
        "--checkpoints",
        is_flag=True,
        help="Write checkpoints of books beside each finished file, for late clients of a replay.",
    ),
    keep_option,
    overwrite_option,
    file_mode_option("only you, where credentials or other secrets are sent; else as the umask says"),
)
"""Adds the options of `OutputOptions`."""


class OutputOptions(msgspec.Struct, frozen=True):
    """
    The values of the options.

    Attributes:
        output: File, folder, template of names, or `-`; None for a new file in the current folder.
        kind: `jsonl` or `parquet`; None to derive it from the name.
        rotate: When to start a new file; None for a single file.
        level: zstd level; None for the default.
        fsync: Seconds between flushes to the storage device.
        overwrite: Whether to replace existing files.
        disk_patience: Seconds for which to wait for a disk that takes nothing.
        min_free: Bytes of the disk that are left free; None for none.
        mode: Who may read the files; None for the default.
        checkpoints: Whether to write checkpoints beside finished files.
        keep: How much of the finished files of the feed is kept; nothing for all.

    """

    output: str | None
    kind: str | None
    rotate: RotateAfter | None
    level: int | None
    fsync: float | None
    overwrite: bool
    disk_patience: float
    min_free: int | None = None
    mode: FileMode | None = None
    checkpoints: bool = False
    keep: tuple[Keep, ...] = ()

    def __post_init__(self) -> None:
        """Refuse options that cannot be combined."""
        refuse_url(self.output or "", "record to a file here, from which `feedrec ship`, or --ship, uploads it")
        if self.output == "-" and (self.kind == "parquet" or self.rotate is not None):
            raise UsageError(
                "-o - writes JSON lines to stdout: leave out --format parquet and --rotate, or name a file"
            )
        from .....formats.file.names import PARQUET_SUFFIX, RECORDING_SUFFIXES

        if self.checkpoints and (self.output == "-" or self._names_no_blocks):
            raise UsageError(
                "checkpoints are written beside .jsonl.zst alone: leave out --checkpoints, or record to that"
            )
        if (template := self.template) is not None:
            self.turning(template)
        if self.keep and not self._has_names_of_many:
            raise UsageError(
                "--keep is for files that each start names alike: use -o NAME with --rotate, or a template with {time}"
            )
        if self.kind is None or not (self.output or "").endswith(RECORDING_SUFFIXES):
            return
        if (self.kind == "parquet") != (self.output or "").endswith(PARQUET_SUFFIX):
            raise UsageError(f"{self.output} does not match --format {self.kind}: change one of them")

    @property
    def _names_no_blocks(self) -> bool:
        """Whether the output is of a format that has no blocks of lines."""
        from .....formats.file.names import RECORDING_SUFFIXES, ZSTD_SUFFIX

        name = self.output or ""
        return self.kind == "parquet" or (name.endswith(RECORDING_SUFFIXES) and not name.endswith(ZSTD_SUFFIX))

    @property
    def kept(self) -> Keep | None:
        """How much of the finished files is kept; None for all."""
        return joined_keeps(self.keep)

    @property
    def _has_names_of_many(self) -> bool:
        """Whether the names of several files are known before the run, those of earlier runs among them."""
        if (template := self.template) is not None:
            return template.tells_time
        is_file = self.output is not None and not self.output.endswith("/") and not os.path.isdir(self.output)  # noqa: PTH112
        return is_file and self.rotate is not None

    @property
    def template(self) -> Template | None:
        """
        What names are made from; None if the output is no template.

        Raises:
            UsageError: If it is a wrong one.

        """
        from .....formats.file.naming.template import has_fields, parse_template

        return parse_template(self.output, self.suffix) if self.output and has_fields(self.output) else None

    def turning(self, template: Template) -> RotateAfter | None:
        """
        Return when files with such names begin; None for a single one.

        Raises:
            UsageError: If that would give several files one name.

        """
        from .....formats.file.rotation import RotateAfter

        asked = self.rotate or RotateAfter()
        after = asked._replace(nanoseconds=template.turning(asked.nanoseconds, asked.size))
        return after if after != RotateAfter() else None

    @property
    def suffix(self) -> str:
        """The suffix of a generated name."""
        from .....formats.file.names import PARQUET_SUFFIX, ZSTD_SUFFIX

        return PARQUET_SUFFIX if self.kind == "parquet" else ZSTD_SUFFIX
