"""Two requests, and where they differ, for people; see `difference.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .difference import Difference
from .difference_lines import LONGEST_SHOWN, JsonLines, Line, bounded, compact, cut, printable, without_hidden
from .matching import Matching
from .request_parts import Parts
from .stand_ins import StandIns

__all__ = ["difference_of_requests", "missing_request", "shown_request", "surplus_request"]

_LONGEST_NAME = 60
"""Characters of a request where it is named."""


def difference_of_requests(
    recorded: Parts, said: Parts, safe: Parts, matching: Matching, known: StandIns
) -> Difference:
    """
    Return where a request differs from a recorded one.

    Args:
        recorded: The recorded one.
        said: That of a client.
        safe: What may be shown of it.
        matching: How they were compared.
        known: What stands for recorded values.

    """
    lines: list[Line] = []
    if recorded.has_same_path(said, known):
        lines.append((" ", 0, printable(str(safe))))
    else:
        lines += [("-", 0, printable(str(recorded))), ("+", 0, printable(str(safe)))]
    seen: dict[str, Any] = {}
    for name, part in safe.said.items():
        seen[name] = without_hidden(recorded.said[name], part) if name in recorded.said else part
        if name in recorded.said and name in said.said:
            of_both = recorded.said[name], said.said[name], seen[name]
            lines += JsonLines(matching, known).of(*of_both, label=f"{name} ")
        else:
            lines += _one_sided("+", name, part)
    for name, part in recorded.said.items():
        if name not in safe.said:
            lines += _one_sided("-", name, part)
    return Difference(_in_short(recorded), _in_short(safe._replace(said=seen)), tuple(bounded(lines)))


def missing_request(recorded: Parts) -> Difference:
    """Return the difference of nothing from a recorded request."""
    return Difference(_in_short(recorded), "", tuple(bounded(list(_all_of("-", recorded)))))


def surplus_request(safe: Parts) -> Difference:
    """Return the difference of a request, as it may be shown, from nothing."""
    return Difference("", _in_short(safe), tuple(bounded(list(_all_of("+", safe)))))


def shown_request(parts: Parts) -> str:
    """Return the name of a request: its method and its path, shortened."""
    return cut(printable(str(parts)), _LONGEST_NAME)


def _all_of(sign: str, parts: Parts) -> Iterator[Line]:
    yield sign, 0, printable(str(parts))
    for name, part in parts.said.items():
        yield from _one_sided(sign, name, part)


def _one_sided(sign: str, name: str, part: Any) -> Iterator[Line]:
    """Yield the lines of a part that has nothing beside it: what it contains, one by one."""
    if not isinstance(part, dict):
        yield sign, 0, f"{name} {compact(part)}"
        return
    yield sign, 0, f"{name} {{"
    for key, value in part.items():
        yield sign, 1, f"{compact(key)}: {compact(value)}"
    yield sign, 0, "}"


def _in_short(parts: Parts) -> str:
    """Return a request in one line, shortened."""
    said = (f"{name} {compact(part)}" for name, part in parts.said.items())
    return cut(" ".join([printable(str(parts)), *said]), LONGEST_SHOWN)
