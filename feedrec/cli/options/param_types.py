"""
What the texts of options mean, and what is said where one means nothing.

A type imports what it needs when it converts a text: a command has many options, and a run of it uses few.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import UsageError
from ..terminal import echo_problem

if TYPE_CHECKING:
    from ...feeds.channel_requests import ChannelRequest
    from ...formats.file.modes import FileMode
    from ...formats.file.rotation import RotateAfter
    from ...times import Moment

__all__ = [
    "AGE",
    "CHANNEL",
    "DURATION",
    "FILE_MODE",
    "LINES",
    "PRODUCTS",
    "RECORDING",
    "RECORDING_FILE",
    "ROTATE_AFTER",
    "SETTING",
    "SIZE",
    "SPEED",
    "TIME",
]

_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


class _Recording(click.Path):
    """The file or the URL of a recording; `-` is stdin."""

    def __init__(self, *, may_be_stdin: bool = True) -> None:
        super().__init__(readable=False, path_type=Path)
        self._may_be_stdin = may_be_stdin

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and "://" in value:
            from ...formats.places.url_path import place_of

            return place_of(value)
        if value != "-":
            return super().convert(value, param, ctx)
        if not self._may_be_stdin:
            self.fail("- is stdin, and this needs a file: save what comes from the pipe first", param, ctx)
        from ...formats.file.pipe import STDIN

        return STDIN


class _Duration(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "duration"

    def __init__(self, *, may_be_none: bool = False) -> None:
        self._nothing = {"0", "0s"} if may_be_none else set()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from ...model import parse_duration

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
        from ...formats.file.rotation import RotateAfter
        from ...model import NANOSECONDS, parse_duration
        from ...times import parse_size

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
        from ...times import parse_size

        if isinstance(value, int):
            return value
        size = parse_size(value)
        if not size:
            self.fail(f"{value!r} is not a size such as 512MB or 2GiB", param, ctx)
        return size


class _Speed(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "speed"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from ...times import parse_speed

        if isinstance(value, float):
            return value
        speed = parse_speed(value)
        if speed is None:
            self.fail(f"{value!r} is not a speed: use a positive number such as 10 or 0.5, or max", param, ctx)
        return speed


class _Moment(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        from ...times import Moment, parse_moment

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
        from ...feeds.channel_requests import ChannelRequest, read_channel

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
        from ...formats.file.modes import FileMode, parse_mode

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
FILE_MODE = _FileMode()
PRODUCTS = _Products()


def _is_from_environment(param: click.Parameter | None, ctx: click.Context | None) -> bool:
    if ctx is None or param is None or param.name is None:
        return False
    return ctx.get_parameter_source(param.name) is click.core.ParameterSource.ENVIRONMENT


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
