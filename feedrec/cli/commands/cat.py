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
from ..terminal import payload_writer

if TYPE_CHECKING:
    from ...formats import Recording, Selection

POLL_INTERVAL = 0.1
"""Seconds between checks of a file that is still being written."""


@click.command(short_help="Print a recording, or only what the venue sent.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, readable=False))
@click.option("--raw", is_flag=True, help="Print only the payloads of received frames, one per line.")
@click.option("-0", "--print0", is_flag=True, help="End each line with NUL, for payloads that contain newlines.")
@click.option(
    "-c", "--channel", "channels", metavar="NAME", multiple=True, help="Only frames of this channel. Repeatable."
)
@click.option(
    "-p", "--product", "products", type=PRODUCTS, multiple=True, help="Only frames of this product. Repeatable."
)
@click.option(
    "--from",
    "start",
    type=TIME,
    help="Start at this time (UTC): 2026-11-21T17:00:00Z, 2026-11-21, 17:30, or 90s from the beginning.",
)
@click.option("--to", "end", type=TIME, help="Stop before this time.")
@click.option("-f", "--follow", is_flag=True, help="Keep printing while the file is being written.")
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
    Print the lines of a recording or, with --raw, only what the venue sent.

    A pipe or a file gets every byte as it is. On a terminal, control characters are shown as escapes.

    \b
      feedrec cat FILE | jq -c 'select(.event)'
      feedrec cat --raw -c ticker -p BTC-USD FILE
      feedrec cat --follow FILE.part
    """
    from ...formats import open_recording

    with open_recording(file, wait=_flush_and_wait if follow else None) as recording:
        selection = selection_of(file, recording.header, channels, products, start, end)
        _print(recording, selection, raw=raw, line_end=b"\0" if print0 else b"\n")


def _print(recording: Recording, selection: Selection, *, raw: bool, line_end: bytes) -> None:
    write = payload_writer()
    is_selected = _test_of(selection, recording)
    if not raw:
        write(recording.header_line, line_end)
    for line, record in recording.lines_with_records():
        if is_selected is not None and not is_selected(record):
            continue
        if not raw:
            write(line, line_end)
        elif isinstance(record, Frame) and record.direction == "in":
            write(record.payload, line_end)
    sys.stdout.buffer.flush()


def _test_of(selection: Selection, recording: Recording) -> Callable[[Record], bool] | None:
    """Return the test that selects records; None to take all of them."""
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
