"""Recordings as JSON, and what they are in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from ...model import format_time

if TYPE_CHECKING:
    from ...formats.catalogue.entry import Entry
    from ...formats.catalogue.folder_entries import FolderEntries

__all__ = ["facts_of", "total_of"]

_TIMES = ("modified", "created", "begin", "end", "first_time", "last_time")
_SUMS = ("frames", "bytes", "sent", "requests", "gaps", "missing")


def facts_of(looked: Sequence[FolderEntries]) -> dict[str, Any]:
    """Return all recordings, and the sums, as JSON."""
    recordings = [
        {**_as_json(entry), "path": one.path} for folder in looked for one, entry in zip(*folder[1:3], strict=True)
    ]
    return {"recordings": recordings, "total": total_of([entry for folder in looked for entry in folder.entries])}


def total_of(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return the sums of what is known; `not_counted` is how many recordings do not tell what is in them."""
    known = [entry for entry in entries if entry.is_known]
    states = Counter(entry.state for entry in entries)
    first = _times(entry.first_time for entry in known)
    last = _times(entry.last_time for entry in known)
    return {
        "recordings": len(entries),
        "runs": len({entry.run for entry in entries if entry.state != "unreadable"}),
        "endpoints": sorted({entry.endpoint for entry in entries if entry.state != "unreadable"}),
        "states": {state: states[state] for state in sorted(states)},
        "not_counted": len(entries) - len(known),
        "first_time": format_time(min(first)) if first else None,
        "last_time": format_time(max(last)) if last else None,
        **{name: sum(getattr(entry, name) or 0 for entry in known) for name in _SUMS},
        "size": sum(entry.size for entry in entries),
    }


def _times(times: Iterable[int | None]) -> list[int]:
    return [time for time in times if time is not None]


def _as_json(entry: Entry) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.structs.asdict(entry)
    del facts["snapshots"]
    for name in _TIMES:
        facts[name] = None if not facts[name] else format_time(facts[name])
    facts["channels"] = [msgspec.structs.asdict(one) for one in entry.channels]
    facts["problem"] = entry.problem or None
    return facts
