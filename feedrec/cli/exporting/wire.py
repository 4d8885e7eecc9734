"""Exports for people who look at connections: one file, or stdout."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ...processing.exporting import wire_facts, wire_reading
from .. import output
from ..converting.inputs import progress
from ..terminal import refuse_terminal
from ..uploading import check_output, written_to
from .targets import Exported

if TYPE_CHECKING:
    from ...export.wire.exporting import WireExport
    from ...formats import Selection
    from ...formats.several.inputs import Input

__all__ = ["run"]


def run(inputs: Sequence[Input], target: Path, selection: Selection, options: dict[str, Any]) -> Exported:
    """Write recordings as one file; see `Run`."""
    from ...export.wire.har.har_export import export_har
    from ...export.wire.pcapng.pcapng_export import export_pcapng
    from ...formats.file.stream_target import STDOUT

    is_stream = target == STDOUT
    if is_stream:
        if options["as_json"]:
            raise UsageError("--json and -o - both write to stdout: use only one of them")
        refuse_terminal()
    export = export_pcapng if options["to"] == "pcapng" else export_har
    overwrite, mode = options["overwrite"], options["mode"]
    check_output(target, [one.path for one in inputs], overwrite=overwrite, mode=mode)
    with written_to(target, overwrite=overwrite) as place:
        with progress(inputs, what="exporting") as on_read:
            done = export(
                inputs,
                place.path,
                wire_reading(inputs, selection, on_read=on_read),
                stream=sys.stdout.buffer if is_stream else None,
                overwrite=overwrite,
                mode=place.mode(mode),
            )
        (done.path,) = place.finish([done.path])
    return Exported(_lines(done, "stdout" if is_stream else str(target)), _warnings(done), wire_facts(done), is_stream)


def _lines(done: WireExport, where: str) -> list[str]:
    facts = [output.count(done.connections, "connection"), output.count(done.frames, "frame")]
    if done.exchanges:
        facts.append(output.count(done.exchanges, "request"))
    more = [output.size(done.size)]
    if done.events:
        more.append(output.count(done.events, "event"))
    return [f"wrote {' and '.join((', '.join(facts[:-1]), facts[-1]))} to {where}", f"  {', '.join(more)}"]


def _warnings(done: WireExport) -> list[str]:
    if not done.not_utf8:
        return []
    frames = output.count(done.not_utf8, "text frame")
    return [f"{frames} without valid UTF-8: written as base64, which other tools take for binary messages"]
