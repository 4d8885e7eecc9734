"""Several recordings that are read as one: what is known of each, their lines in order, their connections."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ...errors import DamagedRecordingError, UsageError
from ...model import Header, format_time, parse_time
from ..file.recording import Recording
from ..line.fast_path import time_texts
from ..line.selection import Selection
from .merge import Batch, Merge, Source

__all__ = [
    "ConnectionNumbers",
    "Input",
    "RunIdentity",
    "inspect_recording",
    "joined_header",
    "merged",
    "refuse_doubles",
    "run_identity",
]


RunIdentity = tuple[str, str, int, str]
"""What is the same in all parts of one recording."""


def run_identity(header: Header) -> RunIdentity:
    """Return what is the same in all parts of one recording."""
    return header.endpoint, header.url, header.created, header.software


class Input(NamedTuple):
    """
    A recording to read, perhaps more than once.

    Attributes:
        path: The file.
        header: Its first line.
        header_line: The same as it stands in the file.
        first: The time of its first line as text, or a time before it.
        size: Bytes in the file.
        open: Opens it.

    """

    path: Path
    header: Header
    header_line: bytes
    first: bytes
    size: int
    open: Callable[[], Recording]

    @property
    def run(self) -> RunIdentity:
        """What is the same in all parts of one recording."""
        return run_identity(self.header)

    @property
    def choice(self) -> Any:
        """What was chosen of that recording; None for all of it."""
        return self.header.extra.get("filtered")


def inspect_recording(opening: Callable[[], Recording]) -> Input:
    """
    Look at the beginning of a recording.

    Raises:
        RecordingError: If it cannot be read at all.

    """
    with opening() as recording:
        first = b""
        try:
            lines = next(recording.batches(), [])
        except DamagedRecordingError:  # it is told when reading comes to it
            lines = []
        if lines:
            first = time_texts(lines[:1])[0]
        return Input(recording.path, recording.header, recording.header_line, first, recording.size, opening)


def refuse_doubles(inputs: Sequence[Input]) -> None:
    """
    Refuse what holds the same frames twice: files of one run that are not different parts, or cuts, or choices, of it.

    Of a header without address or beginning nobody can tell which run it is of. Nothing is read unless two files are of
    one run; then, of the earlier, what may lie within the span of the later.

    Raises:
        UsageError: If there are two such files.
        RecordingError: If one cannot be read.

    """
    runs: dict[RunIdentity, list[Input]] = {}
    for one in inputs:
        if one.first and one.header.url and one.header.created:
            runs.setdefault(one.run, []).append(one)
    for one, other in (pair for files in runs.values() for pair in _pairs(files)):
        if (one.choice == other.choice or None in (one.choice, other.choice)) and _overlap(one, other):
            raise UsageError(f"{one.path} and {other.path} are the same recording: give one of them")


def _pairs(files: Sequence[Input]) -> Iterator[tuple[Input, Input]]:
    """Yield the files of a run two by two, but for its different parts."""
    by_part: dict[Any, list[Input]] = {}
    for one in files:
        by_part.setdefault(one.header.extra.get("part"), []).append(one)
    for same in by_part.values():
        yield from combinations(same, 2)
    wholes = by_part.pop(None, [])
    yield from product(wholes, (one for parts in by_part.values() for one in parts))


def _overlap(one: Input, other: Input) -> bool:
    """Return whether the earlier has a line that is not before the first of the later."""
    earlier, later = sorted((one, other), key=lambda each: each.first)
    with earlier.open() as recording:
        try:
            return next(recording.batches(parse_time(later.first.decode())), None) is not None
        except DamagedRecordingError:  # it is told when reading comes to it
            return False


def merged(
    inputs: Sequence[Input],
    start: int | None = None,
    end: int | None = None,
    on_read: Callable[[int, int], object] = lambda number, size: None,  # noqa: ARG005
) -> Iterator[Batch]:
    """
    Yield the lines of recordings by time, stably.

    Args:
        inputs: The recordings.
        start: First time, inclusive, in nanoseconds.
        end: Last time, exclusive, in nanoseconds.
        on_read: Told the number of an input, and the bytes of it that were read so far.

    Raises:
        DamagedRecordingError: At damage, after all that is good before it in that recording.

    """

    def blocks(number: int) -> Generator[list[bytes], None, None]:
        with inputs[number].open() as recording:
            for lines in recording.batches(start, end):
                yield lines
                on_read(number, recording.bytes_read)

    first = format_time(max(start or 0, 0)).encode()
    sources = [Source(number, max(one.first, first), partial(blocks, number)) for number, one in enumerate(inputs)]
    return Merge(sources)


class ConnectionNumbers:
    """
    Numbers the connections of several recordings so that none have the same number.

    Where all inputs are parts of one recording, the numbers stay; else connections are counted as they first appear.

    Args:
        inputs: What is read.

    Attributes:
        stay: Whether every number stays as it is.

    """

    def __init__(self, inputs: Sequence[Input]) -> None:
        runs = list(dict.fromkeys(one.run for one in inputs))
        self.stay = len(runs) < 2
        self._runs = [runs.index(one.run) for one in inputs]
        self._numbers: dict[tuple[int, int], int] = {}

    def of(self, file: int, conn: int) -> int:
        """Return the number of a connection of an input."""
        if self.stay:
            return conn
        return self._numbers.setdefault((self._runs[file], conn), len(self._numbers))


def joined_header(inputs: Sequence[Input], selection: Selection) -> Header:
    """
    Make the first line of what inputs become: that of the first, the beginning of the earliest, all subscriptions.

    A choice stands in it as `filtered`, unless it is by nothing but time; what was chosen before is kept.

    Raises:
        UsageError: If they are of different endpoints.

    """
    first = inputs[0]
    for other in inputs:
        if other.header.endpoint != first.header.endpoint:
            raise UsageError(
                f"{first.path} is of {first.header.endpoint} and {other.path} of {other.header.endpoint}: "
                "only recordings of one endpoint become one file"
            )
    if len(inputs) == 1 and not selection.is_filter:
        return first.header
    extra = {key: value for key, value in first.header.extra.items() if key != "part" or len(inputs) == 1}
    filters = [one.header.extra.get("filtered") for one in inputs]
    filtered: dict[str, Any] = {}
    for one in [*filters, selection.as_dict()]:
        filtered |= one if isinstance(one, dict) else {}
    if filtered:
        extra["filtered"] = filtered
    return msgspec.structs.replace(
        first.header,
        created=min(one.header.created for one in inputs),
        subscriptions=_united([one.header for one in inputs]),
        extra=extra,
    )


def _united(headers: Sequence[Header]) -> list[dict[str, Any]]:
    """Return every subscription once: those that differ in nothing but products become one."""
    united: dict[bytes, dict[str, Any]] = {}
    for subscription in (one for header in headers for one in header.subscriptions):
        rest = {key: value for key, value in subscription.items() if key != "products"}
        same = united.setdefault(msgspec.json.encode(rest, order="sorted"), dict(subscription))
        if "products" in subscription or "products" in same:
            same["products"] = list(dict.fromkeys((*same.get("products", ()), *subscription.get("products", ()))))
    return list(united.values())
