"""`feedrec verify`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ...errors import FeedrecError, RecordingError
from .. import output
from ..options import as_json, logging_options
from ..progress import reading

if TYPE_CHECKING:
    from ...formats.tools.verify import Problem, Rules, Verification

_SHOWN = 20
"""Problems of a file that are printed; `--json` has up to a hundred."""


@click.command(short_help="Check that a recording is whole.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, readable=False))
@as_json
@logging_options
def verify(files: tuple[Path, ...], as_json: bool) -> None:
    """
    Check recordings, or all in a folder.

    Structure, checksums, index and seek table against the content, the order of time, and the venue's sequence.

    The exit code is 0 if all is well, 3 if something is wrong or lost, 1 if a file cannot be read as a recording.
    """
    from ...formats.file.opening import under_current_name
    from ...formats.several.folder import find_recordings
    from ...formats.tools.verify import verify_recording

    failed = wrong = False
    for path in find_recordings(files, by_name=True):
        try:
            with reading(f"verifying {output.printable(path.name)}") as progress:
                result = under_current_name(path, partial(verify_recording, rules_for=_rules_for, progress=progress))
        except RecordingError as error:
            failed = True
            _report_failure(path, error, as_json=as_json)
            continue
        wrong = wrong or not result.is_good
        if as_json:
            click.echo(msgspec.json.encode({**result.as_dict(), "path": output.as_text(result.path)}))
        else:
            click.echo("\n".join(_lines(result)))
    sys.stdout.flush()
    if failed or wrong:
        raise click.exceptions.Exit(1 if failed else 3)


def _rules_for(endpoint: str) -> Rules:
    from ...feeds import feed_of
    from ...formats.tools.verify import Rules

    feed = feed_of(endpoint)
    if feed is None:
        return Rules()
    return Rules(feed.describe, lambda from_start: feed.sequence_rule(from_start=from_start))


def _report_failure(path: Path, error: FeedrecError, *, as_json: bool) -> None:
    if as_json:
        click.echo(
            msgspec.json.encode({"path": output.as_text(path), "good": False, "error": output.as_text(str(error))})
        )
    click.echo(f"feedrec: error: {output.printable(str(error))}", err=True)


def _lines(result: Verification) -> list[str]:
    problems = output.count(result.problem_count, "problem")
    what = [output.count(result.frames, "frame"), output.count(result.lines, "line")]
    if result.blocks:
        what.append(output.count(result.blocks, "block"))
    if result.gaps:
        what.append(f"{output.count(result.gaps, 'gap')} recorded live")
    state = "ok" if result.is_good else problems
    lines = [f"{output.printable(result.path)}: {state} ({', '.join(what)})"]
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
    return output.printable(f"{problem.kind}: {problem.text}{where}")
