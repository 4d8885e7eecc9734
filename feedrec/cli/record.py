"""`feedrec record`."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
import msgspec

from .. import __version__
from ..errors import RecordingExistsError, UsageError
from ..model import Header
from . import output as text
from .options import CHANNEL, DURATION, PRODUCTS, ChannelRequest, as_json, logging_options

if TYPE_CHECKING:
    from ..feeds import Feed, Subscription
    from ..formats import RecordingWriter
    from ..recorder import Summary

LOSS = 3
"""Exit code of a run that is done, but with loss."""

_CHANNEL_HELP = "A channel, perhaps with products of its own: ticker:ETH-BTC,ETH-USD. Repeatable.  [default: level2]"
_PRODUCT_HELP = "A product, or several as A,B, for the other channels. Repeatable.  [default: BTC-USD]"


@click.command(short_help="Record a feed, every frame exactly as it arrives.")
@click.option(
    "-e", "--endpoint", metavar="NAME", default="coinbase-advanced", show_default=True, help="What to record."
)
@click.option("--url", metavar="URL", help="Record from this address instead of the endpoint's own.")
@click.option("-c", "--channel", "channels", metavar="NAME[:A,B]", type=CHANNEL, multiple=True, help=_CHANNEL_HELP)
@click.option("-p", "--product", "products", type=PRODUCTS, multiple=True, help=_PRODUCT_HELP)
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="File, folder, or - for stdout; .jsonl is not compressed.  [default: a new .jsonl.zst here]",
)
@click.option("--duration", type=DURATION, help="Stop after this long, e.g. 1h30m.")
@click.option("--max-frames", metavar="N", type=click.IntRange(1), help="Stop after this many received frames.")
@click.option("--no-heartbeats", is_flag=True, help="Do not subscribe by itself to what keeps the connection open.")
@click.option(
    "--level", metavar="1-19", type=click.IntRange(1, 19), default=3, help="Compression level of zstd.  [default: 3]"
)
@click.option("--fsync", type=DURATION, help="Force what was written to the medium this often, against power loss.")
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@click.option("--fail-on-gap", is_flag=True, help="Exit with 3 if the venue's sequence had a gap.")
@as_json
@logging_options
def record(
    endpoint: str,
    url: str | None,
    channels: tuple[ChannelRequest, ...],
    products: tuple[tuple[str, ...], ...],
    output: str | None,
    duration: float | None,
    max_frames: int | None,
    no_heartbeats: bool,
    level: int,
    fsync: float | None,
    overwrite: bool,
    fail_on_gap: bool,
    as_json: bool,
) -> int:
    """
    Record a feed to a file, every frame exactly as it arrives, until Ctrl-C.

    \b
      feedrec record --channel level2
      feedrec record -c level2 -c ticker -p BTC-USD -p ETH-USD -o today.jsonl.zst
      feedrec record -c ticker --duration 10m -o - | jq .frame

    The file can be read, and replayed, while it grows; until it is finished .part stands at the end of its name. A
    recorder that is killed loses at most the last second. Lost connections are opened again, for ever.
    """
    from ..feeds import find_feed, subscribe_to
    from ..recorder import Limits
    from .run import report, run_recording

    feed = find_feed(endpoint)
    wanted = [name for group in products for name in group]
    subscriptions = subscribe_to(feed, channels, wanted, heartbeats=not no_heartbeats)
    url = _check_url(url or feed.url)
    if output == "-" and as_json:
        raise UsageError("--json and -o - both write to stdout: leave one out")
    writer = _open_output(output, feed, url, subscriptions, level=level, fsync=fsync, overwrite=overwrite)
    summary, error = run_recording(feed, url, subscriptions, writer, Limits(duration, max_frames))
    if as_json:
        click.echo(msgspec.json.encode(_facts(summary, error)))
    else:
        report(summary, error, err=output == "-")
    if error is not None:
        raise error
    return LOSS if fail_on_gap and summary.counts.gaps else 0


def _facts(summary: Summary, error: BaseException | None) -> dict[str, Any]:
    facts = summary.as_dict()
    if summary.path is not None:
        facts["path"] = text.printable(summary.path)
    if error is not None:
        facts["error"] = text.printable(str(error) or "interrupted")
    return facts


def _check_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("ws", "wss") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        from ..recorder.redaction import redact_url

        raise UsageError(
            f"{redact_url(url)!r} is no WebSocket address: it must look like wss://host or ws://127.0.0.1:9000"
        )
    return url


def _open_output(
    output: str | None,
    feed: Feed,
    url: str,
    subscriptions: list[Subscription],
    *,
    level: int,
    fsync: float | None,
    overwrite: bool,
) -> RecordingWriter:
    from ..formats import RecordingWriter, create_recording
    from ..formats.blocks import PlainEncoder
    from ..formats.target import StreamTarget
    from ..recorder.redaction import redact_url

    created = time.time_ns()
    wanted = [subscription.as_dict() for subscription in subscriptions]
    header = Header(feed.name, redact_url(url), created, f"feedrec {__version__}", wanted)
    if output == "-":
        return RecordingWriter(StreamTarget(sys.stdout.buffer), header, PlainEncoder())
    path = Path(output or ".")
    if not (os.path.isdir(path) or (output or "").endswith("/")):  # noqa: PTH112  Path.is_dir may raise
        return create_recording(path, header, overwrite=overwrite, level=level, fsync_interval=fsync)
    number = 0
    while True:
        number += 1
        name = default_name(feed, subscriptions, created // 10**9, number)
        with contextlib.suppress(RecordingExistsError):  # by another recorder that started in the same second
            return create_recording(path / name, header, level=level, fsync_interval=fsync)


def default_name(feed: Feed, subscriptions: list[Subscription], second: int, number: int = 1) -> str:
    """Name a recording after its endpoint, channels and start; `number` tells those of one second apart."""
    channels = [
        item.channel for item in subscriptions if item.channel != feed.heartbeat_channel or len(subscriptions) == 1
    ]
    named = "+".join(channels) if len(channels) <= 4 else f"{len(channels)}-channels"
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
    suffix = f"-{number}" if number > 1 else ""
    return re.sub(r"[^\w.+@-]", "-", f"{feed.name}_{named}_{stamp}{suffix}.jsonl.zst")
