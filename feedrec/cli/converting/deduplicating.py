"""What `feedrec convert --dedupe` reads, and what it says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ...errors import UsageError
from ...processing.checkpoints import write_beside
from ...processing.feed_rules import rules_for, track_rule_for
from .. import output
from ..terminal import echo_json, echo_prose
from ..uploading import written_to
from .importing import INPUT_OPTIONS
from .inputs import progress
from .report import facts_of, report_of

if TYPE_CHECKING:
    from ...formats.dedupe.coverage import Coverage
    from ...formats.dedupe.dedupe import Deduplication
    from ...formats.file.growing.growing_file import GrowingFile
    from ...formats.file.rotation import RotateAfter
    from ...formats.several.inputs import Input

__all__ = ["deduplicate"]

_OF_WHOLE = {
    "start": "--from",
    "end": "--to",
    "channels": "--channel",
    "products": "--product",
    "connections": "--conn",
    "direction": "--direction",
    "with_state": "--with-state",
    "trim_book": "--trim-book",
    "anonymize": "--anonymize",
    "max_size": "--max-size",
    **INPUT_OPTIONS,
}
"""Options that do not go with it."""


def deduplicate(
    paths: Sequence[Path],
    target: Path,
    options: dict[str, Any],
    create: Callable[..., GrowingFile],
    split: RotateAfter | None,
    *,
    as_json: bool,
    is_stdout: bool,
) -> None:
    """
    Make one recording of several of the same feed, and report.

    Raises:
        UsageError: If they are not of the same feed, or another option does not go with it.
        RecordingError: If one is damaged or cannot be read, or the output cannot be written.

    """
    from ...formats.dedupe import dedupe

    for name, option in _OF_WHOLE.items():
        if options[name] not in (None, (), False):
            raise UsageError(f"--dedupe takes whole recordings: leave out {option}, and convert its output")
    recordings = _recordings(paths)
    endpoint = recordings[0][0].header.endpoint
    files = [one for its in recordings for one in its]
    with written_to(target, overwrite=options["overwrite"]) as output:
        with progress(files, passes=2) as on_read:
            result = dedupe(
                recordings,
                output.path,
                rules_for(endpoint),
                track_rule_for(endpoint),
                split=split,
                mode=output.mode(options["mode"]),
                create=create,
                on_read=on_read,
            )
            write_beside(result.conversion, endpoint, options, partial(on_read, 0, files[0].size))
        result.conversion.paths = output.finish(result.conversion.paths)
    echo_json(_facts(result)) if as_json else echo_prose(*_report(result), err=is_stdout)


def _recordings(paths: Sequence[Path]) -> list[list[Input]]:
    """Return the files of each recording: those in a folder, or those of one run."""
    from ...formats.file.opening import open_recording, under_current_name
    from ...formats.several.folder import find_recordings
    from ...formats.several.inputs import inspect_recording, refuse_doubles

    found: list[list[Input]] = []
    for path in paths:
        files = [inspect_recording(partial(under_current_name, one, open_recording)) for one in find_recordings([path])]
        runs = {one.run for one in files}
        same = next((its for its in found if runs & {one.run for one in its}), None)
        if same is None:
            found.append(files)
        else:
            same += files
    refuse_doubles([one for files in found for one in files])
    return found


def _facts(result: Deduplication) -> dict[str, Any]:
    shares = [{**msgspec.to_builtins(msgspec.structs.asdict(one), enc_hook=str)} for one in result.recordings]
    lacking = msgspec.to_builtins(result.lacking)
    return {
        **facts_of(result.conversion),
        "recordings": shares,
        "lacking": {**lacking, "gaps": result.gaps},
        "repeated": result.repeated,
    }


def _report(result: Deduplication) -> list[str]:
    lines = report_of(result.conversion)
    for share in result.recordings:
        name = share.paths[0] if len(share.paths) == 1 else f"{share.paths[0]} to {share.paths[-1].name}"
        frames = f"{share.used:,} of {output.count(share.frames, 'frame')}"
        lines.append(f"  {name}: {frames} used{_told(', alone it has', share.alone)}")
    lacking = _told("", result.lacking) or " nothing"
    gaps = f" ({output.count(result.gaps, 'gap event')})" if result.gaps else ""
    lines.append(f"  all of them lack{lacking}{gaps}")
    if result.repeated:
        lines.append(f"  {output.count(result.repeated, 'number')} twice, in frames that were needed for others")
    return lines


def _told(before: str, coverage: Coverage) -> str:
    """Return how much that is, after some words; nothing if it is nothing."""
    facts = [f"{coverage.seconds:,.1f} s"] if coverage.seconds >= 0.05 else []
    facts += [output.count(coverage.numbers, "numbered event")] if coverage.numbers else []
    return f"{before} {' and '.join(facts)}" if facts else ""
