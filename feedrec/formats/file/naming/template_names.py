"""Names that are made from a template. Pure, as every naming."""

from __future__ import annotations

import calendar
import glob
import itertools
import re
import time as clocks
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ....errors import UsageError
from ....model import NANOSECONDS
from ..names import RECORDING_SUFFIXES, continuation_path, original_path
from .file_naming import FileNaming
from .template import TIME_FIELDS, Field, Template, joined_pieces

__all__ = ["TemplateNames"]

_FORMATS = {"date": "%Y-%m-%d", "hour": "%H", "time": "%Y%m%dT%H%M%SZ"}
_SHAPES = {"date": r"\d{4}-\d\d-\d\d", "hour": r"\d\d", "time": r"\d{8}T\d{6}Z"}
_LAST_SECOND = 253_402_300_799  # of the year 9999
_LONGEST_PART = 255  # bytes that a file system allows
_LONGEST_ADDED = 40  # bytes that a name is followed by, at most: a number, `.parquet.jsonl.zst`, `.part.old9`


class TemplateNames(FileNaming):
    """
    The files of a run, named after a template.

    A file has the name of the time at which it begins. Where that is taken, since the clock was set back or the run
    began anew, it is followed by a number: `x-2.jsonl.zst`.

    Args:
        template: The template.
        values: Of each of its fields that is the same for the whole run; safe as part of a file name.

    Raises:
        UsageError: If a name is longer than a file system allows.

    """

    def __init__(self, template: Template, values: Mapping[str, str]) -> None:
        super().__init__(template.folder)
        self._template = template
        self._values = values
        self._escaped = {name: glob.escape(value) for name, value in values.items()}
        self.depth = len(template.parts)
        self.tells_time = template.tells_time
        self._levels = [re.compile(_shape(part, values), re.ASCII) for part in template.parts]
        self._check_length()

    @property
    def pattern(self) -> Path:
        anything = {**self._escaped, **dict.fromkeys(TIME_FIELDS, "*")}
        whole = self.folder.joinpath(*(joined_pieces(part, anything, glob.escape) for part in self._template.parts))
        suffix = next(one for one in RECORDING_SUFFIXES if whole.name.endswith(one))
        may_go_on = self.tells_time and not whole.name.endswith(f"*{suffix}")
        return whole.with_name(f"{whole.name.removesuffix(suffix)}*{suffix}") if may_go_on else whole

    def names(self, number: int, time: int) -> Iterator[Path]:
        name = self._name_at(time // NANOSECONDS)
        yield name
        if self.tells_time or number > self.first:
            yield from (continuation_path(name, count) for count in itertools.count(2))

    def place_of(self, path: Path) -> tuple[int, int] | None:
        """Return the second at which a file of that name begins, at the earliest, and its number among those."""
        original, count = original_path(path)
        for candidate, number in ((path, 1), (original, count)):
            second = self._second_in(candidate)
            if second is not None and self._name_at(second) == candidate:
                return second, number
        return None

    def may_replace(self, path: Path) -> bool:
        place = self.place_of(path)
        return place is not None and place[1] == 1

    def may_lead_on(self, name: str, level: int) -> bool:
        return level < self.depth - 1 and self._levels[level].fullmatch(name) is not None

    def _name_at(self, second: int) -> Path:
        moment = clocks.gmtime(min(max(second, 0), _LAST_SECOND))
        fields = {**self._values, **{name: clocks.strftime(shape, moment) for name, shape in _FORMATS.items()}}
        return self.folder.joinpath(*(joined_pieces(part, fields) for part in self._template.parts))

    def _second_in(self, path: Path) -> int | None:
        """Return the earliest second that the fields of a name tell; None if it is not of this template."""
        if len(path.parts) < self.depth or path.parents[self.depth - 1] != self.folder:
            return None
        told: dict[str, str] = {}
        for level, name in zip(self._levels, path.parts[-self.depth :], strict=True):
            found = level.fullmatch(name)
            if found is None:
                return None
            told.update({key: text for key, text in found.groupdict().items() if text is not None})
        return _earliest(told)

    def _check_length(self) -> None:
        *folders, name = self._name_at(0).relative_to(self.folder).parts
        lengths = {name: len(name.encode()) + _LONGEST_ADDED, **{one: len(one.encode()) for one in folders}}
        for one, length in lengths.items():
            if length > _LONGEST_PART:
                raise UsageError(f"{one}: is too long for the name of a file: choose a shorter one")


def _shape(part: Iterable[str | Field], values: Mapping[str, str]) -> str:
    """Return a regular expression for a part of a path; each field of the time is a group, where it stands first."""
    fields = {name: re.escape(value) for name, value in values.items()} | _SHAPES
    seen: set[str] = set()
    shapes = list[str]()
    for piece in part:
        shape = joined_pieces([piece], fields, re.escape)
        if isinstance(piece, Field) and piece.name in TIME_FIELDS and piece.name not in seen:
            seen.add(piece.name)
            shape = f"(?P<{piece.name}>{shape})"
        shapes.append(shape)
    return "".join(shapes)


def _earliest(told: Mapping[str, str]) -> int | None:
    """Return the first second that fields mean together; 0 if there are none, None if they mean none."""
    day = told.get("date", "1970-01-01")
    text = told.get("time") or f"{day.replace('-', '')}T{told.get('hour', '00')}0000Z"
    try:
        return calendar.timegm(clocks.strptime(text, _FORMATS["time"]))
    except ValueError:
        return None
