"""Several recordings read as one: what is known about each, their header, their connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ...errors import DamagedRecordingError, UsageError
from ...model import Header, format_time, parse_time
from ..facts.file_facts import FileFacts
from ..file.opening import open_recording, under_current_name
from ..file.recording import Recording
from ..line.fast_path import time_texts
from ..line.selection import Selection
from ..line.steady_clock import Reading, reading_in
from .glance import glance

__all__ = [
    "ConnectionNumbers",
    "Input",
    "RunIdentity",
    "inspect_index",
    "inspect_recording",
    "joined_header",
    "refuse_doubles",
    "run_identity",
    "runs_of",
]


RunIdentity = tuple[str, str, int, str] | Path
"""What all parts of one recording have in common, and no other recording has; of a file of no run, the file."""


def run_identity(header: Header) -> RunIdentity:
    """Return what all parts of one recording have in common."""
    return header.endpoint, header.url, header.created, header.software


def runs_of(headers: Iterable[Header]) -> list[int]:
    """Return of each recording the number of the run that it is a part of; one that does not say is a run by itself."""
    names = [run_identity(one) if one.created else place for place, one in enumerate(headers)]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return [numbers[name] for name in names]


class Input(NamedTuple):
    """
    A recording to read, perhaps more than once.

    Attributes:
        path: The file.
        header: Its first line.
        header_line: The first line as it stands in the file.
        first: The time of the next line as text, or an earlier time.
        size: Bytes in the file.
        open: Opens it.
        reading: The first reading of its clocks, if there is one near its beginning.
        begins_with_reading: Whether its first line is that reading.
        facts: What it says of itself; None if it must be read to know that, or nobody asked.
        of_no_run: The file, without links, if its header does not show the run that it belongs to; else None.

    """

    path: Path
    header: Header
    header_line: bytes
    first: bytes
    size: int
    open: Callable[[], Recording]
    reading: Reading | None = None
    begins_with_reading: bool = False
    facts: FileFacts | None = None
    of_no_run: Path | None = None

    @property
    def run(self) -> RunIdentity:
        """What all parts of one recording have in common."""
        return run_identity(self.header) if self.of_no_run is None else self.of_no_run

    @property
    def choice(self) -> Any:
        """Which part of that recording was selected; None for all of it."""
        return self.header.extra.get("filtered")


def inspect_recording(opening: Callable[[], Recording]) -> Input:
    """
    Read the beginning of a recording.

    Raises:
        RecordingError: If it cannot be read at all.

    """
    with opening() as recording:
        try:
            lines = next(recording.batches(), [])
        except DamagedRecordingError:  # reading reports it when it gets there
            lines = []
        first = time_texts(lines[:1])[0] if lines else b""
        reading = next(filter(None, map(reading_in, lines)), None)
        return Input(
            recording.path,
            recording.header,
            recording.header_line,
            first,
            recording.size,
            opening,
            reading,
            bool(lines) and reading is not None and reading_in(lines[0]) == reading,
            of_no_run=None if recording.shows_run else recording.path.resolve(),
        )


def inspect_index(path: Path) -> Input | None:
    """
    Take what a finished recording says of itself in place of reading its beginning; None if it says nothing.

    Raises:
        RecordingError: If it cannot be read at all.

    """
    seen = glance(path)
    if seen is None:
        return None
    facts = seen.facts
    first = b"" if facts.begin_wall is None else format_time(facts.begin_wall).encode()
    found = facts.first_reading
    return Input(
        seen.path,
        seen.header,
        seen.header_line,
        first,
        seen.size,
        partial(under_current_name, path, open_recording),
        None if found is None else found.reading,
        found is not None and found.line == 0,
        facts,
    )


def refuse_doubles(inputs: Sequence[Input]) -> None:
    """
    Refuse inputs with the same frames twice: files of one run that are not different parts, cuts or selections of it.

    A header without `url` or `created` does not show the run that it belongs to; a file of another tool that has no
    `url` is one by itself. Nothing is read unless two files are of one run; then only what may overlap: the end of the
    earlier file.

    Raises:
        UsageError: If there are two such files.
        RecordingError: If one cannot be read.

    """
    runs: dict[RunIdentity, list[Input]] = {}
    for one in inputs:
        if one.first and (one.of_no_run is not None or (one.header.url and one.header.created)):
            runs.setdefault(one.run, []).append(one)
    for one, other in (pair for files in runs.values() for pair in _pairs(files)):
        if (one.choice == other.choice or None in (one.choice, other.choice)) and _overlap(one, other):
            raise UsageError(f"{one.path} and {other.path} are the same recording: pass only one of them")


def _pairs(files: Sequence[Input]) -> Iterator[tuple[Input, Input]]:
    """Yield the pairs of files of a run, except pairs of different parts."""
    by_part: dict[Any, list[Input]] = {}
    for one in files:
        by_part.setdefault(one.header.extra.get("part"), []).append(one)
    for same in by_part.values():
        yield from combinations(same, 2)
    wholes = by_part.pop(None, [])
    yield from product(wholes, (one for parts in by_part.values() for one in parts))


def _overlap(one: Input, other: Input) -> bool:
    """
    Return whether the earlier file has a line that is not before the first line of the later.

    A part without a number and the file in which it goes on after a disk error may have lines of the same time.
    """
    earlier, later = sorted((one, other), key=lambda each: each.first)
    may_touch = one.header.extra.get("part") != other.header.extra.get("part")
    with earlier.open() as recording:
        try:
            return next(recording.batches(parse_time(later.first.decode()) + may_touch), None) is not None
        except DamagedRecordingError:  # reading reports it when it gets there
            return False


class ConnectionNumbers:
    """
    Renumbers the connections of several recordings so that all numbers differ.

    If all inputs are parts of one recording, the numbers stay; otherwise connections are numbered as they appear.

    Args:
        inputs: The recordings.

    Attributes:
        stay: Whether all numbers stay as they are.

    """

    def __init__(self, inputs: Sequence[Input]) -> None:
        runs = list(dict.fromkeys(one.run for one in inputs))
        self.stay = len(runs) < 2
        self._runs = [runs.index(one.run) for one in inputs]
        self._numbers: dict[tuple[int, int], int] = {}

    def run_of(self, file: int) -> int:
        """Return the number of the recording of which an input is a part."""
        return self._runs[file]

    def of(self, file: int, conn: int) -> int:
        """Return the new number of a connection of an input."""
        if self.stay:
            return conn
        return self._numbers.setdefault((self._runs[file], conn), len(self._numbers))


def joined_header(inputs: Sequence[Input], selection: Selection, noted: Mapping[str, Any] | None = None) -> Header:
    """
    Make the header for merged inputs: that of the first, with the earliest `created`, and all subscriptions.

    A selection is noted in it as `filtered`, unless it is by time alone; earlier selections are kept.

    Args:
        inputs: The inputs.
        selection: What of them is kept.
        noted: Further keys of the header, if any; of `filtered`, what is added to it.

    Raises:
        UsageError: If they are of different endpoints.

    """
    first = inputs[0]
    for other in inputs:
        if other.header.endpoint != first.header.endpoint:
            raise UsageError(
                f"{first.path} is a recording of {first.header.endpoint}, {other.path} of {other.header.endpoint}: "
                "only recordings of one endpoint can be merged"
            )
    if len(inputs) == 1 and not selection.is_filter and not noted:
        return first.header
    extra = {key: value for key, value in first.header.extra.items() if key != "part" or len(inputs) == 1}
    if any(one.header.extra.get("shard") != first.header.extra.get("shard") for one in inputs):
        extra.pop("shard", None)
    filters = [one.header.extra.get("filtered") for one in inputs]
    if selection.is_filter:
        filters.append(selection.as_dict())
    noted = noted or {}
    extra.update(noted)
    known = [one for one in (*filters, noted.get("filtered")) if isinstance(one, dict)]
    if known:
        extra["filtered"] = {key: value for one in known for key, value in one.items()}
    return msgspec.structs.replace(
        first.header,
        created=min(one.header.created for one in inputs),
        subscriptions=_united([one.header for one in inputs]),
        extra=extra,
    )


def _united(headers: Sequence[Header]) -> list[dict[str, Any]]:
    """Return every subscription once: those that differ only in their products become one."""
    united: dict[bytes, dict[str, Any]] = {}
    for subscription in (one for header in headers for one in header.subscriptions):
        rest = {key: value for key, value in subscription.items() if key != "products"}
        same = united.setdefault(msgspec.json.encode(rest, order="sorted"), dict(subscription))
        if "products" in subscription or "products" in same:
            same["products"] = list(dict.fromkeys((*same.get("products", ()), *subscription.get("products", ()))))
    return list(united.values())
