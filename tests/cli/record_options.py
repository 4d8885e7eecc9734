"""The options of `feedrec record`, with the values that they have where nothing is said."""

from __future__ import annotations

from typing import Any

import click

from feedrec.cli import cli

__all__ = ["RECORD", "usual_values"]


def _record() -> click.Command:
    command = cli.get_command(click.Context(cli), "record")
    assert command is not None
    return command


RECORD = _record()


def usual_values() -> dict[str, Any]:
    """Return the values by parameter name; options that set up logging are left alone."""
    plain = click.Command("record", params=[one for one in RECORD.params if one.expose_value])
    return plain.make_context("record", []).params
