"""What `feedrec convert` reads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import DamagedRecordingError, UsageError
from ..progress import reading
from ..signals import ending_between_steps

if TYPE_CHECKING:
    from ...formats.several.inputs import Input
    from ...formats.tools.foreign_lines import LineReader

__all__ = ["look_at", "progress"]


def _line_reader(input_format: str | None, time_field: str | None) -> Callable[[], LineReader] | None:
    """Return a function that makes the reader of another tool's lines; None unless the options name such a format."""
    from ...formats.tools.foreign_lines import HftbacktestLines, JsonlLines, TardisLines

    if time_field is not None and input_format in ("tardis", "hftbacktest"):
        raise UsageError(f"--time-field needs --input-format jsonl: {input_format} lines begin with the time")
    if time_field is not None:
        if not time_field.strip("."):
            raise UsageError("--time-field is empty: name the field that holds the time")
        return partial(JsonlLines, time_field)
    if input_format == "jsonl":
        raise UsageError("--input-format jsonl needs --time-field: the name of the field that holds the time")
    if input_format == "hftbacktest":
        return HftbacktestLines
    return TardisLines if input_format == "tardis" else None


def _note_damage(damage: dict[Path, DamagedRecordingError], error: DamagedRecordingError) -> None:
    damage[error.path] = error


def look_at(paths: Sequence[Path], options: dict[str, Any], damage: dict[Path, DamagedRecordingError]) -> list[Input]:
    """Inspect the inputs; what is damaged of files of other tools is noted in `damage` when it is read."""
    from ...feeds import find_feed
    from ...formats.file.opening import under_current_name
    from ...formats.several.folder import find_recordings
    from ...formats.several.inputs import inspect_recording, refuse_doubles
    from ...formats.tools.foreign_files import open_any

    make_reader, endpoint = _line_reader(options["input_format"], options["time_field"]), options["endpoint"]
    on_damage = partial(_note_damage, damage)
    if endpoint is not None:
        find_feed(endpoint)
    files = paths if make_reader is not None else find_recordings(paths)
    opening = partial(open_any, make_reader=make_reader, endpoint=endpoint, on_damage=on_damage)
    found = [inspect_recording(partial(under_current_name, path, opening)) for path in files]
    refuse_doubles(found)
    return found


@contextlib.contextmanager
def progress(inputs: Sequence[Input], passes: int = 1) -> Iterator[Callable[[int, int], None]]:
    """
    Show progress, and end on signals.

    Args:
        inputs: What is read.
        passes: How many times.

    Yields:
        A function to call with the number of an input and the bytes read, from the beginning of each pass.

    """
    sizes, before = [0] * len(inputs), [0] * len(inputs)
    total = passes * sum(one.size for one in inputs)
    with reading("converting") as show, ending_between_steps() as end_if_noted:

        def on_read(number: int, size: int) -> None:
            end_if_noted()
            if size < sizes[number]:
                before[number] += sizes[number]
            sizes[number] = size
            show(sum(before) + sum(sizes), total)

        yield on_read
