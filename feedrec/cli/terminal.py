"""
What reaches a terminal: text in which every control character is visible.

Names, close reasons and header fields come from venues, clients and files, and may hold anything: escape sequences that
clear the screen or change what was printed before, newlines that fake a line of ours, marks that reverse the reading
direction. So everything that a command prints goes through this module; log lines go through their formatter.

The only escape sequences that a terminal gets are the colours of `coloured`, and those only where a person reads.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import click

from ..errors import UsageError
from ..visible import with_escapes, with_json_escapes
from .live.outlet import settle

__all__ = [
    "GAP",
    "LEVELS",
    "as_text",
    "can_redraw",
    "coloured",
    "echo",
    "echo_json",
    "echo_paged",
    "echo_problem",
    "echo_prose",
    "flowed",
    "has_colour",
    "height_of",
    "json_line",
    "printable",
    "refuse_terminal",
    "shown",
    "visible_json",
    "width_of",
]

GAP = "yellow"
"""Colour of what the recording lacks."""

LEVELS = {"warning": "yellow", "error": "red", "critical": "red"}
"""Colours of the names of levels."""


_USUAL_WIDTH, _USUAL_HEIGHT = 80, 24


def as_text(path: str | Path) -> str:
    """Return a file name as valid text, for JSON for example: `?` for bytes that are not UTF-8."""
    return str(path).encode(errors="replace").decode()


def printable(text: str | Path) -> str:
    """Return a text, such as a file name, printable on one line: `\\n` for a newline, `\\x1b` for an escape."""
    return with_escapes(as_text(text))


class _Coloured(str):
    """A line of which a part has a colour."""

    __slots__ = ("colour", "part")
    part: str
    colour: str


def coloured(line: str, part: str, colour: str) -> str:
    """Return a line to print, of which a part has a colour: the first place where the line has this text, if any."""
    marked = _Coloured(line)
    marked.part, marked.colour = printable(part), colour
    return marked


def shown(line: str, stream: TextIO) -> str:
    """Return a line as it is written to a stream: printable, with its colour if the stream has colours."""
    return _with_colour(printable(line), line, stream)


def flowed(line: str, stream: TextIO) -> str:
    """
    Return a line of prose as `shown` does.

    On a terminal, which would tear names in two, it goes on at a word, deeper than it begins if it is indented.
    """
    text = printable(line)
    if can_redraw(stream):
        import textwrap

        indent = len(text) - len(text.lstrip())
        parts = textwrap.wrap(
            text,
            width_of(stream),
            subsequent_indent=" " * (indent and indent + 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
        text = "\n".join(parts)
    return _with_colour(text, line, stream)


def refuse_terminal() -> None:
    """
    Refuse to write a recording to a terminal, which what is in it could control.

    Raises:
        UsageError: If stdout is one.

    """
    if sys.stdout.isatty():
        raise UsageError(
            "stdout is a terminal: redirect it to a file, or pipe it, for example to `feedrec cat -` to look at it"
        )


def _with_colour(text: str, line: str, stream: TextIO) -> str:
    """Return a text that is printable, made from a line, with the colour that the line has."""
    if not isinstance(line, _Coloured) or not line.part or not has_colour(stream):
        return text
    before, part, after = text.partition(line.part)
    return f"{before}{click.style(part, fg=line.colour)}{after}" if part else text


def has_colour(stream: TextIO) -> bool:
    """
    Return whether a stream gets colours: a terminal that has them, and with FORCE_COLOR or CLICOLOR_FORCE any stream.

    NO_COLOR comes first. A variable that is empty is not set, and of those that force, one that is 0 (no-color.org,
    force-color.org, bixense.com/clicolors).
    """
    if os.environ.get("NO_COLOR"):
        return False
    if any(os.environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return can_redraw(stream)


def can_redraw(stream: TextIO) -> bool:
    """Return whether a stream is a terminal that takes escape sequences."""
    return stream.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


def width_of(stream: TextIO) -> int:
    """Return the columns of a terminal: $COLUMNS if it is set, 80 if they are unknown."""
    with contextlib.suppress(ValueError):
        if (columns := int(os.environ.get("COLUMNS", "0"))) > 0:
            return columns
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    return _USUAL_WIDTH


def height_of(stream: TextIO) -> int:
    """Return the lines of a terminal, 24 if they are unknown."""
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).lines or _USUAL_HEIGHT
    return _USUAL_HEIGHT


def echo(*lines: str, err: bool = False) -> None:
    """Print lines on stdout, or on stderr if `err`."""
    stream = sys.stderr if err else sys.stdout
    settle(stream)
    click.echo("\n".join(shown(line, stream) for line in lines), err=err, color=True)


def echo_prose(*lines: str, err: bool = False) -> None:
    """Print lines on stdout, or on stderr if `err`, that on a terminal go on at a word."""
    stream = sys.stderr if err else sys.stdout
    settle(stream)
    click.echo("\n".join(flowed(line, stream) for line in lines), err=err, color=True)


def echo_problem(level: str, text: str) -> None:
    """Print `feedrec: LEVEL: TEXT` on stderr; the level is one of `LEVELS`."""
    echo_prose(coloured(f"feedrec: {level}: {text}", f"{level}:", LEVELS[level]), err=True)


def echo_json(value: Any) -> None:
    """Print a value as one line of JSON on stdout; names of files in it may be any bytes."""
    click.echo(json_line(value))


def json_line(value: Any) -> str:
    """Return a value as one line of JSON, in which every control character is visible."""
    import msgspec

    return with_json_escapes(msgspec.json.encode(_valid(value)).decode())


def _valid(value: Any) -> Any:
    """Return a value with valid text throughout."""
    if isinstance(value, str | Path):
        return as_text(value)
    if isinstance(value, dict):
        return {_valid(key): _valid(one) for key, one in value.items()}
    return [_valid(one) for one in value] if isinstance(value, list | tuple) else value


def echo_paged(lines: Iterable[str]) -> None:
    """Print lines on the terminal; through a pager ($PAGER, else less) if they are more than it shows at a time."""
    import shutil

    rest = iter(lines)
    height = shutil.get_terminal_size().lines
    first = list(itertools.islice(rest, height))
    if len(first) < height:
        echo(*first)
    else:
        click.echo_via_pager(f"{shown(line, sys.stdout)}\n" for line in itertools.chain(first, rest))


def visible_json(data: bytes) -> str:
    """Return a payload, or a line of a recording, with escapes of JSON for what cannot be seen."""
    return with_json_escapes(data.decode(errors="backslashreplace"))
