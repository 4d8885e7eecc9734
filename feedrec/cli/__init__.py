"""
The command line.

    commands/              one module per command
    recording/             what `record` consists of
    replaying/             what `replay` consists of
    converting/            what `convert` consists of
    inspecting/            what `info` and `book` consist of
    listing/               what `ls` consists of
    exporting/             what `export` consists of
    shipping/              what `ship` consists of
    batching/              what `batch` consists of
    live/                  what changes on a terminal, in its place
    options/               what texts of options mean, and options that several commands share
    filters.py             options that select records by channel and product
    uploading.py           what is written: files here, or what a URL names
    output.py              formatting numbers and tables
    logs.py                the log on stderr, as lines or as JSON
    subscribed.py          what was asked for and not accepted
    signals.py             signals that end a program, taken between the steps of its work
    terminal.py            printing, with every control character made visible
    frame_lines.py         records as lines for a person
    browser.py             a page in the user's browser
    child_process.py       the command after `replay --` and `proxy --`
    memory.py              how memory is handed out and collected

Only light modules are imported at the top; whatever a command needs for its work is imported when it runs, so that
`feedrec --help` is quick.
"""

from __future__ import annotations

import atexit
import errno
import gc
import importlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

try:
    import click

    from .. import __version__
    from ..errors import FeedrecError
    from ..spelling import did_you_mean
    from .terminal import echo, echo_problem
except KeyboardInterrupt:  # Ctrl-C while modules are still being imported
    sys.exit(128 + signal.SIGINT)

__all__ = ["cli", "main"]

_COMMANDS = {
    "record": "Record a feed, every frame exactly as it arrives.",
    "proxy": "Pass an application's own connections on to a venue, and record them.",
    "replay": "Serve a recording from a local WebSocket server, at any speed.",
    "view": "Look at recordings in the browser.",
    "cat": "Print a recording, or only what the venue sent.",
    "book": "Print the order book as of any moment of a recording.",
    "convert": "Convert, merge, cut, filter or split recordings.",
    "export": "Write recordings in the formats of other tools.",
    "batch": "Do the same with many recordings, here or on a cluster.",
    "ship": "Send finished recordings to a bucket, and check them there.",
    "info": "Show what a recording contains.",
    "ls": "List recordings in a folder or a bucket, by their indexes.",
    "verify": "Check that recordings are intact.",
    "repair": "Save what can be saved of a damaged recording.",
    "feeds": "List endpoints, channels, credentials and limits.",
    "demo": "See it work, offline, in a few seconds.",
}
"""What each command does, in a line of `feedrec --help`, which needs no more of it and so imports none."""

_OF_FOLDERS = frozenset({"ls", "batch", "ship"})
"""The commands that have a room of their own."""

_HINTS = {
    "help": "; try feedrec --help, or feedrec COMMAND --help",
    "list": "; feedrec ls FOLDER shows its recordings, feedrec feeds what can be recorded",
    "version": "; try feedrec --version",
}
"""What to do instead of commands that other tools have."""

_OTHER_VARIABLES = ("FEEDREC_URL", "FEEDREC_REST_URL", "FEEDREC_CONTROL_", "FEEDREC_DEBUG", "FEEDREC_TEST_")
"""Beginnings of the names of variables that are no option's."""

_STDOUT_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
"""Errors of writing to stdout. Errors of other files carry a file name, and are explained where they occur."""


class _ReportedError(click.ClickException):
    """Shows a `FeedrecError` as one line on stderr."""

    def __init__(self, error: FeedrecError) -> None:
        super().__init__(str(error))
        self.error = error

    def show(self, file: Any = None) -> None:
        _report(self.format_message())


class _CommandGroup(click.Group):
    """Imports a command only when it is used; turns errors into one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        room = "commands.folders" if cmd_name in _OF_FOLDERS else "commands"
        command: click.Command = getattr(importlib.import_module(f".{room}.{cmd_name}", __name__), cmd_name)
        command.short_help = _COMMANDS[cmd_name]
        _name_variables(command, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            name, command, rest = super().resolve_command(ctx, args)
        except click.UsageError as error:
            if args[0].startswith("-"):
                raise
            hint = _HINTS.get(args[0].lower()) or did_you_mean(args[0], _COMMANDS)
            raise click.UsageError(f"unknown command {args[0]!r}{hint}", ctx) from error
        if command is not None:
            _warn_of_unknown_variables(command)
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        from .memory import return_large_blocks

        return_large_blocks()
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:  # the reader of our output has gone: `feedrec cat FILE | head`
            raise _broken_pipe_exit() from error
        except FeedrecError as error:
            if isinstance(error.__cause__, BrokenPipeError):
                raise _broken_pipe_exit() from error
            raise _ReportedError(error) from error


def _name_variables(command: click.Command, name: str) -> None:
    """Name the environment variable of each option after its long name; click would use the Python name."""
    for option in command.params:
        if isinstance(option, click.Option):
            (long_name,) = (text[2:] for text in option.opts if text.startswith("--"))
            option.envvar = f"FEEDREC_{name}_{long_name}".replace("-", "_").upper()


def _warn_of_unknown_variables(command: click.Command) -> None:
    """Warn of variables in the environment that no option is named after; other commands know their own."""
    options = _variables(command)
    others = tuple(f"FEEDREC_{name}_".upper() for name in _COMMANDS if name != command.name)
    for name in sorted(os.environ):
        if name.startswith("FEEDREC_") and name not in options and not name.startswith((*others, *_OTHER_VARIABLES)):
            echo_problem("warning", f"unknown environment variable {name}{_close_variable(name, options)}")


def _variables(command: click.Command) -> set[str]:
    return {str(option.envvar) for option in command.params if isinstance(option, click.Option)}


def _variables_of_all() -> set[str]:
    context = click.Context(cli)
    commands = (cli.get_command(context, name) for name in _COMMANDS)
    return {variable for command in commands if command is not None for variable in _variables(command)}


def _close_variable(name: str, options: Iterable[str]) -> str:
    """Return a suggestion, if need be of another command; nothing if only what all variables begin with is alike."""
    begin = "FEEDREC_"
    for names in (options, _variables_of_all()):
        found = did_you_mean(name.removeprefix(begin), sorted(option.removeprefix(begin) for option in names))
        if found:
            break
    return found.replace("'", f"'{begin}", 1)


def _broken_pipe_exit() -> click.exceptions.Exit:
    """Return an exit with the code of a program killed by SIGPIPE; click itself would exit with 1."""
    return click.exceptions.Exit(128 + signal.SIGPIPE)


@click.group(
    cls=_CommandGroup,
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="feedrec", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """
    Record the raw WebSocket feeds of crypto venues, and replay them through a local mock venue.

    \b
      feedrec record --channel level2    record the BTC-USD book until Ctrl-C
      feedrec info FILE                  show what a recording contains
      feedrec replay FILE --speed 10     serve it on ws://127.0.0.1:8765 at 10x
      feedrec demo                       see it all work, offline, in seconds

    Every option can also be set in the environment, as FEEDREC_<COMMAND>_<OPTION>.
    """
    if ctx.invoked_subcommand is None:
        echo(*ctx.get_help().splitlines())


def main(args: list[str] | None = None) -> None:
    """Run the command line; it ends with an exit code and at most one line of error, never a traceback."""
    _replace_closed_streams()
    _show_what_cannot_be_encoded()
    _report_stray_errors()
    atexit.register(gc.disable)  # Python would look for garbage as it ends, among all objects: 8 ms for nothing
    code = _run(args)
    try:
        sys.stdout.flush()
    except OSError:  # reported already; keep Python from flushing again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _run(args: list[str] | None) -> int:
    """Run the command line; return the exit code."""
    try:
        return cli.main(args, prog_name="feedrec", standalone_mode=False) or 0
    except _ReportedError as error:
        error.show()
        return error.error.exit_code
    except click.ClickException as error:
        _report(f"{error.format_message()}{_where_to_look(error)}")
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return 128 + signal.SIGINT
    except Exception as error:
        if os.environ.get("FEEDREC_DEBUG"):
            raise
        if isinstance(error, OSError) and error.errno in _STDOUT_ERRORS and error.filename is None:
            _report(f"cannot write to stdout: {error.strerror}")
            return 1
        _report_defect(error)
        return 1


def _report(text: str) -> None:
    from .logs import report_problem  # not loaded for --help

    report_problem("error", text)


def _report_defect(error: BaseException | None, where: str = "") -> None:
    echo(
        f"feedrec: internal error{where}: {type(error).__name__}: {error} "
        "(please report it; FEEDREC_DEBUG=1 shows the traceback)",
        err=True,
    )


def _report_stray_errors() -> None:
    """Report what is raised where no caller is, in a thread or while an object is removed, as one line too."""
    if not os.environ.get("FEEDREC_DEBUG"):
        threading.excepthook = lambda stray: _report_defect(stray.exc_value, " in a thread")
        sys.unraisablehook = lambda stray: _report_defect(stray.exc_value)


def _replace_closed_streams() -> None:
    """Replace standard streams that were closed when we started by /dev/null, in the order of their file numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  stays open


def _show_what_cannot_be_encoded() -> None:
    """Have text that the encoding of a terminal lacks shown as escapes, not end in an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _where_to_look(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None or "--help" in error.format_message():
        return ""
    return f" (see {context.command_path} --help)"
