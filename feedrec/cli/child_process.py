"""A command that is run with the replay: `feedrec replay FILE -- COMMAND...`."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from asyncio.subprocess import Process

__all__ = [
    "CommandNotExecutableError",
    "CommandNotFoundError",
    "CommandWithChild",
    "check_command",
    "run_command",
]

_KILLED = 128  # and the number of the signal, as shells have it

log = logging.getLogger("feedrec")


class CommandNotFoundError(click.ClickException):
    """There is no such command."""

    exit_code = 127  # what a POSIX shell exits with (XCU 2.8.2), as the next


class CommandNotExecutableError(click.ClickException):
    """The command is there, but cannot be started."""

    exit_code = 126


class CommandWithChild(click.Command):
    """A command whose arguments end at the first `--`; what stands after it is its parameter `command`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        place = args.index("--") if "--" in args else len(args)
        command = tuple(args[place + 1 :])
        if place < len(args) and not command:
            raise click.UsageError("there is no command after --", ctx)
        rest = super().parse_args(ctx, args[:place])
        ctx.params["command"] = command
        return rest

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


def check_command(command: Sequence[str]) -> None:
    """
    See to it that a command can be run, before anything is begun.

    Raises:
        CommandNotFoundError: If there is none.
        CommandNotExecutableError: If it is a file that is not executable, or a folder.

    """
    name = command[0]
    if shutil.which(name) is not None:
        return
    if os.sep in name and os.path.lexists(name):
        raise CommandNotExecutableError(f"{name}: not executable")
    raise CommandNotFoundError(f"{name}: command not found")


async def run_command(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """
    Run a command with our own stdin, stdout and stderr; SIGINT and SIGTERM are passed on to it.

    Args:
        command: Name and arguments.
        variables: What its environment has besides ours.

    Returns:
        Its exit code; 128 + N if signal N killed it.

    Raises:
        CommandNotExecutableError: If it cannot be started.

    """
    import asyncio

    with _passed_on() as signals:
        try:
            process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **variables})
        except OSError as error:
            raise CommandNotExecutableError(f"{command[0]}: {error.strerror or error}") from error
        try:
            signals.pass_to(process)
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
    return code if code >= 0 else _KILLED - code


class _Signals:
    """Passes signals on to a process; those that come before it is there, as soon as it is."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._early: list[signal.Signals] = []

    def take(self, number: signal.Signals) -> None:
        if self._process is None:
            self._early.append(number)
        elif number == signal.SIGINT and _in_foreground():
            log.debug("Ctrl-C: the terminal has told the command as well")
        else:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def pass_to(self, process: Process) -> None:
        self._process = process
        for number in self._early:
            self.take(number)


@contextlib.contextmanager
def _passed_on() -> Iterator[_Signals]:
    import asyncio

    loop = asyncio.get_running_loop()
    signals = _Signals()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, signals.take, number)
    try:
        yield signals
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _in_foreground() -> bool:
    """
    Tell whether the terminal, if there is one, sends Ctrl-C to our process group.

    The command is in the same group, and has got it then. To pass it on would be a second Ctrl-C, at which many
    programs stop tidying up. Python does not tell who sent a signal, so a SIGINT sent to us alone is not passed on
    in this case; a SIGTERM always is.
    """
    try:
        terminal = os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
