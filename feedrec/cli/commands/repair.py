"""`feedrec repair`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import UsageError
from ...processing.feed_rules import rules_for
from .. import output
from ..live.progress import reading
from ..options import RECORDING_FILE, as_json, file_mode_option, logging_options, overwrite_option
from ..signals import ending_between_steps
from ..terminal import echo_json, echo_problem, echo_prose
from ..uploading import OUTPUT, check_folder, check_output, refuse_url, written_to

if TYPE_CHECKING:
    from ...formats.file.modes import FileMode
    from ...formats.tools.repair import Loss, Repair
    from ...formats.tools.repair_folder import Outcome
    from ...formats.tools.verify import Verification

_LOSSLESS, _FAILED, _LOSSY = 0, 1, 3  # exit codes

_SHOWN = 20
"""Losses to print; `--json` lists up to a hundred."""


@click.command()
@click.argument("file", metavar="FILE", type=RECORDING_FILE)
@click.option(
    "-o",
    "--output",
    "target",
    metavar="PATH",
    type=OUTPUT,
    help="Write to this file, folder or URL.",
)
@click.option("--in-place", is_flag=True, help="Replace the old recording with the new one.")
@overwrite_option
@file_mode_option("those who may read FILE")
@click.option("--salvage", is_flag=True, help="Also keep lines of damaged blocks, marked as unverified.")
@click.option("--endpoint", metavar="NAME", help="The endpoint of the recording, if its header is lost.")
@as_json
@logging_options
def repair(
    file: Path,
    target: Path | None,
    in_place: bool,
    overwrite: bool,
    mode: FileMode | None,
    salvage: bool,
    endpoint: str | None,
    as_json: bool,
) -> None:
    """
    Save what can be saved of a recording to a new file. FILE is a recording, or a folder of them.

    The new file is NAME.repaired.jsonl.zst. For NAME.jsonl.zst.part, left behind by a killed recorder, it is
    NAME.jsonl.zst. Of a folder, the recordings that need it are repaired; with -o FOLDER they keep their names there.

    The exit code is 0 if nothing was lost, 3 if something was lost, 1 if nothing could be saved: the worst of a folder.

    \b
      feedrec repair FILE.part
      feedrec repair --salvage -o saved.jsonl.zst FILE
    """
    from ...feeds import find_feed
    from ...formats.places.opening import is_folder

    if endpoint is not None:
        find_feed(endpoint)
    if in_place and target is not None:
        raise UsageError("--in-place and --output cannot be combined: use only one of them")
    if in_place:
        refuse_url(file, "leave out --in-place, and the new recording is written beside it, or where -o says")

    options: dict[str, Any] = {
        "in_place": in_place,
        "overwrite": overwrite,
        "keep_unverified": salvage,
        "endpoint": endpoint,
    }
    save = partial(_save, options={**options, "mode": mode})
    if is_folder(file):
        if target is not None:
            check_folder(target, mode=mode)
        code = _repair_folder(file, target, save, as_json=as_json)
    else:
        code = _report(save(file, target), endpoint, as_json=as_json)
    sys.stdout.flush()
    raise click.exceptions.Exit(code)


def _save(path: Path, target: Path | None, options: dict[str, Any]) -> Repair:
    from ...formats.file.names import repaired_path
    from ...formats.tools.repair import repair_recording

    if target is None and not options["in_place"]:
        target = repaired_path(path)
    overwrite, mode = options["overwrite"], options["mode"]
    if target is None:
        with _progress(path) as progress:
            return repair_recording(path, None, rules_for=rules_for, progress=progress, **options)
    check_output(target, [path], overwrite=overwrite, mode=mode)
    with written_to(target, overwrite=overwrite) as output:
        options = {**options, "mode": output.mode(mode), "keeps_old": output.path != target}
        with _progress(path) as progress:
            result = repair_recording(path, output.path, rules_for=rules_for, progress=progress, **options)
        (result.output,) = output.finish([result.output])
    return result


def _report(result: Repair, endpoint: str | None, *, as_json: bool) -> int:
    """Print what was saved; return the exit code."""
    if as_json:
        echo_json({**result.as_dict(), "path": result.path, "output": result.output})
    else:
        echo_prose(*_lines(result, endpoint))
    return _LOSSLESS if result.is_lossless else _LOSSY


def _repair_folder(
    folder: Path, target: Path | None, save: Callable[[Path, Path | None], Repair], *, as_json: bool
) -> int:
    """Repair what needs it in a folder, and print a line for each recording; return the worst exit code."""
    from ...formats.tools.repair_folder import repair_folder
    from ...formats.tools.verify import verify_recording

    def check(path: Path) -> Verification:
        with reading(f"verifying {path.name}") as progress:
            return verify_recording(path, rules_for, progress=progress)

    codes = {_LOSSLESS}
    for outcome in repair_folder(folder, verify=check, repair=save, target=target):
        result, error = outcome.repair, outcome.error
        if as_json:
            facts = {} if result is None else {**result.as_dict(), "output": result.output}
            echo_json({**facts, "path": outcome.path, **({} if error is None else {"error": str(error)})})
        elif error is None:
            echo_prose(_line(outcome))
        if error is not None:
            echo_problem("error", str(error))
            codes.add(_FAILED)
        elif result is not None and not result.is_lossless:
            codes.add(_LOSSY)
    return next(code for code in (_FAILED, _LOSSY, _LOSSLESS) if code in codes)


def _line(outcome: Outcome) -> str:
    """Say in one line what became of a recording in a folder."""
    if outcome.is_live:
        return f"{outcome.path}: is being written, left alone"
    if outcome.repair is None:
        return f"{outcome.path}: needs no repair"
    saved, *rest = _lines(outcome.repair, None)
    lost = next((line.strip() for line in rest if line.startswith(("  lost ", "  nothing was lost"))), "header lost")
    return f"{outcome.path}: {saved}, {lost.rstrip(':')}"


@contextlib.contextmanager
def _progress(file: Path) -> Iterator[Callable[[int, int], None]]:
    """Show progress, and end on signals; yields a function to call with the bytes read and the file size."""
    with reading(f"repairing {file.name}") as show, ending_between_steps() as end_if_noted:

        def on_read(done: int, size: int) -> None:
            end_if_noted()
            show(done, size)

        yield on_read


def _lines(result: Repair, endpoint: str | None) -> list[str]:
    saved = f"{output.count(result.frames, 'frame')} ({output.count(result.lines, 'line')})"
    lines = [f"saved {saved} to {result.output}"]
    if result.removed and result.output != result.path:
        lines.append(f"  removed {result.path}, which is no longer needed")
    if result.joined:
        lines.append(f"  joined {output.count(result.joined + 1, 'recording')} in the file into one")
    if result.header == "made up":
        hint = "" if endpoint else " (name the endpoint with --endpoint)"
        lines.append(f"  the header was lost and has been replaced{hint}")
    elif result.header == "unverified":
        lines.append("  the header comes from a damaged block")
    if result.is_lossless:
        return [*lines, "  nothing was lost"]
    if result.unverified:
        lines.append(f"  kept {output.count(result.unverified, 'line')} of damaged blocks, marked as unverified")
    if result.loss_count:
        at_least = "" if result.is_exact else "at least "
        lost = f"{at_least}{output.count(result.frames_lost, 'frame')} ({output.count(result.lines_lost, 'line')})"
        if not (result.is_exact or result.lines_lost):
            lost = "an unknown number of frames"
        lines.append(f"  lost {lost}:")
    lines += [f"    {_loss(loss)}" for loss in result.losses[:_SHOWN]]
    if result.loss_count > _SHOWN:
        lines.append(f"    and {output.count(result.loss_count - _SHOWN, 'more place')}")
    return lines


def _loss(loss: Loss) -> str:
    frames = "an unknown number of frames" if loss.frames is None else output.count(loss.frames, "frame")
    span = f"between {loss.first or 'the beginning'} and {loss.last or 'the end'}"
    return f"{frames} {span}: {loss.bytes:,} bytes at byte {loss.offset} ({loss.reason})"
