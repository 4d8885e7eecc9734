"""`feedrec record`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import UsageError
from ..logs import log_format_option
from ..options import GroupedCommand, as_json, limit_options, logging_options
from ..recording.options.alert_options import alert_options
from ..recording.options.config_options import config_options
from ..recording.options.connection_options import connection_options
from ..recording.options.files.hook_options import hook_options
from ..recording.options.files.output_options import output_options
from ..recording.options.files.ship_options import ship_options
from ..recording.options.metrics_options import metrics_options
from ..recording.options.product_options import resolve_patterns
from ..recording.options.resync_options import resync_options
from ..recording.options.serve_options import serve_options
from ..recording.options.shard_options import shard_options
from ..recording.source import source_options
from ..terminal import echo_json, echo_prose

if TYPE_CHECKING:
    from ..recording.feed_options import FeedOptions, ProcessOptions

log = logging.getLogger("feedrec")

LOSS = 3
"""Exit code of a run that finished, but with loss."""


@click.command(
    cls=GroupedCommand,
    groups={
        "What to record": "endpoint url channel product yes any-channel key-file no-heartbeats failover failover-url",
        "Its connections": "connections max-age",
        "Beside the feed": "rest rest-every rest-url",
        "With -e raw": "send header",
        "What is secret": "redact no-redact",
        "Where to write it": "output format rotate level fsync disk-patience min-free checkpoints overwrite file-mode",
        "When a file is finished": "keep on-rotate on-rotate-timeout snapshot-on-rotate",
        "Into a bucket": "ship ship-keep ship-at-once ship-encryption ship-kms-key ship-acl",
        "When books are wrong": "resync verify-books",
        "When to stop": "duration max-frames fail-on-gap strict",
        "Live to many": "serve serve-subscribe serve-set",
        "Several feeds": "config check",
        "Several machines": "shard replicas",
        "Who is told": "alert alert-timeout metrics allow-host stale-after",
    },
)
@source_options
@connection_options
@output_options
@hook_options
@ship_options
@limit_options
@click.option("--fail-on-gap", is_flag=True, help="Exit with 3 if the venue's sequence numbers had a gap.")
@click.option("--strict", is_flag=True, help="Exit with 3 if the venue did not accept everything that was asked for.")
@resync_options
@alert_options
@config_options
@shard_options
@metrics_options
@serve_options
@as_json
@logging_options
@log_format_option
def record(**values: Any) -> int:
    """
    Record a feed to a file, every frame exactly as it arrives, until Ctrl-C.

    \b
      feedrec record --channel level2
      feedrec record -c level2 -c ticker -p BTC-USD,ETH-USD -o today.jsonl.zst
      feedrec record -c ticker --duration 10m -o - | jq .frame
      feedrec record --config recorder.toml
      feedrec record -c level2 --serve 127.0.0.1:8765

    Lost connections are reopened, however long that takes. The file can be read and replayed while it is being written;
    until it is finished, its name ends in .part. A recorder that is killed loses at most the last second.
    """
    from ..recording.feed_options import FeedOptions, ProcessOptions

    process = ProcessOptions.take(values)
    if process.check:
        process.check_metrics()
    if process.config is not None:
        return _record_config(process.config, process, values)
    options = FeedOptions.take(values)
    process.refuse_for(options)
    if process.check:
        return _check_one(process, options)
    return _record_one(process, options)


def _check_one(process: ProcessOptions, options: FeedOptions) -> int:
    """Print what the command line says; return the exit code."""
    from ..recording.config.places import why_unusable
    from ..recording.config.plan import show_plans

    source = options.source.find()._replace(shard=process.machine)
    why = None if options.place.output == "-" else why_unusable(options.place)
    if why is not None:
        raise UsageError(why)
    process.serving.refuse_unknown([source.feed.name])
    show_plans({"": (options, source)}, as_json=process.as_json, served=process.serving.said, shard=process.machine)
    return 0


def _record_one(process: ProcessOptions, options: FeedOptions) -> int:
    """Record what the command line says; return the exit code."""
    from ..recording.feed_run import FeedRun
    from ..recording.open_files import allow_open_files
    from ..recording.run import facts_of, report, run_to_end
    from ..recording.run_services import RunServices

    source = resolve_patterns(options.source.find()._replace(shard=process.machine), yes=options.source.yes)
    if source is None:
        log.info("shard %s has nothing of it: nothing is recorded here", process.machine)
        return 0
    if plan := source.feed.plan_of(source.subscriptions):
        log.info("%s", plan)
    allow_open_files()
    services = RunServices(process)
    services.serve({"": source.feed.name})
    run = FeedRun(source, options, services)
    summary, error = run.settle(*run_to_end(run.session, run.output.writer, services))
    if process.as_json:
        echo_json({**facts_of(summary, error), **services.served_facts})
    else:
        to_stdout = options.place.output == "-"
        report(summary, error, err=to_stdout)
        if services.served_text:
            echo_prose(f"  {services.served_text}", err=to_stdout)
    if error is not None:
        raise error
    return LOSS if run.is_lossy(summary) else 0


def _record_config(path: Path, process: ProcessOptions, values: dict[str, Any]) -> int:
    """Record what a configuration says; return the exit code."""
    from ..recording.config.config_file import ConfigFile, defaults_of

    file = ConfigFile(path, record, defaults_of(click.get_current_context(), values), process.machine)
    if process.check:
        from ..recording.config.plan import show_plans

        plans = file.read()
        file.refuse_unusable(plans, plans)
        process.serving.refuse_unknown(plan.source.feed.name for plan in plans.values())
        show_plans(file.everything, as_json=process.as_json, served=process.serving.said, shard=process.machine)
        return 0
    from ..recording.several.record_fleet import record_fleet

    return LOSS if record_fleet(file, process) else 0
