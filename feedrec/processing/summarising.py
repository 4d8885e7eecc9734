"""The figures of recordings: by their indexes where they have some, else they are read."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .feed_rules import rules_for

if TYPE_CHECKING:
    from ..formats.line.steady_clock import SteadyClock
    from ..formats.several.inputs import Input
    from ..formats.tools.summary import Activity, RecordingSummary

__all__ = ["look", "summarise"]


def look(path: Path, *, full: bool = False) -> Input:
    """
    Look at a recording.

    Args:
        path: The recording.
        full: Whether it is to be read, even if its index tells all.

    Raises:
        RecordingError: If it cannot be read at all.

    """
    from ..formats.file.opening import open_recording, under_current_name
    from ..formats.several.inputs import inspect_index, inspect_recording

    return (None if full else inspect_index(path)) or inspect_recording(
        partial(under_current_name, path, open_recording)
    )


def summarise(one: Input, activity: Activity, clock: SteadyClock) -> RecordingSummary:
    """
    Return the figures of a recording.

    Args:
        one: What `look` returned.
        activity: Where what happened when is added.
        clock: Its clock, see `starting_clocks`.

    Raises:
        RecordingError: If it cannot be read; damage is told in the figures.

    """
    from ..feeds import is_known
    from ..formats.tools.summary import summarise as summarise_read
    from ..formats.tools.summary import summarise_unread

    unread = summarise_unread(one, activity, clock) if is_known(one.header.endpoint) else None
    if unread is not None:
        return unread
    rules = rules_for(one.header.endpoint)
    with one.open() as recording:
        return summarise_read(recording, rules.describe, activity, rules.sequence_rule, clock)
