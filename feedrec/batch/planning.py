"""
What a batch has to do: a task for each recording, or each hour of one, without those that were done before.

A task is done again when its recording is another one, when its options are, when its output is gone, or when it
failed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..errors import RecordingError, UsageError
from ..formats.catalogue.listing import Found
from ..formats.catalogue.looking import look_at
from ..formats.checkpoints.identity import index_and_identity
from ..formats.file.names import stem_and_suffix
from ..formats.file.opening import under_current_name
from ..formats.places.opening import is_folder
from ..formats.places.url_path import UrlPath, as_text, is_there, place_of, without_links
from ..formats.staging.targets import refuse_target
from ..model import NANOSECONDS, format_time
from .destination import FOREIGN, Destination
from .identity import identity_of
from .kind_of import kind_of
from .manifest import Entry
from .sources import LeftOut, find_sources
from .task import OutputFile, Result, Status, Task

__all__ = ["Batch", "plan_batch", "still_to_do"]

_HOUR = 3600 * NANOSECONDS

_MOST_HOURS = 10_000
"""Of a recording that is done hour by hour: a year has 8,784; a clock that began in 1970 gives half a million."""

_NO_TEXT = "its path is not valid UTF-8, and a batch cannot write it down: rename it"


class Batch(msgspec.Struct):
    """
    What is to be done, and what is not.

    Attributes:
        kind: `convert`, `verify`, `info` or `export`.
        destination: The folder or prefix in which the outputs are.
        wanted: Each task, as if nothing were done, and what its recording is.
        unfit: Why nothing can be done of some of these, by their keys.
        tasks: What is to be done.
        kept: What came of tasks that earlier runs have done.
        refused: Tasks of which nothing is done, as something else has the name of their output, or they are unfit: they
            have failed.
        left_out: Recordings that are being written.

    """

    kind: str
    destination: Path
    wanted: list[tuple[Task, str]]
    unfit: dict[str, str] = {}
    tasks: list[Task] = []
    kept: list[Result] = []
    refused: list[Result] = []
    left_out: list[LeftOut] = []


def plan_batch(
    kind: str,
    sources: Sequence[Path | str],
    destination: Path | str,
    options: Mapping[str, Any] | None = None,
    *,
    by_hour: bool = False,
    on_looked: Callable[[int, int], object] = lambda done, of: None,  # noqa: ARG005
) -> Batch:
    """
    Return what a batch has to do.

    Args:
        kind: `convert`, `verify`, `info` or `export`.
        sources: Files, folders, patterns such as `monday/*.jsonl.zst`; or URLs.
        destination: A folder, or the URL of a bucket or a prefix.
        options: Of the command of that name: of `convert` `format`, `level`, `channels`, `products`, `trim_book`,
            `anonymize`, `no_checkpoints`; of `export` `to`, `channels`, `products`, `tables`, `fix_latency`; of `info`
            `full`; of `verify` none.
        by_hour: Whether there is a task for each UTC hour of a recording whose index tells of which time it is.
        on_looked: Called with how many recordings were looked at, and how many there are.

    Raises:
        UsageError: If an option is wrong, two recordings would get the same output, or nothing can be written there.
        RecordingError: If there is no recording, or a place cannot be used.

    """
    work, place = kind_of(kind), place_of(destination)
    if by_hour and not work.by_hour:
        raise UsageError(f"{kind} is about whole recordings: it cannot be done hour by hour")
    checked = work.check(dict(options or {}))
    _refuse_place(place)
    found, to = find_sources([place_of(one) for one in sources]), Destination(place)
    known = to.known()
    ours = {without_links(place / one.name) for entry in known.values() for one in entry.files}
    recordings = [one for one in found.found if without_links(one.path) not in ours]
    wanted, unfit = list[tuple[Task, str]](), dict[str, str]()
    for number, one in enumerate(recordings, 1):
        identity, (reason, parts) = _identity(one), _fit(one, by_hour=by_hour)
        for start, end, name in parts:
            target = work.named(name, checked)
            task = Task(f"{kind} {target}", kind, as_text(one.path), target, start, end, checked, as_text(place))
            wanted.append((task, identity))
            unfit |= {task.key: reason} if reason else {}
        on_looked(number, len(recordings))
    _refuse_doubles(wanted, place)
    sizes = {as_text(one.path): one.stored.size for one in recordings}
    wanted.sort(key=lambda one: -sizes[one[0].source])  # the last one to end is small
    return _left_of(Batch(kind, place, wanted, unfit, left_out=found.left_out), known, to.sizes())


def still_to_do(batch: Batch, destination: Destination) -> Batch:
    """
    Return a batch with what is to be done as of now.

    Raises:
        PlaceError: If the destination cannot be asked.

    """
    return _left_of(batch, destination.known(), destination.sizes())


def _left_of(batch: Batch, known: Mapping[str, Entry], sizes: Mapping[str, int]) -> Batch:
    """Do so, where this is known of tasks, and outputs of these sizes are there."""
    now = msgspec.structs.replace(batch, tasks=[], kept=[], refused=[])
    for task, identity in batch.wanted:
        if reason := batch.unfit.get(task.key):
            now.refused.append(Result(task.key, Status.FAILED, reason, identity))
            continue
        before = known.get(task.key)
        if before is not None and _is_done(before, task, identity, sizes):
            now.kept.append(before.result)
            continue
        ours = () if before is None else before.files
        if _is_taken(task.target, sizes, ours):
            reason = f"{batch.destination / task.target}: {FOREIGN}"
            now.refused.append(Result(task.key, Status.FAILED, reason, identity))
        else:
            now.tasks.append(msgspec.structs.replace(task, replaces=ours))
    return now


def _is_done(entry: Entry, task: Task, identity: str, sizes: Mapping[str, int]) -> bool:
    """Return whether a task was done, and its output is still there."""
    return (
        entry.status != Status.FAILED
        and bool(identity)
        and entry.is_of(task, identity)
        and all(sizes.get(one.name) == one.size for one in entry.files)
    )


def _is_taken(target: str, sizes: Mapping[str, int], ours: Sequence[OutputFile]) -> bool:
    """Return whether what has the name of an output was not made by a batch."""
    return target in sizes and sizes[target] not in [one.size for one in ours if one.name == target]


def _is_text(name: str) -> bool:
    """Return whether a name is one that can be sent to workers and written into the manifest."""
    return name.isascii() or not any("\ud800" <= one <= "\udfff" for one in name)


def _identity(found: Found) -> str:
    """Return what a recording is; empty if that cannot be told, as its task will."""
    try:
        return identity_of(found.path, found.stored)
    except RecordingError:
        return ""


def _fit(found: Found, *, by_hour: bool) -> tuple[str, list[tuple[int | None, int | None, str]]]:
    """Return why nothing can be done of a recording, empty if something can; and its parts, see `_parts`."""
    hours = _hours(found) if by_hour else range(0)
    reason = _unfit(found, hours)
    return reason, _parts(found.name, range(0) if reason else hours)


def _unfit(found: Found, hours: range) -> str:
    """Return why nothing can be done of a recording; empty if something can."""
    if not _is_text(as_text(found.path)):
        return _NO_TEXT
    if len(hours) > _MOST_HOURS:
        begin, end = (format_time(hour * _HOUR)[:13] for hour in (hours[0], hours[-1]))
        text = f"its times are of {len(hours):,} hours, {begin} to {end}, as of a clock that was wrong"
        return f"{text}: leave out --by hour"
    return ""


def _hours(found: Found) -> range:
    """Return the hours, since 1970, of which a recording has something; none if its index does not tell."""
    span = _span(found)
    return range(0) if span is None else range(span[0] // _HOUR, span[1] // _HOUR + 1)


def _parts(name: str, hours: range) -> list[tuple[int | None, int | None, str]]:
    """Return the spans of time that get a task of their own, and what each is called: the whole, without hours."""
    if not hours:
        return [(None, None, name)]
    return [(hour * _HOUR, (hour + 1) * _HOUR, _named_by(name, format_time(hour * _HOUR))) for hour in hours]


def _span(found: Found) -> tuple[int, int] | None:
    """Return the earliest and the latest time of a recording, as its index tells; None if it tells nothing."""
    try:
        index = under_current_name(found.path, index_and_identity)[0]
    except RecordingError:  # its task tells why
        return None
    if index is not None:
        times = [time for block in index.blocks for time in (block.first, block.last) if time is not None]
        return (min(times), max(times)) if times else None
    entry = look_at(found)  # Parquet, which has no index of blocks
    return None if entry.begin is None or entry.end is None else (entry.begin, entry.end)


def _named_by(name: str, time: str) -> str:
    """Return a name with an hour in it: `x.jsonl.zst` of 17:00 becomes `x.2026-11-21T17.jsonl.zst`."""
    stem, suffix = stem_and_suffix(name)
    return f"{stem}.{time[:13]}{suffix}"


def _refuse_doubles(wanted: Sequence[tuple[Task, str]], place: Path) -> None:
    sources: dict[str, str] = {}
    for task, _ in wanted:
        if without_links(place / task.target) == without_links(place_of(task.source)):
            raise UsageError(f"{task.shown} is both input and output: choose another destination")
        other = sources.setdefault(task.target, task.source)
        if other != task.source:
            raise UsageError(
                f"{place_of(other)} and {task.shown} would both become {task.target}: "
                "name the folder that both are in, or give them to two batches"
            )


def _refuse_place(place: Path) -> None:
    if not _is_text(as_text(place)):
        raise UsageError(f"{place} is not valid UTF-8, and a batch cannot write it down: choose another destination")
    if isinstance(place, UrlPath):
        refuse_target(place, is_folder=True)
    elif is_there(place) and not is_folder(place):
        raise UsageError(f"{place} is a file: a batch writes several, so name a folder")
