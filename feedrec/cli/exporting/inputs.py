"""What `feedrec export` reads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ...processing.feed_rules import needed_before
from ...processing.selecting import selection_of

if TYPE_CHECKING:
    from ...formats import Selection
    from ...formats.several.inputs import Input

__all__ = ["look_at", "selected"]


def look_at(paths: Sequence[Path], options: dict[str, Any]) -> list[Input]:
    """
    Inspect the recordings in files and folders.

    Of folders, those are left out that have nothing of the span of the options, whose times then count from 1970.
    """
    from ...formats.catalogue.choosing import recordings_for
    from ...formats.file.opening import open_recording, under_current_name
    from ...formats.several.inputs import inspect_recording, refuse_doubles

    span = options["start"], options["end"]
    files, options["start"], options["end"] = recordings_for(paths, *span, needed_before)
    found = [inspect_recording(partial(under_current_name, path, open_recording)) for path in files]
    refuse_doubles(found)
    return found


def selected(found: Sequence[Input], options: dict[str, Any]) -> Selection:
    """Return what was chosen; times may count from the beginning of the earliest recording."""
    header = msgspec.structs.replace(found[0].header, created=min(one.header.created for one in found))
    names = ("channels", "products", "start", "end")
    return selection_of(found[0].path, header, **{name: options[name] for name in names}, end_option="--until")
