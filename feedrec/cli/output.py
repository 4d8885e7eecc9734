"""Formatting for people: numbers with units, aligned columns, log lines."""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

__all__ = ["as_text", "columns", "count", "duration", "is_terminal", "printable", "ratio", "set_up_logging", "size"]


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def size(number: float) -> str:
    """Format bytes in decimal units, e.g. `5.1 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} B" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def duration(seconds: float) -> str:
    """Format seconds, e.g. `24.2 s`, `12m 05s`, `3h 02m`."""
    if seconds < 1:
        return f"{seconds:.3f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours < 1:
        return f"{minutes}m {rest:02d}s"
    days, hours_of_day = divmod(hours, 24)
    return f"{days}d {hours_of_day:02d}h" if days else f"{hours}h {minutes:02d}m"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Format a number with its noun, e.g. `1 gap`, `1,030 frames`, `no gaps`."""
    name = noun if number == 1 else plural or f"{noun}s"
    return f"{number:,} {name}" if number else f"no {name}"


def ratio(value: float | None) -> str:
    """Format a compression ratio, e.g. `12.3:1`."""
    return f"{value:.1f}:1" if value else "-"


def as_text(path: str | Path) -> str:
    """Return a file name as valid text, for JSON for example: `?` for bytes that are not UTF-8."""
    return str(path).encode(errors="replace").decode()


def printable(text: str | Path) -> str:
    """Return a file name, or a text that contains one, printable on one line: `\\n` for a newline in it."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), as_text(text))


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Align rows of cells; the columns in `right` are right-aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def is_terminal() -> bool:
    """Return whether stderr is a terminal that can redraw a line, and `-q` was not given."""
    is_dumb = os.environ.get("TERM") in ("dumb", "unknown")
    return sys.stderr.isatty() and not is_dumb and logging.getLogger("feedrec").isEnabledFor(logging.INFO)


class _StderrHandler(logging.Handler):
    """Writes to the current `sys.stderr`: a live display, or a test, may have replaced it."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            self.handleError(record)


class _LineFormatter(logging.Formatter):
    """Formats `2026-11-21T17:00:00Z warning: text`, in UTC like everything else."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        return f"{stamp} {level}{record.getMessage()}"


def set_up_logging(level: int) -> None:
    """Send feedrec's log lines of this level and above to stderr."""
    logger = logging.getLogger("feedrec")
    logger.setLevel(level)
    logger.propagate = False
    if not any(isinstance(handler, _StderrHandler) for handler in logger.handlers):
        handler = _StderrHandler()
        handler.setFormatter(_LineFormatter())
        logger.addHandler(handler)
