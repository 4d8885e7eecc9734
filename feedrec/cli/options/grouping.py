"""How options are put together, and shown in groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

__all__ = ["GroupedCommand", "OptionDecorator", "all_options"]

OptionDecorator = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Adds an option to a command."""


def all_options(*options: OptionDecorator) -> OptionDecorator:
    """Return what adds several options, in this order."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


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
