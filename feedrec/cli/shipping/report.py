"""What is printed of recordings that were shipped: a line of JSON each, or what came of all for a person."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...errors import CannotShipError, NotShippedError, ShipConflictError
from ...recorder.shipping.shipping_run import Result
from .. import output

__all__ = ["Totals", "json_of", "kind_of", "lines_of"]


class Totals(NamedTuple):
    """
    What came of all.

    Attributes:
        place: Where to.
        results: What became of each recording.
        seconds: How long that took.
        unfinished: Recordings that are not finished.
        pending: Recordings that wait for a recorder.
        swept: What was swept there; None if it was not asked for.

    """

    place: str
    results: list[Result]
    seconds: float
    unfinished: int = 0
    pending: int = 0
    swept: int | None = None


def kind_of(result: Result) -> str:
    """Return why a recording is not shipped, or not removed, in a word; empty if all is well."""
    error = result.error
    if error is None:
        return ""
    if isinstance(error, ShipConflictError):
        return "conflict"
    if isinstance(error, CannotShipError):
        return "refused"
    return "later" if isinstance(error, NotShippedError) else "failed"


def json_of(result: Result) -> dict[str, Any]:
    """Return what became of a recording, as JSON."""
    shipped = result.shipped
    told: dict[str, Any] = {"path": result.path, "bytes": result.size, "shipped": shipped is not None}
    if shipped is not None:
        told |= {"url": shipped.url, "sent": shipped.sent, "state_differs": shipped.state_differs}
    told["removed"] = result.is_removed
    if result.error is not None:
        told |= {"kind": kind_of(result), "error": str(result.error)}
    return told


def lines_of(totals: Totals) -> list[str]:
    """Return what a person is told of all."""
    there = [one for one in totals.results if one.shipped is not None]
    are = "is" if len(there) == 1 else "are"
    checked = f", checked ({_size(there)})" if there else ""
    all_there = f"{output.count(len(there), 'recording')} {are} at {totals.place}{checked}"
    lines = [all_there if totals.results else f"nothing to ship to {totals.place}", *_lines_of_there(totals, there)]
    if totals.unfinished:
        lines.append(f"  not finished:  {totals.unfinished:,} (being written, or feedrec repair finishes them)")
    if totals.pending:
        lines.append(f"  pending:       {totals.pending:,} (a recorder is to go on with them; --pending ships them)")
    if totals.swept is not None:
        lines.append(f"  swept there:   {totals.swept:,}")
    left = [one for one in totals.results if one.shipped is None]
    if left:
        conflicts = sum(kind_of(one) == "conflict" for one in left)
        among = f", {output.count(conflicts, 'conflict')} among them" if conflicts else ""
        lines.append(f"  NOT SHIPPED:   {len(left):,} ({_size(left)}{among})")
    if kept := [one for one in there if one.error is not None]:
        lines.append(f"  NOT REMOVED:   {len(kept):,} ({_size(kept)})")
    return lines


def _lines_of_there(totals: Totals, there: list[Result]) -> list[str]:
    lines = []
    sent = {one.path: one.shipped.sent for one in there if one.shipped is not None and one.shipped.sent}
    if sent:
        of = f"{output.size(sum(sent.values()))} in {output.duration(totals.seconds)}"
        lines.append(f"  sent now:      {len(sent):,} ({of})")
    if before := [one for one in there if one.path not in sent]:
        lines.append(f"  there before:  {len(before):,} ({_size(before)})")
    if removed := [one for one in there if one.is_removed]:
        lines.append(f"  removed here:  {len(removed):,} ({_size(removed)})")
    if any(one.shipped is not None and one.shipped.state_differs for one in there):
        lines.append("  note: other checkpoints are there than here, of the same recordings; they stay")
    return lines


def _size(results: list[Result]) -> str:
    return output.size(sum(one.size for one in results))
