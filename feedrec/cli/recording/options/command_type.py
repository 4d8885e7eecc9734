"""Commands among the options."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import click

from ....errors import UsageError

if TYPE_CHECKING:
    from ....recorder.commands.command import Command

__all__ = ["CommandType"]


class CommandType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    """
    A command with placeholders: `Command`, or a usage error if it cannot be split, names no program or has others.

    Args:
        placeholders: Returns the names that it may have in braces; called when there is a command.

    """

    name = "command"

    def __init__(self, placeholders: Callable[[], Collection[str]]) -> None:
        self._placeholders = placeholders

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Command:
        from ....recorder.commands.command import Command

        if isinstance(value, Command):
            return value
        try:
            return Command.parse(value, self._placeholders())
        except UsageError as error:
            self.fail(str(error), param, ctx)
