"""Which recordings are replayed, and what of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ...errors import UsageError

if TYPE_CHECKING:
    from ...times import Moment

__all__ = ["chosen_recordings", "chosen_window"]


def chosen_recordings(paths: Sequence[Path]) -> list[Path]:
    """Return the recordings, including those in folders; refuse one that is given twice."""
    from ...formats import open_recording
    from ...formats.file.opening import under_current_name
    from ...formats.several.folder import find_recordings
    from ...formats.several.inputs import inspect_recording, refuse_doubles

    for path in paths[1:]:
        if not os.path.lexists(path) and shutil.which(path):
            raise UsageError(f"{path}: no such file; if it is the command to run, write -- before it")
    files = find_recordings(paths)
    if len(files) > 1:
        refuse_doubles([inspect_recording(partial(under_current_name, file, open_recording)) for file in files])
    return files


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
