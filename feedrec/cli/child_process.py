"""Running a command against a server of ours: `feedrec replay FILE -- COMMAND...`, and `feedrec proxy` likewise."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from .options import GroupedCommand

if TYPE_CHECKING:
    from asyncio.subprocess import Process

__all__ = [
    "CommandNotExecutableError",
    "CommandNotFoundError",
    "CommandWithChild",
    "address_variables",
    "check_command",
    "choose_free_port",
    "run_command",
]

_KILLED = 128  # plus the signal number, as in shells

log = logging.getLogger("feedrec")


class CommandNotFoundError(click.ClickException):
    """The command does not exist."""

    exit_code = 127  # as a POSIX shell (XCU 2.8.2), like the next one


class CommandNotExecutableError(click.ClickException):
    """The command exists, but cannot be executed."""

    exit_code = 126


class CommandWithChild(GroupedCommand):
    """A command whose arguments end at the first `--`; everything after it is the parameter `command`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        place = args.index("--") if "--" in args else len(args)
        command = tuple(args[place + 1 :])
        if place < len(args) and not command:
            raise click.UsageError("no command after --", ctx)
        rest = super().parse_args(ctx, args[:place])
        ctx.params["command"] = command
        return rest

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


def check_command(command: Sequence[str]) -> None:
    """
    Check that a command can be run, before anything else starts.

    Raises:
        CommandNotFoundError: If it does not exist.
        CommandNotExecutableError: If it is a folder, or a file that is not executable.

    """
    name = command[0]
    if shutil.which(name) is not None:
        return
    if os.sep in name and os.path.lexists(name):
        raise CommandNotExecutableError(f"{name}: not executable")
    raise CommandNotFoundError(f"{name}: command not found")


def choose_free_port(options: dict[str, Any]) -> None:
    """Have the server of the running command listen on any free port, unless a person chose one."""
    if click.get_current_context().get_parameter_source("port") is click.core.ParameterSource.DEFAULT:
        options["port"] = 0


def address_variables(url: str) -> dict[str, str]:
    """Return the environment variables by which a command finds both halves of the server at a WebSocket address."""
    from ..admission.listening import http_url

    return {"FEEDREC_URL": url, "FEEDREC_REST_URL": http_url(url)}


async def run_command(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """
    Run a command with our stdin, stdout and stderr, and pass SIGINT and SIGTERM on to it.

    Args:
        command: Name and arguments.
        variables: Environment variables to add to ours.

    Returns:
        Its exit code, or 128 + N if signal N killed it.

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
    """Passes signals on to a process; those that arrive before it has started are passed on once it has."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._early: list[signal.Signals] = []

    def take(self, number: signal.Signals) -> None:
        if self._process is None:
            self._early.append(number)
        elif number == signal.SIGINT and _in_foreground():
            log.debug("Ctrl-C: not passed on, as the terminal signals the command as well")
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
    Return whether the terminal, if there is one, sends Ctrl-C to our process group.

    If so, the command, which is in the same group, has received it already. Passing it on would be a second Ctrl-C,
    at which many programs stop cleaning up. Python cannot tell who sent a signal, so in this case a SIGINT sent to us
    alone is not passed on either; a SIGTERM always is.
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
