"""Options that several commands share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import click

from ..logs import set_up_logging
from .grouping import OptionDecorator, all_options
from .param_types import DURATION, FILE_MODE, TIME

__all__ = [
    "allow_host_option",
    "as_json",
    "file_mode_option",
    "host_option",
    "limit_options",
    "logging_options",
    "max_clients_option",
    "overwrite_option",
    "port_option",
    "time_options",
]

limit_options = all_options(
    click.option("--duration", type=DURATION, help="Stop after this long, e.g. 1h30m."),
    click.option("--max-frames", metavar="N", type=click.IntRange(1), help="Stop after receiving this many frames."),
)
"""Adds `--duration` and `--max-frames`."""

overwrite_option = click.option("--overwrite", is_flag=True, help="Replace the output file if it exists.")


def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(command)


def file_mode_option(default: str) -> OptionDecorator:
    """Return what adds `--file-mode`, as the parameter `mode`; `default` says who may read the output without it."""
    text = f"Who may read and write the output, e.g. 0640.  [default: {default}]"
    return click.option("--file-mode", "mode", metavar="MODE", type=FILE_MODE, help=text)


def time_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--from` and `--to`, as the parameters `start` and `end`."""
    text = "Start at this time (UTC): 2026-11-21T17:00:00Z, 2026-11-21, 17:30, or 90s from the beginning."
    command = click.option("--to", "end", type=TIME, help="Stop before this time.")(command)
    return click.option("--from", "start", type=TIME, help=text)(command)


def logging_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `-v` and `-q`; they set up logging and are not passed to the command."""

    def apply(ctx: click.Context, param: click.Parameter, value: int) -> None:
        change = value if param.name == "verbose" else -value
        level = ctx.meta["feedrec.level"] = ctx.meta.get("feedrec.level", logging.INFO) - 10 * change
        set_up_logging(level, ctx)

    for name, flag, text in (("quiet", "-q", "Log less; -qq: only errors."), ("verbose", "-v", "Log more.")):
        command = click.option(flag, f"--{name}", count=True, expose_value=False, callback=apply, help=text)(command)
    return command


host_option = click.option(
    "--host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="Address to listen on."
)


def port_option(default: int) -> OptionDecorator:
    """Return what adds `--port` to a command that may run another one, for which it takes a free port."""
    return click.option(
        "--port",
        metavar="N",
        type=click.IntRange(0, 65535),
        default=default,
        help=f"Port to listen on; 0 for any free port.  [default: {default}; with COMMAND, 0]",
    )


def allow_host_option(may: str) -> OptionDecorator:
    """Return what adds `--allow-host`, as the parameter `allow_hosts`; `may` says what web pages of such a host may."""
    return click.option(
        "--allow-host",
        "allow_hosts",
        metavar="NAME",
        multiple=True,
        help=f"Let web pages of this host {may}, besides those of this machine. Repeatable.",
    )


def max_clients_option(default: int | None, note: str = "") -> OptionDecorator:
    """Return what adds `--max-clients`; where nothing is the default, `note` says what that means."""
    return click.option(
        "--max-clients",
        metavar="N",
        type=click.IntRange(min=1),
        default=default,
        show_default=True,
        help=f"Clients that may be connected at a time.{note}",
    )
