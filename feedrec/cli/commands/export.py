"""`feedrec export`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from ...processing.exporting import TARGETS
from ..exporting.inputs import look_at, selected
from ..exporting.targets import run_of
from ..filters import filter_options
from ..options import RECORDING, TIME, as_json, file_mode_option, logging_options, overwrite_option
from ..terminal import echo_json, echo_prose
from ..uploading import OUTPUT

log = logging.getLogger("feedrec")

_FROM_HELP = "Begin at this time (UTC): 2026-11-21T17:00:00Z, 17:30, or 90s from the beginning; books as known by then."
_TABLE_HELP = "With tardis-csv and parquet-ticks: write this kind of table alone, e.g. trades. Repeatable."
_LATENCY_HELP = "With hftbacktest: put off the receive times, so that nothing is received before it was sent."


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=RECORDING)
@click.option("--to", required=True, type=click.Choice(list(TARGETS)), help="The format to write.")
@click.option("-o", "--output", "target", required=True, type=OUTPUT, help="The folder, file or URL to write.")
@filter_options
@click.option("--from", "start", type=TIME, help=_FROM_HELP)
@click.option("--until", "end", type=TIME, help="Stop before this time.")
@click.option("--table", "tables", metavar="KIND", multiple=True, help=_TABLE_HELP)
@click.option("--fix-latency", is_flag=True, help=_LATENCY_HELP)
@overwrite_option
@file_mode_option("those who may read all inputs")
@as_json
@logging_options
def export(files: tuple[Path, ...], to: str, target: Path, as_json: bool, **options: Any) -> None:
    """
    Write recordings in the formats of other tools. FILE is a recording, or a folder of them.

    \b
      hftbacktest    .npz a product and day
      tardis-csv     .csv.gz of books, trades, quotes, as tardis.dev has them
      parquet-ticks  Parquet tables, for DuckDB, Polars and Spark
      pcapng         packets, for Wireshark and tshark
      har            an HTTP archive, for browsers

    \b
      feedrec export monday/ --to hftbacktest -o npz/ -p BTC-USD
      feedrec export FILE --to tardis-csv -o csv/ --table trades
      feedrec export monday/ --to parquet-ticks -o s3://bucket/ticks/
      feedrec export FILE --to pcapng -o - | tshark -r - -Y websocket
    """
    options |= {"to": to, "as_json": as_json}
    run = run_of(to, options)
    found = look_at(files, options)
    done = run(found, target, selected(found, options), options)
    for warning in done.warnings:
        log.warning("%s", warning)
    echo_json(done.facts) if as_json else echo_prose(*done.lines, err=done.is_stdout)
