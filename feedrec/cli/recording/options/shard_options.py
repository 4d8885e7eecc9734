"""Options of `feedrec record` that share out what is recorded over several machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ....errors import UsageError
from ...options import all_options

if TYPE_CHECKING:
    from ....feeds.connections.sharding import Shard

__all__ = ["read_shard", "shard_options"]

shard_options = all_options(
    click.option(
        "--shard",
        metavar="N/M",
        help="Record what is for the N-th of M machines, all of which are told the same but for this.",
    ),
    click.option(
        "--replicas",
        metavar="N",
        type=click.IntRange(1),
        help="Have each product recorded on so many of the machines.  [default: 1]",
    ),
)
"""Adds `--shard` and `--replicas`."""


def read_shard(text: str | None, replicas: int | None) -> Shard | None:
    """
    Return which machine this is; None if there is one alone.

    Args:
        text: The value of `--shard`.
        replicas: That of `--replicas`.

    Raises:
        UsageError: If it is none of so many, or there are fewer machines than replicas.

    """
    if text is None:
        if replicas is not None:
            raise UsageError(
                "--replicas says on how many machines each product is: say which one this is by --shard 2/5"
            )
        return None
    from ....feeds.connections.sharding import parse_shard

    return parse_shard(text, replicas or 1)
