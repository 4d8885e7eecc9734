"""What is known of all recordings in a folder: by its catalogue, and of those that it does not tell of by a look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..file.names import natural_key
from .catalogue import CATALOGUE_FOLDER, Catalogue, Written, read_catalogue, update_catalogue
from .entry import Entry
from .listing import Found, recordings_in
from .looking import look_at_all

__all__ = ["FolderEntries", "entries_in", "write_catalogue"]


class FolderEntries(NamedTuple):
    """
    The recordings in a folder, in the order in which their runs began.

    Attributes:
        folder: The folder.
        found: The recordings.
        entries: What is known of each.
        catalogue: What its catalogue says, or said before.
        looked_at: How many recordings were opened, since it does not tell of them.

    """

    folder: Path
    found: list[Found]
    entries: list[Entry]
    catalogue: Catalogue
    looked_at: int


def entries_in(
    folder: Path,
    catalogue_folder: Path | None = None,
    on_done: Callable[[int, int], object] = lambda done, of: None,  # noqa: ARG005
) -> FolderEntries:
    """
    Return what is known of the recordings that a folder stands for.

    Args:
        folder: The folder.
        catalogue_folder: Where its catalogue is, with full names of recordings; None for that beside them.
        on_done: See `look_at_all`.

    Raises:
        NotARecordingError: If there is none.
        PlaceError: If its place, or that of the catalogue, cannot be used.

    """
    found = recordings_in(folder)
    if catalogue_folder is not None:
        found = [one._replace(name=str(one.path)) for one in found]
    catalogue = read_catalogue(catalogue_folder or folder / CATALOGUE_FOLDER)
    known = {row.path: row for rows in catalogue.values() for row in rows}
    looked = look_at_all(found, known, on_done)
    pairs = sorted(
        zip(found, looked.entries, strict=True),
        key=lambda pair: (pair[1].created, [natural_key(part) for part in pair[0].path.relative_to(folder).parts]),
    )
    return FolderEntries(folder, [one for one, _ in pairs], [entry for _, entry in pairs], catalogue, looked.looked_at)


def write_catalogue(known: FolderEntries, catalogue_folder: Path | None = None) -> Written:
    """
    Bring the catalogue of a folder up to date.

    Args:
        known: What `entries_in` returned, for the same place of the catalogue.
        catalogue_folder: See there.

    Raises:
        PlaceError: If it cannot be written.

    """
    below = "" if catalogue_folder is None else f"{known.folder}/"
    gone = [row.path for rows in known.catalogue.values() for row in rows if row.path.startswith(below)]
    return update_catalogue(catalogue_folder or known.folder / CATALOGUE_FOLDER, known.catalogue, known.entries, gone)
