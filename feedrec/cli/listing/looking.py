"""What `feedrec ls` looks at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import NotARecordingError, UsageError

if TYPE_CHECKING:
    from ...formats.catalogue.catalogue import Written
    from ...formats.catalogue.folder_entries import FolderEntries
    from ...formats.catalogue.listing import Found

__all__ = ["look", "write"]


def look(paths: Sequence[Path], catalogue: Path | None) -> list[FolderEntries]:
    """
    Return what is known of the recordings in folders, and of those that are named themselves.

    Raises:
        NotARecordingError: If there is none in a folder, or nothing below a prefix.

    """
    from ...formats.catalogue.folder_entries import FolderEntries, entries_in
    from ...formats.catalogue.listing import recording_at
    from ...formats.catalogue.looking import look_at
    from ...formats.places.opening import is_folder
    from ..live.progress import reading

    looked: list[FolderEntries] = []
    with reading("looking", "{:,}".format) as show:
        for path in paths:
            if is_folder(path):
                looked.append(entries_in(path, catalogue, show))
                continue
            one = recording_at(path)
            _check_prefix(path, one)
            looked.append(FolderEntries(path, [one], [look_at(one)], {}, 1))
    return looked


def _check_prefix(path: Path, one: Found) -> None:
    """
    Refuse what can only have been meant as a prefix, below which there is nothing: a folder without recordings is, too.

    Raises:
        NotARecordingError: If it is one.

    """
    from ...formats.file.names import RECORDING_SUFFIXES
    from ...formats.places.url_path import UrlPath

    is_prefix = isinstance(path, UrlPath) and not path.is_web and not path.name.endswith(RECORDING_SUFFIXES)
    if is_prefix and not one.stored.tag:  # which each object of a bucket has
        raise NotARecordingError(path, "there is no object of this name, nor any below it")


def write(looked: Sequence[FolderEntries], catalogue: Path | None) -> list[tuple[Path, Written]]:
    """Bring the catalogues up to date; return what was done to each, with the folder that it is of."""
    from ...formats.catalogue.folder_entries import write_catalogue
    from ...formats.places.opening import is_folder

    for one in looked:
        if not is_folder(one.folder):
            raise UsageError(f"{one.folder}: a catalogue is of a folder or a prefix, not of a recording")
    return [(one.folder, write_catalogue(one, catalogue)) for one in looked]
