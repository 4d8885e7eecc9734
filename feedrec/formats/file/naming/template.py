"""
A template of file names, `data/{endpoint}/{date}/{channel}-{time}.jsonl.zst`, and what is wrong with one.

Pure. What stands in braces is a field: of the run, the same for all its files, or of the time at which a file begins,
in UTC. Braces themselves are doubled, `{{`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from ....errors import UsageError
from ....model import NANOSECONDS
from ....spelling import did_you_mean
from ..names import RECORDING_SUFFIXES

__all__ = ["RUN_FIELDS", "TIME_FIELDS", "Field", "Template", "has_fields", "joined_pieces", "parse_template"]

_HOUR = 3600 * NANOSECONDS
_DAY = 24 * _HOUR

RUN_FIELDS = ("endpoint", "channel", "product", "shard")
"""What is the same for all files of a run."""

TIME_FIELDS = ("date", "hour", "time")
"""What tells when a file begins: `2026-11-26`, `13`, `20261126T130000Z`."""

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class Field(NamedTuple):
    """A field of a template."""

    name: str


class Template(NamedTuple):
    """
    A template, cut into pieces.

    Attributes:
        text: The template.
        folder: What stands before the first part with a field.
        parts: The parts of the path from there on, each of which is text and fields.

    """

    text: str
    folder: Path
    parts: tuple[tuple[str | Field, ...], ...]

    @property
    def fields(self) -> set[str]:
        """The names of its fields."""
        return {piece.name for part in self.parts for piece in part if isinstance(piece, Field)}

    @property
    def tells_time(self) -> bool:
        """Whether names tell when a file begins."""
        return not self.fields.isdisjoint(TIME_FIELDS)

    def turning(self, span: int | None, size: int | None) -> int | None:
        """
        Return the nanoseconds after which a new file begins, by the fields or as was asked for; None for never.

        Args:
            span: Nanoseconds after which one was asked for, if any.
            size: Bytes after which one was asked for, if any.

        Raises:
            UsageError: If several files would have one name, or spans end within others.

        """
        fields = self.fields
        own, name = next(((own, name) for name, own in (("hour", _HOUR), ("date", _DAY)) if name in fields), (None, ""))
        if "time" not in fields and (size is not None or (span is not None and (own is None or span < own))):
            raise UsageError(f"{self.text}: such a rotation gives several files one name: add {{time}}")
        if span is not None and span % NANOSECONDS:
            raise UsageError(f"{self.text}: {{time}} tells seconds: rotate after whole seconds")
        if span is not None and own is not None and own % span:
            raise UsageError(
                f"{self.text}: a file begins with each {{{name}}} anyway: rotate after a part of that, or leave it out"
            )
        return span or own


def joined_pieces(part: Iterable[str | Field], fields: Mapping[str, str], literal: Callable[[str], str] = str) -> str:
    """Return a part of a path, with a text in place of each field, and text as `literal` makes it."""
    return "".join(fields[piece.name] if isinstance(piece, Field) else literal(piece) for piece in part)


def has_fields(text: str) -> bool:
    """Return whether the name of an output is a template, good or bad."""
    return "{" in text or "}" in text


def parse_template(text: str, suffix: str) -> Template:
    """
    Parse a template.

    Args:
        text: The template; one that ends in a slash stands for files below that are named as in any other folder.
        suffix: The suffix of these.

    Raises:
        UsageError: If it has an unknown field, stray braces, a name that leads elsewhere, or no suffix of a recording;
            if files of two days would have one name.

    """
    if text.endswith("/"):
        text += "{endpoint}_{channel}_{time}" + suffix
    path = _unslashed(text)
    parts = [_pieces(part, text) for part in path.split("/")]
    first = next((number for number, part in enumerate(parts) if len(part) > 1 or isinstance(part[0], Field)), None)
    if first is None:  # braces that stand for themselves, in each part
        first = len(parts) - 1
    folders = ["".join(map(str, part)) for part in parts[:first]]
    template = Template(text, Path("/".join(folders) + "/") if folders else Path(), tuple(parts[first:]))
    _check(template)
    return template


def _unslashed(text: str) -> str:
    """Return a path without what names no part of it."""
    names = [name for number, name in enumerate(text.split("/")) if (name or not number) and name != "."]
    return "/".join(names)


def _pieces(part: str, text: str) -> tuple[str | Field, ...]:
    """Cut a part of a path into text and fields, no two texts beside each other."""
    pieces: list[str | Field] = [""]
    end = 0
    for token in _TOKEN.finditer(part):
        literal, end = part[end : token.start()], token.end()
        name = token[1]
        if name is None and token[0] in "{}":
            raise UsageError(f"{text}: a brace without its other one; write {{{{ or }}}} for a brace in a name")
        if name is not None and name not in (*RUN_FIELDS, *TIME_FIELDS):
            raise UsageError(_unknown(name, text))
        pieces[-1] = f"{pieces[-1]}{literal}{token[0][0] if name is None else ''}"
        pieces += [] if name is None else [Field(name), ""]
    pieces[-1] = f"{pieces[-1]}{part[end:]}"
    return tuple(piece for piece in pieces if piece) or ("",)


def _unknown(name: str, text: str) -> str:
    known = ", ".join(f"{{{one}}}" for one in (*RUN_FIELDS, *TIME_FIELDS))
    close = did_you_mean(name, (*RUN_FIELDS, *TIME_FIELDS))
    return f"{text}: {{{name}}} stands for nothing; there are {known}{close}"


def _check(template: Template) -> None:
    text, fields = template.text, template.fields
    if any(part == ("..",) for part in template.parts):
        raise UsageError(f"{text}: .. after a name in braces leads elsewhere: leave it out")
    last = template.parts[-1][-1]
    if not isinstance(last, str) or not last.endswith(RECORDING_SUFFIXES):
        raise UsageError(f"{text}: the name of a recording must end in .jsonl.zst, .jsonl.gz, .jsonl or .parquet")
    if "hour" in fields and not fields & {"date", "time"}:
        raise UsageError(f"{text}: {{hour}} gives the files of each day the same names: add {{date}} or {{time}}")
