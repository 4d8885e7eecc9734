"""Which recordings are replayed, and what of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ...errors import UsageError
from ...processing.feed_rules import needed_before

if TYPE_CHECKING:
    from ...times import Moment

__all__ = ["Chosen", "chosen_recordings", "chosen_window"]


class Chosen(NamedTuple):
    """
    Recordings, and the times between which they are played.

    Attributes:
        paths: The recordings.
        start: The first moment; None for the beginning.
        end: The moment after the last; None for the end.

    """

    paths: list[Path]
    start: Moment | Literal["live"] | None = None
    end: Moment | None = None


def chosen_recordings(
    paths: Sequence[Path], start: Moment | Literal["live"] | None = None, end: Moment | None = None
) -> Chosen:
    """
    Return the recordings, and from when to when; refuse one that is given twice.

    Of folders, those are left out that have nothing of the span, and that the state at its start does not need.
    """
    from ...formats import open_recording
    from ...formats.catalogue.choosing import recordings_for
    from ...formats.file.opening import under_current_name
    from ...formats.places.url_path import UrlPath
    from ...formats.several.folder import find_recordings
    from ...formats.several.inputs import inspect_recording, refuse_doubles

    for path in paths[1:]:
        if not isinstance(path, UrlPath) and not os.path.lexists(path) and shutil.which(path):
            raise UsageError(f"{path}: no such file; if it is the command to run, write -- before it")
    if start == "live":
        files, chosen = find_recordings(paths), Chosen([], start, end)
    else:
        files, *span = recordings_for(paths, start, end, needed_before, base=itemgetter(0))
        chosen = Chosen([], *span)
    if len(files) > 1:
        refuse_doubles([inspect_recording(partial(under_current_name, file, open_recording)) for file in files])
    return chosen._replace(paths=files)


def chosen_window(file: Path, start: Moment | Literal["live"] | None, end: Moment | None) -> dict[str, Any]:
    """Return the start and end times, or that it is live; offsets count from the beginning of the first recording."""
    from ...formats import open_recording

    if start == "live":
        return {"live": True, **chosen_window(file, None, end)}
    moments = {name: moment for name, moment in (("start", start), ("end", end)) if moment is not None}
    if not moments:
        return {}
    with open_recording(file) as recording:
        return {name: moment.within(recording.header.created, is_end=name == "end") for name, moment in moments.items()}
