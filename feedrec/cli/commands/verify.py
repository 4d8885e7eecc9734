"""`feedrec verify`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import FeedrecError, RecordingError
from ...processing.checkpoints import add_check
from ...processing.feed_rules import rules_for
from .. import output
from ..live.progress import reading
from ..options import RECORDING, as_json, logging_options
from ..terminal import LEVELS, coloured, echo_json, echo_problem, echo_prose

if TYPE_CHECKING:
    from ...formats.tools.verify import Problem, Verification

_GOOD, _UNREADABLE, _BAD = 0, 1, 3  # exit codes

_SHOWN = 20
"""Problems to print for a file; `--json` lists up to a hundred."""


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=RECORDING)
@as_json
@logging_options
def verify(files: tuple[Path, ...], as_json: bool) -> None:
    """
    Check that recordings are intact. FILE is a recording, a folder of them, or - for stdin.

    It checks the structure, the checksums, the index and the seek table against the content, the order of times, and
    the venue's sequence numbers; and the checkpoints beside a recording, if there are any.

    The exit code is 0 if all is well, 3 if something is wrong or lost, 1 if a file cannot be read as a recording.
    """
    from ...formats.several.folder import find_recordings

    codes = {_verify(path, as_json=as_json) for path in find_recordings(files, by_name=True)}
    sys.stdout.flush()
    raise click.exceptions.Exit(next(code for code in (_UNREADABLE, _BAD, _GOOD) if code in codes))


def _verify(path: Path, *, as_json: bool) -> int:
    """Verify a file and print the result; return its exit code."""
    from ...formats.file.opening import under_current_name
    from ...formats.tools.verify import verify_recording

    try:
        with reading(f"verifying {path.name}") as progress:
            result = under_current_name(path, partial(verify_recording, rules_for=rules_for, progress=progress))
            add_check(result)
    except RecordingError as error:
        _report_failure(path, error, as_json=as_json)
        return _UNREADABLE
    if as_json:
        echo_json({**result.as_dict(), "path": result.path})
    else:
        echo_prose(*_lines(result))
    return _GOOD if result.is_good else _BAD


def _report_failure(path: Path, error: FeedrecError, *, as_json: bool) -> None:
    if as_json:
        echo_json({"path": path, "good": False, "error": str(error)})
    echo_problem("error", str(error))


def _lines(result: Verification) -> list[str]:
    problems = output.count(result.problem_count, "problem")
    what = [output.count(result.frames, "frame"), output.count(result.lines, "line")]
    if result.blocks:
        what.append(output.count(result.blocks, "block"))
    if result.gaps:
        what.append(f"{output.count(result.gaps, 'gap')} noticed while recording")
    if result.resets:
        what.append(output.count(result.resets, "reset"))
    if result.out_of_order:
        what.append(f"{output.count(result.out_of_order, 'frame')} out of order")
    state = "ok" if result.is_good else problems
    first = f"{result.path}: {state} ({', '.join(what)})"
    lines = [first if result.is_good else coloured(first, state, LEVELS["error"])]
    lines += [f"  note: {note}" for note in result.notes]
    lines += [f"  {_problem(problem)}" for problem in result.problems[:_SHOWN]]
    if result.problem_count > _SHOWN:
        lines.append(f"  and {output.count(result.problem_count - _SHOWN, 'more problem')}")
    return lines


def _problem(problem: Problem) -> str:
    places = []
    if problem.offset is not None:
        places.append(f"byte {problem.offset}")
    if problem.time is not None:
        places.append(problem.time)
    where = f" ({', '.join(places)})" if places else ""
    return f"{problem.kind}: {problem.text}{where}"
