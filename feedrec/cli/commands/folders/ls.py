"""`feedrec ls`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ....errors import UsageError
from ...options import RECORDING_FILE, as_json, logging_options
from ...terminal import echo, echo_json, printable, width_of

if TYPE_CHECKING:
    from ....formats.catalogue.catalogue import Written

log = logging.getLogger("feedrec")


@click.command()
@click.argument("places", metavar="URL|FOLDER...", nargs=-1, required=True, type=RECORDING_FILE)
@click.option(
    "--write-catalogue",
    "writes",
    is_flag=True,
    help="Write what is known to Parquet files, in .catalogue/ beside the recordings.",
)
@click.option("-o", "--output", "catalogue", metavar="FOLDER", type=RECORDING_FILE, help="Write the catalogue there.")
@as_json
@logging_options
def ls(places: tuple[Path, ...], writes: bool, catalogue: Path | None, as_json: bool) -> None:
    """
    List recordings: endpoint, channels, products, time, frames, gaps, size of each.

    Nothing is read but the indexes, 16 at a time. What is in a recording without a summary, as one that is being
    written, shows when it is read: feedrec info. If some cannot be read, the exit code is 1.

    With --write-catalogue, one Parquet file a recorder and UTC day is written, for DuckDB and Polars: see
    docs/catalogue.md. Recordings that are in it and did not change are not looked at again, here and by --from.

    \b
      feedrec ls recordings/
      feedrec ls s3://bucket/prefix/ --write-catalogue
      feedrec ls recordings/ --json | jq '.recordings[] | select(.gaps > 0)'
    """
    from ...listing.facts import facts_of
    from ...listing.looking import look, write
    from ...listing.table import lines_of, total_lines

    if catalogue is not None and not writes:
        raise UsageError("-o says where the catalogue is: add --write-catalogue")
    if catalogue is not None and len(places) > 1:
        raise UsageError("-o takes the catalogue of one folder or prefix: name one")
    looked = look(places, catalogue)
    if as_json:
        echo_json(facts_of(looked))
    else:
        width = width_of(sys.stdout) if sys.stdout.isatty() else None
        entries = [entry for folder in looked for entry in folder.entries]
        echo(*(line for folder in looked for line in [*lines_of(folder, width), ""]), *total_lines(entries))
    sys.stdout.flush()
    if writes:
        for folder, written in write(looked, catalogue):
            log.info("%s", _catalogue_line(folder, written))
    if any(entry.state == "unreadable" for folder in looked for entry in folder.entries):
        raise click.exceptions.Exit(1)


def _catalogue_line(folder: Path, written: Written) -> str:
    some = ("written", len(written.written)), ("unchanged", written.unchanged), ("removed", len(written.removed))
    told = ", ".join(f"{number:,} {what}" for what, number in some if number) or "nothing in it"
    return f"{printable(folder)}: catalogue: {told}"
