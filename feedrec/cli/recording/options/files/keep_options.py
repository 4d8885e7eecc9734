"""How much of the files of a feed is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from .....model import NANOSECONDS
from ....options import DURATION, SIZE

if TYPE_CHECKING:
    from .....recorder.keeping.keep_rule import Keep

__all__ = ["joined_keeps", "keep_option"]


class _Keep(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    name = "duration or size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Keep:
        from .....recorder.keeping.keep_rule import Keep

        if isinstance(value, Keep):
            return value
        size, seconds = (_converted(kind, value) for kind in (SIZE, DURATION))
        if size is None and (seconds is None or value[-1].isdigit()):  # a number alone could be of days, or of bytes
            self.fail(f"{value!r} is neither a duration such as 7d nor a size such as 50GB", param, ctx)
        return Keep(None if seconds is None else round(seconds * NANOSECONDS), size)


def _converted(kind: click.ParamType, value: str) -> Any:  # type: ignore[type-arg]  # generic since click 8.5 only
    with contextlib.suppress(click.BadParameter):
        return kind.convert(value, None, None)
    return None


keep_option = click.option(
    "--keep",
    multiple=True,
    type=_Keep(),
    help="Remove the oldest finished files of this feed: those that are older, or while all are larger, than this, "
    "e.g. 7d or 50GB. May be given for both.",
)
"""Adds the option."""


def joined_keeps(keeps: Sequence[Keep]) -> Keep | None:
    """Return what all of them say together; None if there are none."""
    from .....recorder.keeping.keep_rule import Keep

    spans = [one.nanoseconds for one in keeps if one.nanoseconds is not None]
    sizes = [one.size for one in keeps if one.size is not None]
    return Keep(min(spans, default=None), min(sizes, default=None)) if keeps else None
