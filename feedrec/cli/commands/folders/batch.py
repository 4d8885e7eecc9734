"""`feedrec batch`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ....errors import UsageError
from ...batching.asking import KINDS, task_options
from ...filters import filter_options
from ...options import RECORDING_FILE, GroupedCommand, as_json, logging_options
from ...uploading import OUTPUT

_MOST_WORKERS = 1024


@click.command(
    cls=GroupedCommand,
    groups={
        "Where it is done": "workers dask",
        "What is made": "to by channel product",
        "With convert": "level trim-book anonymize no-checkpoints",
        "With info": "full",
        "With export": "table fix-latency",
    },
)
@click.argument("kind", metavar="convert|verify|info|export", type=click.Choice(list(KINDS)))
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=RECORDING_FILE)
@click.argument("target", metavar="DST", type=OUTPUT)
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(1, _MOST_WORKERS),
    help="Processes of this machine.  [default: one a CPU]",
)
@click.option("--dask", "scheduler", metavar="ADDRESS", help="A cluster instead: its scheduler, tcp://HOST:PORT.")
@click.option("--to", metavar="FORMAT", help="What to convert or export to.  [default with convert: jsonl.zst]")
@click.option("--by", type=click.Choice(["hour"]), help="Make a file of each hour, one task an hour.")
@filter_options
@click.option("--level", metavar="N", type=click.IntRange(1, 22), help="Compression level, up to 9 for gzip.")
@click.option("--trim-book", metavar="N", type=click.IntRange(1), help="Keep the best N levels of each side of books.")
@click.option("--anonymize", is_flag=True, help="Replace ids of orders, trades, users and accounts.")
@click.option("--no-checkpoints", is_flag=True, help="Write no checkpoints of books beside large recordings.")
@click.option("--full", is_flag=True, help="Read all of a recording, also where its index tells all.")
@click.option("--table", "tables", metavar="KIND", multiple=True, help="Write this kind of table alone. Repeatable.")
@click.option("--fix-latency", is_flag=True, help="With hftbacktest: put off the receive times.")
@as_json
@logging_options
def batch(
    kind: str,
    sources: tuple[Path, ...],
    target: Path,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """
    Do the same with many recordings, in processes here or on a cluster of Dask.

    SRC is a recording, a folder, a prefix of a bucket or a pattern; DST a folder or prefix, which also gets the
    manifest: what was done, of what, with which result. The same command again does what is new, what changed and what
    failed, and goes on where one was killed. Nothing has its final name before it is whole.

    The exit code is 3 if something failed or something is lost in a recording.

    \b
      feedrec batch convert recordings/ parquet/ --to parquet
      feedrec batch verify 's3://bucket/2026-11-*' s3://bucket/verified/
      feedrec batch export monday/ ticks/ --to parquet-ticks
      feedrec batch convert s3://a/raw s3://a/pq --to parquet \\
        --dask tcp://10.0.0.5:8786
    """
    from ...batching.running import Asked, run_and_report

    if str(target) == "-":
        raise UsageError("a batch writes several files, not stdout: name a folder")
    told, by_hour = task_options(kind, options), options["by"] == "hour"
    asked = Asked(kind, sources, target, told, by_hour, workers, scheduler, as_json)
    raise click.exceptions.Exit(run_and_report(asked))
