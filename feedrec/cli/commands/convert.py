"""`feedrec convert`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ...errors import UsageError
from ...processing.checkpoints import write_beside
from ...processing.feed_rules import rules_for
from ...processing.rewriting import rewrite_of
from ...processing.selecting import selection_of
from ..converting.deduplicating import deduplicate
from ..converting.importing import Losses, importing_options
from ..converting.inputs import look_at, progress
from ..converting.report import facts_of, report_of
from ..converting.target import check_target, places_of, to_file, to_stdout
from ..filters import filter_options
from ..options import (
    RECORDING,
    ROTATE_AFTER,
    SIZE,
    as_json,
    file_mode_option,
    logging_options,
    overwrite_option,
    time_options,
)
from ..terminal import echo_json, echo_prose
from ..uploading import OUTPUT, check_output, written_to

if TYPE_CHECKING:
    from ...feeds.venue import FeedState
    from ...formats import Selection
    from ...formats.file.growing.growing_file import GrowingFile
    from ...formats.file.rotation import RotateAfter
    from ...formats.several.inputs import Input
    from ...formats.tools.convert import Conversion
    from ...times import Moment

_CHOICE = ("channels", "products", "start", "end", "connections", "direction")
_SPLIT_HELP = (
    "Write several files: one per interval, e.g. 1h (aligned to the clock), or of about this size, e.g. 512MB."
)

_DEDUPE_HELP = (
    "Make one recording of several of the same feed, made at the same time: the first leads, the others fill its gaps."
)
_NO_CHECKPOINTS_HELP = (
    "Write no checkpoints of books, for late clients of a replay, beside a .jsonl.zst of more than 64 MiB of text."
)

log = logging.getLogger("feedrec")


@click.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=RECORDING)
@click.option(
    "-o",
    "--output",
    "target",
    type=OUTPUT,
    help="Output file or URL, named .jsonl.zst, .jsonl.gz, .jsonl or .parquet, or - for stdout.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["jsonl", "jsonl.zst", "jsonl.gz", "parquet"]),
    help="Format of stdout, not parquet; that of a file is in its name.  [default: jsonl]",
)
@time_options
@filter_options
@click.option(
    "--conn", "connections", metavar="N", type=click.IntRange(0), multiple=True, help="Only connection N. Repeatable."
)
@click.option("--direction", type=click.Choice(["in", "out"]), help="Only received (in) or only sent (out) frames.")
@click.option("--dedupe", is_flag=True, help=_DEDUPE_HELP)
@click.option("--split", type=ROTATE_AFTER, help=_SPLIT_HELP)
@click.option("--max-size", type=SIZE, help="Take only as much, from the beginning, as fits this size, e.g. 100kB.")
@click.option("--with-state", is_flag=True, help="Begin with snapshots of the market state at --from.")
@click.option(
    "--trim-book",
    metavar="N",
    type=click.IntRange(1),
    help="Keep the best N levels of each side of books, consistently.",
)
@click.option("--anonymize", is_flag=True, help="Replace ids of orders, trades, users and accounts, consistently.")
@importing_options
@click.option("--level", metavar="N", type=click.IntRange(1, 22), help="Compression level, up to 9 for gzip.")
@click.option("--no-checkpoints", is_flag=True, help=_NO_CHECKPOINTS_HELP)
@overwrite_option
@file_mode_option("those who may read all inputs")
@as_json
@logging_options
def convert(
    inputs: tuple[Path, ...],
    target: Path | None,
    kind: str | None,
    split: RotateAfter | None,
    level: int | None,
    overwrite: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """
    Convert recordings to another format; merge them by time, cut, filter or split them.

    Lines that feedrec wrote are copied byte for byte, except with --trim-book and --anonymize. INPUT is a file, a
    folder of recordings, or - for stdin. Without -o, a last - is stdout. Of a damaged file of another tool, what comes
    before the damage is converted; the exit code is 3 then, as with lines that --skip-bad passed over.

    \b
      feedrec convert FILE -o FILE.parquet
      feedrec convert FILE -o - --format jsonl.zst | ssh HOST 'cat > FILE'
      feedrec convert monday/ -o hour.jsonl.zst --from +9h --to +10h --with-state
      feedrec convert --dedupe here/ there/ -o feed.jsonl.zst
      feedrec convert raw.ndjson -o raw.jsonl --time-field ts --payload-field data
      feedrec convert monday/ -o s3://bucket/monday.parquet
    """
    inputs, target = places_of(inputs, target)
    is_stdout = check_target(target, kind, split, options["max_size"], as_json=as_json)
    check_output(target, inputs, overwrite=overwrite, mode=options["mode"], is_split=split is not None)
    options["overwrite"] = overwrite
    create = to_stdout(kind, level) if is_stdout else to_file(level, overwrite=overwrite)
    run = deduplicate if options["dedupe"] else _convert
    run(inputs, target, options, create, split, as_json=as_json, is_stdout=is_stdout)


def _convert(
    inputs: Sequence[Path],
    target: Path,
    options: dict[str, Any],
    create: Callable[..., GrowingFile],
    split: RotateAfter | None,
    *,
    as_json: bool,
    is_stdout: bool,
) -> None:
    """Convert, and report."""
    from ...formats.tools.convert import convert as convert_recordings

    losses = Losses()
    found = look_at(inputs, options, losses)
    selection, endpoint = _selection(found, options), found[0].header.endpoint
    rules = rules_for(endpoint)
    with written_to(target, overwrite=options["overwrite"]) as output:
        with progress(found) as on_read:
            result = convert_recordings(
                found,
                output.path,
                selection=msgspec.structs.replace(selection, keeps_events=True),
                describe=rules.describe,
                describe_all=rules.describe_all,
                make_rule=rules.sequence_rule,
                state=_state(endpoint, options["start"]) if options["with_state"] else None,
                rewrite=rewrite_of(found, options["trim_book"], anonymize=options["anonymize"]),
                split=split,
                max_size=options["max_size"],
                mode=output.mode(options["mode"]),
                create=create,
                on_read=on_read,
            )
            write_beside(result, endpoint, options, partial(on_read, 0, found[0].size))
        result.paths = output.finish(result.paths)
    _end(result, selection, losses, as_json=as_json, is_stdout=is_stdout)


def _selection(found: Sequence[Input], options: dict[str, Any]) -> Selection:
    """Return what was chosen; times may count from the beginning of the earliest input."""
    header = msgspec.structs.replace(found[0].header, created=min(one.header.created for one in found))
    return selection_of(found[0].path, header, **{name: options[name] for name in _CHOICE})


def _warn_of_nothing(result: Conversion, selection: Selection) -> None:
    """Warn of a choice that takes nothing; events are taken whatever was chosen."""
    if result.first_time is None:
        log.warning("nothing matched: the output contains only the header")
    elif not result.frames and (selection.channels or selection.products) and selection.direction is None:
        log.warning("no received frame matched: the output contains only events and what was sent")


def _end(
    result: Conversion,
    selection: Selection,
    losses: Losses,
    *,
    as_json: bool,
    is_stdout: bool,
) -> None:
    """Report what was written, and what could not be read."""
    _warn_of_nothing(result, selection)
    losses.warn()
    facts = {**facts_of(result), **losses.facts()}
    echo_json(facts) if as_json else echo_prose(*report_of(result), err=is_stdout)
    if losses:
        sys.stdout.flush()
        raise click.exceptions.Exit(3)


def _state(endpoint: str, start: Moment | None) -> FeedState:
    from ...feeds import venue_of
    from ...feeds.state.new_state import new_state

    if start is None:
        raise UsageError("--with-state needs --from: the time of the market state to begin with")
    venue = venue_of(endpoint)
    state = new_state(venue, None) if venue is not None else None
    if state is None:
        raise UsageError(f"endpoint {endpoint!r} has no market state to rebuild: leave out --with-state")
    return state
