"""What `feedrec export` reads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ..filters import selection_of

if TYPE_CHECKING:
    from ...formats import Selection
    from ...formats.several.inputs import Input

__all__ = ["look_at", "selected"]


def look_at(paths: Sequence[Path]) -> list[Input]:
    """Inspect the recordings in files and folders."""
    from ...formats.file.opening import open_recording, under_current_name
    from ...formats.several.folder import find_recordings
    from ...formats.several.inputs import inspect_recording, refuse_doubles

    found = [inspect_recording(partial(under_current_name, path, open_recording)) for path in find_recordings(paths)]
    refuse_doubles(found)
    return found


def selected(found: Sequence[Input], options: dict[str, Any]) -> Selection:
    """Return what was chosen; times may count from the beginning of the earliest recording."""
    header = msgspec.structs.replace(found[0].header, created=min(one.header.created for one in found))
    names = ("channels", "products", "start", "end")
    return selection_of(found[0].path, header, **{name: options[name] for name in names}, end_option="--until")
