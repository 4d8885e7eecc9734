"""`feedrec record`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import click

from ...errors import UsageError
from ..options import GroupedCommand, as_json, limit_options, logging_options
from ..recording.output import OutputOptions, open_output, output_options
from ..recording.product_options import resolve_patterns
from ..recording.source import SourceOptions, source_options
from ..subscribed import name_subscription
from ..terminal import echo_json

if TYPE_CHECKING:
    from ...recorder import Summary

log = logging.getLogger("feedrec")

LOSS = 3
"""Exit code of a run that finished, but with loss."""


@click.command(
    cls=GroupedCommand,
    groups={
        "What to record": "endpoint url channel product yes any-channel key-file no-heartbeats failover failover-url",
        "Beside the feed": "rest rest-every rest-url",
        "With -e raw": "send header",
        "What is secret": "redact no-redact",
        "Where to write it": "output format rotate level fsync disk-patience min-free checkpoints overwrite file-mode",
        "When to stop": "duration max-frames fail-on-gap strict",
    },
)
@source_options
@output_options
@limit_options
@click.option("--fail-on-gap", is_flag=True, help="Exit with 3 if the venue's sequence numbers had a gap.")
@click.option("--strict", is_flag=True, help="Exit with 3 if the venue did not accept everything that was asked for.")
@as_json
@logging_options
def record(
    duration: float | None, max_frames: int | None, fail_on_gap: bool, strict: bool, as_json: bool, **options: Any
) -> int:
    """
    Record a feed to a file, every frame exactly as it arrives, until Ctrl-C.

    \b
      feedrec record --channel level2
      feedrec record -c level2 -c ticker -p BTC-USD,ETH-USD -o today.jsonl.zst
      feedrec record -c ticker --duration 10m -o - | jq .frame

    Lost connections are reopened, however long that takes. The file can be read and replayed while it is being written;
    until it is finished, its name ends in .part. A recorder that is killed loses at most the last second.
    """
    from ...recorder import Limits
    from ..recording.run import facts_of, report, run_recording

    place = OutputOptions(**{name: options.pop(name) for name in OutputOptions.__struct_fields__})
    if place.output == "-" and as_json:
        raise UsageError("--json and -o - both write to stdout: use only one of them")
    wanted = SourceOptions(**options)
    source = resolve_patterns(wanted.find(), yes=wanted.yes)
    if plan := source.feed.plan_of(source.subscriptions):
        log.info("%s", plan)
    target = open_output(source, place)
    summary, error = target.settle(*run_recording(source, target.writer, Limits(duration, max_frames)))
    if as_json:
        echo_json(facts_of(summary, error))
    else:
        report(summary, error, err=place.output == "-")
    if error is not None:
        raise error
    is_lossy = (fail_on_gap and summary.counts.gaps > 0) or (strict and not _is_complete(summary))
    return LOSS if is_lossy else 0


def _is_complete(summary: Summary) -> bool:
    """Tell whether the venue accepted everything that was asked for; the summary says what it refused."""
    facts = summary.subscribed
    if facts.accepted is not None and facts.unanswered:
        names = ", ".join(map(name_subscription, facts.unanswered))
        log.warning("the venue had not answered when the recording ended: %s", names)
    return facts.is_complete
