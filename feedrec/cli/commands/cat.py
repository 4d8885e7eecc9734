"""`feedrec cat`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...model import Frame, Record, describe_nothing
from ..filters import selection_of
from ..options import PRODUCTS, TIME, Moment, logging_options

if TYPE_CHECKING:
    from ...formats import Recording, Selection

POLL_INTERVAL = 0.1
"""Seconds between looks at a file that grows."""


@click.command(short_help="Print a recording, or what the venue sent.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, readable=False))
@click.option("--raw", is_flag=True, help="Print the payloads of received frames alone, one a line.")
@click.option("-0", "--print0", is_flag=True, help="End each with a NUL, not a newline: for payloads with newlines.")
@click.option("-c", "--channel", "channels", multiple=True, help="Only frames of this channel. Repeatable.")
@click.option(
    "-p", "--product", "products", type=PRODUCTS, multiple=True, help="Only frames of this product. Repeatable."
)
@click.option(
    "--from", "start", type=TIME, help="Only from this time on: 2026-11-21T17:00:00Z, or +90s from the start."
)
@click.option("--to", "end", type=TIME, help="Only before this time.")
@click.option("-f", "--follow", is_flag=True, help="Go on while the file is being written.")
@logging_options
def cat(
    file: Path,
    raw: bool,
    print0: bool,
    channels: tuple[str, ...],
    products: tuple[tuple[str, ...], ...],
    start: Moment | None,
    end: Moment | None,
    follow: bool,
) -> None:
    """
    Print a recording: its lines as they are, or with --raw what the venue sent.

    \b
      feedrec cat FILE | jq -c 'select(.event)'
      feedrec cat --raw -c ticker -p BTC-USD FILE
      feedrec cat --follow FILE.part
    """
    from ...formats import open_recording

    out = sys.stdout.buffer
    end_of_item = b"\0" if print0 else b"\n"
    with open_recording(file, wait=_flush_and_wait if follow else None) as recording:
        chosen = _choice(recording, selection_of(file, recording.header, channels, products, start, end))
        if not raw:
            out.write(recording.header_line + end_of_item)
        for line, record in recording.lines_with_records():
            if chosen is not None and not chosen(record):
                continue
            if not raw:
                out.write(line + end_of_item)
            elif isinstance(record, Frame) and record.direction == "in":
                out.write(record.payload + end_of_item)
    out.flush()


def _choice(recording: Recording, selection: Selection) -> Callable[[Record], bool] | None:
    """Give the test that chooses records; None if all are chosen."""
    from ...feeds import feed_of

    if selection.is_everything:
        return None
    feed = feed_of(recording.header.endpoint)
    describe = feed.describe if feed else describe_nothing
    return lambda record: selection.takes(record, describe)


def _flush_and_wait() -> bool:
    sys.stdout.buffer.flush()
    time.sleep(POLL_INTERVAL)
    return True
