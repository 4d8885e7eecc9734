"""What `feedrec record` records: endpoint, address, channels and credentials."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
import msgspec

from ...errors import UsageError
from ..options import CHANNEL, PRODUCTS, all_options, complete_channel, complete_endpoint
from .options.credential_options import credentials_for
from .options.faults import about
from .options.product_options import read_products
from .options.raw_options import RAW, RawOptions, raw_options
from .options.redaction_options import redaction_of, redaction_options
from .options.rest_options import RestOptions, rest_options

if TYPE_CHECKING:
    from ...feeds import Feed, Subscription
    from ...feeds.channel_requests import ChannelRequest
    from ...feeds.redaction import Redaction
    from ...recorder import Failover, Source

__all__ = ["SourceOptions", "checked_address", "source_options"]

log = logging.getLogger("feedrec")

_CHANNEL_HELP = (
    "A channel, optionally with its own products or parameters: ticker:ETH-BTC,ETH-USD. Repeatable.  "
    "[default: set by the endpoint]"
)
_PRODUCT_HELP = (
    "A product, or several as A,B, for channels without their own; @FILE has one a line, and a pattern such as 'BTC-*' "
    "stands for all that the venue lists as online. Repeatable.  "
    "[default: set by the endpoint, usually BTC-USD]"
)

source_options = all_options(
    click.option(
        "-e",
        "--endpoint",
        metavar="NAME",
        default="coinbase-advanced",
        show_default=True,
        shell_complete=complete_endpoint,
        help="The endpoint to record; `feedrec feeds` lists them.",
    ),
    click.option("--url", metavar="URL", help="Connect to this address instead of the endpoint's own."),
    click.option(
        "-c",
        "--channel",
        "channels",
        metavar="NAME[:A,B]",
        type=CHANNEL,
        multiple=True,
        shell_complete=complete_channel,
        help=_CHANNEL_HELP,
    ),
    click.option("-p", "--product", "products", type=PRODUCTS, multiple=True, help=_PRODUCT_HELP),
    click.option("-y", "--yes", is_flag=True, help="Record more than 100 products if patterns stand for so many."),
    click.option(
        "--any-channel",
        is_flag=True,
        help="Also subscribe channels that feedrec does not know; the venue may have new ones.",
    ),
    click.option(
        "--key-file",
        metavar="FILE",
        type=click.Path(path_type=Path, readable=False),
        help="Credentials, in a file as issued by the venue.  [default: from the environment]",
    ),
    click.option(
        "--no-heartbeats", is_flag=True, help="Do not add the heartbeat channel, which keeps connections open."
    ),
    click.option("--failover", is_flag=True, help="While the endpoint is down, use the one that the venue recommends."),
    click.option(
        "--failover-url",
        metavar="URL",
        help="While the endpoint is down, use this address, which must speak the same protocol.",
    ),
    rest_options,
    raw_options,
    redaction_options,
)
"""Adds the options of `SourceOptions`."""


class SourceOptions(msgspec.Struct, frozen=True):
    """The values of the options."""

    endpoint: str
    url: str | None
    channels: tuple[ChannelRequest, ...]
    products: tuple[tuple[str, ...], ...]
    key_file: Path | None
    no_heartbeats: bool
    yes: bool = False
    any_channel: bool = False
    failover: bool = False
    failover_url: str | None = None
    rest: bool = False
    rest_every: float | None = None
    rest_url: str | None = None
    messages: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    redacted: tuple[str, ...] = ()
    kept_keys: tuple[str, ...] = ()

    def find(self) -> Source:
        """
        Return the source that the options describe.

        Raises:
            UsageError: If something is unknown, missing, or invalid.

        """
        from ...recorder import Source
        from ...recorder.session.failover import EndpointAddress, EndpointSelector

        with about("redact", "no-redact"):
            redaction = redaction_of(self.redacted, self.kept_keys)
        with about("endpoint"):
            feed = self._with_any_channel(self._find_feed())
        subscriptions = self._find_subscriptions(feed)
        with about("key-file", "endpoint"):
            credentials = credentials_for(feed, subscriptions, self.key_file)
        with about("url"):
            url = checked_address(self.url or feed.url, redaction)
        with about("failover-url", "failover"):
            failover = self._find_failover(feed, redaction)
            if failover is not None:
                EndpointSelector(EndpointAddress(feed, url), failover).check(feed.spread(subscriptions))
        rest = RestOptions(self.rest, self.rest_every, self.rest_url)
        with about("rest-url", "rest"):
            plan = rest.plan(feed, redaction, has_url=self.url is not None)
        return Source(feed, url, subscriptions, credentials, failover, redaction, rest=plan)

    def _find_subscriptions(self, feed: Feed) -> list[Subscription]:
        from ...feeds import subscribe_to
        from ...feeds.products import refuse_patterns

        with about("product"):
            wanted = read_products(name for group in self.products for name in group)
        with about("channel", "product", "endpoint"):
            channels = [one._replace(products=tuple(read_products(one.products))) for one in self.channels]
            subscriptions = subscribe_to(feed, channels, wanted, heartbeats=not self.no_heartbeats)
        with about("product", "channel"):
            refuse_patterns(feed, subscriptions)
        return subscriptions

    def _find_failover(self, feed: Feed, redaction: Redaction) -> Failover | None:
        from ...recorder import failover_of

        if self.failover_url is not None:
            return failover_of(feed, checked_address(self.failover_url, redaction))
        return failover_of(feed, has_url=self.url is not None) if self.failover else None

    def _with_any_channel(self, feed: Feed) -> Feed:
        """Return the feed with the channels that it lacks, if that is wanted."""
        from ...feeds.channel_requests import unknown_channels
        from ...spelling import did_you_mean

        unknown = unknown_channels(feed, self.channels) if self.any_channel else []
        for name in unknown:
            text = "feedrec knows no channel %r of %s%s; it is subscribed as written, and what comes is recorded"
            log.warning(text, name, feed.name, did_you_mean(name, feed.channels))
        return feed.with_channels(unknown) if unknown else feed

    def _find_feed(self) -> Feed:
        from ...feeds import find_feed

        raw = RawOptions(self.messages, self.headers)
        if self.endpoint == RAW:
            return raw.make_feed(self.url, names_channels=bool(self.channels or self.products))
        feed = find_feed(self.endpoint)
        raw.refuse_for(self.endpoint)
        return feed


def checked_address(url: str, redaction: Redaction) -> str:
    """Return an address to connect to, if it is one."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("ws", "wss") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        shown = redaction.address(url)
        raise UsageError(f"{shown!r} is not a WebSocket address: use one such as wss://host or ws://127.0.0.1:9000")
    return url
