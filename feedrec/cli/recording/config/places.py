"""Where feeds would write: to the same files, to files that are there, or to folders that are not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ....recorder import Source
from ..file_names import names_from
from ..options.files.output_options import OutputOptions

__all__ = ["files_of", "first_collision", "has_own_names", "is_folder", "why_unusable"]


def is_folder(options: OutputOptions) -> bool:
    """Return whether the output is a folder, for files whose names are made up."""
    output = options.output or "."
    return options.template is None and (output.endswith("/") or os.path.isdir(output))  # noqa: PTH112  may raise


def has_own_names(options: OutputOptions) -> bool:
    """Return whether each run has files of names that no other run has, even if both are on at once."""
    template = options.template
    return is_folder(options) if template is None else bool(template.fields & {"date", "hour", "time"})


def files_of(source: Source, options: OutputOptions) -> Path | None:
    """
    Return what the names of the files are made from, as their folder really is called; None for made up ones.

    Raises:
        UsageError: If they would be too long.

    """
    if (template := options.template) is not None:
        path = names_from(template, source).pattern
    elif is_folder(options):
        return None
    else:
        path = Path(options.output or ".")
    return Path(os.path.realpath(path.parent)) / path.name


def first_collision(files: Mapping[str, Path | None]) -> tuple[str, str] | None:
    """Return the names of two feeds, in the order of the mapping, that would write to the same file; None for none."""
    seen: dict[Path, str] = {}
    for name, path in files.items():
        if path is None:
            continue
        before = next((feed for other, feed in seen.items() if _collide(other, path)), None)
        if before is not None:
            return before, name
        seen[path] = name
    return None


def _collide(one: Path, other: Path) -> bool:
    """Tell whether files of two names may have the same name: that of a journal, or of a number, counts too."""
    from ....formats.file.names import recording_number, table_path

    if one.parent != other.parent:
        return False
    return (
        table_path(one) == table_path(other)
        or recording_number(one, other.name) is not None
        or recording_number(other, one.name) is not None
    )


def why_unusable(options: OutputOptions) -> str | None:
    """Say why a run could not begin with such an output; None if nothing is known against it."""
    from ....formats.file.names import RECORDING_SUFFIXES, later_paths, part_path

    template = options.template
    path = Path(options.output or ".")
    folder = path if is_folder(options) else path.parent
    if template is not None:  # its folders are created
        folder = next((one for one in (template.folder, *template.folder.parents) if one.exists()), Path())
    if not os.path.isdir(folder):  # noqa: PTH112  Path.is_dir may raise
        return f"{folder} is no folder: create it first"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"{folder} cannot be written to"
    if template is not None or is_folder(options) or options.rotate is not None:
        return None
    if not path.name.endswith((*RECORDING_SUFFIXES, ".zst")):
        return f"{path}: the name of a recording must end in .jsonl.zst, .jsonl.gz, .jsonl or .parquet"
    names = [one for later in later_paths(path) for one in (later, part_path(later))]
    there = next((one for one in names if os.path.lexists(one)), None)
    if there is None or options.overwrite:
        return None
    return f"{there} is there already, so no run could begin: name a folder, or another file, or let it rotate"
