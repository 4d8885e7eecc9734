"""What `feedrec convert` reads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...processing.feed_rules import needed_before
from ..live.progress import reading
from ..signals import ending_between_steps
from .importing import Losses, form_of, importing_with

if TYPE_CHECKING:
    from ...formats.several.inputs import Input

__all__ = ["look_at", "progress"]


def look_at(paths: Sequence[Path], options: dict[str, Any], losses: Losses) -> list[Input]:
    """
    Inspect the inputs; what is lost of files of other tools is noted when it is read.

    Of folders, those are left out that have nothing of the span of the options, whose times then count from 1970.
    """
    from ...feeds import find_feed
    from ...formats.catalogue.choosing import recordings_for
    from ...formats.file.opening import under_current_name
    from ...formats.foreign.opening import open_any
    from ...formats.several.inputs import inspect_recording, refuse_doubles

    make_source, endpoint = form_of(options), options["endpoint"]
    if endpoint is not None:
        find_feed(endpoint)
    files = paths
    if make_source is None:
        has_state = options["with_state"] or options["trim_book"]
        span = options["start"], options["end"]
        files, options["start"], options["end"] = recordings_for(paths, *span, needed_before if has_state else None)
    importing = importing_with(options, losses)
    opening = partial(open_any, importing=importing, make_source=make_source, endpoint=endpoint)
    found = [inspect_recording(partial(under_current_name, path, opening)) for path in files]
    refuse_doubles(found)
    return found


@contextlib.contextmanager
def progress(
    inputs: Sequence[Input], passes: int = 1, what: str = "converting"
) -> Iterator[Callable[[int, int], None]]:
    """
    Show progress, and end on signals.

    Args:
        inputs: What is read.
        passes: How many times.
        what: What is going on.

    Yields:
        A function to call with the number of an input and the bytes read, from the beginning of each pass.

    """
    sizes, before = [0] * len(inputs), [0] * len(inputs)
    total = passes * sum(one.size for one in inputs)
    with reading(what) as show, ending_between_steps() as end_if_noted:

        def on_read(number: int, size: int) -> None:
            end_if_noted()
            if size < sizes[number]:
                before[number] += sizes[number]
            sizes[number] = size
            show(min(sum(before) + sum(sizes), total), total)  # the beginning and the end of a file are read again

        yield on_read
