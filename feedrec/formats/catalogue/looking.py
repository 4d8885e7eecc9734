"""Finds out what there is to know of recordings without reading them, of many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from ...errors import RecordingError
from ...model import parse_time
from ..file.opening import open_recording, under_current_name
from ..file.recording import Recording
from ..places.seen_objects import forget_unless
from ..places.url_path import UrlPath
from ..several.glance import glance
from ..several.inputs import inspect_recording
from .entry import Entry, State, entry_of_facts, entry_of_header
from .listing import Found

__all__ = ["AT_ONCE", "Looked", "look_at", "look_at_all"]

AT_ONCE = 16
"""Recordings that are looked at at a time."""


class Looked(NamedTuple):
    """
    What was found out.

    Attributes:
        entries: What is known of each recording.
        looked_at: How many of them were opened for that.

    """

    entries: list[Entry]
    looked_at: int


def look_at_all(
    found: Sequence[Found],
    known: Mapping[str, Entry],
    on_done: Callable[[int, int], object] = lambda done, of: None,  # noqa: ARG005
    at_once: int = AT_ONCE,
) -> Looked:
    """
    Return what is known of recordings, in their order; opened are only those of which a catalogue does not tell.

    Args:
        found: The recordings.
        known: What a catalogue says, by their names.
        on_done: Called with how many are done, and how many there are to do.
        at_once: How many are opened at a time.

    Returns:
        The entries; what is wrong with a recording is in its own.

    """
    entries = [_known(one, known) for one in found]
    numbers = [number for number, entry in enumerate(entries) if entry is None]
    if not numbers:
        return Looked([entry for entry in entries if entry is not None], 0)
    pool = ThreadPoolExecutor(min(at_once, len(numbers)), thread_name_prefix="feedrec-look")
    try:
        looked = pool.map(look_at, [found[number] for number in numbers])
        for done, (number, entry) in enumerate(zip(numbers, looked, strict=True), 1):
            entries[number] = entry
            on_done(done, len(numbers))
    finally:
        pool.shutdown(cancel_futures=True)
    return Looked([entry for entry in entries if entry is not None], len(numbers))


def look_at(found: Found) -> Entry:
    """Return what is known of a recording from both ends of its file; what is wrong with it is in there, too."""
    stored = found.stored
    if isinstance(found.path, UrlPath):
        forget_unless(found.path, stored)
    try:
        return under_current_name(found.path, lambda path: _look(found._replace(path=path)))
    except (RecordingError, OSError) as error:
        reason = error.reason if isinstance(error, RecordingError) else error.strerror or str(error)
        return Entry(found.name, stored.size, stored.tag, stored.modified, "unreadable", reason)


def _known(found: Found, known: Mapping[str, Entry]) -> Entry | None:
    entry = known.get(found.name)
    return entry if entry is not None and entry.fits(found.stored) else None


def _look(found: Found) -> Entry:
    seen = glance(found.path)
    if seen is not None:
        return entry_of_facts(found.name, found.stored, seen.header, seen.facts, seen.blocks)
    states: list[State] = []

    def opening() -> Recording:
        recording = open_recording(found.path)
        states.append(_state(recording))
        return recording

    one = inspect_recording(opening)
    begin = parse_time(one.first.decode()) if one.first else None
    return entry_of_header(found.name, found.stored, states[0], one.header, begin)


def _state(recording: Recording) -> State:
    if recording.is_live:
        return "being written"
    return "unfinished" if recording.is_part else "no summary"
