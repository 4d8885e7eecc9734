"""The recordings in folders that must be opened for a span of time: by a catalogue, or by a look at their indexes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ...times import Moment
from ..places.opening import is_folder
from ..several.folder import find_recordings
from .entry import Entry
from .spans import NeededBefore, recordings_of_span

__all__ = ["Chosen", "recordings_for"]


class Chosen(NamedTuple):
    """
    What is to be opened.

    Attributes:
        paths: The recordings, in the order in which their runs began, folder by folder.
        start: Where the span begins.
        end: Where it ends. Both no longer count from the beginning of a recording, which may not be opened.

    """

    paths: list[Path]
    start: Moment | None
    end: Moment | None


def recordings_for(
    paths: Sequence[Path],
    start: Moment | None,
    end: Moment | None,
    needed: NeededBefore | None = None,
    base: Callable[[list[int]], int] = min,
) -> Chosen:
    """
    Return which of the recordings in folders must be opened for a span of time; one at least.

    Files that are named themselves, and all where no span is named, are those of `find_recordings`.

    Args:
        paths: Files and folders.
        start: The first moment of the span.
        end: The moment after it.
        needed: Tells what the state at the start depends on, see `recordings_of_span`; None if that is not needed.
        base: Returns what moments count from, of the times at which the runs began, in the order of the recordings.

    Raises:
        NotARecordingError: If a folder has no recording in it, nor below it.
        PlaceError: If a folder cannot be listed.
        RecordingError: If no span is named, and a file in a folder cannot be read; else who opens it is told that.

    """
    if (start is None and end is None) or not all(map(is_folder, paths)):
        return Chosen(find_recordings(paths), start, end)
    from .folder_entries import entries_in  # noqa: PLC0415  loads pyarrow

    folders = [entries_in(path) for path in paths]
    found = [one.path for folder in folders for one in folder.found]
    entries = [entry for folder in folders for entry in folder.entries]
    if len(found) == 1:
        return Chosen(found, start, end)
    created = base([entry.created for entry in entries if entry.state != "unreadable"] or [0])
    first = None if start is None else start.within(created)
    last = None if end is None else end.within(created, is_end=True)
    numbers = recordings_of_span(entries, first, last, needed) or [_nearest(entries, first)]
    return Chosen([found[number] for number in numbers], _absolute(first), _absolute(last))


def _nearest(entries: Sequence[Entry], start: int | None) -> int:
    """Return the last recording that began by a time, or the first: what is opened where none has anything."""
    begun = [entry.created if entry.begin is None else entry.begin for entry in entries]
    number = 0
    for place, time in enumerate(begun):
        if start is not None and begun[number] <= time <= start:
            number = place
    return number


def _absolute(time: int | None) -> Moment | None:
    return None if time is None else Moment(time)
