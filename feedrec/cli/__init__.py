"""
The command line: one module a command, each parses and calls.

Modules of commands import at their top only what is light; what they need for the work is imported when they run, so
that `feedrec --help` is quick.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import Any

import click

from .. import __version__
from ..errors import FeedrecError
from ..feeds.base import did_you_mean

__all__ = ["cli", "main"]

_COMMANDS = ("record", "replay", "cat", "info", "demo")


class _ReportedError(click.ClickException):
    """An error of feedrec's own, as one line on stderr."""

    def __init__(self, error: FeedrecError) -> None:
        super().__init__(str(error))
        self.error = error

    def show(self, file: Any = None) -> None:
        click.echo(f"feedrec: error: {self.format_message()}", file=file, err=True)


class _CommandGroup(click.Group):
    """Imports a command when it is asked for; reports errors as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f".{cmd_name}", __name__), cmd_name)
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
        except FeedrecError as error:
            raise _ReportedError(error) from error


@click.group(
    cls=_CommandGroup,
    context_settings={"auto_envvar_prefix": "FEEDREC", "help_option_names": ["-h", "--help"], "max_content_width": 100},
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
    try:
        sys.exit(cli.main(args, prog_name="feedrec", standalone_mode=False) or 0)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except _ReportedError as error:
        error.show()
        sys.exit(error.error.exit_code)
    except click.ClickException as error:
        click.echo(f"feedrec: error: {error.format_message()}{_where_to_look(error)}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of our output left: `feedrec cat FILE | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(128 + signal.SIGINT)
    except Exception as error:
        if os.environ.get("FEEDREC_DEBUG"):
            raise
        kind = type(error).__name__
        click.echo(
            f"feedrec: internal error: {kind}: {error} (FEEDREC_DEBUG=1 shows where; please report it)", err=True
        )
        sys.exit(1)


def _where_to_look(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f" (see {context.command_path} --help)" if context is not None else ""
