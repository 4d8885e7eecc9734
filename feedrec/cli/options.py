"""
Option types, and options that several commands share.

A type imports what it needs when it converts a text: a command has many options, and a run of it uses few.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from .logs import set_up_logging
from .terminal import echo_problem

if TYPE_CHECKING:
    from ..feeds.channel_requests import ChannelRequest
    from ..formats.file.modes import FileMode
    from ..formats.file.rotation import RotateAfter
    from ..times import Moment

__all__ = [
    "AGE",
    "CHANNEL",
    "DURATION",
    "LINES",
    "PRODUCTS",
    "RECORDING",
    "RECORDING_FILE",
    "ROTATE_AFTER",
    "SETTING",
    "SIZE",
    "SPEED",
    "TIME",
    "GroupedCommand",
    "OptionDecorator",
    "all_options",
    "allow_host_option",
    "as_json",
    "complete_channel",
    "complete_endpoint",
    "file_mode_option",
    "host_option",
    "limit_options",
    "logging_options",
    "max_clients_option",
    "overwrite_option",
    "port_option",
    "time_options",
]

_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


class _Recording(click.Path):
    """The file or the URL of a recording; `-` is stdin."""

    def __init__(self, *, may_be_stdin: bool = True) -> None:
        super().__init__(readable=False, path_type=Path)
        self._may_be_stdin = may_be_stdin

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and "://" in value:
            from ..formats.places.url_path import place_of

            return place_of(value)
        if value != "-":
            return super().convert(value, param, ctx)
        if not self._may_be_stdin:
            self.fail("- is stdin, and this needs a file: save what comes from the pipe first", param, ctx)
        from ..formats.file.pipe import STDIN

        return STDIN


class _Duration(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "duration"

    def __init__(self, *, may_be_none: bool = False) -> None:
        self._nothing = {"0", "0s"} if may_be_none else set()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from ..model import parse_duration

        if isinstance(value, float):
            return value
        if value in self._nothing:
            return 0.0
        seconds = parse_duration(value)
        if not seconds:
            self.fail(f"{value!r} is not a duration such as 50ms, 90s or 1h30m", param, ctx)
        return seconds


class _RotateAfter(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "duration or size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> RotateAfter:
        from ..formats.file.rotation import RotateAfter
        from ..model import NANOSECONDS, parse_duration
        from ..times import parse_size

        if isinstance(value, RotateAfter):
            return value
        if size := parse_size(value):
            return RotateAfter(size=size)
        seconds = parse_duration(value)
        if not seconds:
            self.fail(f"{value!r} is neither a duration such as 1h nor a size such as 512MB", param, ctx)
        if _NUMBER.fullmatch(value):
            text = f"{value!r} could be seconds or bytes: write {value}s, or a size such as {value}MB"
            if not _is_from_environment(param, ctx):
                self.fail(text, param, ctx)
            name = param.envvar if param is not None else None
            told = f"{name}: {text}; it is taken as seconds, and will be refused by the next version"
            echo_problem("warning", told)
        return RotateAfter(nanoseconds=round(seconds * NANOSECONDS))


class _Size(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from ..times import parse_size

        if isinstance(value, int):
            return value
        size = parse_size(value)
        if not size:
            self.fail(f"{value!r} is not a size such as 512MB or 2GiB", param, ctx)
        return size


class _Speed(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "speed"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from ..times import parse_speed

        if isinstance(value, float):
            return value
        speed = parse_speed(value)
        if speed is None:
            self.fail(f"{value!r} is not a speed: use a positive number such as 10 or 0.5, or max", param, ctx)
        return speed


class _Moment(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        from ..times import Moment, parse_moment

        if isinstance(value, Moment):
            return value
        moment = parse_moment(value)
        if moment is None:
            self.fail(
                f"{value!r} is neither a time such as 2026-11-21T17:00:00Z, 2026-11-21 or 17:30 (UTC), "
                "nor an offset from the start such as 90s",
                param,
                ctx,
            )
        return moment


class _Channel(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "channel[:product,...]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ChannelRequest:
        from ..feeds.channel_requests import ChannelRequest, read_channel

        if isinstance(value, ChannelRequest):
            return value
        try:
            return read_channel(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


class _Products(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "product"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        products = value if isinstance(value, tuple) else _split(value)
        if not products:
            self.fail(f"{value!r} contains no product", param, ctx)
        return products


class _Lines(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    """Text; several of them in one environment variable are separated by newlines, as each may contain spaces."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value)

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        return rv.splitlines()


class _Setting(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, equals, text = value.partition("=")
        if not name or not equals:
            self.fail(f"{value!r} is not a setting such as subscribe_within=10", param, ctx)
        return name, text


class _FileMode(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "mode"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> FileMode:
        from ..formats.file.modes import FileMode, parse_mode

        if isinstance(value, FileMode):
            return value
        mode = parse_mode(value)
        if mode is None:
            self.fail(
                f"{value!r} is not a mode for a recording, such as 0600 or 0640: the owner reads and writes (6), "
                "the group and others read and write (6), read (4), or neither (0)",
                param,
                ctx,
            )
        return mode


DURATION, AGE = _Duration(), _Duration(may_be_none=True)
ROTATE_AFTER = _RotateAfter()
LINES = _Lines()
SETTING = _Setting()
SIZE = _Size()
SPEED = _Speed()
TIME = _Moment()
RECORDING, RECORDING_FILE = _Recording(), _Recording(may_be_stdin=False)
CHANNEL = _Channel()
PRODUCTS = _Products()


def _is_from_environment(param: click.Parameter | None, ctx: click.Context | None) -> bool:
    if ctx is None or param is None or param.name is None:
        return False
    return ctx.get_parameter_source(param.name) is click.core.ParameterSource.ENVIRONMENT


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def complete_endpoint(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the endpoints that begin with what was typed, for the shell."""
    from ..feeds import endpoint_names

    return [name for name in endpoint_names() if name.startswith(incomplete)]


def complete_channel(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the channels of the endpoint that begin with what was typed, for the shell."""
    from ..feeds import feed_of

    feed = feed_of(ctx.params.get("endpoint") or "coinbase-advanced")
    return [] if feed is None else [name for name in feed.channels if name.startswith(incomplete)]


class GroupedCommand(click.Command):
    """
    A command whose help shows its options in groups.

    Args:
        groups: The long names of options without dashes, by the title of their group; all others come last.
        arguments: See `click.Command`.

    """

    def __init__(self, *arguments: Any, groups: Mapping[str, str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.groups = {title: names.split() for title, names in groups.items()}

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = {
            param.opts[-1].removeprefix("--"): record
            for param in self.get_params(ctx)
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)) is not None
        }
        for title, names in self.groups.items():
            with formatter.section(title):
                formatter.write_dl([records.pop(name) for name in names])
        with formatter.section("General"):
            formatter.write_dl(list(records.values()))


OptionDecorator = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Adds an option to a command."""


def all_options(*options: OptionDecorator) -> OptionDecorator:
    """Return what adds several options, in this order."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


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
    return click.option("--file-mode", "mode", metavar="MODE", type=_FileMode(), help=text)


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
