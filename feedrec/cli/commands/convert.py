"""`feedrec convert`."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ...errors import DamagedRecordingError, UsageError
from ...model import NANOSECONDS, Header, format_time
from .. import output
from ..checkpoints import write_beside
from ..converting.rewriting import report_rewriting, rewrite_of
from ..feed_rules import rules_for
from ..filters import filter_options, selection_of
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
from ..progress import reading
from ..signals import ending_between_steps
from ..terminal import echo_json, echo_prose, refuse_terminal

if TYPE_CHECKING:
    from ...feeds.venue import FeedState
    from ...formats import Selection
    from ...formats.facts.sequence_check import MakeRule
    from ...formats.file.growing.growing_file import GrowingFile
    from ...formats.file.modes import FileMode
    from ...formats.file.rotation import RotateAfter
    from ...formats.several.inputs import Input
    from ...formats.tools.convert import Conversion
    from ...formats.tools.foreign_lines import LineReader
    from ...times import Moment

_CHOICE = ("channels", "products", "start", "end", "connections", "direction")
_FORMATS = ["tardis", "hftbacktest", "jsonl"]
_SPLIT_HELP = (
    "Write several files: one per interval, e.g. 1h (aligned to the clock), or of about this size, e.g. 512MB."
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
    type=click.Path(path_type=Path),
    help="Output file, named .jsonl.zst, .jsonl.gz, .jsonl or .parquet, or - for stdout.",
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
@click.option("--input-format", type=click.Choice(_FORMATS), help="Read a file written by another tool.")
@click.option("--time-field", metavar="NAME", help="With jsonl: the field that holds the time, e.g. ts or data.ts.")
@click.option("--endpoint", metavar="NAME", help="The endpoint that a file of another tool came from.  [default: raw]")
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
    before the damage is converted; the exit code is 3 then.

    \b
      feedrec convert FILE -o FILE.parquet
      feedrec convert FILE -o - --format jsonl.zst | ssh HOST 'cat > FILE'
      feedrec convert monday/ -o hour.jsonl.zst --from +9h --to +10h --with-state
      feedrec convert raw.gz -o raw.jsonl.zst --input-format tardis
    """
    from ...formats.tools.convert import convert as convert_recordings

    inputs, target = _places(inputs, target)
    to_stdout = _check_target(target, kind, split, options["max_size"], as_json=as_json)
    damage: dict[Path, DamagedRecordingError] = {}
    found = _look_at(inputs, options, damage)
    selection, endpoint = _selection(found, options), found[0].header.endpoint
    rules = rules_for(endpoint)
    with _progress(found) as on_read:
        result = convert_recordings(
            found,
            target,
            selection=msgspec.structs.replace(selection, keeps_events=True),
            describe=rules.describe,
            describe_all=rules.describe_all,
            make_rule=rules.sequence_rule,
            state=_state(endpoint, options["start"]) if options["with_state"] else None,
            rewrite=rewrite_of(found, options["trim_book"], anonymize=options["anonymize"]),
            split=split,
            max_size=options["max_size"],
            mode=options["mode"],
            create=_to_stdout(kind, level) if to_stdout else _to_file(level, overwrite=overwrite),
            on_read=on_read,
        )
        write_beside(result, endpoint, options, partial(on_read, 0, found[0].size))
    _end(result, selection, list(damage.values()), as_json=as_json, to_stdout=to_stdout)


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
    damage: Sequence[DamagedRecordingError],
    *,
    as_json: bool,
    to_stdout: bool,
) -> None:
    """Report what was written, and what could not be read."""
    _warn_of_nothing(result, selection)
    for error in damage:
        log.warning("%s: only what comes before that was converted", error)
    facts = {**_facts(result), "damage": [str(error) for error in damage]}
    echo_json(facts) if as_json else echo_prose(*_report(result), err=to_stdout)
    if damage:
        sys.stdout.flush()
        raise click.exceptions.Exit(3)


def _places(inputs: tuple[Path, ...], target: Path | None) -> tuple[tuple[Path, ...], Path]:
    """Return the inputs and the output; `INPUT... -` is short for `INPUT... -o -`."""
    from ...formats.file.pipe import STDIN
    from ...formats.file.stream_target import STDOUT

    if target is not None:
        return inputs, target
    if len(inputs) > 1 and inputs[-1] == STDIN:
        return inputs[:-1], STDOUT
    context = click.get_current_context()
    raise click.UsageError("Missing option '-o' / '--output': name the output file, or - for stdout.", context)


def _check_target(
    target: Path, kind: str | None, split: RotateAfter | None, max_size: int | None, *, as_json: bool
) -> bool:
    """Return whether the output is stdout; refuse options and a terminal that do not go with it."""
    from ...formats.file.stream_target import STDOUT

    if split is not None and max_size is not None:
        raise UsageError("--split and --max-size exclude each other: use only one of them")
    if target != STDOUT:
        if kind is not None and not target.name.endswith(f".{kind}"):
            raise UsageError(f"{target} does not match --format {kind}: change one of them")
        return False
    if kind == "parquet" or split is not None:
        raise UsageError("-o - writes one stream of lines to stdout: leave out --format parquet and --split")
    if as_json:
        raise UsageError("--json and -o - both write to stdout: use only one of them")
    refuse_terminal()
    return True


def _to_file(level: int | None, *, overwrite: bool) -> Callable[..., GrowingFile]:
    from ...formats.file.growing.growing_file import begin_file

    return partial(begin_file, overwrite=overwrite, level=level)


def _to_stdout(kind: str | None, level: int | None) -> Callable[..., GrowingFile]:
    """Return what begins the output in stdout, which has neither a name nor a mode."""
    from ...formats.file.growing.growing_file import begin_stream

    def begin(_path: Path, header: Header | bytes, *, mode: FileMode, make_rule: MakeRule | None) -> GrowingFile:  # noqa: ARG001
        return begin_stream(sys.stdout.buffer, f".{kind or 'jsonl'}", header, level=level, make_rule=make_rule)

    return begin


def _line_reader(input_format: str | None, time_field: str | None) -> Callable[[], LineReader] | None:
    """Return a function that makes the reader of another tool's lines; None unless the options name such a format."""
    from ...formats.tools.foreign_lines import HftbacktestLines, JsonlLines, TardisLines

    if time_field is not None and input_format in ("tardis", "hftbacktest"):
        raise UsageError(f"--time-field needs --input-format jsonl: {input_format} lines begin with the time")
    if time_field is not None:
        if not time_field.strip("."):
            raise UsageError("--time-field is empty: name the field that holds the time")
        return partial(JsonlLines, time_field)
    if input_format == "jsonl":
        raise UsageError("--input-format jsonl needs --time-field: the name of the field that holds the time")
    if input_format == "hftbacktest":
        return HftbacktestLines
    return TardisLines if input_format == "tardis" else None


def _note_damage(damage: dict[Path, DamagedRecordingError], error: DamagedRecordingError) -> None:
    damage[error.path] = error


def _look_at(paths: Sequence[Path], options: dict[str, Any], damage: dict[Path, DamagedRecordingError]) -> list[Input]:
    """Inspect the inputs; what is damaged of files of other tools is noted in `damage` when it is read."""
    from ...feeds import find_feed
    from ...formats.file.opening import under_current_name
    from ...formats.several.folder import find_recordings
    from ...formats.several.inputs import inspect_recording, refuse_doubles
    from ...formats.tools.foreign_files import open_any

    make_reader, endpoint = _line_reader(options["input_format"], options["time_field"]), options["endpoint"]
    on_damage = partial(_note_damage, damage)
    if endpoint is not None:
        find_feed(endpoint)
    files = paths if make_reader is not None else find_recordings(paths)
    opening = partial(open_any, make_reader=make_reader, endpoint=endpoint, on_damage=on_damage)
    found = [inspect_recording(partial(under_current_name, path, opening)) for path in files]
    refuse_doubles(found)
    return found


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


@contextlib.contextmanager
def _progress(inputs: Sequence[Input]) -> Iterator[Callable[[int, int], None]]:
    """Show progress, and end on signals; yields a function to call with the number of an input and the bytes read."""
    sizes, total = [0] * len(inputs), sum(one.size for one in inputs)
    with reading("converting") as show, ending_between_steps() as end_if_noted:

        def on_read(number: int, size: int) -> None:
            end_if_noted()
            sizes[number] = size
            show(sum(sizes), total)

        yield on_read


def _facts(result: Conversion) -> dict[str, Any]:
    times = {name: getattr(result, name) for name in ("first_time", "last_time", "cut_at")}
    return {
        **msgspec.structs.asdict(result),
        **{name: None if time is None else format_time(time) for name, time in times.items()},
    }


def _report(result: Conversion) -> list[str]:
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
    facts += report_rewriting(result)
    if result.cut_at is not None:
        seconds = (result.cut_at - (result.cut_at if result.first_time is None else result.first_time)) / NANOSECONDS
        facts.append(f"cut after {output.duration(seconds)} to fit")
    return [f"wrote {frames} to {where}", f"  {', '.join(facts)}"]
