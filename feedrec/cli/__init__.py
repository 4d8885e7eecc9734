"""
The command line.

    commands/              one module a command
    options.py             kinds of option values, and shared options
    filters.py             choosing records
    output.py              how facts look
    progress.py            how far the reading of a file has come
    plot.py                a plot in the terminal
    record_source.py       what `record` records
    record_output.py       where it writes
    record_run.py          a recording in front of a person
    raw_options.py         options of `-e raw`
    credential_options.py  keys from a file or the environment
    child_process.py       the command behind `replay --`

Modules import at their top only what is light; what they need for the work is imported when they run, so that
`feedrec --help` is quick.
"""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

try:
    import click

    from .. import __version__
    from ..errors import FeedrecError
    from ..feeds.base import did_you_mean
    from .output import printable
except KeyboardInterrupt:  # Ctrl-C before there is anything to end
    sys.exit(128 + signal.SIGINT)

__all__ = ["cli", "main"]

_COMMANDS = (
    "record",
    "replay",
    "cat",
    "convert",
    "info",
    "verify",
    "repair",
    "feeds",
    "demo",
)

_STDOUT_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
"""What writing to stdout may end with; where else such things happen, they are explained there."""


class _ReportedError(click.ClickException):
    """An error of feedrec's own, as one line on stderr."""

    def __init__(self, error: FeedrecError) -> None:
        super().__init__(str(error))
        self.error = error

    def show(self, file: Any = None) -> None:
        click.echo(f"feedrec: error: {printable(self.format_message())}", file=file, err=True)


class _CommandGroup(click.Group):
    """Imports a command when it is asked for; reports errors as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f".commands.{cmd_name}", __name__), cmd_name)
        _name_variables(command, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if args[0].startswith("-"):
                raise
            raise click.UsageError(f"there is no command {args[0]!r}{did_you_mean(args[0], _COMMANDS)}", ctx) from error

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:  # the reader of our output left: `feedrec cat FILE | head`
            raise _reader_left() from error
        except FeedrecError as error:
            if isinstance(error.__cause__, BrokenPipeError):
                raise _reader_left() from error
            raise _ReportedError(error) from error


def _name_variables(command: click.Command, name: str) -> None:
    """Name the variables that stand for the options after their long names; click takes the Python names."""
    for option in command.params:
        if isinstance(option, click.Option):
            (long_name,) = (text[2:] for text in option.opts if text.startswith("--"))
            option.envvar = f"FEEDREC_{name}_{long_name}".replace("-", "_").upper()


def _reader_left() -> click.exceptions.Exit:
    """Exit as a program does that SIGPIPE ended. Not for click to see: it makes 1 of a broken pipe."""
    return click.exceptions.Exit(128 + signal.SIGPIPE)


@click.group(
    cls=_CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="feedrec", message="%(prog)s %(version)s")
def cli() -> None:
    """
    Record the raw WebSocket feeds of crypto venues, and replay them through a local mock venue.

    \b
      feedrec record --channel level2            record the BTC-USD order book until Ctrl-C
      feedrec info FILE                          what is in a recording
      feedrec replay FILE --speed 10             serve it on ws://127.0.0.1:8765, ten times as fast
      feedrec demo                               the whole thing, offline, in a few seconds

    Every option can also be given in the environment, as FEEDREC_<COMMAND>_<OPTION>.
    """


def main(args: list[str] | None = None) -> None:
    """Run the command line; every outcome is an exit code and at most one line of error, never a traceback."""
    _replace_closed_streams()
    code = _run(args)
    try:
        sys.stdout.flush()
    except OSError:  # said already; Python must not try once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _run(args: list[str] | None) -> int:
    """Run the command line; give the exit code."""
    try:
        return cli.main(args, prog_name="feedrec", standalone_mode=False) or 0
    except _ReportedError as error:
        error.show()
        return error.error.exit_code
    except click.ClickException as error:
        click.echo(f"feedrec: error: {error.format_message()}{_where_to_look(error)}", err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return 128 + signal.SIGINT
    except Exception as error:
        if os.environ.get("FEEDREC_DEBUG"):
            raise
        if isinstance(error, OSError) and error.errno in _STDOUT_ERRORS and error.filename is None:
            click.echo(f"feedrec: error: stdout cannot be written: {error.strerror}", err=True)
            return 1
        kind = type(error).__name__
        click.echo(
            f"feedrec: internal error: {kind}: {error} (FEEDREC_DEBUG=1 shows where; please report it)", err=True
        )
        return 1


def _replace_closed_streams() -> None:
    """Open /dev/null in place of the standard streams that we were started without, in the order of their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  for good


def _where_to_look(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f" (see {context.command_path} --help)" if context is not None else ""
