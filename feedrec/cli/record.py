"""`feedrec record`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
import msgspec

from .. import __version__
from ..errors import UsageError
from ..model import Header
from . import output as text
from .keys import credentials_for
from .options import CHANNEL, DURATION, PORTION, PRODUCTS, ChannelRequest, Portion, as_json, logging_options
from .target import OutputOptions, open_output

if TYPE_CHECKING:
    from ..feeds import Feed, Subscription
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
@click.option(
    "--format",
    "kind",
    type=click.Choice(["jsonl", "parquet"]),
    help="Lines, or a table; without it the name tells.  [default: jsonl]",
)
@click.option("--rotate", type=PORTION, help="Begin a new file, OUTPUT-0001 and so on, each 1h or 512MB.")
@click.option(
    "--key-file",
    metavar="FILE",
    type=click.Path(path_type=Path, readable=False),
    help="Credentials, as the venue gave them; without it they are looked for in the environment.",
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
    kind: str | None,
    rotate: Portion | None,
    key_file: Path | None,
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
    credentials = credentials_for(feed, subscriptions, key_file)
    url = _check_url(url or feed.url)
    if output == "-" and as_json:
        raise UsageError("--json and -o - both write to stdout: leave one out")
    options = OutputOptions(output, kind, rotate, level, fsync, overwrite)
    target = open_output(feed, _header(feed, url, subscriptions), subscriptions, options)
    limits = Limits(duration, max_frames)
    summary, error = run_recording(feed, url, subscriptions, target.writer, limits, credentials)
    target.finish_parquet()
    if as_json:
        click.echo(msgspec.json.encode(_facts(summary, error)))
    else:
        report(summary, error, err=output == "-")
    if error is not None:
        raise error
    return LOSS if fail_on_gap and summary.counts.gaps else 0


def _header(feed: Feed, url: str, subscriptions: Sequence[Subscription]) -> Header:
    from ..recorder.redaction import redact_url

    wanted = [subscription.as_dict() for subscription in subscriptions]
    return Header(feed.name, redact_url(url), time.time_ns(), f"feedrec {__version__}", wanted)


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
