"""What `feedrec convert` says of what it wrote."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec

from ...model import NANOSECONDS, format_time
from .. import output

if TYPE_CHECKING:
    from ...formats.tools.convert import Conversion

__all__ = ["facts_of", "report_of"]

log = logging.getLogger("feedrec")


def facts_of(result: Conversion) -> dict[str, Any]:
    """Return it as a JSON object."""
    times = {name: getattr(result, name) for name in ("first_time", "last_time", "cut_at")}
    return {
        **msgspec.structs.asdict(result),
        **{name: None if time is None else format_time(time) for name, time in times.items()},
    }


def report_of(result: Conversion) -> list[str]:
    """Return it as lines."""
    from ...formats.file.stream_target import STDOUT

    first = result.paths[0]
    to_stdout = first == STDOUT
    where = "stdout" if to_stdout else str(first) if len(result.paths) == 1 else f"{first} to {result.paths[-1].name}"
    frames = f"{output.count(result.frames, 'frame')} and {output.count(result.others, 'other line')}"
    facts = [
        f"{output.size(result.file_size)} {'in all' if to_stdout else 'on disk'}",
        f"{output.size(result.text_size)} uncompressed",
    ]
    if len(result.paths) > 1:
        facts.insert(0, output.count(len(result.paths), "file"))
    if result.synthetic:
        facts.append(f"begins with {output.count(result.synthetic, 'rebuilt snapshot')}")
    if result.written_anew:
        facts.append(f"{output.count(result.written_anew, 'line')} of another program written anew")
    if result.checkpoints:
        facts.append(output.count(result.checkpoints, "checkpoint"))
    facts += _report_rewriting(result)
    if result.cut_at is not None:
        seconds = (result.cut_at - (result.cut_at if result.first_time is None else result.first_time)) / NANOSECONDS
        facts.append(f"cut after {output.duration(seconds)} to fit")
    return [f"wrote {frames} to {where}", f"  {', '.join(facts)}"]


def _report_rewriting(result: Conversion) -> list[str]:
    """Return what to say of the frames that were changed; what could not be changed is a warning of the log."""
    if result.missed:
        log.warning(
            "%s could not be changed, and stayed whole: no snapshot of the book came before (with --from, --with-state "
            "makes one), or it is no JSON",
            output.count(result.missed, "frame"),
        )
    facts = [f"{output.count(result.rewritten, 'frame')} rewritten"] if result.rewritten else []
    if result.dropped and result.cut_at is None:  # else some of them come after the cut
        facts.append(f"{result.dropped:,} dropped")
    return facts
