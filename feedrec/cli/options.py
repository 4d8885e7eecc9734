"""Option types, and options that several commands share."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..errors import UsageError
from ..feeds.channel_requests import ChannelRequest, read_channel
from ..model import NANOSECONDS, parse_time
from .output import set_up_logging

if TYPE_CHECKING:
    from ..formats.file.modes import FileMode
    from ..formats.file.rotation import RotateAfter

__all__ = [
    "CHANNEL",
    "DURATION",
    "LINES",
    "PRODUCTS",
    "ROTATE_AFTER",
    "SETTING",
    "SIZE",
    "SPEED",
    "TIME",
    "ChannelRequest",
    "Moment",
    "as_json",
    "file_mode_option",
    "logging_options",
]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)(ms|s|m|h|d))+", re.ASCII)
_SIZE_UNITS = {
    **{unit: 1000**power for power, unit in enumerate(("b", "kb", "mb", "gb", "tb"))},
    **{unit: 1024**power for power, unit in enumerate(("kib", "mib", "gib", "tib"), 1)},
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]?i?b)", re.ASCII | re.IGNORECASE)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)


class Moment(NamedTuple):
    """A time, or an offset from the start of a recording, in nanoseconds."""

    nanoseconds: int
    is_offset: bool

    def within(self, start: int) -> int:
        """Return the time this is in a recording that starts at `start`."""
        return self.nanoseconds + start if self.is_offset else self.nanoseconds


class _Duration(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        seconds = _seconds(value)
        if not seconds:
            self.fail(f"{value!r} is not a duration such as 90s, 10m or 1h30m", param, ctx)
        return seconds


class _RotateAfter(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "duration or size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> RotateAfter:
        from ..formats.file.rotation import RotateAfter  # loads zstandard

        if isinstance(value, RotateAfter):
            return value
        if size := _bytes(value):
            return RotateAfter(size=size)
        seconds = _seconds(value)
        if not seconds:
            self.fail(f"{value!r} is neither a duration such as 1h nor a size such as 512MB", param, ctx)
        return RotateAfter(nanoseconds=round(seconds * NANOSECONDS))


class _Size(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        size = _bytes(value)
        if not size:
            self.fail(f"{value!r} is not a size such as 512MB or 2GiB", param, ctx)
        return size


class _Speed(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "speed"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if value in ("max", math.inf):
            return math.inf
        try:
            speed = float(value)
        except ValueError:
            speed = 0.0
        if not 0 < speed < math.inf:
            self.fail(f"{value!r} is not a speed: use a positive number such as 10 or 0.5, or max", param, ctx)
        return speed


class _Moment(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        if isinstance(value, Moment):
            return value
        if value.startswith("+") and (seconds := _seconds(value[1:])) is not None:
            return Moment(round(seconds * NANOSECONDS), is_offset=True)
        try:
            return Moment(parse_time(value), is_offset=False)
        except ValueError:
            self.fail(
                f"{value!r} is neither a time such as 2026-11-21T17:00:00Z nor an offset such as +90s", param, ctx
            )


class _Channel(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "channel[:product,...]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ChannelRequest:
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
        from ..formats.file.modes import FileMode, parse_mode  # loads zstandard

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


DURATION = _Duration()
ROTATE_AFTER = _RotateAfter()
LINES = _Lines()
SETTING = _Setting()
SIZE = _Size()
SPEED = _Speed()
TIME = _Moment()
CHANNEL = _Channel()
PRODUCTS = _Products()


def _seconds(text: str) -> float | None:
    """Parse `90s`, `1h30m`, or plain seconds; None if the text is not a duration."""
    if re.fullmatch(r"\d+(?:\.\d+)?", text, re.ASCII):
        seconds = float(text)
    elif _DURATION.fullmatch(text):
        seconds = sum(float(number) * _UNITS[unit] for number, unit in _DURATION_PART.findall(text))
    else:
        return None
    return seconds if math.isfinite(seconds) else None


def _bytes(text: str) -> int | None:
    """Parse `512MB`, `64MiB`; None if the text is not a size."""
    match = _SIZE.fullmatch(text)
    return round(float(match[1]) * _SIZE_UNITS.get(match[2].lower(), 0)) if match else None


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(command)


def file_mode_option(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what adds `--file-mode`, as the parameter `mode`; `default` says who may read the output without it."""
    text = f"Who may read and write the output, e.g. 0640.  [default: {default}]"
    return click.option("--file-mode", "mode", metavar="MODE", type=_FileMode(), help=text)


def logging_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `-v` and `-q`; they set up logging and are not passed to the command."""

    def apply(ctx: click.Context, param: click.Parameter, value: int) -> None:
        change = value if param.name == "verbose" else -value
        level = ctx.meta["feedrec.level"] = ctx.meta.get("feedrec.level", logging.INFO) - 10 * change
        set_up_logging(level)

    for name, flag, text in (("quiet", "-q", "Log less; -qq: only errors."), ("verbose", "-v", "Log more.")):
        command = click.option(flag, f"--{name}", count=True, expose_value=False, callback=apply, help=text)(command)
    return command
