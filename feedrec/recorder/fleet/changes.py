"""From the feeds that there were to those that there shall be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple, TypeVar

__all__ = ["Changes", "changes_between"]

_Plan = TypeVar("_Plan")


class Changes(NamedTuple):
    """
    What a new table of feeds means for the old one: names, each in one of the lists, in the order of the tables.

    Attributes:
        begun: Feeds that begin.
        ended: Feeds that end.
        changed: Feeds whose run is replaced.
        kept: Feeds that go on as if nothing had happened.

    """

    begun: list[str]
    ended: list[str]
    changed: list[str]
    kept: list[str]

    def __str__(self) -> str:
        """Name them in a line for the log; those that are kept are counted."""
        parts = [f"{what} {', '.join(names)}" for what, names in zip(self._fields, self, strict=True) if names]
        if self.kept:
            parts[-1] = f"{len(self.kept)} kept"
        return "; ".join(parts) or "no feeds"


def changes_between(old: Mapping[str, _Plan], new: Mapping[str, _Plan], left: Collection[str] = ()) -> Changes:
    """
    Return what begins, ends and is replaced.

    Args:
        old: The plans so far, by name; equal ones need nothing done.
        new: Those that there shall be.
        left: Names of feeds in `old` that were given up: they begin anew, as somebody has seen to it.

    """
    changed = [name for name in new if name in old and name not in left and old[name] != new[name]]
    return Changes(
        begun=[name for name in new if name not in old or name in left],
        ended=[name for name in old if name not in new],
        changed=changed,
        kept=[name for name in new if name in old and name not in left and name not in changed],
    )
