"""`feedrec cat`."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import UsageError
from ...processing.feed_rules import rules_for
from ...processing.selecting import selection_of
from ..filters import filter_options
from ..frame_lines import frame_lines
from ..options import RECORDING, logging_options, time_options
from ..terminal import echo, echo_paged, visible_json
from ..uploading import refuse_url

if TYPE_CHECKING:
    from ...formats import Recording, Selection
    from ...formats.file.passes.decoded_batch import DecodedBatch
    from ...model import Event, Record
    from ...times import Moment

log = logging.getLogger("feedrec")

_LARGE = 1 << 20  # bytes, from which on a copy costs more than another call

POLL_INTERVAL = 0.1
"""Seconds between checks of a file that is still being written."""


@click.command()
@click.argument("file", metavar="FILE", type=RECORDING)
@click.option("--raw", is_flag=True, help="Print only the payloads of received frames, one per line.")
@click.option(
    "--http", is_flag=True, help="Print only requests and answers; with --raw, only the content of the answers."
)
@click.option("-0", "--print0", is_flag=True, help="End each line with NUL, for payloads that contain newlines.")
@filter_options
@time_options
@click.option("--full", is_flag=True, help="On a terminal: print the lines as a pipe gets them.")
@click.option("-f", "--follow", is_flag=True, help="Keep printing while the file is being written.")
@logging_options
def cat(
    file: Path,
    raw: bool,
    http: bool,
    print0: bool,
    channels: tuple[str, ...],
    products: tuple[tuple[str, ...], ...],
    start: Moment | None,
    end: Moment | None,
    full: bool,
    follow: bool,
) -> None:
    """
    Print the lines of a recording or, with --raw, only what the venue sent.

    A pipe or a file gets every byte as it is. A terminal gets one line per frame, cut to its width: time, connection,
    < received or > sent, channel, product, sequence number, size, and how the frame begins. With --full or --raw it
    gets everything, with control characters as escapes. What is long is shown by $PAGER, or less.

    A request and its answer are a line as well: method, status, size of the content, address.

    FILE is a recording in any format, or - for stdin, which is printed as it comes. Of a folder, the recordings are
    printed one after another, those that have something of the span, below the header of the first.

    \b
      feedrec cat FILE | jq -c 'select(.event)'
      feedrec cat --raw -c ticker -p BTC-USD FILE
      feedrec cat --http FILE
      feedrec cat --follow FILE.part
      feedrec record -c ticker -o - | feedrec cat -
    """
    if http and (channels or products):
        raise UsageError("--http prints requests and answers, which have no channel and no product")
    from ...formats.file.pipe import STDIN

    paths, start, end = _recordings_of(file, start, end, follow=follow)
    count, is_everything = 0, not http
    for number, recording in enumerate(_opened(file, paths, follow=follow)):
        selection = selection_of(recording.path, recording.header, channels, products, start, end)
        selected = (_Requests if http else _Selected)(recording, selection, has_header=not number)
        if sys.stdout.isatty():
            lines = selected.texts(raw=raw) if raw or full or print0 else selected.summaries()
            (_echo_each if follow or file == STDIN or len(paths) > 1 else echo_paged)(lines)
        else:
            selected.write(raw=raw, line_end=b"\0" if print0 else b"\n")
        count += selected.count
        is_everything &= selection.is_everything
    if not count and not is_everything:
        log.warning("nothing matched")


def _recordings_of(
    file: Path, start: Moment | None, end: Moment | None, *, follow: bool
) -> tuple[list[Path], Moment | None, Moment | None]:
    """Return the recordings to print: those of a folder that have something of the span, or the one that is named."""
    if follow:
        refuse_url(file, "no object grows, so leave out --follow; a file can be followed where it is recorded")
    from ...formats.places.url_path import UrlPath

    if not isinstance(file, UrlPath) and not os.path.isdir(file):  # noqa: PTH112  Path.is_dir may raise
        return [file], start, end
    from ...formats.catalogue.choosing import recordings_for
    from ...formats.places.opening import is_folder

    if follow and is_folder(file):
        raise UsageError(f"{file} is a folder: --follow prints one file, the one that is being written")
    return recordings_for([file], start, end)


def _opened(file: Path, paths: Sequence[Path], *, follow: bool) -> Iterator[Recording]:
    """Yield recordings, open, one after another; they must be of one endpoint."""
    from ...formats import open_recording
    from ...formats.file.opening import under_current_name

    endpoint = None
    opening = partial(open_recording, wait=_flush_and_wait if follow else None, once=True)
    for path in paths:
        with under_current_name(path, opening) if len(paths) > 1 else opening(path) as recording:
            endpoint = endpoint or recording.header.endpoint
            if endpoint != recording.header.endpoint:
                raise UsageError(f"{file} has recordings of {endpoint} and {recording.header.endpoint}: name one")
            yield recording


class _Selected:
    """
    The records of a recording that are selected.

    Args:
        recording: It.
        selection: Selects them.
        has_header: Whether to print the header before them.

    Attributes:
        count: How many there were so far.

    """

    def __init__(self, recording: Recording, selection: Selection, *, has_header: bool = True) -> None:
        self.count = 0
        self._has_header = has_header
        self._recording = recording
        self._selection = selection
        self._rules = rules_for(recording.header.endpoint)

    def write(self, *, raw: bool, line_end: bytes) -> None:
        """Write every byte, as a pipe gets it."""
        out = sys.stdout.buffer
        for batch in self._data(raw=raw):
            if any(len(data) >= _LARGE for data in batch):
                for data in batch:
                    out.writelines((data, line_end))
            else:
                out.write(line_end.join([*batch, b""]))
        out.flush()

    def texts(self, *, raw: bool) -> Iterator[str]:
        """Yield the same for a terminal."""
        return (visible_json(data) for batch in self._data(raw=raw) for data in batch)

    def summaries(self) -> Iterator[str]:
        """Yield a line for each record, for a person."""
        width = shutil.get_terminal_size().columns
        return frame_lines(self._recording.header, self._records(), self._rules.describe, width)

    def _records(self) -> Iterator[Record]:
        return (record for batch in self._batches() for record in batch.records())

    def _data(self, *, raw: bool) -> Iterator[list[bytes]]:
        """Yield payloads if `raw`, else lines, the header first; many at a time."""
        if not raw:
            yield [self._recording.header_line] if self._has_header else []
            for batch in self._batches():
                yield batch.lines
        elif self._selection.is_everything:
            for payloads in self._recording.payload_batches():
                self.count += len(payloads)
                yield payloads
        else:
            for batch in self._batches():
                yield [frame.payload for frame in batch.frames]

    def _batches(self) -> Iterator[DecodedBatch]:
        rules = self._rules
        for batch in self._recording.selected_batches(self._selection, rules.describe, rules.describe_all):
            self.count += len(batch.lines)
            yield batch


class _Requests(_Selected):
    """The requests and answers of a recording that are selected by time."""

    def _data(self, *, raw: bool) -> Iterator[list[bytes]]:
        """Yield the content of the answers if `raw`, else the lines of their events, the header first."""
        from ...formats import exchange_of

        if not raw and self._has_header:
            yield [self._recording.header_line]
        for line, event in self._events():
            exchange = exchange_of(event) if raw else None
            if exchange is not None:
                yield [exchange.answer.body]
            elif not raw:
                yield [line]

    def _records(self) -> Iterator[Record]:
        return (event for _, event in self._events())

    def _events(self) -> Iterator[tuple[bytes, Event]]:
        from ...formats.file.exchanges import http_lines_in

        for found in http_lines_in(self._recording, self._selection.start, self._selection.end):
            self.count += 1
            yield found


def _echo_each(lines: Iterable[str]) -> None:
    for line in lines:
        echo(line)


def _flush_and_wait() -> bool:
    sys.stdout.buffer.flush()
    time.sleep(POLL_INTERVAL)
    return True
