"""`feedrec replay --mode dialogue`: its options, and what failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ..options import DURATION
from ..terminal import coloured, echo

if TYPE_CHECKING:
    from ...replay import DialogueFailure

__all__ = ["dialogue_options", "tell_failure"]

_COLOURS = {"-": "green", "+": "red"}


def dialogue_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--match` and `--match-timeout`."""
    for option in reversed(
        (
            click.option(
                "--match",
                metavar="HOW",
                help="Compare what the client says with what was recorded as json, byte for byte (exact), or as json "
                "but for the values of some keys, e.g. ignore:id,nonce.  [default: json]",
            ),
            click.option(
                "--match-timeout",
                type=DURATION,
                default="5s",
                show_default=True,
                help="Fail if the client is silent for this much longer than when it was recorded.",
            ),
        )
    ):
        command = option(command)
    return command


def tell_failure(failure: DialogueFailure) -> None:
    """Print on stderr where a client's message differs from the recorded one."""
    if failure.difference:
        lines = [coloured(line, line, _COLOURS[line[0]]) if line[0] in _COLOURS else line for line in failure.lines[1:]]
        echo(*lines, err=True)
