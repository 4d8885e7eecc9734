"""The log on stderr: lines for a person, or objects of JSON for a program that collects them."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import click

from .live.live_line import LiveLine
from .terminal import LEVELS, can_redraw, coloured, echo_problem, flowed, json_line, printable

__all__ = ["has_live_line", "log_format_option", "report_problem", "set_up_logging"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

_FORMAT = "feedrec.log_format"  # in the meta data of the context
_LEVELS = {"warning": logging.WARNING, "error": logging.ERROR}


def log_format_option(command: _Command) -> _Command:
    """Add `--log-format`, which sets up logging and is not passed to the command."""

    def apply(ctx: click.Context, _param: click.Parameter, value: str) -> None:
        ctx.meta[_FORMAT] = value
        set_up_logging(logging.INFO, ctx)  # for what is wrong with the other options

    add = click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        is_eager=True,
        expose_value=False,
        callback=apply,
        help="Log lines for people, or a JSON object a line for a program.",
    )
    return add(command)


def has_live_line() -> bool:
    """Return whether a line is drawn again and again: on a terminal that can, for a person, and without `-q`."""
    logger = logging.getLogger("feedrec")
    return can_redraw(sys.stderr) and not _is_json(logger) and logger.isEnabledFor(logging.INFO)


def report_problem(level: str, text: str) -> None:
    """Say on stderr what ends the program, or is wrong with how it was called; the level is one of `LEVELS`."""
    logger = logging.getLogger("feedrec")
    if _is_json(logger):
        logger.log(_LEVELS[level], "%s", text)
    else:
        echo_problem(level, text)


def set_up_logging(level: int, ctx: click.Context | None = None) -> None:
    """
    Send feedrec's log lines of this level and above to stderr.

    Of what libraries log, errors are shown, and with `-v` warnings too; that includes Python's own warnings. It is one
    line each, without traceback: libraries write for programmers, and quote what clients and venues sent.

    Args:
        level: The lowest level.
        ctx: Says the format, if it is not text.

    """
    logger = logging.getLogger("feedrec")
    logger.setLevel(max(level, 1))  # 0 would be the level of all libraries
    logger.propagate = False
    libraries = logging.getLogger()
    libraries.setLevel(logging.WARNING if level <= logging.DEBUG else logging.ERROR)
    logging.captureWarnings(capture=True)
    is_json = ctx is not None and ctx.meta.get(_FORMAT) == "json"
    for one, text_of in ((logger, _text_of), (libraries, _text_of_library)):
        _handler_of(one).setFormatter(_JsonFormatter(text_of) if is_json else _LineFormatter(text_of))


class _StderrHandler(logging.Handler):
    """Writes to the current `sys.stderr`: a live display, or a test, may have replaced it."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError, ValueError):  # nobody can be told that stderr is gone
            LiveLine.write_above(sys.stderr, self._text_of(record), self._text_of_left_out)

    def _text_of(self, record: logging.LogRecord) -> str:
        line = self.format(record)
        shown = line if isinstance(self.formatter, _JsonFormatter) else flowed(line, sys.stderr)
        return f"{shown}\n"

    def _text_of_left_out(self, number: int) -> str:
        text = "messages left out here, as nobody took them: %d"
        return self._text_of(logging.LogRecord("feedrec", logging.WARNING, __file__, 0, text, (number,), None))


class _LineFormatter(logging.Formatter):
    """Formats `2026-11-21T17:00:00Z warning: text`, in UTC like everything else."""

    def __init__(self, text_of: Callable[[logging.LogRecord], str]) -> None:
        super().__init__()
        self._text_of = text_of

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        name = record.levelname.lower()
        level = "" if record.levelno == logging.INFO else f"{name}: "
        return coloured(f"{stamp} {level}{printable(self._text_of(record))}", level.rstrip(), LEVELS.get(name, ""))


class _JsonFormatter(logging.Formatter):
    """Formats an object with `time`, `level`, `text`, and `feed`, the name of the run, if there are several."""

    def __init__(self, text_of: Callable[[logging.LogRecord], str]) -> None:
        super().__init__()
        self._text_of = text_of

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        facts = {"time": f"{stamp}.{record.msecs:03.0f}Z", "level": record.levelname.lower()}
        text, feed = self._text_of(record), getattr(record, "feed", "")
        if feed:
            facts["feed"] = feed
            text = text.removeprefix(f"{feed}: ")
        return json_line(facts | {"text": text})


def _text_of(record: logging.LogRecord) -> str:
    return record.getMessage()


def _text_of_library(record: logging.LogRecord) -> str:
    """Return what a library logs: its name, the first line of the text, and the kind of the error, if any."""
    text = record.getMessage().partition("\n")[0]
    kind = record.exc_info[0] if record.exc_info else None
    return f"{record.name}: {text}{f' ({kind.__name__})' if kind else ''}"


def _handler_of(logger: logging.Logger) -> logging.Handler:
    """Return our handler of a logger, which gets one if it has none."""
    found = next((handler for handler in logger.handlers if isinstance(handler, _StderrHandler)), None)
    if found is None:
        found = _StderrHandler()
        logger.addHandler(found)
    return found


def _is_json(logger: logging.Logger) -> bool:
    return any(isinstance(handler.formatter, _JsonFormatter) for handler in logger.handlers)
